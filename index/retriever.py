"""From a question to ranked passages (see ranking), and what is read of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from index.bm25 import Bm25
from index.contents import Contents
from index.dense import Encoder, unit
from index.document.types import Sentence
from index.ranking import WAYS, LocalRanking, Query, Ranking, Scope
from index.tables import PASSAGES, SENTENCES, Documents, Entry, Passages
from index.types import Hit, IndexConfig, Passage


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


class Index:
    """Documents, passages and sentences, ready to be searched; what is asked for is read then."""

    def __init__(
        self,
        contents: Contents,
        encoder: Encoder,
        config: IndexConfig,
        documents: Sequence[str] | None = None,
        ranking: Ranking | None = None,
    ) -> None:
        """`documents` names those that are searched, where it is not all; `ranking` is who ranks, if not `contents`."""
        self.contents, self.encoder, self.config = contents, encoder, config
        self.ranking: Ranking = ranking or LocalRanking(contents, config.rrf_k)
        self.attached: object = None  # what whoever opened the index keeps with it
        tables = contents.tables
        self.documents = Documents(tables, documents)
        extents = None if documents is None else [tables.extent(document) for document in documents]
        passages = None if extents is None else [extent.passages for extent in extents]
        sentences = None if extents is None else [extent.sentences for extent in extents]
        self._positions = None if passages is None else positions_of(passages)
        self.passages = Passages(tables, range(tables.passages) if self._positions is None else self._positions)
        self._encode = lru_cache(maxsize=256)(lambda question: encoder.encode_questions([question])[0])
        numbers = None if extents is None else tuple(extent.number for extent in extents)
        self._scope = Scope(self._count(PASSAGES, passages), self._positions, numbers)
        self._sentence_bm25 = self._count(SENTENCES, sentences)

    def _count(self, kind: str, ranges: Sequence[range] | None) -> Bm25:
        """BM25 over passages or sentences, or those in some ranges."""
        lengths, within = self.contents.lengths[kind], None
        if ranges is not None:
            within = np.zeros(len(lengths), bool)
            for one in ranges:
                within[one.start : one.stop] = True
        return Bm25(partial(self.contents.tables.postings, kind), lengths, within)

    def only(self, documents: Collection[str]) -> "Index":
        """The index of some of the documents: the same vectors, statistics of their own."""
        kept = [document for document in self.documents if document in documents]
        return Index(self.contents, self.encoder, self.config, kept, self.ranking)

    def ranked_by(self, ranking: Ranking) -> "Index":
        """The same index, searched by another."""
        kept = None if self.documents.only is None else list(self.documents.only)
        index = Index(self.contents, self.encoder, self.config, kept, ranking)
        index.attached = self.attached
        return index

    @property
    def passage_vectors(self) -> np.ndarray:
        """A row for each of `passages`."""
        vectors = self.contents.vectors[PASSAGES]
        return vectors if self._positions is None else vectors[self._positions]

    @property
    def sentence_vectors(self) -> np.ndarray:
        """A row for each of `places`."""
        within = self._sentence_bm25.within
        return self.contents.sentence_vectors(np.arange(self.sentences) if within is None else np.flatnonzero(within))

    @property
    def sentences(self) -> int:
        """How many sentences there are."""
        return self._sentence_bm25.size

    @property
    def places(self) -> Iterator[Place]:
        """Every sentence, each once, in order."""
        return (place for document in self.documents for place in self.places_of(document))

    def passages_of(self, document: str) -> tuple[Passage, ...]:
        """The passages of a document."""
        return tuple(map(self.contents.tables.passage, self.contents.tables.extent(document).passages))

    def places_of(self, document: str) -> tuple[Place, ...]:
        """The sentences of a document."""
        return distinct_places(self.passages_of(document))

    def entries(self) -> Iterator[Entry]:
        """The documents, without their words."""
        return self.documents.entries()

    def encode(self, question: str) -> np.ndarray:
        """The vector of a question."""
        return self._encode(question)

    def search(
        self, question: str, k: int = 10, ways: Sequence[str] = WAYS, context: str | None = None
    ) -> tuple[Hit, ...]:
        """The `k` best passages, notes among them; ties go to the one that stands first.

        `ways` names what ranks them: "bm25", "dense", or both. `context` is an earlier question that this one may lean
        on: what ranks high for both together is found too. Raises UnavailableError where another process ranks.
        """
        texts = [question, f"{context} {question}"] if context else [question]
        ranked = self.ranking.search([Query(text, self._encode(text)) for text in texts], k, ways, self._scope)
        passage = self.contents.tables.passage
        return tuple(
            Hit(passage(item.position), rank, item.score, item.bm25, item.dense, item.bm25_rank, item.dense_rank)
            for rank, item in enumerate(ranked, 1)
        )

    def rows(self, places: Sequence[Place]) -> list[int]:
        """The rows of sentences among all sentences of the index."""
        numbers = []
        for place in places:
            starts = [sentence.start for sentence in place.passage.sentences]
            numbers.append(int(self.contents.tables.rows(place.passage.id)[starts.index(place.sentence.start)]))
        return numbers

    def score_sentences(self, question: str, passages: Sequence[Passage]) -> tuple[SentenceScore, ...]:
        """Every sentence of the passages, each once, with its BM25 score and its cosine."""
        return self.score_places(question, distinct_places(passages))

    def score_places(self, question: str, places: Sequence[Place]) -> tuple[SentenceScore, ...]:
        """Sentences of the index with their BM25 scores and cosines."""
        rows = self.rows(places)
        if not rows:
            return ()
        bm25 = self._sentence_bm25.scores(question, rows)
        dense = self.contents.sentence_vectors(rows) @ self._encode(question)
        return tuple(SentenceScore(place, float(b), float(d)) for place, b, d in zip(places, bm25, dense))

    def token_vectors(self, places: Sequence[Place]) -> list[np.ndarray]:
        """The unit vectors of each sentence's tokens, encoded where they are not kept."""
        kept = [self.contents.sentence_tokens(row) for row in self.rows(places)]
        texts = [place.sentence.in_context for place, rows in zip(places, kept, strict=True) if rows is None]
        made = iter([vectors for _, vectors in self.encoder.encode_tokens(texts)] if texts else [])
        return [next(made) if rows is None else unit(rows.astype(np.float32)) for rows in kept]

    def central(self, places: Sequence[Place], count: int) -> tuple[Place, ...]:
        """Those of some sentences that are nearest to what all of them have in common, as they stand.

        Nearness is the cosine to the mean of their vectors.
        """
        if not places:
            return ()
        vectors = self.contents.sentence_vectors(self.rows(places))
        nearest = np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")[:count]
        return tuple(places[i] for i in sorted(nearest))

    def with_notes(self, hits: Sequence[Hit]) -> tuple[Passage, ...]:
        """The passages of some hits and those of the notes they carry, each once, in order."""
        passages: dict[str, Passage] = {}
        for hit in hits:
            passages.setdefault(hit.passage.id, hit.passage)
        for hit in hits:
            for position in hit.passage.notes:
                for passage in self.contents.tables.note_passages(hit.passage.document, position):
                    passages.setdefault(passage.id, passage)
        return tuple(passages.values())

    def anchor(self, document: str, note: int) -> Place | None:
        """The first sentence of the body that a note belongs to; `note` is its position."""
        anchor = self.contents.tables.anchor(document, note)
        return Place(anchor[0].sentences[anchor[1]], anchor[0]) if anchor else None

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
        return distinct_places(self.contents.tables.note_passages(document, note))


def positions_of(ranges: Sequence[range]) -> np.ndarray:
    """The numbers in some ranges, one behind another, in four bytes each."""
    parts = [np.arange(one.start, one.stop, dtype=np.int32) for one in ranges]
    return np.concatenate(parts) if parts else np.zeros(0, np.int32)


def distinct_places(passages: Sequence[Passage]) -> tuple[Place, ...]:
    """The sentences of some passages in order, one that two passages share only once."""
    places: dict[tuple[str, int], Place] = {}
    for passage in passages:
        for sentence in passage.sentences:
            place = Place(sentence, passage)
            places.setdefault(place.key, place)
    return tuple(places.values())
