"""Ways of understanding follow-ups, compared on the conversations of mtRAG.

The passages of some conversations make a document, of which each of their turns is asked in every way. A quotation is
right if it stands in a relevant passage.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from assistant.assistant import CONTEXT_TURNS, Assistant
from assistant.citing import to_answer
from assistant.config import Config
from assistant.reader.load import load_reader
from assistant.types import Answer
from eval.asking import Progress, fingerprint
from eval.caching import CachingEncoder, cache_reader
from eval.metrics.evidence import overlaps
from eval.metrics.statistics import estimate, mcnemar
from eval.removal import sha256
from eval.resuming import Key, Task, run_tasks
from eval.turns import AskedTurn, TurnsDocument
from index.dense import Encoder

SERVED, ALONG, STANDALONE, ALONE = "served", "along", "standalone", "alone"
WAYS = (ALONG, SERVED, ALONE, STANDALONE)  # in an order in which neighbours often read the same
COMPARED = ((ALONG, ALONE), (ALONG, STANDALONE), (SERVED, ALONG))
ANSWERS = "conversations-answers.jsonl"

Judged = Mapping[Key, Mapping[str, Any]]


def measure_conversations(
    documents: Sequence[TurnsDocument],
    passages: Mapping[str, str],
    config: Config,
    encoder: Encoder,
    out: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Ask every turn in every way; returns the figures. Answers in `out` from the same run are reused."""
    run = {
        "passages": sha256(json.dumps(passages, sort_keys=True)),
        "index": asdict(config.index),
        "models": [encoder.fingerprint, load_reader(config.reader).fingerprint],
    }
    tasks = make_tasks(documents, passages, config, encoder)
    judged = run_tasks(tasks, out / ANSWERS, fingerprint(run), progress)
    turns = [turn for document in documents for turn in document.turns]
    return {name: score(group, judged, config.threshold) for name, group in groups(turns, judged).items()}


def ways(turn: AskedTurn) -> Iterator[str]:
    """Yield the ways in which a turn is asked; a conversation's first one has no earlier questions."""
    for way in WAYS:
        if turn.standalone if way == STANDALONE else turn.history or way == ALONE:
            yield way


def ask(turn: AskedTurn, way: str, quoth: Assistant) -> Answer:
    """Ask a turn in one of the ways."""
    if way == SERVED:
        return quoth.ask(turn.question, turn.history)
    question = (turn.standalone if way == STANDALONE else None) or quoth.known.correct(turn.question)
    context = turn.history[-CONTEXT_TURNS:] if way == ALONG else ()
    part = quoth.make_part(quoth.look_up(question, context, lambda stage, passages: None))
    return to_answer(question, question, [part], quoth.index.documents, quoth.config)


def judge(turn: AskedTurn, document: TurnsDocument, answer: Answer, passages: Mapping[str, str]) -> dict[str, Any]:
    """Judge an answer: its confidence, and which of its quotations are in a relevant passage, or in its words."""
    right = [
        any(
            overlaps((quotation.start, quotation.end), document.places[passage]) or quotation.quote in passages[passage]
            for passage in turn.relevant
        )
        for quotation in answer.evidence
    ]
    return {"confidence": answer.confidence, "right": right, "read_along": bool(answer.read_with)}


def make_tasks(
    documents: Sequence[TurnsDocument], passages: Mapping[str, str], config: Config, encoder: Encoder
) -> dict[Key, Task]:
    """Make the tasks of asking every turn in every way, a document after the other."""
    reader, always = cache_reader(load_reader(config.reader)), replace(config, threshold=0)
    opened: dict[int, Assistant] = {}

    def open_document(number: int) -> Assistant:
        if number not in opened:
            opened.clear()  # one at a time is kept
            opened[number] = Assistant.of_text(documents[number].text, CachingEncoder(encoder), always, reader)
        return opened[number]

    def task(number: int, turn: AskedTurn, way: str) -> Task:
        return lambda: judge(turn, documents[number], ask(turn, way, open_document(number)), passages)

    return {
        (turn.id, way): task(number, turn, way)
        for number, document in enumerate(documents)
        for turn in document.turns
        for way in ways(turn)
    }


def groups(turns: Sequence[AskedTurn], judged: Judged) -> dict[str, list[AskedTurn]]:
    """Group turns for the figures: first and later ones, and of the later ones those that are read as follow-ups."""
    later = [turn for turn in turns if turn.history]
    answerable = [turn for turn in later if turn.relevant]
    return {
        "first turns": [turn for turn in turns if turn.relevant and not turn.history],
        "later turns": answerable,
        "later turns with a standalone form": [turn for turn in answerable if turn.standalone],
        "later turns taken for follow-ups": [turn for turn in answerable if judged[turn.id, SERVED]["read_along"]],
        "later turns not taken for follow-ups": [
            turn for turn in answerable if not judged[turn.id, SERVED]["read_along"]
        ],
        "later turns that cannot be answered": [turn for turn in later if not turn.relevant],
    }


def score(turns: Sequence[AskedTurn], judged: Judged, threshold: float) -> dict[str, Any]:
    """Return the figures of some turns in every way in which all of them are asked, and paired tests of their first
    quotations: how many the first way has right and the second wrong, the reverse, and McNemar's p."""
    shared = [way for way in WAYS if turns and all((turn.id, way) in judged for turn in turns)]
    rows = {way: [judged[turn.id, way] for turn in turns] for way in shared}
    names = [turn.conversation for turn in turns]

    def figure(values: Sequence[bool]) -> dict[str, float] | None:
        found = estimate([float(value) for value in values], names)
        return asdict(found) if found else None

    first = {way: [any(row["right"][:1]) for row in rows[way]] for way in shared}
    answered = {way: [row["confidence"] >= threshold and bool(row["right"]) for row in rows[way]] for way in shared}
    figures = {
        way: {
            "first": figure(first[way]),
            "three": figure([any(row["right"]) for row in rows[way]]),
            "served": figure([right and kept for right, kept in zip(first[way], answered[way], strict=True)]),
            "abstained": figure([not kept for kept in answered[way]]),
        }
        for way in shared
    }
    tests = {f"{a}, {b}": mcnemar(first[a], first[b]) for a, b in COMPARED if a in shared and b in shared}
    return {"n": len(turns), "ways": figures, "first, paired": tests}
