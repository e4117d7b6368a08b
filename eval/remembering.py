"""Networks that see each text once: a document less a sentence shares nearly all of its texts with the whole."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assistant.reader import Reader
from assistant.reader.network import Network, TokenScores
from assistant.reader.span import SpanReader
from index.dense import Encoder, Tokens
from index.retriever import Index


class RememberingEncoder:
    """Another encoder with what it has encoded."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.name, self.fingerprint, self.window = encoder.name, encoder.fingerprint, encoder.window
        self._questions: dict[str, np.ndarray] = {}
        self._passages: dict[str, np.ndarray] = {}
        self._tokens: dict[str, Tokens] = {}

    @property
    def multilingual(self) -> bool:
        """Whether it puts a sentence near its translations."""
        return self.encoder.multilingual

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, special ones not counted."""
        return self.encoder.count_tokens(texts)

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors, float32, one row a question."""
        return np.stack(recall(self._questions, texts, self.encoder.encode_questions))

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors, float32, one row a passage."""
        return np.stack(recall(self._passages, texts, self.encoder.encode_passages))

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of each text with a unit vector for each."""
        return recall(self._tokens, texts, self.encoder.encode_tokens)

    def remember(self, index: Index) -> None:
        """Take over the vectors of an index."""
        self._passages.update(zip([passage.plain for passage in index.passages], index.passage_vectors))
        self._passages.update(zip([place.sentence.plain for place in index.places], index.sentence_vectors))


class RememberingNetwork:
    """A reader's network with what it has read for the last question."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.fingerprint, self.reads_turns = network.fingerprint, network.reads_turns
        self._asked: tuple[str, ...] = ()
        self._read: dict[str, TokenScores] = {}

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        """A reading of each window."""
        if (asked := (*turns, question)) != self._asked:
            self._asked, self._read = asked, {}
        return recall(self._read, windows, lambda new: self.network.read(question, new, turns))


def remembering_reader(reader: Reader) -> Reader:
    """A reader whose network reads each window once for a question; any other reader as it is."""
    if not isinstance(reader, SpanReader):
        return reader
    return SpanReader(reader.name, RememberingNetwork(reader.network), reader.combination)


def recall(kept: dict[str, Any], texts: Sequence[str], encode: Callable[[Sequence[str]], Any]) -> list[Any]:
    """What was encoded of each text; those that are new are encoded, and kept."""
    new = [text for text in dict.fromkeys(texts) if text not in kept]
    if new:
        kept.update(zip(new, encode(new), strict=True))
    return [kept[text] for text in texts]
