"""The command line: quoth ask | batch | chat | document | index | insights | serve | sync | token.

Results go to standard output, messages and progress to standard error. Bad input gives one sentence and exit code 2.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from assistant.assistant import Assistant
from assistant.feedback import read_feedback
from assistant.insights import insights_text
from assistant.options import (
    ASK_OPTIONS,
    INDEX_OPTIONS,
    SOURCE_OPTIONS,
    add_options,
    parse_count,
    parse_shard,
    settings_of,
)
from assistant.outline import MOST_LISTED, document_to_dict, outline_lines
from assistant.render import printable, to_text
from assistant.server.command import add_commands
from assistant.settings import Settings
from assistant.shared import kept_in
from assistant.sync.command import add_command as add_sync
from assistant.terminal import progress_bar, tell, to_line, writing
from assistant.types import Answer, Turn
from assistant.unanswered import UnansweredStore
from index.document.apart import ReadingProcess
from index.document.sources import attempt, find_files
from index.encoders import load_encoder
from index.errors import QuestionError, QuothError, SourceError
from index.sharing import Share, make_pieces

ALONE = "alone"  # typed in quoth chat


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
        # The reader of the pipe is gone; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        tell(f"The output cannot be written ({error.strerror}).")
        return 2


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of every command."""
    parser = argparse.ArgumentParser(prog="quoth", description="Answers about a document, in its own words.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_asking(commands)
    add_showing(commands)
    add_commands(commands, open_assistant)
    add_sync(commands)
    return parser


def add_asking(commands: Any) -> None:
    """Add quoth ask, batch and chat."""
    ask = commands.add_parser("ask", help="answer one question")
    ask.add_argument("question", nargs="?", help="the question (default: the environment's Q)")
    ask.add_argument(
        "--history", nargs="+", default=[], metavar="Q", action="extend", help="earlier questions, in order"
    )
    meaning = "take the question as it is written: read nothing along, put nothing right"
    ask.add_argument("--as-written", action="store_true", help=meaning)
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    add_options(ask, *ASK_OPTIONS)
    ask.set_defaults(run=run_ask)

    batch = commands.add_parser("batch", help="answer a file of questions")
    batch.add_argument(
        "questions", type=Path, metavar="IN.jsonl", help='lines of {"id", "question", "history", "complete"}'
    )
    batch.add_argument("-o", "--output", type=Path, metavar="OUT.jsonl", help="where to (default: standard output)")
    add_options(batch, *ASK_OPTIONS)
    batch.set_defaults(run=run_batch)

    chat = commands.add_parser("chat", help="ask in a terminal, with follow-ups")
    add_options(chat, *ASK_OPTIONS)
    chat.set_defaults(run=run_chat)


def add_showing(commands: Any) -> None:
    """Add quoth document, index and insights."""
    document = commands.add_parser("document", help="show how the documents were parsed")
    document.add_argument("--json", action="store_true", help="print the whole parse as JSON")
    add_options(document, *SOURCE_OPTIONS)
    document.set_defaults(run=run_document)

    index = commands.add_parser("index", help="make the index, or check that it is there")
    meaning = "so many processes read and encode what is new (default: this one, with a thread for each core)"
    index.add_argument("--workers", type=parse_count, default=0, metavar="N", help=meaning)
    meaning = "make only what is one's own of n shares; quoth index without it then puts all of them together"
    index.add_argument("--shard", type=parse_shard, metavar="i/n", help=meaning)
    add_options(index, *INDEX_OPTIONS, "reader")
    index.set_defaults(run=run_index)

    insights = commands.add_parser("insights", help="show what was asked, went unanswered, or was marked wrong")
    insights.add_argument("--json", action="store_true", help="print every record as a line of JSON")
    insights.add_argument("--forget", metavar="ID", help="delete a question that was answered, with its address")
    add_options(insights, "feedback", "shared_store")
    insights.set_defaults(run=run_insights)


def open_assistant(settings: Settings) -> Assistant:
    """Open the assistant that settings describe, with progress on standard error."""
    config = settings.config
    find_files(config.source, collections=config.wikis)  # a wrong path is told before the model loads
    encoder = load_encoder(config.index.encoder)
    with progress_bar() as show:
        return Assistant.from_config(config, encoder, tell, show)


def print_answer(
    quoth: Assistant, question: str, history: Sequence[Turn | str], as_json: bool = False, complete: bool = True
) -> Answer:
    """Ask a question and print the answer."""
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
    print_answer(open_assistant(settings_of(options)), question, options.history, options.json, not options.as_written)


def run_batch(options: argparse.Namespace) -> None:
    """quoth batch IN.jsonl -o OUT.jsonl"""
    try:
        lines = options.questions.read_bytes().splitlines()
    except OSError as error:
        raise QuestionError(f"{options.questions} cannot be read ({error.strerror}).") from error
    quoth = open_assistant(settings_of(options))
    with writing(options.output) as out:
        for number, line in enumerate(lines, 1):
            if line.strip():
                out.write(to_line(answer_line(quoth, line, number)))


def answer_line(quoth: Assistant, line: bytes, number: int) -> dict[str, Any]:
    """Answer one line of a batch; {"id", "error"} if it is invalid."""
    line_id: object = None
    try:
        try:
            item = json.loads(line)
            json.dumps(item, allow_nan=False)  # NaN and Infinity are no JSON
        except (ValueError, RecursionError) as error:
            raise QuestionError(f"Line {number} is not JSON: {error}.") from error
        if not isinstance(item, dict):
            raise QuestionError(f'Line {number} is not an object with "id" and "question".')
        line_id = item.get("id")
        if "question" not in item:
            raise QuestionError(f'Line {number} has no "question".')
        complete = item.get("complete", True)
        if not isinstance(complete, bool):
            raise QuestionError(f'Line {number} has "complete": {complete!r}. It is true or false.')
        return {"id": line_id, **quoth.ask(item["question"], item.get("history") or (), complete).to_dict()}
    except QuothError as error:
        return {"id": line_id, "error": str(error)}


def run_chat(options: argparse.Namespace) -> None:
    """quoth chat"""
    quoth = open_assistant(settings_of(options))
    documents = quoth.index.documents
    titles = [documents[name].title for name in islice(documents, MOST_LISTED)]
    more = len(documents) - len(titles)
    listed = ", ".join(titles) + (f" and {more:,} more" if more else "")
    print(f"Ask about {listed}. “{ALONE}” asks the last question again by itself; an empty line ends.", file=sys.stderr)
    history: list[Turn] = []
    while question := read_line():
        again = question == ALONE and bool(history)
        question = history.pop().question if again else question
        try:
            history.append(print_answer(quoth, question, history, complete=not again).to_turn())
        except QuestionError as error:
            tell(str(error))


def read_line() -> str:
    """Read the next line from standard input; empty at the end."""
    try:
        return input("> " if sys.stdin and sys.stdin.isatty() else "").strip()
    except (EOFError, RuntimeError):  # the end, or no standard input at all
        return ""


def run_document(options: argparse.Namespace) -> None:
    """quoth document"""
    config = settings_of(options).config
    found = find_files(config.source, collections=config.wikis)
    with ReadingProcess() as process:
        documents, failed = attempt(found.files, process.read)
    unread = (*found.unread, *failed)
    if not documents:
        raise SourceError(unread[0])
    if options.json:
        outlines = [document_to_dict(document) for document in documents]
        sys.stdout.write(to_line({"documents": outlines, "unread": unread}))
        return
    for document in documents:
        for line in outline_lines(document):
            print(printable(line))
    for message in unread:
        print(f"not read: {message}")


def run_index(options: argparse.Namespace) -> None:
    """quoth index"""
    settings = settings_of(options)
    if options.shard or options.workers:
        make_shard(settings, options.shard, options.workers)
    if options.shard:
        return
    index = open_assistant(settings).index
    print(
        f"{len(index.documents)} document(s), {len(index.passages)} passages, {index.sentences} sentences "
        f"in {settings.index_dir}"
    )


def make_shard(settings: Settings, shard: Share | None, workers: int) -> None:
    """Make the pieces of a share of the documents, or of all, and say what is left to do; alone, a share tells more."""
    config = settings.config
    where = (config.source, config.index_dir, config.index, shard or Share(), workers)
    with progress_bar() as show:
        left = make_pieces(*where, say=tell, progress=show, collections=config.wikis)
    if shard:
        then = f"{left} document(s) are left to others" if left else "all documents are, and quoth index publishes them"
        print(f"Shard {shard.number}/{shard.of} is done; {then}.")


def run_insights(options: argparse.Namespace) -> None:
    """quoth insights"""
    place = kept_in(settings_of(options))
    records = read_feedback(place)
    store = UnansweredStore(place)
    if options.forget is not None:
        store.forget(options.forget)
        return
    if options.json:
        for line in (*map(asdict, records), *map(asdict, store.list())):
            sys.stdout.write(to_line(line))
    else:
        Console(highlight=False).print(insights_text(records, store.list()), soft_wrap=True)
