"""Term coverage: for each content word of a question the similarity of the nearest token of a text.

A near miss shares most words with the question, but not the one asked about. The similarity is ColBERT's MaxSim
(Khattab and Zaharia, SIGIR 2020), over the encoder's token vectors.
"""

import re
from collections.abc import Sequence

import numpy as np

from index.dense import Encoder
from index.folding import terms

WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[’'-][^\W\d_]+)*")
QUANTITIES = frozenset(["many", "much", "long", "often", "far", "old", "exactly", "roughly"])


def term_coverage(question: str, texts: Sequence[np.ndarray], encoder: Encoder) -> list[dict[str, float]]:
    """Return for each text, given by its tokens' unit vectors, the coverage of each content word.

    That is the mean cosine of the word's tokens to their nearest token. Quantity words are left out; the dictionaries
    are empty if the question has no content word.
    """
    ((offsets, question_vectors),) = encoder.encode_tokens([question])
    tokens_of: dict[str, list[int]] = {}
    for word in WORD.finditer(question):
        tokens = [i for i, (start, end) in enumerate(offsets) if word.start() <= start and end <= word.end()]
        if tokens and terms(word[0]) and word[0] not in QUANTITIES:
            tokens_of[word[0]] = tokens
    rows = sorted({token for tokens in tokens_of.values() for token in tokens})
    row_of = {token: row for row, token in enumerate(rows)}
    coverages = []
    for vectors in texts:
        nearest = (vectors @ question_vectors[rows].T).max(axis=0, initial=0.0)
        coverages.append(
            {word: float(np.mean([nearest[row_of[token]] for token in tokens])) for word, tokens in tokens_of.items()}
        )
    return coverages
