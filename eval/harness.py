"""Asking every gold question under every system, and keeping what came of it.

A system is the assistant with something changed: one way of retrieval alone, no notes, no history, or the
gold passage or question given. What each gave is a SystemAnswer, kept as soon as it is there, so that a run that was
stopped goes on where it was.
"""

import hashlib
import json
import resource
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.reader.sentence import SentenceReader
from assistant.reader.span import SpanReader
from eval.gold import Gold
from eval.metrics.evidence import overlaps
from eval.resuming import Task, run_tasks
from index.retriever import WAYS
from index.types import Hit, Passage

DEPTH = 50  # passages ranked for the retrieval figures; the reader gets the first few
PACKAGES = ("index", "assistant", "eval")
SCORES = ("rank", "score", "bm25", "dense", "bm25_rank", "dense_rank")


@dataclass(frozen=True, slots=True)
class System:
    """What is changed about the assistant for a column of the ablation table.

    `without` names features that the span reader's ranking does not hear.
    """

    name: str
    about: str
    ways: tuple[str, ...] = WAYS
    reader: bool = True
    notes: bool = True
    history: bool = True
    gold_passage: bool = False
    gold_question: bool = False
    understanding: bool = True
    without: tuple[str, ...] = ()


DEFAULT = System("quoth", "as it is served")
ABLATION = (
    System("bm25", "BM25 alone, for passages and sentences", ways=("bm25",), reader=False),
    System("dense", "the encoder alone", ways=("dense",), reader=False),
    System("fused", "both, fused; the sentence on which they agree best", reader=False),
    DEFAULT,
    System("no span", "the reader's span score is not heard", without=("span",)),
    System("no answer", "its score of the window is not heard", without=("answer",)),
    System("no evidence", "its score of the sentence is not heard", without=("evidence",)),
    System("no bm25", "BM25's score of the sentence is not heard", without=("bm25",)),
    System("no dense", "the encoder's score of the sentence is not heard", without=("dense",)),
    System("no rank", "the passage's rank is not heard", without=("rank",)),
    System("no support", "how much of the question a sentence supports is not heard", without=("support",)),
    System("no notes", "notes are not searched", notes=False),
    System("no history", "follow-ups are asked as they stand", history=False),
    System("as written", "nothing is completed, put right or taken for another language", understanding=False),
    System("gold passage", "ceiling: the right passages are given", gold_passage=True),
    System("gold question", "ceiling: the question is given in its clean, complete form", gold_question=True),
)


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """What a system gave for a question: its answer at threshold 0, and the passages it ranked."""

    id: str
    system: str
    answer: dict[str, Any]
    ranked: tuple[dict[str, Any], ...]
    timings_ms: dict[str, float]


def relevant_passages(gold: Gold, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages of a question's document that share a character with its evidence."""
    return tuple(
        passage
        for passage in passages
        if passage.document == gold.question.document
        and any(overlaps((passage.start, passage.end), (span.start, span.end)) for span in gold.spans)
    )


def answer_gold(quoth: Assistant, gold: Gold, system: System) -> SystemAnswer:
    """Ask one gold question of one system; it always answers, since the threshold is 0."""
    asked = gold.question

    def rank(question: str, context: str | None = None) -> tuple[Hit, ...]:
        hits = quoth.index.search(quoth.known.query(question), DEPTH, system.ways, context)
        if system.gold_passage and gold.spans:
            hits = tuple(plain_hit(p, rank) for rank, p in enumerate(relevant_passages(gold, quoth.index.passages), 1))
        return hits if system.notes else tuple(without_notes(hit) for hit in hits if hit.passage.note is None)

    reader = quoth.reader if system.reader else SentenceReader(system.ways)
    if system.without and isinstance(reader, SpanReader):
        reader = reader.without(system.without)
    always = Assistant(
        quoth.index,
        replace(quoth.config, threshold=0),
        reader,
        lambda question, context: rank(question, context)[: quoth.config.passages],
        quoth.known,
    )
    question, history = asked.question, asked.history if system.history else ()
    if system.gold_question and asked.standalone:
        question, history = asked.standalone, ()
    answer = replace(always.ask(question, history, system.understanding), question=asked.question)
    ranked = tuple(hit_to_dict(hit) for hit in rank(answer.standalone_question))
    return SystemAnswer(asked.id, system.name, answer.to_dict(), ranked, answer.timings_ms)


def plain_hit(passage: Passage, rank: int) -> Hit:
    """A passage given as if it had been found."""
    return Hit(passage, rank, 1 / rank, 0.0, 0.0, None, None)


def without_notes(hit: Hit) -> Hit:
    """A hit whose passage does not lead to its notes."""
    return replace(hit, passage=replace(hit.passage, notes=()))


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """A hit as a record keeps it: the passage's place, its scores and ranks."""
    passage = hit.passage
    place = {"passage": passage.id, "document": passage.document, "start": passage.start, "end": passage.end}
    return {**place, **{name: getattr(hit, name) for name in SCORES}}


def run(
    quoth: Assistant,
    gold: Sequence[Gold],
    systems: Sequence[System],
    partial: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[SystemAnswer]:
    """Ask every question of every system; what `partial` holds of this very run is not asked again."""

    def task(system: System, item: Gold) -> Task:
        return lambda: asdict(answer_gold(quoth, item, system))

    tasks = {(item.question.id, system.name): task(system, item) for system in systems for item in gold}
    given = run_tasks(tasks, partial, hash_run(quoth, gold), progress)
    return [SystemAnswer(**{**value, "ranked": tuple(value["ranked"])}) for value in given.values()]


def hash_run(quoth: Assistant, gold: Sequence[Gold]) -> str:
    """What must be the same for a stopped run to go on."""
    told = json.dumps([hashes(quoth, gold), source_code()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def hashes(quoth: Assistant, gold: Sequence[Gold]) -> dict[str, Any]:
    """What a run was of: documents, questions, model and settings."""
    asked = "\n".join(item.question.model_dump_json() for item in gold)
    config = quoth.config
    return {
        "documents": {document.id: document.sha256 for document in quoth.index.documents.values()},
        "gold": hashlib.sha256(asked.encode()).hexdigest(),
        "index": asdict(quoth.index.config),
        "encoder": quoth.index.encoder.fingerprint,
        "reader": quoth.reader.fingerprint,
        "settings": {"threshold": config.threshold, "passages": config.passages, "quotations": config.quotations},
    }


def source_code() -> dict[str, str]:
    """The sha256 of every module that an answer depends on."""
    root = Path(__file__).parent.parent
    files = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def peak_memory_mb() -> float:
    """The most memory this process has held so far, in megabytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
