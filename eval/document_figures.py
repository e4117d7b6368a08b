"""Figures over documents: by document, by kind, and macro-averaged over documents.

All are computed from one answer to each question at threshold 0; whether it would have been served at the default
threshold follows from its confidence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eval.asking import ANSWER_REMOVED, ASKED, STANDALONE
from eval.documents import DocumentQuestion
from eval.metrics import abstention
from eval.metrics.answer import token_f1
from eval.metrics.evidence import hit_at_k
from eval.metrics.statistics import clopper_pearson
from eval.resuming import Key

CITED = ("attribution", "footnote", "note", "source", "ibid")  # kinds whose answer is in a note
CONFIDENCE = 0.95  # of the printed bound

Scores = dict[str, float]
Value = tuple[float, int]  # a figure, and the number of questions


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its scores."""

    id: str
    document: str
    kind: str
    answerable: bool
    scores: Scores


def score_question(question: DocumentQuestion, answers: Mapping[str, dict[str, Any]], threshold: float) -> Row:
    """Score the answers to a question, by condition. Scores that do not apply are left out."""
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
        standalone = answers[STANDALONE]
        hit = hit_at_k(evidence_offsets(question, standalone), question.spans, 1)
        scores |= {"standalone_first": hit, "standalone_served": hit * is_answered(standalone, threshold)}
    if ANSWER_REMOVED in answers:
        removed = answers[ANSWER_REMOVED]
        scores |= {"less_confidence": removed["confidence"], "less_abstained": 1 - is_answered(removed, threshold)}
    return Row(question.id, question.document, question.kind, question.answerable, scores)


def is_answered(answer: Mapping[str, Any], threshold: float) -> float:
    """1 if an answer would be given at the threshold, else 0."""
    return float(bool(answer["evidence"]) and answer["confidence"] >= threshold)


