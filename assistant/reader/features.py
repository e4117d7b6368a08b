"""The features of each candidate sentence: scores of the network and of retrieval."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from assistant.reader.cited import sources_of
from assistant.reader.likely import likely_windows
from assistant.reader.network import MAX_TOKENS, Network, TokenScores
from assistant.reader.question import is_misfit
from assistant.reader.source_question import source_chance
from assistant.reader.term_coverage import term_coverage
from assistant.reader.windows import Piece, Window, make_windows
from index.ranking import reciprocal_rank_fusion
from index.retriever import Index, Place, SentenceScore
from index.types import Hit

LONGEST_SPAN = 40  # tokens
SHORTLIST = 16  # sentences whose term coverage is computed
NO_EVIDENCE = -8.0  # the evidence score of sentences that were not read
SHORTLIST_SCORES = ("span", "evidence", "dense", "bm25")
CODE = re.compile(r"\b(?=\w*\d)[\w.:/-]*\w")  # a word with a digit: a number, a year, "E-105"


Key = tuple[str, int]  # identifies a sentence: document and start
# A piece, its best span (characters and margin), its window's answer score, and its evidence score.
PieceScores = tuple[Piece, tuple[int, int, float], float, float]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the body that a note supports, with its evidence score."""

    key: Key
    evidence: float


@dataclass(frozen=True, slots=True)
class SentenceFeatures:
    """A sentence with its best span and its features by name.

    `start` and `end` are characters of its plain text. `coverage` has the similarity of the sentence to each content
    word of the question, for sentences on the shortlist; `claim` is the sentence that a note's sentence supports.

    span      the span's margin over no span          evidence  the network's score of the sentence
    answer    the network's score of the window       around    the higher evidence of the two sentences beside it
    bm25      retrieval's scores of the sentence      passage   its passage's cosine
    dense                                             rank      1 / its passage's rank among the hits
    support   mean coverage of the question's words   least     lowest coverage of a word of the question
    note      it is in a note                         claim     the highest evidence of a sentence that cites the note
    source    the question asks for a work            work      and the sentence, in a note, names one
    reference it names a work that is not asked for   heading   it is a heading
    length    the logarithm of its characters
    misfit    its short answer is of another type than the question asks for (no number, no time, no name)
    code      share of the question's numbers and codes in its passage (1 if the question has none)
    follows   earlier questions were read with the question
    """

    place: Place
    start: int
    end: int
    scores: Mapping[str, float]
    coverage: Mapping[str, float] = field(default_factory=dict)
    claim: Claim | None = None


def find_sentences(
    question: str, hits: Sequence[Hit], index: Index, network: Network, turns: Sequence[str] = ()
) -> list[SentenceFeatures]:
    """Compute the features of every sentence of the hits and their notes; `turns` are earlier questions."""
    windows = make_windows(hits, index)
    retrieval = score_windows(" ".join([*turns[-1:], question]), windows, index)
    pieces = read_sentences(question, likely_windows(question, windows, hits, retrieval), network, turns)
    places = [piece.place for piece, *_ in pieces.values()]
    ranks = {key: hit for hit in reversed(hits) for key in sentence_keys(hit)}
    evidence = {key: score for key, (*_, score) in pieces.items()}
    claims = find_claims(places, evidence, index)
    sentences = []
    for key, (piece, (start, end, margin), answer, score) in pieces.items():
        hit, similarity = ranks.get(key), retrieval[key]
        scores = {
            "span": margin,
            "answer": answer,
            "evidence": score,
            "around": neighbour_evidence(piece.place, evidence),
            "bm25": similarity.bm25,
            "dense": similarity.dense,
            "passage": hit.dense if hit else 0.0,
            "rank": 1 / hit.rank if hit else 0.0,
            "code": code_coverage(question, piece.place),
            "misfit": float(is_misfit(question, piece.text[start:end])),
            "heading": float(piece.place.sentence.plain == piece.place.passage.section),
            "length": math.log(len(piece.place.sentence.plain) or 1),
            "follows": float(bool(turns)),
            **note_scores(question, piece.place, claims.get(key), index),
        }
        sentences.append(
            SentenceFeatures(piece.place, piece.start + start, piece.start + end, scores, claim=claims.get(key))
        )
    return add_coverage(question, sentences, index)


def score_windows(query: str, windows: Sequence[Window], index: Index) -> dict[Key, SentenceScore]:
    """Return retrieval's scores of every sentence that may answer in some windows."""
    places = {piece.place.key: piece.place for window in windows for piece in window.pieces[window.context :]}
    return dict(zip(places, index.score_places(query, list(places.values())), strict=True))


