"""Readers choose spans: passages in, candidates for an answer out, best first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from index import retriever, types


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quotation with the short answer in it, in document offsets.

    `score` ranks candidates; `confidence` is in [0, 1].
    """

    passage: types.Passage
    start: int
    end: int
    answer_start: int
    answer_end: int
    score: float
    confidence: float


class Reader(Protocol):
    """Chooses the spans of some passages that answer a question."""

    def read(self, question: str, hits: Sequence[types.Hit], index: retriever.Index) -> tuple[Candidate, ...]:
        """Candidates out of the hits and their notes, best first, no two of them the same sentence."""
        ...
