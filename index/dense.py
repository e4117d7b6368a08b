"""Texts to unit vectors: the Encoder protocol."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import numpy as np

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
BATCH = 32

Progress = Callable[[int, int], None]  # done, of how many
Tokens = tuple[list[tuple[int, int]], np.ndarray]  # offsets in the text, and a row for each


class Encoded(NamedTuple):
    """A text's vector, and those of its tokens (int8, a row each) where they are kept."""

    vector: np.ndarray
    tokens: np.ndarray | None = None


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

    @property
    def keeps_tokens(self) -> bool:
        """Whether the tokens of what was just encoded cost no second pass: then they are kept in an index."""
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


def in_8_bits(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to whole numbers from -127 to 127; their directions stay, within half a hundredth."""
    largest = np.abs(vectors).max(axis=-1, keepdims=True, initial=1e-9)
    return np.rint(vectors * (127 / largest)).astype(np.int8)


def encode_all(
    encoder: Encoder, texts: Collection[str], with_tokens: Collection[str] = (), progress: Progress | None = None
) -> dict[str, Encoded]:
    """Encode texts that differ, a batch at a time, the longest together so that little is padded.

    The tokens of those in `with_tokens` are kept, if the encoder keeps any.
    """
    order = sorted(texts, key=len)
    encoded: dict[str, Encoded] = {}
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        vectors = encoder.encode_passages(batch)
        wanted = [text for text in batch if text in with_tokens and encoder.keeps_tokens]
        tokens = zip(wanted, encoder.encode_tokens(wanted), strict=True) if wanted else ()
        kept = {text: in_8_bits(rows) for text, (_, rows) in tokens}
        encoded.update((text, Encoded(row, kept.get(text))) for text, row in zip(batch, vectors, strict=True))
        if progress:
            progress(len(encoded), len(order))
    return encoded
