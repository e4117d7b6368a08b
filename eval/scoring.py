"""Scores of each answer against gold, and figures of each system.

Scores are numbers by name for each question, so that two runs can be compared question by question; a figure is a mean
over the questions that have the score, with its interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from eval.gold import UNANSWERABLE, Gold
from eval.harness import SystemAnswer, relevant_passages
from eval.metrics import abstention
from eval.metrics.answer import exact_match, strict_match, token_f1
from eval.metrics.evidence import covers, hit_at_k, set_precision, set_recall
from eval.metrics.retrieval import score_retrieval
from eval.metrics.statistics import Figure, estimate
from index.document.types import Document
from index.types import Passage

STRICT_TYPES = ("numeric", "date")
MAIN = ("hit@1", "hit@3", "answer_f1", "citation_recall", "abstained_rightly", "served")
Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scored:
    """A question with a system's answer, its scores, and the stage at which it failed."""

    gold: Gold
    record: SystemAnswer
    scores: Scores
    stage: str


def score_system(
    gold: Sequence[Gold], records: Sequence[SystemAnswer], passages: Sequence[Passage], threshold: float,
    documents: dict[str, Document],
) -> list[Scored]:  # fmt: skip
    """Score one system's answers, in the order of the gold."""
    by_id = {record.id: record for record in records}
    relevant = {g.question.id: [p.id for p in relevant_passages(g, passages)] for g in gold}
    ranked = {question_id: [hit["passage"] for hit in record.ranked] for question_id, record in by_id.items()}
    retrieval = score_retrieval(relevant, ranked)
    scored = []
    for item in gold:
        record = by_id[item.question.id]
        scores = score_record(item, record, threshold, documents)
        scores.update(retrieval.get(item.question.id, {}))
        scored.append(Scored(item, record, scores, stage(item, record, scores, threshold)))
    return scored


def score_record(gold: Gold, record: SystemAnswer, threshold: float, documents: dict[str, Document]) -> Scores:
    """Score one answer, without its retrieval. Scores that do not apply are left out.

    At threshold 0: hit@1, hit@3, covered, answer and citation scores. At the default threshold:
    `served` (answered, and the first quotation right) and `abstained_rightly`.
    """
    question, answer = gold.question, record.answer
    # A quotation of another document overlaps nothing, but keeps its rank.
    places = [(q["start"], q["end"]) if q["document"] == question.document else (0, 0) for q in answer["evidence"]]
    spans = [(span.start, span.end) for span in gold.spans]
    scores: Scores = {"verbatim": float(all(is_verbatim(q, documents) for q in answer["evidence"]))}
    answered = bool(answer["evidence"]) and answer["confidence"] >= threshold
    if not question.answerable:
        return {**scores, "abstained_rightly": float(not answered)}
    scores["hit@1"], scores["hit@3"] = hit_at_k(places, spans, 1), hit_at_k(places, spans, 3)
    scores["served"] = scores["hit@1"] if answered else 0.0
    scores["answered"] = float(answered)
    if question.require == "all":
        scores["covered"] = covers(places, spans)
    scores.update(score_answer(gold, answer["answer"] or ""))
    scores.update(score_citations(gold, answer))
    return scores


def score_answer(gold: Gold, predicted: str) -> Scores:
    """Score the short answer: the best over the gold alternatives, or over all orders of the gold parts."""
    golds = [text for answer in gold.question.answers for text in (answer.text, *answer.aliases)]
    if gold.question.require == "all":
        parts = [answer.text for answer in gold.question.answers]
        golds = [" ".join(order) for order in permutations(parts)] if len(parts) <= 4 else [" ".join(parts)]
    scores = {
        "answer_em": max(exact_match(predicted, text) for text in golds),
        "answer_f1": max(token_f1(predicted, text) for text in golds),
    }
    if gold.question.type in STRICT_TYPES:
        scores["answer_strict"] = max(strict_match(predicted, text) for text in golds)
    return scores


def score_citations(gold: Gold, answer: dict[str, Any]) -> Scores:
    """Score the notes shown with the answer's quotations, and the sources they refer to."""
    shown = [q for q in answer["evidence"][: max(answer["needed"], 1)] if q["document"] == gold.question.document]
    notes = [note for quotation in shown for note in quotation["footnotes"]]
    numbers = {note["number"] for note in notes}
    sources = {source["number"] for note in notes for source in note["sources"]}
    question = gold.question
    any_suffices = question.require == "any" and len(gold.spans) > 1
    scores = {
        "citation_precision": set_precision(numbers, question.footnotes),
        "citation_recall": set_recall(numbers, question.footnotes, any_suffices),
        "source_precision": set_precision(sources, question.sources),
        "source_recall": set_recall(sources, question.sources, any_suffices),
    }
    return {name: value for name, value in scores.items() if value is not None}


