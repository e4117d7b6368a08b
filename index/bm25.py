"""BM25 over folded, stemmed words."""

import math
from collections.abc import Sequence

import numpy as np
from rank_bm25 import BM25Okapi

from index.folding import terms


class Bm25(BM25Okapi):
    """rank-bm25's Okapi with an inverse document frequency that is never negative.

    idf(t) = ln(1 + (N - n + 0.5) / (n + 0.5)), as in Lucene; the original turns negative for words that
    stand in more than half of the texts, which in a short document are its subject.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        # rank-bm25 divides by how many texts there are and by their mean length: no text, and an empty one, count as a
        # word that nothing matches.
        self.texts = len(texts)
        super().__init__([terms(text) or [""] for text in texts] or [[""]])

    def _calc_idf(self, nd: dict[str, int]) -> None:
        self.idf = {term: math.log(1 + (self.corpus_size - n + 0.5) / (n + 0.5)) for term, n in nd.items()}

    def scores(self, question: str, positions: Sequence[int] | None = None) -> np.ndarray:
        """The score of each text, or of those at `positions`; 0 where no word of the question stands."""
        words = terms(question)
        if positions is None:
            return np.asarray(self.get_scores(words))[: self.texts]
        return np.asarray(self.get_batch_scores(words, list(positions)))
