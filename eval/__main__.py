"""python -m eval check | run | compare | squad | export | gate | conversations | candidates."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.feedback import read_feedback
from assistant.options import settings_of
from assistant.shared import kept_in
from assistant.terminal import progress_bar, tell, to_line, writing
from eval.candidates import make_candidates
from eval.commands import make_parser
from eval.conversations import measure_conversations
from eval.document_results import compare_document_results, is_over_documents
from eval.document_run import measure_documents, measure_pairs
from eval.document_tables import document_comparison_table, document_tables, guarantees, legend
from eval.export import export
from eval.gate import gate, gate_documents
from eval.gold import Gold, GoldError, count_types, load_gold
from eval.harness import ABLATION, DEFAULT, System, run
from eval.noise import add_noise
from eval.report import write_report
from eval.results import add_pairs, compare_scores, make_results, read_results, score_all
from eval.squad import read_squad, run_squad
from eval.tables import comparison_table, figures_table, show
from eval.turns import make_documents, read_turns
from index.document.parse import parse
from index.document.sources import read_sources
from index.encoders import load_encoder
from index.errors import QuothError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = make_parser().parse_args(arguments)
    try:
        return int(COMMANDS[options.command](options) or 0)
    except QuothError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"eval: {error.filename or 'the output'} cannot be written ({error.strerror}).", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("eval: stopped; the same command goes on from here.", file=sys.stderr)
        return 130


def open_assistant(options: argparse.Namespace) -> Assistant:
    """Open the assistant that a command's options describe."""
    with progress_bar() as progress:
        return Assistant.from_config(settings_of(options).config, say=tell, progress=progress)


def open_gold(options: argparse.Namespace, quoth: Assistant) -> tuple[Gold, ...]:
    """Load the gold questions that a command's options name, of one split if they name one."""
    gold = load_gold(options.gold, quoth.index.documents)
    split = getattr(options, "split", "all")
    chosen = tuple(item for item in gold if split in ("all", item.question.split))
    if not chosen:
        raise GoldError(f"{options.gold} has no question in the {split} split.")
    return chosen


def run_check(options: argparse.Namespace) -> None:
    """`python -m eval check`."""
    documents = {file.id: parse(file) for file in read_sources(settings_of(options).source)}
    gold = load_gold(options.gold, documents)
    answerable = sum(item.question.answerable for item in gold)
    print(f"{options.gold} is sound: {len(gold)} questions, {answerable} answerable, every quotation placed.")
    for name, (dev, test) in count_types(gold).items():
        print(f"  {name:14} {dev:3} dev {test:4} test")


def run_documents(options: argparse.Namespace) -> None:
    """`python -m eval run DIR`."""
    if options.ablate or options.systems or options.noise or options.split != "all":
        raise GoldError(
            "--ablate, --systems, --noise and --split are of the gold file's run. Leave them out with a folder."
        )
    results = measure(options)
    if options.json:
        print(json.dumps(results, ensure_ascii=False))
        return
    for table in document_tables(results):
        show(table)
    print(*legend(results), *guarantees(results), sep="\n")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the documents that a command's options name."""
    config = replace(settings_of(options).config, source=options.documents)
    limit = getattr(options, "limit", None)
    if limit is not None and limit < 1:
        raise GoldError(f"--limit is a number of questions from 1, not {limit}.")
    with progress_bar("Asking") as progress:
        encoder = load_encoder(config.index.encoder)
        return measure_documents(options.documents, config, encoder, options.out, options.pairs, progress, limit)


