"""Figures of questions over documents: by document, by kind, and their mean over documents, each counting the same.

All is computed from one answer to each question, given at threshold 0: what would have been served at the
threshold follows from its confidence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eval.asking import ASKED, LESSENED, STANDALONE
from eval.documents import DocumentQuestion
from eval.metrics import abstention
from eval.metrics.answer import token_f1
from eval.metrics.evidence import hit_at_k
from eval.metrics.statistics import clopper_pearson
from eval.resuming import Key

CITED = ("attribution", "footnote", "note", "source", "ibid")  # kinds whose answer stands in a note
CONFIDENCE = 0.95  # of the bound that is printed

Scores = dict[str, float]
Value = tuple[float, int]  # a figure, and how many questions are behind it


@dataclass(frozen=True, slots=True)
class Row:
    """A question with everything that was scored on it."""

    id: str
    document: str
    kind: str
    answerable: bool
    scores: Scores


def score_question(question: DocumentQuestion, answers: Mapping[str, dict[str, Any]], threshold: float) -> Row:
    """What the answers to a question, by the way it was asked, score. Scores that do not apply are left out."""
    answer = answers[ASKED]
    answered = is_answered(answer, threshold)
    scores: Scores = {"confidence": answer["confidence"], "answered": answered}
    if answer.get("certainty") is not None:
        scores["sure"] = float(answered and answer["certainty"] == "sure")
    if question.answerable:
        scores |= score_quotations(question, answer, answered)
    else:
        scores["abstained"] = 1 - answered
    if STANDALONE in answers:
        alone = answers[STANDALONE]
        hit = hit_at_k(places(question, alone), question.spans, 1)
        scores |= {"standalone_first": hit, "standalone_served": hit * is_answered(alone, threshold)}
    if LESSENED in answers:
        less = answers[LESSENED]
        scores |= {"less_confidence": less["confidence"], "less_abstained": 1 - is_answered(less, threshold)}
    return Row(question.id, question.document, question.kind, question.answerable, scores)


def is_answered(answer: Mapping[str, Any], threshold: float) -> float:
    """1 if an answer would be given at the threshold, else 0."""
    return float(bool(answer["evidence"]) and answer["confidence"] >= threshold)


def places(question: DocumentQuestion, answer: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The places of an answer's quotations; one of another document keeps its rank and is nowhere."""
    return [(q["start"], q["end"]) if q["document"] == question.document else (0, 0) for q in answer["evidence"]]


def score_quotations(question: DocumentQuestion, answer: Mapping[str, Any], answered: float) -> Scores:
    """The quotations, the short answer and the notes of an answerable question."""
    given = places(question, answer)
    first = hit_at_k(given, question.spans, 1)
    scores = {"first": first, "three": hit_at_k(given, question.spans, 3), "served": first * answered}
    if question.short:
        scores["short"] = max(token_f1(answer["answer"] or "", text) for text in question.short)
    if question.kind in CITED and question.notes:
        shown = reached_notes(answer)
        scores["notes"] = float(bool(shown & set(question.notes)))
        scores["all_notes"] = float(set(question.notes) <= shown)
    return scores


def reached_notes(answer: Mapping[str, Any]) -> set[int]:
    """The numbers of the notes that are shown with the first quotation, and of those they lead to."""
    notes = [note for quotation in answer["evidence"][:1] for note in quotation["footnotes"]]
    return {note["number"] for note in notes} | {work["number"] for note in notes for work in note["sources"]}


def score_questions(
    questions: Iterable[DocumentQuestion], answers: Mapping[Key, dict[str, Any]], threshold: float
) -> list[Row]:
    """A row for every question."""
    given: dict[str, dict[str, dict[str, Any]]] = {}
    for (identity, way), answer in answers.items():
        given.setdefault(identity, {})[way] = answer
    return [score_question(question, given[question.id], threshold) for question in questions]


def mean_of(name: str) -> Callable[[Sequence[Row]], Value | None]:
    """The mean of a score over the rows that have it."""

    def figure(rows: Sequence[Row]) -> Value | None:
        values = [row.scores[name] for row in rows if name in row.scores]
        return (float(np.mean(values)), len(values)) if values else None

    return figure


def share_right(among: str) -> Callable[[Sequence[Row]], Value | None]:
    """The share of the rows with a score of 1 in `among` whose first quotation is right."""

    def figure(rows: Sequence[Row]) -> Value | None:
        right = [row.scores.get("first", 0.0) for row in rows if row.scores.get(among)]
        return (float(np.mean(right)), len(right)) if right else None

    return figure


