"""python -m tests.load: run it, print the figures, end with 1 if anything is at fault."""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import gevent
from locust.env import Environment  # first: it puts gevent's sockets in the place of Python's

from assistant.config import MAX_QUESTION
from eval.gold import ARTICLE_GOLD, load_gold
from index.document.parse import parse
from index.document.sources import read_sources
from tests.load.asking import PATIENCE, Case, Truth, ask, read
from tests.load.clients import Asking, Leaving, Load
from tests.load.ledger import FAULTS, Ledger
from tests.load.report import Figures, figures, write
from tests.load.server import Server

SOURCE = Path("source_docs")


def make_cases(most: int) -> list[Case]:
    """What is asked: the gold's questions for development, and bodies that are to be refused; every third as a stream."""
    documents = {document.id: document for document in map(parse, read_sources(SOURCE))}
    gold = [item.question for item in load_gold(ARTICLE_GOLD, documents) if item.question.split == "dev"]
    bodies = [{"question": item.question, "history": list(item.history)} for item in gold]
    bodies = bodies[:: max(1, len(bodies) // most)]
    question = bodies[0]["question"]
    refused = [
        {},
        {"question": " "},
        {"question": "a" * (MAX_QUESTION + 1)},
        {"question": question, "unknown": True},
        {"question": question, "document": "no-such-document"},
    ]
    return [Case(body, stream=number % 3 == 2) for number, body in enumerate([*bodies, *refused])]


def find_truths(host: str, cases: Sequence[Case]) -> tuple[list[Truth], float]:
    """What each case is answered when nobody else asks, and the seconds that an answer takes."""
    truths, taken = [], []
    for case in cases:
        began = time.monotonic()
        truth = read(ask(host, case, uuid.uuid4().hex))
        assert truth, f"{case} is not answered even alone"
        truths.append(truth)
        taken += [time.monotonic() - began] if truth.status == 200 else []
    return truths, statistics.median(taken)


def run(server: Server, seconds: float, most: int) -> Figures:
    """The whole test of a server that is there."""
    cases = make_cases(most)
    server.settle()
    truths, alone = find_truths(server.host, cases)
    say(
        f"{len(cases)} different questions asked alone, an answer in {alone:.2f} s; {seconds:.0f} s with all clients ..."
    )
    load = Load(server.host, Ledger(cases, truths), seconds, alone)
    environment = Environment(user_classes=[Asking, Leaving])
    environment.load = load
    runner = environment.create_local_runner()
    load.began = time.monotonic()
    watching = gevent.spawn(watch, server)
    runner.start(Asking.fixed_count + Leaving.fixed_count, spawn_rate=100)
    gevent.sleep(seconds / 2)
    load.ledger.away.append((time.monotonic(), float("inf")))
    server.kill()
    say("killed; starting again ...")
    server.start()
    load.ledger.away[0] = (load.ledger.away[0][0], time.monotonic())
    while runner.user_count and load.share < 1 + (load.patience + PATIENCE) / seconds:
        gevent.sleep(0.2)
    runner.quit()
    watching.kill()
    return figures(server, load, environment.stats)


def say(message: str) -> None:
    """Tell how far it is."""
    print(message, file=sys.stderr)


def watch(server: Server) -> None:
    """Weigh the server each second."""
    for _ in itertools.count():
        server.weigh()
        gevent.sleep(1)


def main() -> int:
    """Run, print, say whether all is well."""
    options = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    options.add_argument("--seconds", type=float, default=300, help="how long the clients ask (default: 300)")
    options.add_argument("--questions", type=int, default=1000, help="ask at most about so many different ones")
    options.add_argument("--write", action="store_true", help="put the figures into docs/load.md")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            say("making the index, starting the server ...")
            server.make_index()
            server.start()
            figures = run(server, given.seconds, given.questions)
            server.end()
        finally:
            server.kill()
    print(figures.text)
    for fault in (*FAULTS, "errors"):
        for message in figures.faults[fault][:5]:
            print(f"{fault}: {message}", file=sys.stderr)
    if given.write:
        write(figures)
    return int(any(figures.faults.values()))


if __name__ == "__main__":
    sys.exit(main())
