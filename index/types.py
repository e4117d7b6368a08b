"""What is made of documents and ranked: passages, hits, and what an index is made with."""

from dataclasses import dataclass

from index.document.types import Sentence, Span


@dataclass(frozen=True, slots=True)
class Passage(Span):
    """What is ranked: whole sentences that stand together, with the notes of their sentences.

    `note` is the position in `Document.footnotes` of the note it is a passage of, None in the body.
    `paragraphs` gives the paragraph number of each sentence (0 in the byline and in notes).
    `plain` is what the encoder and BM25 see: the heading and the sentences, without markers.
    """

    id: str
    document: str
    section: str | None
    note: int | None
    sentences: tuple[Sentence, ...]
    paragraphs: tuple[int, ...]
    notes: tuple[int, ...]
    plain: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A ranked passage. `score` is the fused one; a rank is None where that way did not find it."""

    passage: Passage
    rank: int
    score: float
    bm25: float
    dense: float
    bm25_rank: int | None
    dense_rank: int | None


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """What an index is made with; another value makes another index."""

    encoder: str = "all-MiniLM-L6-v2"
    window: int = 256
    rrf_k: int = 60
