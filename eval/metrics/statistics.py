"""Confidence intervals of figures, and significance tests of their differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

RESAMPLES = 2000
SEED = 20130501


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean with its 95 % interval and the number of questions."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The paired difference of two systems, B minus A, with wins, losses and ties."""

    a: float
    b: float
    difference: float
    p: float
    wins: int
    losses: int
    ties: int
    n: int


def estimate(values: Sequence[float], clusters: Sequence[str]) -> Figure | None:
    """Return the mean of some values with its interval; None if there are none.

    Wilson's (Wilson, "Probable Inference", JASA 1927) for shares of independent questions, else a
    percentile bootstrap over clusters (Davison and Hinkley, "Bootstrap Methods", 1997, 3.8).
    """
    if not values:
        return None
    mean = float(np.mean(values))
    if set(values) <= {0, 1} and len(set(clusters)) == len(clusters):
        bounds = stats.binomtest(round(sum(values)), len(values)).proportion_ci(method="wilson")
        return Figure(mean, float(bounds.low), float(bounds.high), len(values))
    low, high = cluster_bootstrap(values, clusters)
    return Figure(mean, low, high, len(values))


def cluster_sums(values: Sequence[float], clusters: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the number of the values in each cluster."""
    names = {name: row for row, name in enumerate(dict.fromkeys(clusters))}
    rows = np.array([names[name] for name in clusters])
    return np.bincount(rows, weights=np.asarray(values, dtype=float)), np.bincount(rows)


def cluster_bootstrap(values: Sequence[float], clusters: Sequence[str]) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of the mean over resampled clusters."""
    sums, counts = cluster_sums(values, clusters)
    drawn = np.random.default_rng(SEED).integers(0, len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def compare(a: Sequence[float], b: Sequence[float], clusters: Sequence[str]) -> Comparison:
    """Compare two systems by a paired randomisation test, which flips the signs of the clusters' differences.

    Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for Information
    Retrieval Evaluation", CIKM 2007.
    """
    differences = np.asarray(b, dtype=float) - np.asarray(a, dtype=float)
    sums, _ = cluster_sums(differences.tolist(), clusters)
    p = flip_signs(sums)
    return Comparison(
        float(np.mean(a)),
        float(np.mean(b)),
        float(differences.mean()),
        p,
        int((differences > 0).sum()),
        int((differences < 0).sum()),
        int((differences == 0).sum()),
        len(differences),
    )


def clopper_pearson(right: int, n: int, confidence: float = 0.95) -> float:
    """Return the one-sided lower bound of the share that is right, at that confidence.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 1934.

    >>> round(clopper_pearson(59, 59), 4)
    0.9505
    """
    return float(stats.binomtest(right, n, alternative="greater").proportion_ci(confidence, method="exact").low)


def mcnemar(a: Sequence[bool], b: Sequence[bool]) -> tuple[int, int, float]:
    """Compare two systems' right answers to the same questions: those that A alone has right, B alone, and p.

    The exact test (McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 1947).

    >>> mcnemar([True, True, True, True, True, True], [True, False, False, False, False, False])
    (5, 0, 0.0625)
    """
    a_alone = sum(x and not y for x, y in zip(a, b, strict=True))
    b_alone = sum(y and not x for x, y in zip(a, b, strict=True))
    if not a_alone + b_alone:
        return 0, 0, 1.0
    return a_alone, b_alone, float(stats.binomtest(a_alone, a_alone + b_alone).pvalue)


@dataclass(frozen=True, slots=True)
class DocumentComparison:
    """A figure of two runs averaged over documents: B minus A, with its 95 % interval and p."""

    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    better: int
    worse: int
    documents: int


def compare_documents(a: Sequence[float], b: Sequence[float]) -> DocumentComparison:
    """Compare two runs by a paired test over documents; `a` and `b` hold a value for each document.

    The test flips the signs of the documents' differences, exhaustively if there are few; the interval is a
    percentile bootstrap over documents.
    """
    differences = np.asarray(b, dtype=float) - np.asarray(a, dtype=float)
    clusters = [str(number) for number in range(len(differences))]
    low, high = cluster_bootstrap(differences.tolist(), clusters)
    return DocumentComparison(
        float(np.mean(a)),
        float(np.mean(b)),
        float(differences.mean()),
        low,
        high,
        flip_signs(differences),
        int((differences > 0).sum()),
        int((differences < 0).sum()),
        len(differences),
    )


def flip_signs(differences: np.ndarray) -> float:
    """Return the p-value of a sum of differences under random sign flips."""
    if len(differences) < 2 or not np.any(differences != 0):
        return 1.0
    test = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=RESAMPLES * 5, rng=np.random.default_rng(SEED)
    )
    return float(test.pvalue)
