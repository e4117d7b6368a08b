"""Asking every system every gold question, and saving the answers.

A system is the assistant with one change: one retrieval method alone, no notes, no history, or the gold passage or
question given. Each answer is saved as soon as it is there, so that a stopped run can be resumed.
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
from index.ranking import WAYS
from index.types import Hit, Passage

DEPTH = 50  # passages ranked for the retrieval figures; the reader gets the first few
PACKAGES = ("index", "assistant", "eval")
SCORES = ("rank", "score", "bm25", "dense", "bm25_rank", "dense_rank")


@dataclass(frozen=True, slots=True)
class System:
    """A variant of the assistant: a column of the ablation table.

    `without` names features that are masked in the span reader's ranking.
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
    System("as written", "nothing is read along, put right or taken for another language", understanding=False),
    System("gold passage", "ceiling: the right passages are given", gold_passage=True),
    System("gold question", "ceiling: the question is given in its clean, complete form", gold_question=True),
)


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """A system's answer to a question at threshold 0, and the passages it ranked."""

    id: str
    system: str
    answer: dict[str, Any]
    ranked: tuple[dict[str, Any], ...]
    timings_ms: dict[str, float]


def relevant_passages(gold: Gold, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the passages of a question's document that overlap its evidence."""
    return tuple(
        passage
        for passage in passages
        if passage.document == gold.question.document
        and any(overlaps((passage.start, passage.end), (span.start, span.end)) for span in gold.spans)
    )


def answer_gold(quoth: Assistant, gold: Gold, system: System) -> SystemAnswer:
    """Ask one system one gold question, at threshold 0."""
    gold_question = gold.question

    def rank(question: str, context: str | None = None) -> tuple[Hit, ...]:
        hits = quoth.index.search(quoth.known.query(question), DEPTH, system.ways, context)
        if system.gold_passage and gold.spans:
            hits = tuple(make_hit(p, rank) for rank, p in enumerate(relevant_passages(gold, quoth.index.passages), 1))
        return hits if system.notes else tuple(without_notes(hit) for hit in hits if hit.passage.note is None)

    reader = quoth.reader if system.reader else SentenceReader(system.ways)
    if system.without and isinstance(reader, SpanReader):
        reader = reader.without(system.without)
    assistant = Assistant(
        quoth.index,
        replace(quoth.config, threshold=0),
        reader,
        lambda question, context: rank(question, context)[: quoth.config.passages],
        quoth.known,
    )
    question, history = gold_question.question, gold_question.history if system.history else ()
    if system.gold_question and gold_question.standalone:
        question, history = gold_question.standalone, ()
    answer = replace(assistant.ask(question, history, system.understanding), question=gold_question.question)
    before = answer.read_with[-1] if answer.read_with else None
    ranked = tuple(hit_to_dict(hit) for hit in rank(answer.standalone_question, before))
    return SystemAnswer(gold_question.id, system.name, answer.to_dict(), ranked, answer.timings_ms)


def make_hit(passage: Passage, rank: int) -> Hit:
    """Make a hit of a gold passage, as if it had been retrieved at `rank`."""
    return Hit(passage, rank, 1 / rank, 0.0, 0.0, None, None)


def without_notes(hit: Hit) -> Hit:
    """Remove the notes from a hit's passage."""
    return replace(hit, passage=replace(hit.passage, notes=()))


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """Convert a hit to JSON: its passage's place, scores and ranks."""
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
    """Ask every system every question; answers of the same run in the file `partial` are reused."""

    def task(system: System, item: Gold) -> Task:
        return lambda: asdict(answer_gold(quoth, item, system))

    tasks = {(item.question.id, system.name): task(system, item) for system in systems for item in gold}
    answers = run_tasks(tasks, partial, hash_run(quoth, gold), progress)
    return [SystemAnswer(**{**value, "ranked": tuple(value["ranked"])}) for value in answers.values()]


def hash_run(quoth: Assistant, gold: Sequence[Gold]) -> str:
    """Hash what must be unchanged for a stopped run to be resumed."""
    description = json.dumps([hashes(quoth, gold), source_code()], sort_keys=True)
    return hashlib.sha256(description.encode()).hexdigest()


def hashes(quoth: Assistant, gold: Sequence[Gold]) -> dict[str, Any]:
    """Describe a run: hashes of documents and questions, models and settings."""
    lines = "\n".join(item.question.model_dump_json() for item in gold)
    config = quoth.config
    return {
        "documents": {document.id: document.sha256 for document in quoth.index.documents.values()},
        "gold": hashlib.sha256(lines.encode()).hexdigest(),
        "index": asdict(quoth.index.config),
        "encoder": quoth.index.encoder.fingerprint,
        "reader": quoth.reader.fingerprint,
        "settings": {"threshold": config.threshold, "passages": config.passages, "quotations": config.quotations},
    }


def source_code() -> dict[str, str]:
    """Return the sha256 of every module that an answer depends on."""
    root = Path(__file__).parent.parent
    files = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def peak_memory_mb() -> float:
    """Return this process's peak resident memory in megabytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
