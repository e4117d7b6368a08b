"""Selective prediction metrics: how well confidence separates answerable questions and right answers.

Each question has a confidence, and is right or wrong if it is answered; answering an unanswerable one is wrong.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata


def auroc(confidence: Sequence[float], answerable: Sequence[bool]) -> float | None:
    """The probability that an answerable question has a higher confidence than an unanswerable one; None without both.

    Hanley and McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC)
    curve", Radiology 1982; from ranks, as the Mann-Whitney U.
    """
    positive = np.asarray(answerable, dtype=bool)
    n = int(positive.sum())
    if n in (0, len(positive)):
        return None
    ranks = rankdata(np.asarray(confidence, dtype=float))
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n)))


def risk_coverage(confidence: Sequence[float], right: Sequence[bool]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coverage, risk and generalised risk, answering the most confident first.

    Coverage is the share of questions answered; risk the share of those answered wrongly; generalised risk
    the share of all questions that are answered wrongly. Questions of one confidence are answered together.
    """
    order = np.argsort(-np.asarray(confidence, dtype=float), kind="stable")
    values = np.asarray(confidence, dtype=float)[order]
    wrong = 1.0 - np.asarray(right, dtype=float)[order]
    last = np.append(values[1:] != values[:-1], True)
    answered = np.arange(1, len(values) + 1)[last]
    failed = np.cumsum(wrong)[last]
    return answered / len(values), failed / answered, failed / len(values)


def augrc(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Area under generalised risk against coverage; lower is better, 0 if nothing is wrong.

    Traub et al., "Overcoming Common Flaws in the Evaluation of Selective Classification Systems", NeurIPS 2024.
    """
    coverage, _, generalised = risk_coverage(confidence, right)
    return float(np.trapezoid(np.append(0.0, generalised), np.append(0.0, coverage)))


def coverage_at_accuracy(
    confidence: Sequence[float], right: Sequence[bool], answerable: Sequence[bool], accuracy: float = 0.95
) -> float:
    """The largest share of answerable questions answered at a threshold where `accuracy` of answers are right."""
    total = sum(answerable)
    best = 0.0
    for threshold in set(confidence):
        answered = [i for i, value in enumerate(confidence) if value >= threshold]
        if sum(right[i] for i in answered) >= accuracy * len(answered):
            best = max(best, sum(answerable[i] for i in answered) / total if total else 0.0)
    return best


def brier(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """The mean squared difference between confidence and correctness (Brier, 1950)."""
    return float(np.mean((np.asarray(confidence, dtype=float) - np.asarray(right, dtype=float)) ** 2))


def calibration(confidence: Sequence[float], right: Sequence[bool], bins: int = 5) -> list[dict[str, float]]:
    """Return for each of equally wide bins its bounds, n, mean confidence, and accuracy."""
    values, outcomes = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    bin_of = np.minimum((values * bins).astype(int), bins - 1)
    return [
        {
            "from": number / bins,
            "to": (number + 1) / bins,
            "n": int((bin_of == number).sum()),
            "confidence": float(values[bin_of == number].mean()),
            "right": float(outcomes[bin_of == number].mean()),
        }
        for number in range(bins)
        if (bin_of == number).any()
    ]
