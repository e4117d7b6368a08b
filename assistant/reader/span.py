"""The span reader: combines a network's spans with retrieval scores by fitted models."""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz

from assistant.reader import Candidate, ScoredSentence, Selection
from assistant.reader.answer_span import MIN_MARGIN, extend, short_answer
from assistant.reader.cited import cited_part, sources_of, titled_work
from assistant.reader.combine import Combination, rank_by_score
from assistant.reader.features import SentenceFeatures, find_sentences
from assistant.reader.network import Network
from assistant.reader.question import asks_for_source
from index.document.sentences import plain_characters
from index.document.types import Sentence
from index.retriever import Index
from index.types import Hit

UNSUPPORTED = 0.4  # a question word with less coverage than this is missing in a sentence
MAX_MISSING = 3
QUOTABLE = 16  # candidates whose short answer is found; those after them are only listed
WHITE_SPACE = re.compile(r"\s")
SAME = 92  # rapidfuzz's ratio, of 100, from which two sentences are duplicates

Ranked = tuple[SentenceFeatures, float]


class SpanReader:
    """Reads passages and notes with a network; whole sentences are quoted, spans in them are the short answers."""

    def __init__(self, name: str, network: Network, combination: Combination) -> None:
        self.name, self.network, self.combination = name, network, combination
        combination_hash = hashlib.sha256(combination.as_json().encode()).hexdigest()
        self.fingerprint = f"{network.fingerprint} {combination_hash}"

    def without(self, names: Sequence[str]) -> "SpanReader":
        """Return the reader with some features masked."""
        return SpanReader(self.name, self.network, self.combination.without(names))

    def read(self, question: str, hits: Sequence[Hit], index: Index, turns: Sequence[str] = ()) -> Selection:
        """Rank the sentences of the hits and their notes, best first, without duplicates."""
        sentences = find_sentences(question, hits, index, self.network, turns)
        if not sentences:
            return Selection((), 0.0)
        order, scores = rank_by_score(self.combination.ranking, columns_of(sentences))
        linear = [(sentences[i], float(score)) for i, score in zip(order, scores, strict=True)]
        kept = [sentence for sentence, _ in distinct(linear)]
        order, scores, confidence = self.combination.choose(columns_of(kept))
        ranked = [(kept[i], float(score)) for i, score in zip(order, scores, strict=True)]
        coverage = ranked[0][0].coverage
        missing = [word for word in sorted(coverage, key=lambda word: coverage[word]) if coverage[word] < UNSUPPORTED]
        ranked, needed = with_claim(ranked)
        quotable = [make_candidate(question, sentence, score, index) for sentence, score in ranked[:QUOTABLE]]
        candidates = (*quotable, *(whole_sentence(sentence, score) for sentence, score in ranked[QUOTABLE:]))
        return Selection(candidates, confidence, needed, tuple(missing[:MAX_MISSING]), with_scores(linear))


def columns_of(sentences: Sequence[SentenceFeatures]) -> dict[str, np.ndarray]:
    """Return each feature's values, one for each sentence."""
    return {name: np.array([sentence.scores[name] for sentence in sentences]) for name in sentences[0].scores}


def with_scores(ranked: Sequence[Ranked]) -> tuple[ScoredSentence, ...]:
    """Convert ranked sentences for the trace, with the score and every feature."""
    return tuple(
        ScoredSentence(
            sentence.place.passage,
            sentence.place.sentence.start,
            sentence.place.sentence.end,
            {"score": score, **sentence.scores},
        )
        for sentence, score in ranked
    )


def distinct(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Drop ranked sentences that nearly duplicate a better one."""
    kept: list[Ranked] = []
    for sentence, score in ranked:
        plain = sentence.place.sentence.plain
        if not any(fuzz.ratio(plain, other.place.sentence.plain, score_cutoff=SAME) for other, _ in kept):
            kept.append((sentence, score))
    return kept


def with_claim(ranked: list[Ranked]) -> tuple[list[Ranked], int]:
    """Return ranked sentences in the order of quoting, and how many of them make the answer.

    A note that names a work asked for is quoted together with the sentence that it supports.
    """
    best = ranked[0][0]
    if best.scores["work"] <= 0.5 or best.claim is None:
        return ranked, 1
    claim = next((pair for pair in ranked if pair[0].place.key == best.claim.key), None)
    if claim is None:
        return ranked, 1
    return [ranked[0], claim, *(pair for pair in ranked[1:] if pair is not claim)], 2


def whole_sentence(features: SentenceFeatures, score: float) -> Candidate:
    """Convert a sentence to a candidate whose short answer is the sentence."""
    start, end = features.place.sentence.start, features.place.sentence.end
    return Candidate(features.place.passage, start, end, start, end, score)


def plain_offsets(sentence: Sentence) -> Sequence[int]:
    """Return the document offset of each character of a sentence's plain text."""
    if sentence.plain == WHITE_SPACE.sub(" ", sentence.text):  # nothing but line breaks differs, as in most sentences
        return range(sentence.start, sentence.end)
    return [offset for _, offset in plain_characters(sentence)]


def make_candidate(question: str, features: SentenceFeatures, score: float, index: Index) -> Candidate:
    """Convert a sentence to a candidate, with its short answer in document offsets."""
    sentence = features.place.sentence
    offsets = plain_offsets(sentence)
    margin = features.scores["span"]
    start, end = short_answer(question, sentence.plain, features.start, features.end, margin)
    work = titled_work(sources_of(features.place, index)) if asks_for_source(question) and margin < MIN_MARGIN else None
    part = cited_part(question, work) if work else None
    if part and sentence.start <= part.start < part.end <= sentence.end:
        start, end = extend(sentence.plain, bisect_left(offsets, part.start), bisect_left(offsets, part.end))
    elif asks_for_source(question) and features.place.passage.note is not None and margin < MIN_MARGIN:
        start, end = extend(sentence.plain, start, end)
    return Candidate(features.place.passage, sentence.start, sentence.end, offsets[start], offsets[end - 1] + 1, score)
