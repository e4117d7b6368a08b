"""From a question to ranked passages: BM25 and vectors, joined by reciprocal rank fusion."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.bm25 import Bm25
from index.dense import Encoder, VectorIndex
from index.document.types import Document, Sentence
from index.types import Hit, IndexConfig, Passage

WAYS = ("bm25", "dense")


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence and the passage it was found in."""

    sentence: Sentence
    passage: Passage

    @property
    def asks(self) -> bool:
        """Whether it is a question, and so no answer; a title in a note may end like one."""
        return self.passage.note is None and self.sentence.asks

    @property
    def key(self) -> tuple[str, int]:
        """What tells one sentence from another, whichever passage it stands in."""
        return self.passage.document, self.sentence.start


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """A sentence with what BM25 and the encoder say of it."""

    place: Place
    bm25: float
    dense: float


def reciprocal_rank_fusion(rankings: Iterable[Sequence[int]], k: int = 60) -> dict[int, float]:
    """Fused scores of the items in some rankings, best first: the sum of 1 / (k + rank).

    Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
    Learning Methods", SIGIR 2009.

    >>> reciprocal_rank_fusion([[7, 3], [3]], k=60)
    {7: 0.01639344262295082, 3: 0.03252247488101534}
    """
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, 1):
            fused[item] = fused.get(item, 0.0) + 1.0 / (k + rank)
    return fused


