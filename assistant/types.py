"""What an answer is made of: plain, frozen values that every surface shows and the harness measures."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question and its answer, if the caller knows it."""

    question: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class SourceWork:
    """A work behind a citation, and the number of the note it is named in."""

    number: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A note behind a quotation, followed to the works it names.

    `via` are the numbers of the notes between, `unfollowed` the references in it that lead nowhere.
    """

    number: int
    text: str
    start: int
    end: int
    sources: tuple[SourceWork, ...]
    via: tuple[int, ...]
    unfollowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quotation with its place; offsets are into the document named.

    `footnote` is the number of the note it stands in, None in the body; `paragraph` counts through the
    body from 1, None in notes and in the byline. Into the original lead `page` (of a PDF, from 1), `link` (of a page or
    a book: `#element`, `chapter.xhtml#element`), `headings` (those above it, the outermost first) and `collection`,
    the sub-folder that the document lies in.
    """

    quote: str
    start: int
    end: int
    answer_start: int
    answer_end: int
    document: str
    passage: str
    section: str | None
    paragraph: int | None
    footnote: int | None
    score: float
    footnotes: tuple[Citation, ...]
    page: int | None = None
    link: str | None = None
    headings: tuple[str, ...] = ()
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Abstention:
    """Why there is no answer, and the passages nearest to one.

    `reason` is `no_match`, `low_confidence`, `not_a_question` (a greeting, thanks, an instruction, nonsense) or
    `language`. `suggestions` are questions that the documents answer.
    """

    reason: str
    message: str
    nearest: tuple[Evidence, ...]
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the document's words, or an abstention; the first `needed` quotations make it.

    Where several things were asked, `answer` has the short answer to each, joined by "; ", and `unanswered` the
    parts that the document does not answer.
    """

    question: str
    standalone_question: str
    answered: bool
    confidence: float
    answer: str | None
    evidence: tuple[Evidence, ...]
    needed: int
    unanswered: tuple[str, ...]
    abstention: Abstention | None
    timings_ms: dict[str, float] = field(compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The answer as the JSON object that every surface speaks."""
        return asdict(self)

    def to_json(self) -> str:
        """The same as JSON text, on one line."""
        return json.dumps(self.to_dict(), ensure_ascii=False)
