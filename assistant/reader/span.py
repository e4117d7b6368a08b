"""The span reader: a network finds the words, retrieval is heard, and fitted models decide."""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz

from assistant.reader import Candidate, ScoredSentence, Selection
from assistant.reader.answer_span import SURE, extend, short_answer
from assistant.reader.cited import cited_part, sources_of, titled
from assistant.reader.combine import Combination, by_score
from assistant.reader.features import Found, find_sentences
from assistant.reader.network import Network
from assistant.reader.question import asks_for_source
from index.document.sentences import plain_characters
from index.retriever import Index
from index.types import Hit

UNSUPPORTED = 0.4  # cosine of a word of the question to its nearest in a sentence that has nothing on it
MOST_MISSING = 3
SAME = 92  # rapidfuzz's ratio, of 100, from which two sentences say the same

Ranked = tuple[Found, float]


class SpanReader:
    """Reads passages and notes with a network; whole sentences are quoted, spans in them are the short answers."""

    def __init__(self, name: str, network: Network, combination: Combination) -> None:
        self.name, self.network, self.combination = name, network, combination
        joined = hashlib.sha256(combination.as_json().encode()).hexdigest()
        self.fingerprint = f"{network.fingerprint} {joined}"
        self.reads_turns = network.reads_turns

    def without(self, names: Sequence[str]) -> "SpanReader":
        """The same reader, blind to some features."""
        return SpanReader(self.name, self.network, self.combination.without(names))

    def read(self, question: str, hits: Sequence[Hit], index: Index, turns: Sequence[str] = ()) -> Selection:
        """The sentences of the hits and of their notes, best first, those that say the same once."""
        read = find_sentences(question, hits, index, self.network, turns)
        if not read:
            return Selection((), 0.0)
        order, scores = by_score(self.combination.ranking, columns_of(read))
        linear = [(read[i], float(score)) for i, score in zip(order, scores, strict=True)]
        kept = [found for found, _ in distinct(linear)]
        order, scores, confidence = self.combination.choose(columns_of(kept))
        ranked = [(kept[i], float(score)) for i, score in zip(order, scores, strict=True)]
        coverage = ranked[0][0].coverage
        missing = [word for word in sorted(coverage, key=lambda word: coverage[word]) if coverage[word] < UNSUPPORTED]
        ranked, needed = with_claim(ranked)
        candidates = tuple(candidate(question, found, score, index) for found, score in ranked)
        return Selection(candidates, confidence, needed, tuple(missing[:MOST_MISSING]), with_scores(linear))


def columns_of(found: Sequence[Found]) -> dict[str, np.ndarray]:
    """Each feature's values, one for each sentence."""
    return {name: np.array([one.scores[name] for one in found]) for name in found[0].scores}


def with_scores(ranked: Sequence[Ranked]) -> tuple[ScoredSentence, ...]:
    """Ranked sentences as the trace keeps them: every feature by its name, and the score."""
    return tuple(
        ScoredSentence(
            found.place.passage,
            found.place.sentence.start,
            found.place.sentence.end,
            {"score": score, **found.scores},
        )
        for found, score in ranked
    )


def distinct(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Ranked sentences less those that say what a better one says already."""
    kept: list[Ranked] = []
    for found, score in ranked:
        plain = found.place.sentence.plain
        if not any(fuzz.ratio(plain, other.place.sentence.plain) >= SAME for other, _ in kept):
            kept.append((found, score))
    return kept


def with_claim(ranked: list[Ranked]) -> tuple[list[Ranked], int]:
    """Ranked sentences as they are quoted, and how many of them make the answer.

    A work that is asked for stands in a note, which says little without the sentence that it stands behind: that is
    quoted with it.
    """
    best = ranked[0][0]
    if not best.scores["work"] or best.claim is None:
        return ranked, 1
    claim = next((pair for pair in ranked if pair[0].place.key == best.claim.key), None)
    if claim is None:
        return ranked, 1
    return [ranked[0], claim, *(pair for pair in ranked[1:] if pair is not claim)], 2


def candidate(question: str, found: Found, score: float, index: Index) -> Candidate:
    """A sentence as a candidate, its short answer in document offsets."""
    sentence = found.place.sentence
    offsets = [at for _, at in plain_characters(sentence)]
    margin = found.scores["span"]
    start, end = short_answer(question, sentence.plain, found.start, found.end, margin)
    work = titled(sources_of(found.place, index)) if asks_for_source(question) and margin < SURE else None
    part = cited_part(question, work) if work else None
    if part and sentence.start <= part.start < part.end <= sentence.end:
        start, end = extend(sentence.plain, bisect_left(offsets, part.start), bisect_left(offsets, part.end))
    elif asks_for_source(question) and found.place.passage.note is not None and margin < SURE:
        start, end = extend(sentence.plain, start, end)
    return Candidate(found.place.passage, sentence.start, sentence.end, offsets[start], offsets[end - 1] + 1, score)
