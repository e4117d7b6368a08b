"""BM25 over folded, stemmed words, computed from how often each word stands in each text.

The scores are rank-bm25's Okapi (k1 = 1.5, b = 0.75), number by number, with an inverse document frequency that is
never negative: idf(t) = ln(1 + (N - n + 0.5) / (n + 0.5)), as in Lucene. Counts are kept and not scores, so that some
of the texts alone can have statistics of their own.
"""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from index.folding import terms

K1, B = 1.5, 0.75

Postings = tuple[np.ndarray, np.ndarray]  # positions of the texts that a word stands in, ascending, and how often
NONE: Postings = np.zeros(0, np.int32), np.zeros(0, np.int32)


class Counts:
    """Words with the texts that they stand in, which are numbered from `first` on."""

    def __init__(self, first: int = 0) -> None:
        self.first, self.size = first, 0
        self.lengths = array("i")
        self.words: dict[str, tuple[array[int], array[int]]] = {}

    def add(self, text: str) -> None:
        """Count the words of the next text; an empty one counts as one unmatched word, so that a mean length is."""
        words = terms(text)
        position = self.first + len(self.lengths)
        for word, count in Counter(words).items():
            positions, counts = self.words.setdefault(word, (array("i"), array("i")))
            positions.append(position)
            counts.append(count)
            self.size += 1
        self.lengths.append(len(words) or 1)

    def postings(self, word: str) -> Postings:
        """The texts of a word."""
        counted = self.words.get(word)
        return (np.array(counted[0], np.int32), np.array(counted[1], np.int32)) if counted else NONE


class Bm25:
    """Scores texts by the words that they share with a question."""

    def __init__(
        self, postings: Callable[[str], Postings], lengths: np.ndarray, within: np.ndarray | None = None
    ) -> None:
        """`lengths` are in words; `within` tells of each text whether it is one of those that are searched."""
        self.postings, self.lengths, self.within = postings, lengths, within
        searched = lengths if within is None else lengths[within]
        self.size, self.mean_length = len(searched), mean_length(searched)

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Bm25":
        """Make it from texts, in memory."""
        counts = Counts()
        for text in texts:
            counts.add(text)
        return cls(counts.postings, np.array(counts.lengths, np.int32))

    def scores(self, question: str, positions: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """The score of each text, or of those at `positions`; 0 where no word of the question stands."""
        wanted = None if positions is None else np.asarray(positions, np.int64)
        scores = np.zeros(len(self.lengths) if wanted is None else len(wanted))
        for word, times in Counter(terms(question)).items():
            texts, counts = self._searched(word)
            idf = self._idf(len(texts))
            if wanted is None:
                rows = texts
            else:
                there = np.searchsorted(texts, wanted)
                rows = np.flatnonzero(there < len(texts))
                rows = rows[texts[there[rows]] == wanted[rows]]
                texts, counts = wanted[rows], counts[there[rows]]
            scores[rows] += times * (idf * saturate(counts, self.lengths[texts], self.mean_length))
        return scores

    def weights(self, question: str) -> dict[str, float]:
        """What each word of a question that stands in a text counts, whatever the text."""
        occurrences = {word: (times, len(self._searched(word)[0])) for word, times in Counter(terms(question)).items()}
        return {word: times * self._idf(texts) for word, (times, texts) in occurrences.items() if texts}

    def _searched(self, word: str) -> Postings:
        """Those of the searched texts that a word stands in, and how often."""
        texts, counts = self.postings(word)
        if self.within is None:
            return texts, counts
        inside = self.within[texts]
        return texts[inside], counts[inside]

    def _idf(self, texts: int) -> float:
        """The inverse document frequency of a word that stands in so many texts."""
        return math.log(1 + (self.size - texts + 0.5) / (texts + 0.5))


def mean_length(lengths: np.ndarray) -> float:
    """The mean of some lengths."""
    return float(np.sum(lengths, dtype=np.int64)) / max(len(lengths), 1)


def saturate(counts: np.ndarray, lengths: np.ndarray, mean: float) -> np.ndarray:
    """What it counts that a word stands so often in texts of such lengths."""
    norm = K1 * (1 - B + B * lengths / mean)
    return np.asarray(counts * (K1 + 1) / (counts + norm))


def best(scores: np.ndarray, limit: int) -> list[int]:
    """The positions of the scores above 0, at most so many, the highest first, ties in order."""
    positions = np.flatnonzero(scores > 0)
    if len(positions) > limit:
        threshold = np.partition(scores[positions], -limit)[-limit]
        positions = positions[scores[positions] >= threshold]
    return positions[np.argsort(-scores[positions], kind="stable")][:limit].tolist()
