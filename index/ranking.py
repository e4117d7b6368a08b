"""What ranks passages for an index: this process's own arrays, or a search engine beside it (see milvus).

An index knows no more of either than `Ranking`; what it quotes and scores of the passages found is its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.bm25 import Bm25, best
from index.contents import Contents
from index.tables import PASSAGES

WAYS = ("bm25", "dense")
DEPTH = 1000  # passages of a ranking that are fused with those of others; more add less than a thousandth


@dataclass(frozen=True, slots=True)
class Asked:
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
    """A passage by its position; `score` is the fused one.

    A rank is None where that way did not find it, and where whoever fused does not tell.
    """

    position: int
    score: float
    bm25: float
    dense: float
    bm25_rank: int | None = None
    dense_rank: int | None = None


class Ranking(Protocol):
    """Ranks passages by their words and by their vectors, and fuses the two."""

    def search(self, asked: Sequence[Asked], k: int, ways: Sequence[str], scope: Scope) -> Sequence[Ranked]:
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


class LocalRanking:
    """Ranks by BM25 over the postings, and by the nearest vectors."""

    def __init__(self, contents: Contents, rrf_k: int) -> None:
        self.contents, self.rrf_k = contents, rrf_k

    def search(self, asked: Sequence[Asked], k: int, ways: Sequence[str], scope: Scope) -> Sequence[Ranked]:
        """The `k` best; each ranking counts down to its first `DEPTH` passages."""
        bm25, positions, cosines = self._score(asked[0], scope)
        rankings = {"bm25": best(bm25, DEPTH), "dense": positions}
        every = [rankings[way] for way in ways]
        for also in asked[1:]:
            also_bm25, also_positions, _ = self._score(also, scope)
            theirs = {"bm25": best(also_bm25, DEPTH), "dense": also_positions}
            every += [theirs[way] for way in ways]
        fused = reciprocal_rank_fusion(every, self.rrf_k)
        ranks = {way: {item: rank for rank, item in enumerate(ranking, 1)} for way, ranking in rankings.items()}
        chosen = sorted(fused, key=lambda i: (-fused[i], i))[:k]
        dense = cosines | cosines_of(self.contents, asked[0], [i for i in chosen if i not in cosines])
        return [
            Ranked(i, fused[i], float(bm25[i]), dense[i], ranks["bm25"].get(i), ranks["dense"].get(i)) for i in chosen
        ]

    def check(self) -> None:
        """It is always there."""

    def _score(self, asked: Asked, scope: Scope) -> tuple[np.ndarray, list[int], dict[int, float]]:
        """BM25's score of every passage, the positions of the nearest by cosine, and their cosines."""
        found, cosines = self.contents.nearest.search(asked.vector, DEPTH, scope.positions)
        return scope.bm25.scores(asked.text), found.tolist(), dict(zip(found.tolist(), cosines.tolist()))


def cosines_of(contents: Contents, asked: Asked, positions: Sequence[int]) -> dict[int, float]:
    """The cosines of some passages."""
    cosines = contents.vectors[PASSAGES][positions] @ asked.vector if positions else ()
    return {position: float(cosine) for position, cosine in zip(positions, cosines)}
