"""Readers choose spans: passages in, candidates for an answer out, best first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from index import retriever, types


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quotation with the short answer in it, in document offsets; `score` ranks candidates."""

    passage: types.Passage
    start: int
    end: int
    answer_start: int
    answer_end: int
    score: float


@dataclass(frozen=True, slots=True)
class Selection:
    """What a reader chose: candidates, best first, no two of them the same sentence.

    The first `needed` of them make the answer; `confidence` in [0, 1] is that they do; `missing` are the words
    of the question that the best of them has nothing on, as far as that is known.
    """

    candidates: tuple[Candidate, ...]
    confidence: float
    needed: int = 1
    missing: tuple[str, ...] = ()

    def first(self, position: int) -> "Selection":
        """The same with another candidate before the others."""
        one = self.candidates[position]
        return replace(self, candidates=(one, *(other for other in self.candidates if other is not one)))


class Reader(Protocol):
    """Chooses the spans of some passages that answer a question."""

    @property
    def name(self) -> str:
        """What the user called it."""
        ...

    @property
    def fingerprint(self) -> str:
        """What tells what it was trained or fitted to from another's."""
        ...

    def read(
        self, question: str, hits: Sequence[types.Hit], index: retriever.Index, turns: Sequence[str] = ()
    ) -> Selection:
        """The candidates out of the hits and their notes.

        `turns` are the conversation's earlier questions, oldest first, each with its short answer behind it if known.
        """
        ...
