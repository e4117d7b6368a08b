"""The commands of `python -m eval` and their options."""

import argparse
from pathlib import Path
from typing import TypeAlias

from assistant.options import ANSWER_OPTIONS, SOURCE_OPTIONS, add_options, parse_share
from eval.gate import BASELINE
from eval.gold import ARTICLE_GOLD
from eval.harness import ABLATION

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # argparse has no public name for it


def make_parser() -> argparse.ArgumentParser:
    """Every command, whose name is parsed as `command`, and its options."""
    parser = argparse.ArgumentParser(prog="python -m eval", description="Measures answers against gold questions.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    add_check(commands)
    add_run(commands)
    add_compare(commands)
    add_squad(commands)
    add_export(commands)
    add_gate(commands)
    add_conversations(commands)
    add_candidates(commands)
    return parser


def with_gold() -> argparse.ArgumentParser:
    """The options of an assistant, and the gold questions it is asked, as a parent of a command's."""
    parent = argparse.ArgumentParser(add_help=False)
    add_options(parent, *ANSWER_OPTIONS)
    parent.add_argument("--gold", type=Path, default=ARTICLE_GOLD, metavar="FILE", help="default: the article's")
    return parent


def with_answers() -> argparse.ArgumentParser:
    """The options of an assistant that is given its documents otherwise."""
    parent = argparse.ArgumentParser(add_help=False)
    add_options(parent, *(name for name in ANSWER_OPTIONS if name not in SOURCE_OPTIONS))
    return parent


def add_check(commands: Commands) -> None:
    """python -m eval check"""
    check = commands.add_parser("check", help="say whether a gold file is sound")
    add_options(check, *SOURCE_OPTIONS)
    check.add_argument("gold", type=Path, nargs="?", default=ARTICLE_GOLD, metavar="FILE")


def add_run(commands: Commands) -> None:
    """python -m eval run"""
    runs = commands.add_parser("run", parents=[with_gold()], help="ask every gold question and report")
    text = "a folder of NAME.txt with questions in NAME.jsonl: each document is asked its own (default: the gold file)"
    runs.add_argument("documents", type=Path, nargs="?", metavar="DIR", help=text)
    text = "do not ask the answerable questions of the document less its answer"
    runs.add_argument("--no-pairs", dest="pairs", action="store_false", help=text)
    runs.add_argument("--limit", type=int, metavar="N", help="N questions of each document of DIR only")
    runs.add_argument("--ablate", action="store_true", help="measure each part's worth, and the ceilings")
    names = [system.name for system in ABLATION]
    runs.add_argument("--systems", nargs="+", choices=names, metavar="NAME", help=f"only some of: {', '.join(names)}")
    text = "mistype this share of the questions' characters, numbers spared (wants the extra noise)"
    runs.add_argument("--noise", type=parse_share, default=0.0, metavar="X", help=text)
    runs.add_argument("--split", choices=["dev", "test", "all"], default="all")
    runs.add_argument("--out", type=Path, default=Path("eval-report"), metavar="DIR")
    runs.add_argument("--json", action="store_true", help="print the results as JSON instead of a table")


def add_compare(commands: Commands) -> None:
    """python -m eval compare"""
    compares = commands.add_parser("compare", help="compare two results files, or two systems of one")
    compares.add_argument("a", metavar="A", help="results.json, or results.json:system")
    compares.add_argument("b", metavar="B")


def add_squad(commands: Commands) -> None:
    """python -m eval squad"""
    squad = commands.add_parser("squad", parents=[with_answers()], help="SQuAD's official figures on a SQuAD file")
    squad.add_argument("file", type=Path, metavar="FILE")
    squad.add_argument("--limit", type=int, metavar="N", help="the first N questions only")
    squad.add_argument("--open", action="store_true", help="find the paragraph in its article first")
    squad.add_argument("--json", action="store_true", help="print the JSON object alone")
    squad.add_argument("--predictions", type=Path, metavar="FILE", help="also write predictions and na_probs here")


def add_export(commands: Commands) -> None:
    """python -m eval export"""
    exports = commands.add_parser(
        "export", parents=[with_gold()], help="TREC, BEIR and SQuAD files for other people's tools"
    )
    exports.add_argument("--out", type=Path, default=Path("eval-export"), metavar="DIR")


def add_gate(commands: Commands) -> None:
    """python -m eval gate"""
    gates = commands.add_parser(
        "gate", parents=[with_gold()], help="fail if answers have become worse than the baseline"
    )
    gates.add_argument("--baseline", type=Path, default=BASELINE, metavar="FILE")
    text = "also hold the documents of a folder, as `run DIR` measures them"
    gates.add_argument("--documents", type=Path, metavar="DIR", help=text)
    gates.add_argument("--out", type=Path, default=Path("eval-report"), metavar="DIR")
    gates.add_argument("--no-pairs", dest="pairs", action="store_false", help=argparse.SUPPRESS)
    gates.add_argument("--update", action="store_true", help="make what is measured now the baseline")


def add_conversations(commands: Commands) -> None:
    """python -m eval conversations"""
    text = "ways of understanding the turns of mtRAG's conversations"
    conversations = commands.add_parser("conversations", parents=[with_answers()], help=text)
    conversations.add_argument("repository", type=Path, metavar="REPO", help="a copy of the mtRAG repository")
    conversations.add_argument("--limit", type=int, metavar="N", help="of the first N documents made of it only")
    conversations.add_argument("--out", type=Path, default=Path("eval-report"), metavar="DIR")


def add_candidates(commands: Commands) -> None:
    """python -m eval candidates"""
    candidates = commands.add_parser("candidates", help="what people marked, as gold to be checked")
    add_options(candidates, *SOURCE_OPTIONS, "feedback", "shared_store")
    candidates.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")
