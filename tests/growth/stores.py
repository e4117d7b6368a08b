"""python -m tests.growth.stores STORE ...: what an index finds and answers in a store, beside what it does alone.

`answers STORE SOURCE INDEX_DIR QUESTIONS.jsonl ...` asks every question of both and tells each difference; a file of
questions that is named like a document of the source is asked of that document alone too, with a filter.
`speed STORE SOURCE INDEX_DIR PASSAGES [QUESTIONS]` tells how long sending and searching take, and how much of what looking at all
finds is found.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from assistant import Assistant
from assistant.config import Config
from index.milvus.client import connect
from index.milvus.opening import search_in
from index.ranking import WAYS
from index.retriever import Index
from tests.growth.measuring import QUESTIONS, make_questions, milliseconds, own_mb

PASSAGES, SECONDS = 15, 600


def open_both(store: str, config: Config, encoder: Any = None) -> tuple[Assistant, Assistant, float]:
    """An assistant that searches alone and one that does in a store, and how many seconds sending took."""
    local = Assistant.from_config(config, encoder, print)
    start = time.perf_counter()
    index = search_in(store, SECONDS, local.index, config.index_dir, print)
    return local, Assistant(index, config, local.reader, known=local.known), time.perf_counter() - start


def read_questions(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The questions of a file, each with the turns before it."""
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        turns = record.get("turns") or record.get("history") or []
        yield record["question"], [turn["question"] if isinstance(turn, dict) else turn for turn in turns]


def found(quoth: Assistant, question: str, turns: Sequence[str]) -> list[tuple[str, float]]:
    """The passages that are read for a question, with what BM25 says of them."""
    hits = quoth.retrieve(quoth.known.correct(question), turns[-1] if turns else None)
    return [(hit.passage.id, round(hit.bm25, 9)) for hit in hits]


def quoted(quoth: Assistant, question: str, turns: Sequence[str]) -> list[tuple[str, int, int]]:
    """What is quoted for a question, or nearest where nothing is."""
    answer = quoth.ask(question, turns)
    shown = answer.evidence or (answer.abstention.nearest if answer.abstention else ())
    return [(evidence.document, evidence.start, evidence.end) for evidence in shown]


def compare(name: str, pair: Sequence[Assistant], path: Path, whole: bool) -> dict[str, Any]:
    """How many questions of a file find and quote the same; only where something else was found, unless `whole`."""
    counts: dict[str, Any] = {"what": name, "questions": 0, "found otherwise": 0, "asked": 0, "quoted otherwise": []}
    for question, turns in read_questions(path):
        counts["questions"] += 1
        first, second = (found(quoth, question, turns) for quoth in pair)
        counts["found otherwise"] += first != second
        if first != second:
            print(name, question, sorted(set(first) ^ set(second)) or "in another order", file=sys.stderr)
        if whole or first != second:
            counts["asked"] += 1
            quotes = [quoted(quoth, question, turns) for quoth in pair]
            if quotes[0] != quotes[1]:
                counts["quoted otherwise"].append((question, *quotes))
    return counts


def answers(store: str, source: Path, index_dir: Path, *files: Path, whole: bool = False) -> list[dict[str, Any]]:
    """Every question of some files asked of both."""
    alone, stored, _ = open_both(store, Config(source, index_dir))
    results = []
    for path in files:
        results.append(compare(path.stem, (alone, stored), path, whole))
        names = [name for name in alone.index.documents if name.rpartition(":")[2] == path.stem]
        if names and len(alone.index.documents) > 1:
            pair = [quoth.only({names[0]}) for quoth in (alone, stored)]
            results.append(compare(f"{path.stem} alone", pair, path, whole))
    return results


def positions(index: Index, question: str, k: int, way: str) -> list[str]:
    """What one way alone finds."""
    return [hit.passage.id for hit in index.search(question, k, [way])]


def overlap(exact: Sequence[str], other: Sequence[str]) -> float:
    """How much of what is right was found."""
    return len(set(exact) & set(other)) / max(len(exact), 1)


def speed(store: str, source: Path, index_dir: Path, passages: int, questions: int = QUESTIONS) -> dict[str, Any]:
    """Times and recall of an index in a store beside the same index alone; a slow store is asked fewer questions."""
    from index.minilm import MiniLmEncoder
    from tests.growth.making import REAL, StaticEncoder, parse_plainly

    encoder = MiniLmEncoder() if passages <= REAL else StaticEncoder(index_dir.parent / "words.npy")
    with patch("index.store.parse", parse_plainly):
        alone, stored, sent = open_both(store, Config(source, index_dir), encoder)
    return {"sent_s": round(sent, 1), **measure(alone.index, stored.index, questions)}


def measure(alone: Index, stored: Index, questions: int = QUESTIONS) -> dict[str, Any]:
    """The same of two indexes that are open, of all of it and of a quarter of the documents."""
    asked = make_questions(alone)[:questions]
    plain = [question for question, _ in asked]
    for question in plain:
        alone.encode(question)
        stored.encode(question)
    figures: dict[str, Any] = {"passages": len(alone.passages)}
    some = frozenset(list(alone.documents)[::4])
    for kind, only in (("", None), ("_quarter", some)):
        pair = {name: index.only(only) if only else index for name, index in (("alone", alone), ("stored", stored))}
        results: dict[str, list[list[str]]] = {}
        for name, index in pair.items():
            for question in plain if only else ():
                index.encode(question)
            index.search(plain[0], PASSAGES)
            figures[f"{name}{kind}_ms"] = milliseconds(partial(index.search, k=PASSAGES), plain)
            results[name] = [[hit.passage.id for hit in index.search(question, 10)] for question in plain]
            hits = sum(passage in ids for (_, passage), ids in zip(asked, results[name]))
            figures[f"{name}{kind}_found"] = hits / len(asked)
        figures[f"same_ten{kind}"] = sum(first == second for first, second in zip(*results.values())) / len(asked)
        for way in WAYS:
            shares = [overlap(*(positions(index, question, 100, way) for index in pair.values())) for question in plain]
            figures[f"{way}{kind}_recall_100"] = round(sum(shares) / len(shares), 4)
    figures["own_mb"] = own_mb()
    return figures


if __name__ == "__main__":
    what, store, source, index_dir, *rest = sys.argv[1:]
    if what == "answers":
        for line in answers(store, Path(source), Path(index_dir), *map(Path, rest), whole="gold" in rest[0]):
            print(json.dumps(line), flush=True)
    else:
        print(json.dumps(speed(store, Path(source), Path(index_dir), *map(int, rest))))
    connect.cache_clear()
