"""How much of a question its evidence really has: for each content word the nearest token of a text.

A near miss shares most of its words with a sentence that does not answer it; the one that it does not share is
what was asked. The similarity is ColBERT's MaxSim (Khattab and Zaharia, SIGIR 2020), over the encoder's token
vectors.
"""

import re
from collections.abc import Sequence

import numpy as np

from index.dense import Encoder
from index.folding import terms

WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[’'-][^\W\d_]+)*")
QUANTITIES = frozenset(["many", "much", "long", "often", "far", "old", "exactly", "roughly"])


def term_coverage(question: str, texts: Sequence[str], encoder: Encoder) -> list[dict[str, float]]:
    """For each text the content words of a question, with the cosine to its nearest token, the mean of their own.

    Words that ask for a quantity are left out; a dictionary is empty where the question has no content word.
    """
    (places, asked), *given = encoder.encode_tokens([question, *texts])
    inside: dict[str, list[int]] = {}
    for word in WORD.finditer(question):
        tokens = [i for i, (start, end) in enumerate(places) if word.start() <= start and end <= word.end()]
        if tokens and terms(word[0]) and word[0] not in QUANTITIES:
            inside[word[0]] = tokens
    supports = []
    for _, vectors in given:
        nearest = (asked @ vectors.T).max(axis=1, initial=0.0)
        supports.append({word: float(np.mean(nearest[tokens])) for word, tokens in inside.items()})
    return supports
