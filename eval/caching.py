"""Caches around encoder and network: a document with a sentence removed shares nearly all texts with the whole."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assistant.reader import Reader
from assistant.reader.network import Network, TokenScores
from assistant.reader.span import SpanReader
from index.dense import Encoder, Tokens
from index.retriever import Index


class CachingEncoder:
    """An encoder that encodes each text once."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.name, self.fingerprint, self.window = encoder.name, encoder.fingerprint, encoder.window
        self.keeps_tokens = encoder.keeps_tokens
        self._questions: dict[str, np.ndarray] = {}
        self._passages: dict[str, np.ndarray] = {}
        self._tokens: dict[str, Tokens] = {}

    @property
    def multilingual(self) -> bool:
        """Whether it embeds a sentence near its translations."""
        return self.encoder.multilingual

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text, special ones excluded."""
        return self.encoder.count_tokens(texts)

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        """Encode questions: float32, one row for each."""
        return np.stack(compute_missing(self._questions, texts, self.encoder.encode_questions))

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Encode passages: float32, one row for each."""
        return np.stack(compute_missing(self._passages, texts, self.encoder.encode_passages))

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the tokens of each text with a unit vector for each."""
        return compute_missing(self._tokens, texts, self.encoder.encode_tokens)

    def add_index(self, index: Index) -> None:
        """Add the vectors of an index to the cache."""
        self._passages.update(zip([passage.plain for passage in index.passages], index.passage_vectors))
        self._passages.update(zip([place.sentence.plain for place in index.places], index.sentence_vectors))


class CachingNetwork:
    """A reader's network that reads each window once while the question stays the same."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.fingerprint = network.fingerprint
        self._question: tuple[str, ...] = ()
        self._scores: dict[str, TokenScores] = {}

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        """Return the token scores of each window."""
        if (key := (*turns, question)) != self._question:
            self._question, self._scores = key, {}
        return compute_missing(self._scores, windows, lambda new: self.network.read(question, new, turns))


def cache_reader(reader: Reader) -> Reader:
    """Give a span reader a caching network; other readers are returned unchanged."""
    if not isinstance(reader, SpanReader):
        return reader
    return SpanReader(reader.name, CachingNetwork(reader.network), reader.combination)


def compute_missing(cache: dict[str, Any], texts: Sequence[str], compute: Callable[[Sequence[str]], Any]) -> list[Any]:
    """Return the value of each text, computing and caching those that are missing."""
    new = [text for text in dict.fromkeys(texts) if text not in cache]
    if new:
        cache.update(zip(new, compute(new), strict=True))
    return [cache[text] for text in texts]
