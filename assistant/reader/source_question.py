"""Whether a question asks for a source: logistic regression on its words, fitted by `training.source_question`."""

import json
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights" / "source_question.json"
INTERCEPT = ""  # its key among the weights
START = "^"
TOKEN = re.compile(r"[\w']+|\?")


@lru_cache(maxsize=64)  # it is asked for every sentence
def source_chance(question: str) -> float:
    """Return the probability that a question asks for a source: a cited work, its author, evidence, an authority.

    >>> source_chance("Which newspaper is cited on the retreat?") > 0.9, source_chance("Who led the retreat?") < 0.1
    (True, True)
    """
    weights = load_weights()
    logit = weights[INTERCEPT] + sum(weights.get(term, 0.0) for term in terms(question))
    return 1 / (1 + math.exp(-logit))


def terms(question: str) -> set[str]:
    """Return a question's words and pairs of adjacent words; its start and its question mark count as words.

    >>> sorted(terms("Who says?"))
    ['?', '^', '^ who', 'says', 'says ?', 'who', 'who says']
    """
    words = [START, *TOKEN.findall(question.lower().replace("’", "'"))]
    return {*words, *(f"{first} {second}" for first, second in pairwise(words))}


@lru_cache(maxsize=1)
def load_weights() -> Mapping[str, float]:
    """Load the weight of each term, and the intercept."""
    return dict(json.loads(WEIGHTS.read_text(encoding="utf-8")))