def is_verbatim(quotation: dict[str, Any], documents: dict[str, Document]) -> bool:
    """Whether a quotation equals the slice of its document at its offsets."""
    document = documents.get(quotation["document"])
    return document is not None and document.text[quotation["start"] : quotation["end"]] == quotation["quote"]


def stage(gold: Gold, record: SystemAnswer, scores: Scores, threshold: float) -> str:
    """Name the stage at which a question fails at the default threshold, or "right"."""
    answered = bool(record.answer["evidence"]) and record.answer["confidence"] >= threshold
    if not gold.question.answerable:
        return "answered what is not there" if answered else "right"
    if scores["hit@1"] and not answered:
        return "over-abstained"
    if scores["hit@1"]:
        return "wrong citation" if scores.get("citation_recall", 1) < 1 else "right"
    if scores.get("success@10") == 0:
        return "not retrieved"
    return "ranked low" if scores["hit@3"] else "wrong span"


def summarize(scored: Sequence[Scored]) -> dict[str, Figure]:
    """Return the mean of every score over the questions that have it, with its interval."""
    names = dict.fromkeys(name for item in scored for name in item.scores)
    figures = {}
    for name in names:
        items = [item for item in scored if name in item.scores]
        figure = estimate([item.scores[name] for item in items], [item.gold.question.cluster for item in items])
        if figure:
            figures[name] = figure
    return figures


def outcomes(scored: Sequence[Scored]) -> tuple[list[float], list[bool], list[bool]]:
    """Return each question's confidence, whether its first quotation is right, and whether it is answerable."""
    confidence = [float(item.record.answer["confidence"]) for item in scored]
    right = [bool(item.scores.get("hit@1", 0)) for item in scored]
    return confidence, right, [item.gold.question.answerable for item in scored]


def summarize_abstention(scored: Sequence[Scored], threshold: float) -> dict[str, Any]:
    """Return precision and recall of abstaining, and the quality of confidence over all thresholds."""
    confidence, right, answerable = outcomes(scored)
    clusters = [item.gold.question.cluster for item in scored]
    abstained = [value < threshold for value in confidence]
    unanswerable = [not can for can in answerable]

    def share(among: list[bool], of: list[bool]) -> Figure | None:
        chosen = [i for i, inside in enumerate(among) if inside]
        return estimate([float(of[i]) for i in chosen], [clusters[i] for i in chosen])

    kinds = {}
    for kind in UNANSWERABLE:
        of_kind = [item.gold.question.type == kind for item in scored]
        kinds[kind] = share(of_kind, abstained)
    return {
        "precision": share(abstained, unanswerable),
        "recall": share(unanswerable, abstained),
        "answered_answerable": share(answerable, [not value for value in abstained]),
        "accuracy_of_answers": share([not value for value in abstained], right),
        "auroc": resample(lambda rows: pick(abstention.auroc, rows, confidence, answerable), clusters),
        "augrc": resample(lambda rows: pick(abstention.augrc, rows, confidence, right), clusters),
        "coverage@95": resample(
            lambda rows: pick(abstention.coverage_at_accuracy, rows, confidence, right, answerable), clusters, 200
        ),
        "brier": resample(lambda rows: pick(abstention.brier, rows, confidence, right), clusters),
        "calibration": abstention.calibration(confidence, right),
        "kinds": {kind: figure for kind, figure in kinds.items() if figure},
    }


def pick(metric: Any, rows: Sequence[int], *columns: Sequence[Any]) -> float | None:
    """Compute a metric on some rows of its columns."""
    value = metric(*([column[row] for row in rows] for column in columns))
    return None if value is None else float(value)


def resample(metric: Any, clusters: Sequence[str], resamples: int = 500) -> Figure | None:
    """Compute a metric with a percentile bootstrap interval over clusters; None if it is undefined."""
    value = metric(range(len(clusters)))
    if value is None:
        return None
    members: dict[str, list[int]] = {}
    for row, name in enumerate(clusters):
        members.setdefault(name, []).append(row)
    groups = list(members.values())
    rng = np.random.default_rng(20130501)
    samples = [
        metric([r for g in rng.integers(0, len(groups), len(groups)) for r in groups[g]]) for _ in range(resamples)
    ]
    low, high = np.percentile([sample for sample in samples if sample is not None], [2.5, 97.5])
    return Figure(value, float(low), float(high), len(clusters))


def summarize_times(records: Sequence[SystemAnswer]) -> dict[str, dict[str, float]]:
    """Return the median and the 95th percentile of each stage, in milliseconds."""
    stages = records[0].timings_ms if records else {}
    return {
        name: {
            "p50": round(float(np.percentile([record.timings_ms[name] for record in records], 50)), 2),
            "p95": round(float(np.percentile([record.timings_ms[name] for record in records], 95)), 2),
        }
        for name in stages
    }
