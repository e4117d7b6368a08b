"""What the API takes and gives, as its OpenAPI description tells it."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from assistant.config import MAX_HISTORY, MAX_QUESTION
from assistant.unanswered import MAX_ADDRESS

MAX_ANSWER = 4_000  # characters of an earlier answer


def whole(value: object) -> object:
    """A number such as 3.0 as the integer that JSON takes it for."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Offset = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1), BeforeValidator(whole)]
Identity = Annotated[str, Field(min_length=1, max_length=300)]


class RequestBody(BaseModel):
    """A request's body: as described, without a key more."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HistoryTurn(RequestBody):
    """An earlier question and its short answer, null where there was none; the rest as the answer to it said.

    `standalone` is its `standalone_question`, which is read along in its place; `document`, `start` and `end` are those
    of its first quotation.
    """

    question: str = Field(min_length=1, max_length=MAX_QUESTION)
    answer: str | None = Field(None, max_length=MAX_ANSWER)
    standalone: str | None = Field(None, min_length=1, max_length=2 * MAX_QUESTION)
    document: Identity | None = None
    start: Offset | None = None
    end: Offset | None = None


class AskRequest(RequestBody):
    """A question, with the conversation it stands in, oldest turn first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How many troops will the UN mission have?"},
                {
                    "question": "And how many police?",
                    "history": [{"question": "How many troops will the UN mission have?", "answer": "11,200"}],
                    "document": "stabilizing-mali",
                },
            ]
        }
    )
    question: str = Field(min_length=1, max_length=MAX_QUESTION)
    history: tuple[HistoryTurn | Annotated[str, Field(min_length=1, max_length=MAX_QUESTION)], ...] = Field(
        (), max_length=MAX_HISTORY
    )
    complete: StrictBool = Field(True, description="false: take the question as it is written, and alone")
    document: Identity | None = Field(None, description="ask this document alone")
    collection: Identity | None = Field(None, description="ask the documents of this folder of the sources alone")


class DocumentSummary(BaseModel):
    """A document, as the list of them has it; author, date and URL where they are known."""

    id: str
    title: str
    author: str | None
    date: str | None
    url: str | None
    sha256: str
    paragraphs: int
    footnotes: int
    collection: str | None = None


class DocumentList(BaseModel):
    """The documents that can be asked, and whether feedback on answers is kept."""

    documents: tuple[DocumentSummary, ...]
    feedback: bool
    unanswered: bool = Field(False, description="whether questions are kept for a person to answer")


class Suggestions(BaseModel):
    """Questions that the documents answer."""

    suggestions: tuple[str, ...]


class DocumentDetail(DocumentSummary):
    """A document's structure: its text by section, paragraph and sentence, its notes, what was left out."""

    model_config = ConfigDict(extra="allow")
    passages: tuple[str, ...] = Field(description="the ids of its passages")


class PassageDetail(BaseModel):
    """A passage; `footnote` is the number of the note it is of, `footnotes` those its sentences carry."""

    id: str
    document: str
    section: str | None
    paragraphs: tuple[int, ...]
    footnote: int | None
    text: str
    start: int
    end: int
    footnotes: tuple[int, ...]


class FeedbackRequest(RequestBody):
    """What somebody thought of an answer; the quotation by its place, null where Quoth abstained.

    `standalone_question` is to be understood by itself: the answer's, behind the questions that it was read with.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "question": "And how many police?",
                    "standalone_question": "How many troops will the UN mission have? And how many police?",
                    "confidence": 0.93,
                    "helpful": False,
                    "reason": "wrong_place",
                    "document": "stabilizing-mali",
                    "start": 3076,
                    "end": 3237,
                }
            ]
        }
    )
    question: str = Field(min_length=1, max_length=MAX_QUESTION)
    standalone_question: str | None = Field(None, min_length=1, max_length=MAX_QUESTION)
    confidence: float = Field(0.0, strict=True, ge=0, le=1)
    helpful: StrictBool
    reason: Literal["wrong_place", "wrong_words", "should_have_abstained", "should_have_answered"] | None = None
    document: Identity | None = None
    start: Offset | None = None
    end: Offset | None = None


class UnansweredRequest(RequestBody):
    """A question for a person to answer, the address for the reply, and the consent to keep both."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"question": "Who plans the next dam?", "address": "anna@example.org", "consent": True}]
        }
    )
    question: str = Field(min_length=1, max_length=MAX_QUESTION)
    address: str = Field(min_length=1, max_length=MAX_ADDRESS, description="where the reply goes, on one line")
    consent: StrictBool
    contact: str | None = Field(None, max_length=300, description="the contact that the answer named")


class EmbedTokenRequest(RequestBody):
    """For whom, and on which origin, an embed's token is to be good."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"origin": "https://wiki.test", "user": "anna"}]})
    origin: str = Field(min_length=1, max_length=300)
    user: str = Field("", max_length=200, description="who it is for; a proxy's user is taken from its header")
    groups: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        (), max_length=100, description="the groups they are in, of those that the site's token has"
    )


class EmbedToken(BaseModel):
    """A token that an embed may carry in the open, for a while."""

    token: str
    expires_in: int = Field(description="seconds")