class Index:
    """Documents, passages and sentences, ready to be searched."""

    def __init__(
        self,
        documents: Sequence[Document],
        passages: Sequence[Passage],
        encoder: Encoder,
        passage_vectors: np.ndarray,
        sentence_vectors: np.ndarray,
        config: IndexConfig,
    ) -> None:
        """`sentence_vectors` has a row for each of `distinct_places(passages)`, in that order."""
        self.documents: Mapping[str, Document] = {document.id: document for document in documents}
        self.passages = tuple(passages)
        self.encoder = encoder
        self.config = config
        self.attached = b""  # what whoever opened the index keeps with it
        self.places = distinct_places(passages)
        self.passage_vectors, self.sentence_vectors = passage_vectors, sentence_vectors
        self._encode = lru_cache(maxsize=256)(lambda question: encoder.encode_questions([question])[0])
        self._rows = {place.key: row for row, place in enumerate(self.places)}
        self._bm25 = Bm25([passage.plain for passage in passages])
        self._sentence_bm25 = Bm25([place.sentence.in_context for place in self.places])
        self._vectors = VectorIndex(passage_vectors)
        self._notes: dict[tuple[str, int], list[Passage]] = {}
        self._anchors: dict[tuple[str, int], Place] = {}
        for passage in passages:
            if passage.note is not None:
                self._notes.setdefault((passage.document, passage.note), []).append(passage)
                continue
            for sentence in passage.sentences:
                for note in sentence.notes:
                    self._anchors.setdefault((passage.document, note), Place(sentence, passage))

    def only(self, documents: Collection[str]) -> "Index":
        """The index of some of the documents: the same vectors, statistics of their own."""
        kept = [passage for passage in self.passages if passage.document in documents]
        of_passages = [passage.document in documents for passage in self.passages]
        of_sentences = [place.passage.document in documents for place in self.places]
        return Index(
            [document for document in self.documents.values() if document.id in documents],
            kept,
            self.encoder,
            self.passage_vectors[np.array(of_passages, dtype=bool)],
            self.sentence_vectors[np.array(of_sentences, dtype=bool)],
            self.config,
        )

    def encode(self, question: str) -> np.ndarray:
        """The vector of a question."""
        return self._encode(question)

    def search(
        self, question: str, k: int = 10, ways: Sequence[str] = WAYS, context: str | None = None
    ) -> tuple[Hit, ...]:
        """The `k` best passages, notes among them; ties go to the one that stands first.

        `ways` names what ranks them: "bm25", "dense", or both. `context` is an earlier question that this one may lean
        on: what ranks high for both together is found too.
        """
        bm25, positions, dense = self._score_passages(question)
        rankings = {"bm25": found_in(bm25), "dense": positions}
        every = [rankings[way] for way in ways]
        if context:
            also_bm25, also_positions, _ = self._score_passages(f"{context} {question}")
            also = {"bm25": found_in(also_bm25), "dense": also_positions}
            every += [also[way] for way in ways]
        fused = reciprocal_rank_fusion(every, self.config.rrf_k)
        ranks = {way: {item: rank for rank, item in enumerate(ranking, 1)} for way, ranking in rankings.items()}
        best = sorted(fused, key=lambda i: (-fused[i], i))[:k]
        return tuple(
            Hit(self.passages[i], rank, fused[i], float(bm25[i]), dense[i], ranks["bm25"].get(i), ranks["dense"].get(i))
            for rank, i in enumerate(best, 1)
        )

    def _score_passages(self, question: str) -> tuple[np.ndarray, list[int], dict[int, float]]:
        """BM25's score of every passage, their positions by cosine, and each one's cosine."""
        positions, cosines = self._vectors.search(self._encode(question), len(self.passages))
        return self._bm25.scores(question), positions.tolist(), dict(zip(positions.tolist(), cosines.tolist()))

    def score_sentences(self, question: str, passages: Sequence[Passage]) -> tuple[SentenceScore, ...]:
        """Every sentence of the passages, each once, with its BM25 score and its cosine."""
        return self.score_places(question, distinct_places(passages))

    def score_places(self, question: str, places: Sequence[Place]) -> tuple[SentenceScore, ...]:
        """Sentences of the index with their BM25 scores and cosines."""
        rows = [self._rows[place.key] for place in places]
        if not rows:
            return ()
        bm25 = self._sentence_bm25.scores(question, rows)
        dense = self.sentence_vectors[rows] @ self._encode(question)
        return tuple(SentenceScore(place, float(b), float(d)) for place, b, d in zip(places, bm25, dense))

    def central(self, places: Sequence[Place], count: int) -> tuple[Place, ...]:
        """Those of some sentences that are nearest to what all of them have in common, as they stand.

        Nearness is the cosine to the mean of their vectors.
        """
        if not places:
            return ()
        vectors = self.sentence_vectors[[self._rows[place.key] for place in places]]
        nearest = np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")[:count]
        return tuple(places[i] for i in sorted(nearest))

    def with_notes(self, hits: Sequence[Hit]) -> tuple[Passage, ...]:
        """The passages of some hits and those of the notes they carry, each once, in order."""
        found: dict[str, Passage] = {}
        for hit in hits:
            found.setdefault(hit.passage.id, hit.passage)
        for hit in hits:
            for position in hit.passage.notes:
                for passage in self._notes.get((hit.passage.document, position), []):
                    found.setdefault(passage.id, passage)
        return tuple(found.values())

    def anchor(self, document: str, note: int) -> Place | None:
        """The first sentence of the body that a note belongs to; `note` is its position."""
        return self._anchors.get((document, note))

    def led_to(self, document: str, note: int) -> tuple[Place, ...]:
        """The sentences of a note, then those of other notes that name the works it leads to."""
        footnotes = self.documents[document].footnotes
        own = self._note_places(document, note)
        others = [
            place
            for work in footnotes[note].sources
            for position, other in enumerate(footnotes)
            if position != note and other.start <= work.start < other.end
            for place in self._note_places(document, position)
            if place.sentence.start < work.end and work.start < place.sentence.end
        ]
        return tuple({place.key: place for place in [*own, *others]}.values())

    def _note_places(self, document: str, note: int) -> tuple[Place, ...]:
        """The sentences of a note."""
        return distinct_places(self._notes.get((document, note), ()))


def found_in(scores: np.ndarray) -> list[int]:
    """The positions of the scores above 0, the highest first, ties in order."""
    return [int(i) for i in np.argsort(-scores, kind="stable") if scores[i] > 0]


def distinct_places(passages: Sequence[Passage]) -> tuple[Place, ...]:
    """The sentences of some passages in order, one that two passages share only once."""
    places: dict[tuple[str, int], Place] = {}
    for passage in passages:
        for sentence in passage.sentences:
            place = Place(sentence, passage)
            places.setdefault(place.key, place)
    return tuple(places.values())
