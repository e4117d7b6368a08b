"""What comes of held-out questions: the rank of the first right sentence, the confidence, thresholds and figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.reader.combine import Combination, Linear, rank_by_score
from eval.metrics.abstention import auroc
from eval.metrics.statistics import clopper_pearson
from training.cases import Case, balanced_weights

SURE, LIKELY = 0.9, 0.76  # accuracy of the answers whose confidence is above each threshold
SERVED, LESSENED, ELSEWHERE, PUBLIC = "asked", "lessened", "elsewhere", "squad"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a case: the confidence in its first sentence, and the rank of the first right one (from 1; 0 if
    none is right)."""

    case: Case
    confidence: float
    rank: int

    @property
    def right(self) -> bool:
        """Whether the first sentence is right."""
        return self.rank == 1


def rank_rows(case: Case, ranking: Linear) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Rank the rows of a case's table; return its columns by name, and which rows are right."""
    order, _ = rank_by_score(ranking, {name: case.table[:, i] for i, name in enumerate(case.names)})
    return {name: case.table[order, i] for i, name in enumerate(case.names)}, case.right[order]


def judge(combination: Combination, cases: Sequence[Case]) -> list[Outcome]:
    """Return the outcome of each case under a combination."""
    outcomes = []
    for case in cases:
        ranked, good = rank_rows(case, combination.ranking)
        order, _, confidence = combination.choose(ranked)
        right = np.flatnonzero(good[order])
        outcomes.append(Outcome(case, confidence, int(right[0]) + 1 if len(right) else 0))
    return outcomes


def judge_folds(folds: Mapping[str, Combination], cases: Sequence[Case]) -> list[Outcome]:
    """Judge each document's cases by the combination that was fitted without it."""
    return [
        outcome
        for document, combination in folds.items()
        for outcome in judge(combination, [case for case in cases if case.question.document == document])
    ]


def find_threshold(outcomes: Sequence[Outcome], accuracy: float) -> float:
    """Return the lowest confidence threshold at which the answers have that accuracy; 1 if there is none.

    Every document has the same weight.
    """
    weights = np.array(balanced_weights([outcome.case for outcome in outcomes]))
    confidence = np.array([outcome.confidence for outcome in outcomes])
    right = np.array([outcome.right for outcome in outcomes])
    order = np.argsort(-confidence, kind="stable")
    shares = np.cumsum(weights[order] * right[order]) / np.cumsum(weights[order])
    enough = np.flatnonzero(shares >= accuracy)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def mean_over_documents(outcomes: Sequence[Outcome], value: Callable[[Outcome], float]) -> float:
    """Return the mean of a value over each document's cases, then over documents; nan if there are none."""
    values: dict[str, list[float]] = {}
    for outcome in outcomes:
        values.setdefault(outcome.case.question.document, []).append(value(outcome))
    return float(np.mean([np.mean(numbers) for numbers in values.values()])) if values else float("nan")


def thresholds_without(outcomes: Sequence[Outcome]) -> dict[str, tuple[float, float]]:
    """Return for each document the thresholds of `likely` and `sure` chosen on the other documents."""
    thresholds = {}
    for document in dict.fromkeys(outcome.case.question.document for outcome in outcomes):
        others = [outcome for outcome in outcomes if outcome.case.question.document != document]
        thresholds[document] = find_threshold(others, LIKELY), find_threshold(others, SURE)
    return thresholds


def report(outcomes: Sequence[Outcome], thresholds: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return the figures of held-out outcomes, each judged by its document's thresholds, averaged over documents."""

    def zone(outcome: Outcome) -> int:
        return sum(outcome.confidence >= threshold for threshold in thresholds[outcome.case.question.document])

    asked = [outcome for outcome in outcomes if outcome.case.question.way == SERVED]
    lessened = [outcome for outcome in outcomes if outcome.case.question.way == LESSENED]
    answerable = [outcome for outcome in asked if outcome.case.question.answerable]
    unanswerable = [outcome for outcome in asked if not outcome.case.question.answerable]
    answered, sure = [[outcome for outcome in asked if zone(outcome) >= least] for least in (1, 2)]
    pairs = auroc_by_document([*answerable, *lessened])
    return {
        "first": mean_over_documents(answerable, lambda outcome: outcome.rank == 1),
        "three": mean_over_documents(answerable, lambda outcome: 1 <= outcome.rank <= 3),
        "served": mean_over_documents(answerable, lambda outcome: outcome.right and zone(outcome) >= 1),
        "right": mean_over_documents(answered, lambda outcome: outcome.right),
        "sure": mean_over_documents(sure, lambda outcome: outcome.right),
        "right at least": clopper_pearson(sum(outcome.right for outcome in answered), len(answered)),
        "sure at least": clopper_pearson(sum(outcome.right for outcome in sure), len(sure)),
        "answered of": len(answered),
        "sure of": len(sure),
        "abstained": mean_over_documents(unanswerable, lambda outcome: zone(outcome) == 0),
        "auroc": auroc_by_document(asked),
        "pairs": pairs,
        "less": mean_over_documents(lessened, lambda outcome: zone(outcome) == 0),
    }


def auroc_by_document(outcomes: Sequence[Outcome]) -> float:
    """Return the AUROC of the confidence for answerable questions, averaged over documents that have both kinds."""
    documents: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        documents.setdefault(outcome.case.question.document, []).append(outcome)
    values = [
        auroc([outcome.confidence for outcome in group], [outcome.case.question.answerable for outcome in group])
        for group in documents.values()
    ]
    return float(np.mean([value for value in values if value is not None]))
