"""The types of questions and answers: frozen values shared by every surface and the evaluation."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic.json_schema import SkipJsonSchema

from index.types import Hit, Passage

Kind = Literal["question", "about_document", "small_talk", "foreign", "nonsense", "as_written"]
Certainty = Literal["sure", "likely", "none"]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question with its short answer, if the caller knows it.

    `standalone` is what was looked up for it, None if it was not answered by Quoth; `document`, `start` and `end` are
    the place of the first quotation.
    """

    question: str
    answer: str | None = None
    standalone: str | None = None
    document: str | None = None
    start: int | None = None
    end: int | None = None

    @property
    def looked_up(self) -> str:
        """The question as it was looked up, if that is known."""
        return self.standalone or self.question


@dataclass(frozen=True, slots=True)
class Question:
    """A question as understood.

    `corrected` has names and words as the documents spell them. `reply` is the reply to small talk, or to what looks
    like an instruction if nothing is found for it. Earlier turns are read along with an `is_follow_up` question.
    """

    text: str
    kind: Kind
    corrected: str
    language: str = "en"
    reply: str | None = None
    is_follow_up: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate quotation with its short answer, in document offsets; `score` ranks candidates."""

    passage: Passage
    start: int
    end: int
    answer_start: int
    answer_end: int
    score: float


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence that was read, with its scores by name."""

    passage: Passage
    start: int
    end: int
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Selection:
    """A reader's result: candidates, best first, each of another sentence.

    The first `needed` of them make the answer, with `confidence` in [0, 1]; `missing` are the words of the question
    that the best one does not cover, if known. `scored` are all sentences read, best first.
    """

    candidates: tuple[Candidate, ...]
    confidence: float
    needed: int = 1
    missing: tuple[str, ...] = ()
    scored: tuple[ScoredSentence, ...] = ()

    def with_first(self, position: int) -> "Selection":
        """Return the selection with the candidate at a position moved to the front."""
        best = self.candidates[position]
        return replace(self, candidates=(best, *(other for other in self.candidates if other is not best)))


@dataclass(frozen=True, slots=True)
class Lookup:
    """One retrieve-and-read pass for one question: the hits and the reader's selection.

    With `from_structure` the document's structure answered, and nothing was read.
    """

    question: str
    hits: tuple[Hit, ...]
    selection: Selection
    from_structure: bool
    retrieve_seconds: float
    read_seconds: float


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer was made: the question as understood, and every lookup in order."""

    question: Question
    lookups: tuple[Lookup, ...]


@dataclass(frozen=True, slots=True)
class SourceWork:
    """A cited work, and the number of the note that names it."""

    number: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A note of a quotation, resolved to the works it names.

    `via` are the numbers of the notes in between, `unfollowed` the references that could not be resolved.
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
    the sub-folder that the document lies in. `url` is the original's address at that element, where it has one.
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
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Abstention:
    """Why there is no answer, and the nearest passages.

    `reason` is `no_match`, `low_confidence`, `not_a_question` (a greeting, thanks, an instruction, nonsense) or
    `language`. `suggestions` are questions that the documents answer, `contact` is whom to ask instead.
    """

    reason: str
    message: str
    nearest: tuple[Evidence, ...]
    suggestions: tuple[str, ...] = ()
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the document's words, or an abstention; the first `needed` quotations make it.

    `standalone_question` is what was looked up: the question as corrected. `read_with` are the earlier questions that
    were searched and read along with it, oldest first; none for one that stands alone. `certainty` is "none" if it
    abstains. `trace` is left out of the JSON. For a question with several parts, `answer` has the short answers joined
    by "; ", and `unanswered` the parts without one.
    """

    question: str
    standalone_question: str
    answered: bool
    confidence: float
    certainty: Certainty
    answer: str | None
    evidence: tuple[Evidence, ...]
    needed: int
    unanswered: tuple[str, ...]
    abstention: Abstention | None
    timings_ms: dict[str, float] = field(compare=False)
    read_with: tuple[str, ...] = ()
    trace: Annotated[Trace | None, SkipJsonSchema()] = field(default=None, compare=False, repr=False)

    @property
    def shown(self) -> tuple[Evidence, ...]:
        """The quotations that it shows, or the passages that are nearest where it abstains."""
        return self.abstention.nearest if self.abstention else self.evidence

    @property
    def in_context(self) -> str:
        """What was looked up, behind the questions that were read along: to be understood by itself."""
        return " ".join((*self.read_with, self.standalone_question))

    def to_turn(self) -> Turn:
        """Convert to an earlier turn of the conversation."""
        first = self.evidence[0] if self.evidence else None
        place = (first.document, first.start, first.end) if first else (None, None, None)
        return Turn(self.question, self.answer, self.standalone_question, *place)

    def to_dict(self) -> dict[str, Any]:
        """Convert to the JSON object that every surface returns."""
        fields = asdict(replace(self, trace=None))
        del fields["trace"]
        return fields

    def to_json(self) -> str:
        """Convert to JSON text, on one line."""
        return json.dumps(self.to_dict(), ensure_ascii=False)
