"""What is known of each sentence that could answer: what the network reads in it, what retrieval says of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.reader.network import Network, TokenScores
from assistant.reader.term_coverage import term_coverage
from assistant.reader.windows import Piece, Window, make_windows
from index.retriever import Index, Place, reciprocal_rank_fusion
from index.types import Hit

LONGEST_SPAN = 40  # tokens
SHORTLIST = 16  # sentences that are looked at closely
VIEWS: tuple[Callable[["Found"], float], ...] = (
    lambda one: one.span,
    lambda one: one.evidence,
    lambda one: one.dense,
    lambda one: one.bm25,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence with the best span in it; `start` and `end` are characters of its plain text.

    `span` is the span's margin over no span, `answer` the network's score of the window, `evidence` of
    the sentence; `bm25` and `dense` are retrieval's of the sentence, `rank` its passage's among the hits.
    `support` is `term_coverage` of the question in it, where it is on the shortlist.
    """

    place: Place
    start: int
    end: int
    span: float
    answer: float
    evidence: float
    bm25: float
    dense: float
    rank: int
    support: Mapping[str, float] = field(default_factory=dict)


def find_best(question: str, hits: Sequence[Hit], index: Index, network: Network) -> list[Found]:
    """Every sentence of the hits and their notes, those that look best from any side with their support."""
    found = find_spans(question, hits, index, network)
    fused = reciprocal_rank_fusion([sorted(range(len(found)), key=lambda i: -view(found[i])) for view in VIEWS])
    best = sorted(fused, key=lambda i: (-fused[i], i))[:SHORTLIST]
    supports = term_coverage(question, [found[i].place.sentence.plain for i in best], index.encoder)
    for i, support in zip(best, supports, strict=True):
        found[i] = replace(found[i], support=support)
    return found


def find_spans(question: str, hits: Sequence[Hit], index: Index, network: Network) -> list[Found]:
    """Every sentence of the hits and their notes with its best span: of two readings the better."""
    windows = make_windows(hits, index)
    best: dict[tuple[str, int], tuple[Piece, tuple[int, int, float], float, float]] = {}
    for window, reading in zip(windows, network.read(question, [window.text for window in windows])):
        for piece, span, evidence in read_pieces(window, reading):
            kept = best.get(piece.place.key)
            if kept is None or span[2] + evidence > kept[1][2] + kept[3]:
                best[piece.place.key] = (piece, span, reading.answer, evidence)
    ranks: dict[tuple[str, int], int] = {}
    for hit in hits:
        for sentence in hit.passage.sentences:
            ranks.setdefault((hit.passage.document, sentence.start), hit.rank)
    pieces = [piece for piece, *_ in best.values()]
    scores = index.score_places(question, [piece.place for piece in pieces])
    return [
        Found(
            piece.place,
            piece.start + start,
            piece.start + end,
            margin,
            answer,
            evidence,
            score.bm25,
            score.dense,
            ranks.get(key, len(hits) + 1),
        )
        for (key, (piece, (start, end, margin), answer, evidence)), score in zip(best.items(), scores, strict=True)
    ]


def read_pieces(window: Window, reading: TokenScores) -> Iterator[tuple[Piece, tuple[int, int, float], float]]:
    """Each piece that may answer: its best span as characters of the piece with the margin, and its evidence."""
    for number, (piece, begin, end) in enumerate(window.spans()):
        inside = np.flatnonzero((reading.offsets[:, 0] >= begin) & (reading.offsets[:, 1] <= end))
        if number < window.context or not len(inside):
            continue
        first, last, score = best_span(reading.start[inside], reading.end[inside])
        characters = int(reading.offsets[inside[first], 0]) - begin, int(reading.offsets[inside[last], 1]) - begin
        yield piece, (*characters, score - reading.null), float(reading.evidence[inside].mean())


def best_span(start: np.ndarray, end: np.ndarray) -> tuple[int, int, float]:
    """First and last token of the best span, and its score."""
    scores = start[:, None] + end[None, :]
    fits = np.triu(np.ones_like(scores, dtype=bool)) & np.tril(np.ones_like(scores, dtype=bool), LONGEST_SPAN)
    first, last = np.unravel_index(int(np.where(fits, scores, -np.inf).argmax()), scores.shape)
    return int(first), int(last), float(scores[first, last])
