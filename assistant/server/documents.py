"""The documents of an assistant, and the assistant of each one alone."""

from functools import lru_cache

import numpy as np

from assistant.assistant import Assistant
from assistant.feedback import Quoted, Record, rate, versions_of
from assistant.render import document_to_dict
from assistant.server.problems import Refusal
from assistant.server.schema import DocumentDetail, DocumentSummary, FeedbackRequest, PassageDetail
from index.document.types import Document
from index.retriever import Index
from index.types import Passage


class Documents:
    """What can be asked: all the documents together, or one of them."""

    def __init__(self, quoth: Assistant) -> None:
        self.quoth = quoth
        self.alone = lru_cache(maxsize=64)(self._alone)

    def asked(self, document: str | None) -> Assistant:
        """The assistant to ask; raises Refusal if there is no such document."""
        return self.quoth if document is None or (self.find(document) and self.size == 1) else self.alone(document)

    @property
    def size(self) -> int:
        """How many documents there are."""
        return len(self.quoth.index.documents)

    def find(self, document: str) -> Document:
        """A document by its id; raises Refusal if there is none."""
        if document not in self.quoth.index.documents:
            raise Refusal("not_found", "There is no such document. GET /api/documents lists those there are.")
        return self.quoth.index.documents[document]

    def rated(self, given: FeedbackRequest) -> Record:
        """What is kept of what somebody said; raises Refusal or QuestionError where it is of nothing there is."""
        quotations: tuple[Quoted, ...] = ()
        if given.document is not None and given.start is not None and given.end is not None:
            document = self.find(given.document)
            if not given.start < given.end <= len(document.text):
                raise Refusal("not_found", f"{document.id} has no words from {given.start} to {given.end}.")
            quotations = (Quoted(document.id, document.sha256, given.start, given.end, given.start, given.end),)
        understood = given.standalone_question or given.question
        said = (given.question, understood, bool(quotations), given.confidence)
        return rate(
            Record(*said, quotations, versions_of(self.quoth)), given.helpful, None if given.helpful else given.reason
        )

    def passages(self, document: str) -> tuple[Passage, ...]:
        """The passages of a document."""
        return tuple(passage for passage in self.quoth.index.passages if passage.document == document)

    def _alone(self, document: str) -> Assistant:
        """The assistant of one document: the same vectors, its own statistics."""
        whole, found = self.quoth.index, self.find(document)
        of_passages = np.array([passage.document == document for passage in whole.passages])
        of_sentences = np.array([place.passage.document == document for place in whole.places])
        index = Index(
            [found],
            self.passages(document),
            whole.encoder,
            whole.passage_vectors[of_passages],
            whole.sentence_vectors[of_sentences],
            whole.config,
        )
        return Assistant(index, self.quoth.config, self.quoth.reader, known=self.quoth.known.only(document))


def summary(document: Document) -> DocumentSummary:
    """A document as the list of them tells it."""
    return DocumentSummary(
        id=document.id,
        title=document.title,
        author=document.metadata.author,
        date=document.metadata.date,
        url=document.metadata.url,
        sha256=document.sha256,
        paragraphs=len(document.paragraphs),
        footnotes=len(document.footnotes),
    )


def detail(document: Document, passages: tuple[Passage, ...]) -> DocumentDetail:
    """A document with its structure."""
    told = {**document_to_dict(document), **summary(document).model_dump(exclude={"paragraphs", "footnotes"})}
    told |= {"paragraphs": len(document.paragraphs), "notes": told.pop("footnotes")}
    return DocumentDetail(**told, footnotes=len(document.footnotes), passages=tuple(p.id for p in passages))


def passage_detail(passage: Passage, document: Document) -> PassageDetail:
    """A passage with its words and its place."""
    return PassageDetail(
        id=passage.id,
        document=passage.document,
        section=passage.section,
        paragraphs=tuple(dict.fromkeys(number for number in passage.paragraphs if number)),
        footnote=None if passage.note is None else document.footnotes[passage.note].number,
        text=passage.text,
        start=passage.start,
        end=passage.end,
        footnotes=tuple(document.footnotes[position].number for position in passage.notes),
    )
