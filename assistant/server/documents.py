"""The documents as they are now, and of them what each caller may read."""

from collections.abc import Mapping
from functools import cached_property, lru_cache

from assistant.assistant import Assistant
from assistant.feedback import Quoted, Record, rate, versions_of
from assistant.outline import document_to_dict
from assistant.server.auth import Caller
from assistant.server.problems import Refusal
from assistant.server.rights import Rights
from assistant.server.schema import DocumentDetail, DocumentSummary, FeedbackRequest, PassageDetail
from index.document.types import Document
from index.tables import Entry
from index.types import Passage

VIEWS = 32  # sets of documents that are kept ready for the callers who may read them


class View:
    """What a caller may read: all of it together, a collection of it, or one document.

    It knows of nothing else: its index, its words and its suggestions are those of these documents alone. Callers share
    one where they may read the same.
    """

    def __init__(self, quoth: Assistant) -> None:
        self.quoth = quoth
        self._alone = lru_cache(maxsize=64)(lambda document: quoth.only({document}))
        self._together = lru_cache(maxsize=16)(quoth.of_collection)
        self._of = lru_cache(maxsize=VIEWS)(lambda readable: View(quoth.only(readable)))

    def of(self, readable: frozenset[str]) -> "View":
        """The view of some of these documents."""
        return self if self.documents.keys() <= readable else self._of(readable.intersection(self.documents))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The documents without their words, which rights are decided by."""
        return tuple(self.quoth.index.entries())

    @property
    def documents(self) -> Mapping[str, Document]:
        """The documents by their ids."""
        return self.quoth.index.documents

    def asked(self, document: str | None = None, collection: str | None = None) -> Assistant:
        """The assistant to ask; raises Refusal if there is no such document, QuestionError if no such collection."""
        if document is None:
            return self.quoth if collection is None else self._together(collection)
        return self.quoth if self.find(document) and self.size == 1 else self._alone(document)

    @property
    def size(self) -> int:
        """How many documents there are."""
        return len(self.documents)

    def find(self, document: str) -> Document:
        """A document by its id; raises Refusal if there is none."""
        if document not in self.documents:
            raise Refusal("not_found", "There is no such document. GET /api/documents lists those there are.")
        return self.documents[document]

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


class Documents:
    """What there is now, and who may read what of it: every surface answers a caller from `read_by`."""

    def __init__(self, quoth: Assistant, rights: Rights = Rights()) -> None:
        self.rights = rights
        self.replace(quoth)

    def replace(self, quoth: Assistant) -> None:
        """From now on ask this assistant; whoever has begun to ask the one before is answered by that.

        Raises QuothError where an entry of the rights names nothing any more; then all stays as it was.
        """
        self.rights.check(quoth.index.entries(), quoth.config.source)
        self._all = View(quoth)

    def read_by(self, caller: Caller) -> View:
        """What a caller may read, decided now; a wiki may have to be asked, so not in the event loop."""
        everything = self._all
        if self.rights.everything:
            return everything
        return everything.of(self.rights.readable(caller, everything.entries))

    @property
    def quoth(self) -> Assistant:
        """The assistant of all the documents, for what keeps up with the files; nobody is answered by it."""
        return self._all.quoth


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