def add_coverage(question: str, sentences: list[SentenceFeatures], index: Index) -> list[SentenceFeatures]:
    """Add term coverage to the SHORTLIST sentences that rank best by SHORTLIST_SCORES, fused."""
    rankings = [sorted(range(len(sentences)), key=lambda i: -sentences[i].scores[name]) for name in SHORTLIST_SCORES]
    fused = reciprocal_rank_fusion(rankings)
    best = sorted(fused, key=lambda i: (-fused[i], i))[:SHORTLIST]
    coverages = term_coverage(question, index.token_vectors([sentences[i].place for i in best]), index.encoder)
    coverage_of = dict(zip(best, coverages, strict=True))
    return [
        replace(
            sentence,
            coverage=coverage_of.get(i, {}),
            scores={**sentence.scores, **coverage_scores(coverage_of.get(i, {}))},
        )
        for i, sentence in enumerate(sentences)
    ]


def coverage_scores(coverage: Mapping[str, float]) -> dict[str, float]:
    """Return the mean and the minimum of the words' coverage; 0 without coverage."""
    words = list(coverage.values())
    return {"support": float(np.mean(words)) if words else 0.0, "least": min(words, default=0.0)}


def read_sentences(
    question: str, windows: Sequence[Window], network: Network, turns: Sequence[str]
) -> dict[Key, PieceScores]:
    """Read every sentence with the network; of a sentence in two windows the higher score counts."""
    best: dict[Key, PieceScores] = {}
    for window, reading in zip(windows, network.read(question, [window.text for window in windows], turns)):
        for piece, span, evidence in read_pieces(window, reading):
            earlier = best.get(piece.place.key)
            if earlier is None or span[2] + evidence > earlier[1][2] + earlier[3]:
                best[piece.place.key] = (piece, span, reading.answer, evidence)
    return best


def sentence_keys(hit: Hit) -> list[Key]:
    """Return the keys of a hit's sentences."""
    return [(hit.passage.document, sentence.start) for sentence in hit.passage.sentences]


def neighbour_evidence(place: Place, evidence: Mapping[Key, float]) -> float:
    """Return the higher evidence of a sentence's two neighbours in its passage; NO_EVIDENCE without any."""
    starts = [sentence.start for sentence in place.passage.sentences]
    i = starts.index(place.sentence.start)
    neighbours = [evidence.get((place.passage.document, start), NO_EVIDENCE) for start in starts[max(i - 1, 0) : i + 2]
              if start != place.sentence.start]  # fmt: skip
    return max(neighbours, default=NO_EVIDENCE)


def find_claims(places: Sequence[Place], evidence: Mapping[Key, float], index: Index) -> dict[Key, Claim]:
    """Return for each sentence of a note the body sentence with the highest evidence that cites it, also indirectly."""
    best: dict[Key, Claim] = {}
    for place in places:
        for note in place.sentence.notes if place.passage.note is None else ():
            for source in index.led_to(place.passage.document, note):
                if source.key not in best or best[source.key].evidence < evidence[place.key]:
                    best[source.key] = Claim(place.key, evidence[place.key])
    return best


def note_scores(question: str, place: Place, claim: Claim | None, index: Index) -> dict[str, float]:
    """Return the features of sentences in notes: the claim they support, whether they name a work asked for."""
    asked, in_note = source_chance(question), place.passage.note is not None
    names_work = bool(sources_of(place, index))
    return {
        "note": float(in_note),
        "source": asked,
        "claim": asked * in_note * ((claim.evidence if claim else NO_EVIDENCE) - NO_EVIDENCE),
        "work": asked * names_work,
        "reference": (1 - asked) * names_work,
    }


def code_coverage(question: str, place: Place) -> float:
    """Return the share of the question's numbers and codes that occur in a sentence's passage or heading."""
    codes = {code.casefold() for code in CODE.findall(question)}
    text = f"{place.passage.plain} {place.passage.section or ''}".casefold()
    return sum(code in text for code in codes) / len(codes) if codes else 1.0


def read_pieces(window: Window, reading: TokenScores) -> Iterator[tuple[Piece, tuple[int, int, float], float]]:
    """Yield each piece that may answer, its best span (characters of the piece, margin), and its evidence."""
    for number, (piece, begin, end) in enumerate(window.spans()):
        inside = np.flatnonzero((reading.offsets[:, 0] >= begin) & (reading.offsets[:, 1] <= end))
        if number < window.context or piece.place.asks or not len(inside):
            continue
        first, last, score = best_span(reading.start[inside], reading.end[inside])
        characters = int(reading.offsets[inside[first], 0]) - begin, int(reading.offsets[inside[last], 1]) - begin
        yield piece, (*characters, score - reading.null), float(reading.evidence[inside].mean())


def best_span(start: np.ndarray, end: np.ndarray) -> tuple[int, int, float]:
    """Return the first and last token of the best span, and its score."""
    scores = start[:, None] + end[None, :] + span_mask()[: len(start), : len(start)]
    first, last = divmod(int(scores.argmax()), len(start))
    return first, last, float(scores[first, last])


@lru_cache(maxsize=1)
def span_mask() -> np.ndarray:
    """Return 0 where a first (row) and a last token (column) make a span of at most LONGEST_SPAN, else -inf."""
    ones = np.ones((MAX_TOKENS, MAX_TOKENS), dtype=bool)
    return np.where(np.triu(ones) & np.tril(ones, LONGEST_SPAN), np.float32(0), np.float32(-np.inf))
