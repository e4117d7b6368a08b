"""Hard negatives: what of a question's article misleads, though it does not answer.

BM25 finds the passages alike, an earlier reader says which of them it takes for an answer most, and where: these
are what it meets when it is served. What that reader is nearly sure of is more often an answer that nobody marked
than a negative, and is left out (Qu et al., "RocketQA", NAACL 2021).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.reader.combine import sigmoid
from assistant.reader.features import best_span
from assistant.reader.network import Network
from eval.metrics.answer import normalize
from index.bm25 import Bm25
from training.rows import Row

CANDIDATES = 4  # passages that the reader compares
UNMARKED = 0.9  # from this probability on a passage is taken for one that answers


@dataclass(frozen=True, slots=True)
class Negative:
    """A passage without the answer, and where in it a reader would look for one; None is anywhere."""

    context: str
    around: tuple[int, int] | None = None


def hard_negatives(
    rows: Sequence[Row], among: Sequence[Row], rng: random.Random, count: int = 1, network: Network | None = None
) -> list[list[Negative]]:
    """For each row up to `count` passages of its article, `among` some rows', that mislead most.

    None has the answer. Without a network BM25 alone ranks them. Where an article has none, one of another is taken.
    """
    contexts = list(dict.fromkeys(row.context for row in among))
    normal = {context: f" {normalize(context)} " for context in contexts}
    articles: dict[str, dict[str, None]] = {}
    for row in among:
        articles.setdefault(row.article, {})[row.context] = None
    passages = {article: list(found) for article, found in articles.items()}
    bm25 = {article: Bm25.of(found) for article, found in passages.items()}
    chosen = []
    for row in rows:
        order = np.argsort(-bm25[row.article].scores(row.question), kind="stable")
        ranked = [passages[row.article][int(i)] for i in order] + [rng.choice(contexts)]
        answers = {normalize(row.context[a:b]) for a, b in row.answers}
        lacking = [
            context
            for context in ranked
            if context != row.context and not any(f" {answer} " in normal[context] for answer in answers if answer)
        ]
        unique = list(dict.fromkeys(lacking[: CANDIDATES if network else count]))
        chosen.append((misleading(row, unique, network) if network else [Negative(one) for one in unique])[:count])
    return chosen


def misleading(row: Row, contexts: Sequence[str], network: Network) -> list[Negative]:
    """The passages that a network does not take for an answer, those first that it is least sure are none."""
    scored = []
    for context, reading in zip(contexts, network.read(row.question, contexts, row.turns), strict=True):
        first, last, score = best_span(reading.start, reading.end)
        if float(sigmoid(reading.answer)) < UNMARKED:
            around = int(reading.offsets[first, 0]), int(reading.offsets[last, 1])
            scored.append((score - reading.null + 2 * reading.answer, Negative(context, around)))
    return [negative for _, negative in sorted(scored, key=lambda pair: -pair[0])]
