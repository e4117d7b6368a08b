"""How much of a question its evidence really has: for each content word the nearest token of a text.

A near miss shares most of its words with a sentence that does not answer it; the one that it does not share is
what was asked. The similarity is ColBERT's MaxSim (Khattab and Zaharia, SIGIR 2020), over the encoder's token
vectors.
"""

import re

import numpy as np

from index.dense import Encoder
from index.folding import terms

WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[’'-][^\W\d_]+)*")
QUANTITIES = frozenset(["many", "much", "long", "often", "far", "old", "exactly", "roughly"])


def word_support(question: str, text: str, encoder: Encoder) -> dict[str, float]:
    """Each content word of a question with the cosine to the text's nearest token, the mean of its own tokens.

    Words that ask for a quantity are left out; it is empty where the question has no content word.
    """
    (places, asked), (_, given) = encoder.encode_tokens([question, text])
    if not len(asked) or not len(given):
        return {}
    nearest = (asked @ given.T).max(axis=1)
    support = {}
    for word in WORD.finditer(question):
        inside = [i for i, (start, end) in enumerate(places) if word.start() <= start and end <= word.end()]
        if inside and terms(word[0]) and word[0] not in QUANTITIES:
            support[word[0]] = float(np.mean(nearest[inside]))
    return support
