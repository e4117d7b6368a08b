"""Hard negatives: passages of a question's article that look like an answer and are none.

BM25 retrieves candidates and an earlier reader ranks them by how likely they answer. Those it is nearly sure of are
left out, since they are more often unmarked answers than negatives (Qu et al., "RocketQA", NAACL 2021).
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

CANDIDATES = 4  # passages that the reader ranks
UNMARKED = 0.9  # a passage with at least this answer probability is taken for an unmarked answer


@dataclass(frozen=True, slots=True)
class Negative:
    """A passage without the answer, and the offsets of the reader's best span in it; None without a reader."""

    context: str
    around: tuple[int, int] | None = None


def hard_negatives(
    rows: Sequence[Row], among: Sequence[Row], rng: random.Random, count: int = 1, network: Network | None = None
) -> list[list[Negative]]:
    """Return for each row up to `count` hard negatives from the passages of `among` with the same article.

    Without a network BM25 alone ranks them. If the article has none, a random passage of another is added.
    """
    contexts = list(dict.fromkeys(row.context for row in among))
    normal = {context: f" {normalize(context)} " for context in contexts}
    articles: dict[str, dict[str, None]] = {}
    for row in among:
        articles.setdefault(row.article, {})[row.context] = None
    passages = {article: list(texts) for article, texts in articles.items()}
    bm25 = {article: Bm25.of(texts) for article, texts in passages.items()}
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
        chosen.append(
            (misleading(row, unique, network) if network else [Negative(context) for context in unique])[:count]
        )
    return chosen


def misleading(row: Row, contexts: Sequence[str], network: Network) -> list[Negative]:
    """Rank passages by the network's answer margin, highest first, without those that it is nearly sure answer."""
    scored = []
    for context, reading in zip(contexts, network.read(row.question, contexts, row.turns), strict=True):
        first, last, score = best_span(reading.start, reading.end)
        if float(sigmoid(reading.answer)) < UNMARKED:
            around = int(reading.offsets[first, 0]), int(reading.offsets[last, 1])
            scored.append((score - reading.null + 2 * reading.answer, Negative(context, around)))
    return [negative for _, negative in sorted(scored, key=lambda pair: -pair[0])]
