"""What an answer is made of: plain, frozen values that every surface shows and the harness measures."""

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

    `standalone` is the question as it would stand alone, None where it was not asked of Quoth; `document`, `start` and
    `end` are the place of the first quotation.
    """

    question: str
    answer: str | None = None
    standalone: str | None = None
    document: str | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, as it was understood.

    `corrected` has names and words as the documents spell them; `standalone` is the question as it would stand alone,
    completed from the conversation, which is shown. `answer_kind` is the kind of answer asked for (see `answer_kind`),
    `reply` the line that is said to small talk, or where nothing is found for what looks like an instruction. One
    that `leans` on the conversation is read with what was said before.
    """

    text: str
    kind: Kind
    corrected: str
    standalone: str
    language: str = "en"
    answer_kind: str = "other"
    reply: str | None = None
    leans: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quotation with the short answer in it, in document offsets; `score` ranks candidates."""

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
    """What a reader chose: candidates, best first, no two of them the same sentence.

    The first `needed` of them make the answer; `confidence` in [0, 1] is that they do; `missing` are the words
    of the question that the best of them has nothing on, as far as that is known. `scored` are all the sentences that
    were read, best first.
    """

    candidates: tuple[Candidate, ...]
    confidence: float
    needed: int = 1
    missing: tuple[str, ...] = ()
    scored: tuple[ScoredSentence, ...] = ()

    def first(self, position: int) -> "Selection":
        """The same with another candidate before the others."""
        one = self.candidates[position]
        return replace(self, candidates=(one, *(other for other in self.candidates if other is not one)))


@dataclass(frozen=True, slots=True)
class Lookup:
    """One pass for one question: the passages found and what was read in them; times in seconds.

    With `structure` the document's structure answered, and nothing was read.
    """

    question: str
    hits: tuple[Hit, ...]
    selection: Selection
    structure: bool
    retrieve: float
    read: float


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer came about: what was understood, and every pass in order."""

    asked: Question
    lookups: tuple[Lookup, ...]


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

    `certainty` is "none" where it abstains. `trace` is left out of the JSON.
    Where several things were asked, `answer` has the short answer to each, joined by "; ", and `unanswered` the
    parts that the document does not answer.
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
    trace: Annotated[Trace | None, SkipJsonSchema()] = field(default=None, compare=False, repr=False)

    @property
    def shown(self) -> tuple[Evidence, ...]:
        """The quotations that it shows, or the passages that are nearest where it abstains."""
        return self.abstention.nearest if self.abstention else self.evidence

    def to_turn(self) -> Turn:
        """The answer as an earlier turn of its conversation."""
        first = self.evidence[0] if self.evidence else None
        place = (first.document, first.start, first.end) if first else (None, None, None)
        return Turn(self.question, self.answer, self.standalone_question, *place)

    def to_dict(self) -> dict[str, Any]:
        """The answer as the JSON object that every surface speaks."""
        fields = asdict(replace(self, trace=None))
        del fields["trace"]
        return fields

    def to_json(self) -> str:
        """The same as JSON text, on one line."""
        return json.dumps(self.to_dict(), ensure_ascii=False)
