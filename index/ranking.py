"""What ranks passages for an index: this process's own arrays, or a search engine beside it (see milvus).

An index knows no more of either than `Ranking`; what it quotes and scores of the passages found is its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.bm25 import Bm25, best
from index.contents import Contents
from index.tables import PASSAGES

WAYS = ("bm25", "dense")
DEPTH = 1000  # passages of a ranking that are fused with those of others; more add less than a thousandth


@dataclass(frozen=True, slots=True)
class Query:
    """A question: its words, and its vector."""

    text: str
    vector: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The passages that may be found, with the statistics of just these.

    `positions` are theirs, ascending, and `documents` the numbers of their documents; None for all.
    """

    bm25: Bm25
    positions: np.ndarray | None = None
    documents: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage by its position; `score` is the fused one. A rank is None where that way did not find it."""

    position: int
    score: float
    bm25: float
    dense: float
    bm25_rank: int | None
    dense_rank: int | None


class Ranking(Protocol):
    """Ranks passages by their words and by their vectors, and fuses the two."""

    def search(self, queries: Sequence[Query], k: int, ways: Sequence[str], scope: Scope) -> Sequence[Ranked]:
        """The `k` best by the fused rankings of every question in every way, ties in order.

        Scores are those of the first question. Raises UnavailableError.
        """
        ...

    def check(self) -> None:
        """Raise UnavailableError if nothing can be found now."""
        ...


def reciprocal_rank_fusion(rankings: Iterable[Sequence[int]], k: int = 60) -> dict[int, float]:
    """Fused scores of the items in some rankings, best first: the sum of 1 / (k + rank).

    Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
    Learning Methods", SIGIR 2009.

    >>> reciprocal_rank_fusion([[7, 3], [3]], k=60)
    {7: 0.01639344262295082, 3: 0.03252247488101534}
    """
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, 1):
            fused[item] = fused.get(item, 0.0) + 1.0 / (k + rank)
    return fused


@dataclass(frozen=True, slots=True)
class Scored:
    """What a question finds in each way, the best first, at most `DEPTH`; BM25 of every passage, cosines of some."""

    rankings: Mapping[str, Sequence[int]]
    bm25: Mapping[int, float] | np.ndarray
    cosines: Mapping[int, float]


def fuse(scored: Sequence[Scored], ways: Sequence[str], k: int, rrf_k: int) -> list[tuple[int, float]]:
    """The `k` best by every ranking, ties in order, with their fused scores."""
    fused = reciprocal_rank_fusion([item.rankings[way] for item in scored for way in ways], rrf_k)
    return sorted(fused.items(), key=lambda item: (-item[1], item[0]))[:k]


def describe(contents: Contents, query: Query, scored: Scored, fused: Sequence[tuple[int, float]]) -> list[Ranked]:
    """Passages with what a question says of each."""
    ranks = {way: {item: rank for rank, item in enumerate(ranking, 1)} for way, ranking in scored.rankings.items()}
    left = [position for position, _ in fused if position not in scored.cosines]
    cosines = {**scored.cosines, **cosines_of(contents, query, np.array(left, np.int64))}
    return [
        Ranked(i, score, float(scored.bm25[i]), cosines[i], ranks["bm25"].get(i), ranks["dense"].get(i))
        for i, score in fused
    ]


class LocalRanking:
    """Ranks by BM25 over the postings, and by the nearest vectors."""

    def __init__(self, contents: Contents, rrf_k: int) -> None:
        self.contents, self.rrf_k = contents, rrf_k

    def search(self, queries: Sequence[Query], k: int, ways: Sequence[str], scope: Scope) -> Sequence[Ranked]:
        """The `k` best; each ranking counts down to its first `DEPTH` passages."""
        scored = [self._score(query, scope) for query in queries]
        return describe(self.contents, queries[0], scored[0], fuse(scored, ways, k, self.rrf_k))

    def check(self) -> None:
        """It is always there."""

    def _score(self, query: Query, scope: Scope) -> Scored:
        positions, cosines = self.contents.nearest.search(query.vector, DEPTH, scope.positions)
        bm25 = scope.bm25.scores(query.text)
        rankings = {"bm25": best(bm25, DEPTH), "dense": positions.tolist()}
        return Scored(rankings, bm25, dict(zip(positions.tolist(), cosines.tolist())))


def score_among(contents: Contents, query: Query, scope: Scope, positions: np.ndarray) -> Scored:
    """What a question finds among some passages, by their own scores; `positions` are ascending."""
    bm25, cosines = scope.bm25.scores(query.text, positions), cosines_of(contents, query, positions)
    nearest = sorted(cosines, key=lambda i: -cosines[i])[:DEPTH]
    rankings = {"bm25": positions[best(bm25, DEPTH)].tolist(), "dense": nearest}
    return Scored(rankings, dict(zip(positions.tolist(), bm25.tolist())), cosines)


def cosines_of(contents: Contents, query: Query, positions: np.ndarray) -> dict[int, float]:
    """The cosines of some passages; row by row, so that the same vectors have the same."""
    cosines = np.einsum("ij,j->i", contents.vectors[PASSAGES][positions], query.vector)
    return dict(zip(positions.tolist(), cosines.tolist()))
