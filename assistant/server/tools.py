"""What agents search and read: ranked passages and stretches of a document, with offsets, notes and sources."""

from pydantic import BaseModel, Field, RootModel

from assistant.assistant import Assistant
from assistant.checks import check_question
from assistant.citing import make_citation
from assistant.server.documents import View, passage_detail, summary
from assistant.server.problems import Refusal
from assistant.server.schema import DocumentSummary, PassageDetail
from assistant.types import Answer, Citation
from index.document.types import Document
from index.types import Hit

LONGEST = 20_000  # characters that are read at once


class AnswerBody(RootModel[Answer]):
    """An answer, as every surface gives it."""


class FoundPassage(PassageDetail):
    """A passage that was found, with its rank from 1, its score (the higher the better), and its notes."""

    rank: int
    score: float
    title: str = Field(description="its document's title")
    page: int | None
    link: str | None
    notes: tuple[Citation, ...] = Field(description="the notes behind its sentences, and where they lead")


class Found(BaseModel):
    """The passages that were found, the best first."""

    query: str
    passages: tuple[FoundPassage, ...]


class ReadNote(BaseModel):
    """A note, where it is marked in the text, and where it leads."""

    marked_at: tuple[int, ...] = Field(description="offsets of its markers")
    note: Citation


class ReadText(BaseModel):
    """A stretch of a document: `text` is its characters from `start` up to `end`, of `characters` in all."""

    document: DocumentSummary
    characters: int
    start: int
    end: int
    text: str
    notes: tuple[ReadNote, ...] = Field(description="the notes that are marked, or stand, in this stretch")


def search(quoth: Assistant, query: str, count: int) -> Found:
    """The passages nearest to a query; raises QuestionError if it cannot be asked."""
    question = check_question(query)
    hits = quoth.index.search(quoth.known.query(question), count)
    return Found(query=question, passages=tuple(found(hit, quoth) for hit in hits))


def found(hit: Hit, quoth: Assistant) -> FoundPassage:
    """A ranked passage as it is given."""
    passage, document = hit.passage, quoth.index.documents[hit.passage.document]
    own = () if passage.note is None else (passage.note,)
    return FoundPassage(
        **passage_detail(passage, document).model_dump(),
        rank=hit.rank,
        score=round(hit.score, 6),
        title=document.title,
        page=document.page_at(passage.start),
        link=document.link_at(passage.start),
        notes=tuple(make_citation(document, position) for position in (*own, *passage.notes)),
    )


def read(seen: View, document: str, start: int, end: int | None) -> ReadText:
    """The characters of a document from `start` up to `end`, no more than are read at once; raises Refusal."""
    source = seen.find(document)
    whole = len(source.text)
    if not 0 <= start < whole or (end is not None and end <= start):
        raise Refusal("not_found", f"{document} has no characters from {start} to {end or whole}; it has {whole:,}.")
    stop = min(whole if end is None else end, whole, start + LONGEST)
    return ReadText(
        document=summary(source),
        characters=whole,
        start=start,
        end=stop,
        text=source.text[start:stop],
        notes=notes_between(source, start, stop),
    )


def notes_between(document: Document, start: int, end: int) -> tuple[ReadNote, ...]:
    """The notes that are marked, or stand, between two offsets."""
    return tuple(
        ReadNote(marked_at=tuple(anchor.start for anchor in note.anchors), note=make_citation(document, position))
        for position, note in enumerate(document.footnotes)
        if any(span.start < end and start < span.end for span in (note, *note.anchors))
    )
