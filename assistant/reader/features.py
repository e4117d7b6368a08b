"""What is known of each sentence that could answer: what the network reads in it, what retrieval says of it."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.reader.cited import sources_of
from assistant.reader.network import Network, TokenScores
from assistant.reader.question import asks_for_source, is_misfit
from assistant.reader.term_coverage import term_coverage
from assistant.reader.windows import Piece, Window, make_windows
from index.retriever import Index, Place, reciprocal_rank_fusion
from index.types import Hit

LONGEST_SPAN = 40  # tokens
SHORTLIST = 16  # sentences that are looked at closely
NOTHING = -8.0  # the evidence of what was not read
VIEWS = ("span", "evidence", "dense", "bm25")
CODE = re.compile(r"\b(?=\w*\d)[\w.:/-]*\w")  # what has a digit in it: a number, a year, "E-105"


Key = tuple[str, int]  # what tells one sentence from another: document and start
Read = tuple[Piece, tuple[int, int, float], float, float]  # a piece, its best span, its window's answer, its evidence


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the body that a note stands behind, with its evidence."""

    key: Key
    evidence: float


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence with the best span in it, and every score there is of it by name.

    `start` and `end` are characters of its plain text. `coverage` has the question's content words with how near
    the sentence comes to each, where the sentence is on the shortlist; `claim` is what a note's sentence stands behind.

    span      the span's margin over no span          evidence  the network's score of the sentence
    answer    the network's score of the window       around    the evidence of the sentences beside it, the better
    bm25      retrieval's scores of the sentence      passage   its passage's cosine
    dense                                             rank      1 / its passage's rank among the hits
    support   how much of the question it covers      least     the least covered word of the question
    note      it stands in a note                     claim     the best evidence of a sentence whose note leads here
    source    a work is asked for                     work      and it names one, in a note
    reference it names a work, in a note, unasked     heading   it is a heading
    length    the logarithm of its characters
    misfit    its short answer is of another kind than what is asked for (no number, no time, no name)
    code      share of the question's numbers and codes that its passage has (1 where there are none)
    """

    place: Place
    start: int
    end: int
    scores: Mapping[str, float]
    coverage: Mapping[str, float] = field(default_factory=dict)
    claim: Claim | None = None


def find_sentences(
    question: str, hits: Sequence[Hit], index: Index, network: Network, turns: Sequence[str] = ()
) -> list[Found]:
    """Every sentence of the hits and their notes with its scores; `turns` are the conversation's earlier questions."""
    read = read_sentences(question, make_windows(hits, index), network, turns)
    places = [piece.place for piece, *_ in read.values()]
    retrieved = index.score_places(" ".join([*turns[-1:], question]), places)
    ranks = {key: hit for hit in reversed(hits) for key in sentence_keys(hit)}
    evidence = {key: score for key, (*_, score) in read.items()}
    claims = find_claims(places, evidence, index)
    found = []
    for (key, (piece, (start, end, margin), answer, score)), own in zip(read.items(), retrieved, strict=True):
        hit = ranks.get(key)
        scores = {
            "span": margin,
            "answer": answer,
            "evidence": score,
            "around": around(piece.place, evidence),
            "bm25": own.bm25,
            "dense": own.dense,
            "passage": hit.dense if hit else 0.0,
            "rank": 1 / hit.rank if hit else 0.0,
            "code": code_coverage(question, piece.place),
            "misfit": float(is_misfit(question, piece.text[start:end])),
            "heading": float(piece.place.sentence.plain == piece.place.passage.section),
            "length": math.log(len(piece.place.sentence.plain) or 1),
            **note_scores(question, piece.place, claims.get(key), index),
        }
        found.append(Found(piece.place, piece.start + start, piece.start + end, scores, claim=claims.get(key)))
    return with_coverage(question, found, index)


