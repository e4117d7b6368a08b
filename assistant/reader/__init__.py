"""Readers: from passages to candidate answers, best first."""

from collections.abc import Sequence
from typing import Protocol

from assistant.types import Candidate, ScoredSentence, Selection
from index import retriever, types

__all__ = ["Candidate", "Reader", "ScoredSentence", "Selection"]


class Reader(Protocol):
    """Selects the spans of passages that answer a question."""

    @property
    def name(self) -> str:
        """The name it was loaded by."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of everything it was trained or fitted to."""
        ...

    def read(
        self, question: str, hits: Sequence[types.Hit], index: retriever.Index, turns: Sequence[str] = ()
    ) -> Selection:
        """Select candidates from the hits and their notes.

        `turns` are the earlier questions, oldest first, each followed by a blank and its short answer if known.
        """
        ...