def run_run(options: argparse.Namespace) -> None:
    """`python -m eval run`."""
    if options.documents:
        run_documents(options)
        return
    quoth = open_assistant(options)
    gold: Sequence[Gold] = open_gold(options, quoth)
    gold = add_noise(gold, options.noise) if options.noise else gold
    systems: Sequence[System] = ABLATION if options.ablate else (DEFAULT,)
    if options.systems:
        systems = tuple(system for system in ABLATION if system.name in options.systems)
    partial = options.out / "partial.jsonl"
    with progress_bar("Asking") as progress:
        records = run(quoth, gold, systems, partial, progress)
    scored = score_all(quoth, gold, records, systems)
    results = make_results(quoth, gold, systems, scored)
    if options.pairs and DEFAULT in systems:
        served = [record for record in records if record.system == DEFAULT.name]
        with progress_bar("Asking of the document less the answer") as progress:
            add_pairs(results, measure_pairs(quoth, gold, served, options.out, progress))
    (options.out / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
    write_report(options.out / "report.html", results, scored, quoth.index.documents, options.split)
    partial.unlink()
    if options.json:
        print(json.dumps(results, ensure_ascii=False))
    else:
        show(figures_table(results))
        print(*guarantees(results), sep="\n")
        print(f"Peak memory {results['memory_mb']:.0f} MB. Report: {options.out / 'report.html'}")


def run_compare(options: argparse.Namespace) -> None:
    """`python -m eval compare`."""
    a, b = (read_results(Path(name)) if Path(name).is_file() else {} for name in (options.a, options.b))
    if is_over_documents(a) and is_over_documents(b):
        show(document_comparison_table(compare_document_results(a, b), options.a, options.b))
        return
    (a, a_scores), (_, b_scores) = read_system(options.a), read_system(options.b)
    comparisons = compare_scores(a_scores, b_scores, a["questions"])
    if not comparisons:
        raise GoldError(f"{options.a} and {options.b} have no questions in common.")
    show(comparison_table(comparisons, options.a, options.b))


def read_system(argument: str) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    """Read the results and one system's scores from `FILE` or `FILE:system`."""
    name, _, system = argument.partition(":")
    results = read_results(Path(name))
    if is_over_documents(results):
        raise GoldError(f"{name} is over documents, the other is not. Compare two of a kind.")
    system = system or (DEFAULT.name if DEFAULT.name in results["systems"] else next(iter(results["systems"])))
    if system not in results["systems"]:
        raise GoldError(f"{name} has no system {system!r}. It has {', '.join(results['systems'])}.")
    return results, results["systems"][system]["scores"]


def run_squad_command(options: argparse.Namespace) -> None:
    """`python -m eval squad`."""
    questions = read_squad(options.file)
    if options.limit is not None and options.limit < 1:
        raise GoldError(f"--limit is a number of questions from 1, not {options.limit}.")
    config = settings_of(options).config
    with progress_bar("Reading") as progress:
        figures, predictions = run_squad(
            questions, load_encoder(config.index.encoder), config, options.limit, options.open, progress
        )
    if options.predictions:
        written = {q: p.text if p.no_answer <= 1 - config.threshold else "" for q, p in predictions.items()}
        options.predictions.write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
        probabilities = {q: p.no_answer for q, p in predictions.items()}
        options.predictions.with_suffix(".na_prob.json").write_text(json.dumps(probabilities), encoding="utf-8")
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=2))


def run_export(options: argparse.Namespace) -> None:
    """`python -m eval export`."""
    quoth = open_assistant(options)
    for path in export(quoth, open_gold(options, quoth), options.out):
        print(path)


def run_conversations(options: argparse.Namespace) -> None:
    """`python -m eval conversations`."""
    passages, turns = read_turns(options.repository)
    if options.limit is not None and options.limit < 1:
        raise GoldError(f"--limit is a number of documents from 1, not {options.limit}.")
    documents = make_documents(passages, turns)[: options.limit]
    config = settings_of(options).config
    with progress_bar("Asking") as progress:
        encoder = load_encoder(config.index.encoder)
        figures = measure_conversations(documents, passages, config, encoder, options.out, progress)
    print(json.dumps(figures, indent=2))


def run_gate(options: argparse.Namespace) -> int:
    """`python -m eval gate`."""
    quoth = open_assistant(options)
    failed = gate(quoth, open_gold(options, quoth), options.baseline, options.update)
    if options.documents:
        failed |= gate_documents(measure(options), options.baseline, options.update)
    return failed


def run_candidates(options: argparse.Namespace) -> None:
    """`python -m eval candidates`."""
    settings = settings_of(options)
    records = read_feedback(kept_in(settings))
    candidates = make_candidates(records, {file.id: parse(file) for file in read_sources(settings.source)})
    with writing(options.out) as out:
        for candidate in candidates:
            out.write(to_line(candidate))
    marked = sum(record.helpful is not None for record in records)
    tell(f"{marked} answers were marked; {len(candidates)} candidates to be checked.")


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int | None]] = {
    "check": run_check,
    "run": run_run,
    "compare": run_compare,
    "squad": run_squad_command,
    "export": run_export,
    "gate": run_gate,
    "conversations": run_conversations,
    "candidates": run_candidates,
}

if __name__ == "__main__":
    sys.exit(main())
