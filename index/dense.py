"""Texts to unit vectors: the Encoder protocol."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
BATCH = 32

Progress = Callable[[int, int], None]  # done, of how many
Tokens = tuple[list[tuple[int, int]], np.ndarray]  # offsets in the text, and a row for each


class Encoder(Protocol):
    """Turns questions and passages into vectors; some models prefix the two differently.

    The product of a question's and a passage's is their cosine, or for a model whose cosines have another range, what
    corrects it: 1 for the same, about 0 for unrelated texts.
    """

    @property
    def name(self) -> str:
        """What the user called it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Identifies its weights: vectors of an encoder with another fingerprint cannot be compared with its own."""
        ...

    @property
    def window(self) -> int:
        """How many tokens it reads; what is behind them is not seen."""
        ...

    @property
    def multilingual(self) -> bool:
        """Whether it puts a sentence near its translations: whether questions in another language can be matched."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, special ones not counted."""
        ...

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors, float32, one row a question."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors, float32, one row a passage, as long as a question's."""
        ...

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of each text with a unit vector for each."""
        ...


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def encode_all(encoder: Encoder, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
    """Unit vectors of passages, a batch at a time, the longest together so that little is padded."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows: list[np.ndarray] = []
    for start in range(0, len(order), BATCH):
        rows.append(encoder.encode_passages([texts[i] for i in order[start : start + BATCH]]))
        if progress:
            progress(min(start + BATCH, len(order)), len(order))
    vectors = np.concatenate(rows) if rows else np.zeros((0, 1), dtype=np.float32)
    result = np.empty_like(vectors)
    result[order] = vectors
    return result