def tell_answerable(rows: Sequence[Row]) -> Value | None:
    """AUROC of confidence: answerable questions against the others."""
    value = abstention.auroc([row.scores["confidence"] for row in rows], [row.answerable for row in rows])
    return None if value is None else (value, len(rows))


def tell_lessened(rows: Sequence[Row]) -> Value | None:
    """AUROC of confidence on pairs: questions of their document against the same of it less its answer."""
    paired = [row for row in rows if "less_confidence" in row.scores]
    whole, less = ([row.scores[name] for row in paired] for name in ("confidence", "less_confidence"))
    value = abstention.auroc([*whole, *less], [True] * len(whole) + [False] * len(less))
    return None if value is None else (value, len(paired))


FIGURES: dict[str, tuple[str, Callable[[Sequence[Row]], Value | None]]] = {
    "first": ("first quotation right, always answering", mean_of("first")),
    "three": ("one of three right, always answering", mean_of("three")),
    "served": ("answered, and rightly, of the answerable", mean_of("served")),
    "right": ("share right of what is answered", share_right("answered")),
    "sure": ("share right of what is sure", share_right("sure")),
    "abstained": ("abstained on, of what is not answered there", mean_of("abstained")),
    "auroc": ("confidence tells what is answered there", tell_answerable),
    "pairs": ("AUROC on pairs: the document, and less the answer", tell_lessened),
    "less": ("abstained on the document less the answer", mean_of("less_abstained")),
    "short": ("F1 of the short answer", mean_of("short")),
    "notes": ("a note behind it shown or led to, of questions about notes", mean_of("notes")),
    "all notes": ("all of them", mean_of("all_notes")),
    "alone first": ("follow-ups asked on their own: first", mean_of("standalone_first")),
    "alone served": ("follow-ups asked on their own: served", mean_of("standalone_served")),
}


def figures(rows: Sequence[Row]) -> dict[str, Value]:
    """Every figure of some rows that they have."""
    return {name: value for name, (_, figure) in FIGURES.items() if (value := figure(rows)) is not None}


def group(rows: Iterable[Row], by: str) -> dict[str, list[Row]]:
    """Rows by document or by kind."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(getattr(row, by), []).append(row)
    return groups


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean of a figure over documents, their standard deviation, the lowest and highest, and how many."""

    mean: float
    deviation: float
    low: float
    high: float
    documents: int


def spread(values: Sequence[float]) -> Spread:
    """The mean and the spread of a figure over documents."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(np.mean(values)), deviation, min(values), max(values), len(values))


@dataclass(frozen=True, slots=True)
class Guarantee:
    """How many of n answers are right, and the share that is right at least, at 95 % confidence.

    The bound is Clopper and Pearson's, one-sided. It takes questions as independent: those of one document are
    less so than that.
    """

    right: int
    n: int
    share: float
    at_least: float


def guarantee(rows: Sequence[Row], among: str) -> Guarantee | None:
    """The guarantee for what is answered (`answered`) or what is `sure`; None where nothing is."""
    right = [row.scores.get("first", 0.0) for row in rows if row.scores.get(among)]
    if not right:
        return None
    hits = round(sum(right))
    return Guarantee(hits, len(right), hits / len(right), clopper_pearson(hits, len(right), CONFIDENCE))


def guarantees_of(rows: Sequence[Row]) -> dict[str, Any]:
    """The guarantees for what is answered and for what is sure, as JSON."""
    bounds = {among: guarantee(rows, among) for among in ("answered", "sure")}
    return {among: asdict(bound) for among, bound in bounds.items() if bound}


def summarize_documents(rows: Sequence[Row]) -> dict[str, Any]:
    """Figures by document and by kind, over all questions, over documents, and the guarantees, as JSON."""
    by_document = {name: figures(of_one) for name, of_one in group(rows, "document").items()}
    named = {name: [one[name][0] for one in by_document.values() if name in one] for name in FIGURES}
    return {
        "documents": by_document,
        "kinds": {name: figures(of_one) for name, of_one in sorted(group(rows, "kind").items())},
        "all": figures(rows),
        "mean": {name: asdict(spread(values)) for name, values in named.items() if values},
        "guarantee": guarantees_of(rows),
    }