def evidence_offsets(question: DocumentQuestion, answer: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the offsets of an answer's quotations, (0, 0) for those of another document, which keep their rank."""
    return [(q["start"], q["end"]) if q["document"] == question.document else (0, 0) for q in answer["evidence"]]


def score_quotations(question: DocumentQuestion, answer: Mapping[str, Any], answered: float) -> Scores:
    """Score the quotations, the short answer and the notes of an answerable question."""
    offsets = evidence_offsets(question, answer)
    first = hit_at_k(offsets, question.spans, 1)
    scores = {"first": first, "three": hit_at_k(offsets, question.spans, 3), "served": first * answered}
    if question.short:
        scores["short"] = max(token_f1(answer["answer"] or "", text) for text in question.short)
    if question.kind in CITED and question.notes:
        shown = reached_notes(answer)
        scores["notes"] = float(bool(shown & set(question.notes)))
        scores["all_notes"] = float(set(question.notes) <= shown)
    return scores


def reached_notes(answer: Mapping[str, Any]) -> set[int]:
    """Return the numbers of the notes shown with the first quotation, and of those they refer to."""
    notes = [note for quotation in answer["evidence"][:1] for note in quotation["footnotes"]]
    return {note["number"] for note in notes} | {work["number"] for note in notes for work in note["sources"]}


def score_questions(
    questions: Iterable[DocumentQuestion], answers: Mapping[Key, dict[str, Any]], threshold: float
) -> list[Row]:
    """Return a row for every question."""
    by_question: dict[str, dict[str, dict[str, Any]]] = {}
    for (question_id, way), answer in answers.items():
        by_question.setdefault(question_id, {})[way] = answer
    return [score_question(question, by_question[question.id], threshold) for question in questions]


def outcome(row: Row) -> str:
    """Name the kind of failure at the default threshold, or "right"."""
    answered = bool(row.scores["answered"])
    if not row.answerable:
        return "answered what is not there" if answered else "right"
    if row.scores["first"]:
        return "right" if answered else "over-abstained"
    return "ranked low" if row.scores["three"] else "wrong"


def mean_of(name: str) -> Callable[[Sequence[Row]], Value | None]:
    """Return a figure: the mean of a score over the rows that have it."""

    def figure(rows: Sequence[Row]) -> Value | None:
        values = [row.scores[name] for row in rows if name in row.scores]
        return (float(np.mean(values)), len(values)) if values else None

    return figure


def share_right(among: str) -> Callable[[Sequence[Row]], Value | None]:
    """Return a figure: the share of rows whose first quotation is right, among those with a score of 1 in `among`."""

    def figure(rows: Sequence[Row]) -> Value | None:
        right = [row.scores.get("first", 0.0) for row in rows if row.scores.get(among)]
        return (float(np.mean(right)), len(right)) if right else None

    return figure


def answerable_auroc(rows: Sequence[Row]) -> Value | None:
    """AUROC of confidence: answerable questions against unanswerable ones."""
    value = abstention.auroc([row.scores["confidence"] for row in rows], [row.answerable for row in rows])
    return None if value is None else (value, len(rows))


def paired_auroc(rows: Sequence[Row]) -> Value | None:
    """AUROC of confidence on pairs: questions of their document against the same with the answer removed."""
    paired = [row for row in rows if "less_confidence" in row.scores]
    whole, removed = ([row.scores[name] for row in paired] for name in ("confidence", "less_confidence"))
    value = abstention.auroc([*whole, *removed], [True] * len(whole) + [False] * len(removed))
    return None if value is None else (value, len(paired))


FIGURES: dict[str, tuple[str, Callable[[Sequence[Row]], Value | None]]] = {
    "first": ("first quotation right, always answering", mean_of("first")),
    "three": ("one of three right, always answering", mean_of("three")),
    "served": ("answered, and rightly, of the answerable", mean_of("served")),
    "right": ("share right of what is answered", share_right("answered")),
    "sure": ("share right of what is sure", share_right("sure")),
    "abstained": ("abstained on, of what is not answered there", mean_of("abstained")),
    "auroc": ("confidence tells what is answered there", answerable_auroc),
    "pairs": ("AUROC on pairs: the document, and less the answer", paired_auroc),
    "less": ("abstained on the document less the answer", mean_of("less_abstained")),
    "short": ("F1 of the short answer", mean_of("short")),
    "notes": ("a note behind it shown or led to, of questions about notes", mean_of("notes")),
    "all notes": ("all of them", mean_of("all_notes")),
    "alone first": ("follow-ups asked on their own: first", mean_of("standalone_first")),
    "alone served": ("follow-ups asked on their own: served", mean_of("standalone_served")),
}


def figures(rows: Sequence[Row]) -> dict[str, Value]:
    """Compute the figures that apply to some rows."""
    return {name: value for name, (_, figure) in FIGURES.items() if (value := figure(rows)) is not None}


def group(rows: Iterable[Row], by: str) -> dict[str, list[Row]]:
    """Group rows by document or by kind."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(getattr(row, by), []).append(row)
    return groups


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over documents: mean, standard deviation, lowest, highest, and the number of documents."""

    mean: float
    deviation: float
    low: float
    high: float
    documents: int


def spread(values: Sequence[float]) -> Spread:
    """Summarize the values of a figure over documents."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(np.mean(values)), deviation, min(values), max(values), len(values))


@dataclass(frozen=True, slots=True)
class Guarantee:
    """How many of n answers are right, and a lower bound of that share at 95 % confidence.

    The bound is Clopper and Pearson's, one-sided. It assumes independent questions, which those of one document are
    not quite.
    """

    right: int
    n: int
    share: float
    at_least: float


def guarantee(rows: Sequence[Row], among: str) -> Guarantee | None:
    """Return the guarantee for the `answered` or the `sure` questions; None if there are none."""
    right = [row.scores.get("first", 0.0) for row in rows if row.scores.get(among)]
    if not right:
        return None
    hits = round(sum(right))
    return Guarantee(hits, len(right), hits / len(right), clopper_pearson(hits, len(right), CONFIDENCE))


def guarantees_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the guarantees for answered and for sure questions, as JSON."""
    bounds = {among: guarantee(rows, among) for among in ("answered", "sure")}
    return {among: asdict(bound) for among, bound in bounds.items() if bound}


def summarize_documents(rows: Sequence[Row]) -> dict[str, Any]:
    """Return figures by document and by kind, over all questions and over documents, and guarantees, as JSON."""
    by_document = {name: figures(group_rows) for name, group_rows in group(rows, "document").items()}
    by_figure = {name: [values[name][0] for values in by_document.values() if name in values] for name in FIGURES}
    return {
        "documents": by_document,
        "kinds": {name: figures(group_rows) for name, group_rows in sorted(group(rows, "kind").items())},
        "all": figures(rows),
        "mean": {name: asdict(spread(values)) for name, values in by_figure.items() if values},
        "guarantee": guarantees_of(rows),
    }