def with_coverage(question: str, found: list[Found], index: Index) -> list[Found]:
    """The same, those that look best from any side with how much of the question they cover."""
    order = [sorted(range(len(found)), key=lambda i: -found[i].scores[view]) for view in VIEWS]
    fused = reciprocal_rank_fusion(order)
    best = sorted(fused, key=lambda i: (-fused[i], i))[:SHORTLIST]
    coverages = term_coverage(question, [found[i].place.sentence.in_context for i in best], index.encoder)
    covered = dict(zip(best, coverages, strict=True))
    return [
        replace(one, coverage=covered.get(i, {}), scores={**one.scores, **coverage_scores(covered.get(i, {}))})
        for i, one in enumerate(found)
    ]


def coverage_scores(coverage: Mapping[str, float]) -> dict[str, float]:
    """The mean and the least of the words' coverage; 0 where nothing is known."""
    words = list(coverage.values())
    return {"support": float(np.mean(words)) if words else 0.0, "least": min(words, default=0.0)}


def read_sentences(question: str, windows: Sequence[Window], network: Network, turns: Sequence[str]) -> dict[Key, Read]:
    """Each sentence with its best span, its window's answer and its evidence: of two readings the better."""
    best: dict[Key, Read] = {}
    for window, reading in zip(windows, network.read(question, [window.text for window in windows], turns)):
        for piece, span, evidence in read_pieces(window, reading):
            kept = best.get(piece.place.key)
            if kept is None or span[2] + evidence > kept[1][2] + kept[3]:
                best[piece.place.key] = (piece, span, reading.answer, evidence)
    return best


def sentence_keys(hit: Hit) -> list[Key]:
    """What tells the sentences of a hit from others."""
    return [(hit.passage.document, sentence.start) for sentence in hit.passage.sentences]


def around(place: Place, evidence: Mapping[Key, float]) -> float:
    """The better evidence of the two sentences beside one in its passage; NOTHING where there is none."""
    starts = [sentence.start for sentence in place.passage.sentences]
    at = starts.index(place.sentence.start)
    beside = [evidence.get((place.passage.document, start), NOTHING) for start in starts[max(at - 1, 0) : at + 2]
              if start != place.sentence.start]  # fmt: skip
    return max(beside, default=NOTHING)


def find_claims(places: Sequence[Place], evidence: Mapping[Key, float], index: Index) -> dict[Key, Claim]:
    """For each sentence of a note the sentence of the body with the best evidence of those whose notes lead to it."""
    best: dict[Key, Claim] = {}
    for place in places:
        for note in place.sentence.notes if place.passage.note is None else ():
            for source in index.led_to(place.passage.document, note):
                if source.key not in best or best[source.key].evidence < evidence[place.key]:
                    best[source.key] = Claim(place.key, evidence[place.key])
    return best


def note_scores(question: str, place: Place, claim: Claim | None, index: Index) -> dict[str, float]:
    """What tells that a sentence of a note answers: what it stands behind, whether it names a work asked for."""
    asked, noted = asks_for_source(question), place.passage.note is not None
    named = bool(sources_of(place, index))
    return {
        "note": float(noted),
        "source": float(asked),
        "claim": (claim.evidence if claim else NOTHING) - NOTHING if asked and noted else 0.0,
        "work": float(asked and named),
        "reference": float(named and not asked),
    }


def code_coverage(question: str, place: Place) -> float:
    """The share of the numbers and codes in a question that stand in a sentence, its passage or its heading."""
    asked = {code.casefold() for code in CODE.findall(question)}
    there = f"{place.passage.plain} {place.passage.section or ''}".casefold()
    return sum(code in there for code in asked) / len(asked) if asked else 1.0


def read_pieces(window: Window, reading: TokenScores) -> Iterator[tuple[Piece, tuple[int, int, float], float]]:
    """Each piece that may answer: its best span as characters of the piece with the margin, and its evidence."""
    for number, (piece, begin, end) in enumerate(window.spans()):
        inside = np.flatnonzero((reading.offsets[:, 0] >= begin) & (reading.offsets[:, 1] <= end))
        if number < window.context or piece.place.asks or not len(inside):
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
