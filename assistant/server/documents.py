"""The documents of an assistant, and the assistant of each one alone."""

from functools import lru_cache

from assistant.assistant import Assistant
from assistant.feedback import Quoted, Record, rate, versions_of
from assistant.outline import document_to_dict
from assistant.server.problems import Refusal
from assistant.server.schema import DocumentDetail, DocumentSummary, FeedbackRequest, PassageDetail
from index.document.types import Document
from index.types import Passage


class Documents:
    """What can be asked now: all the documents together, those of a collection, or one of them."""

    def __init__(self, quoth: Assistant) -> None:
        self.replace(quoth)

    def replace(self, quoth: Assistant) -> None:
        """From now on ask this assistant; whoever has begun to ask the one before is answered by that."""
        self.quoth = quoth
        self.alone = lru_cache(maxsize=64)(lambda document: quoth.only({document}))
        self.together = lru_cache(maxsize=16)(quoth.of_collection)

    def asked(self, document: str | None, collection: str | None = None) -> Assistant:
        """The assistant to ask; raises Refusal if there is no such document, QuestionError if no such collection."""
        if document is None:
            return self.quoth if collection is None else self.together(collection)
        return self.quoth if self.find(document) and self.size == 1 else self.alone(document)

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
        """The record of somebody's feedback; raises Refusal or QuestionError where it is of nothing there is."""
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
        return self.quoth.index.passages_of(document)


def summary(document: Document) -> DocumentSummary:
    """A document as the list of them has it."""
    return DocumentSummary(
        id=document.id,
        title=document.title,
        author=document.metadata.author,
        date=document.metadata.date,
        url=document.metadata.url,
        sha256=document.sha256,
        paragraphs=len(document.paragraphs),
        footnotes=len(document.footnotes),
        collection=document.collection,
    )


def detail(document: Document, passages: tuple[Passage, ...]) -> DocumentDetail:
    """A document with its structure."""
    outline = document_to_dict(document)
    outline["notes"] = outline.pop("footnotes")
    return DocumentDetail(**outline | summary(document).model_dump(), passages=tuple(p.id for p in passages))


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
