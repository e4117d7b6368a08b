"""Readers choose spans: passages in, candidates for an answer out, best first."""

from collections.abc import Sequence
from typing import Protocol

from assistant.types import Candidate, ScoredSentence, Selection
from index import retriever, types

__all__ = ["Candidate", "Reader", "ScoredSentence", "Selection"]


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

    @property
    def reads_turns(self) -> bool:
        """Whether it makes use of earlier questions; else a follow-up is completed before it is read."""
        ...

    def read(
        self, question: str, hits: Sequence[types.Hit], index: retriever.Index, turns: Sequence[str] = ()
    ) -> Selection:
        """The candidates out of the hits and their notes.

        `turns` are the earlier questions, oldest first, each followed by a blank and its short answer if that is known.
        """
        ...
