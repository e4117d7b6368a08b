"""Gold questions: their schema, and locating their quotations in the documents.

A gold file is JSON lines. Evidence is quoted as in the W3C Web Annotation model (a TextQuoteSelector and a
TextPositionSelector in one): exact words, what stands before and after, where they begin. Passage ids
are not stored; they follow from overlap, so gold outlives a change of splitting.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from rapidfuzz import fuzz

from assistant.checks import check_turn
from index.document.types import Document, Span
from index.errors import QuothError

ARTICLE_GOLD = Path(__file__).parent / "gold" / "stabilizing-mali.jsonl"
FUZZY = 85  # rapidfuzz's partial ratio, of 100

Type = Literal[
    "factoid", "numeric", "date", "who", "why", "list", "definition", "comparison", "note", "source", "ibid", "across",
    "paraphrase", "noisy", "followup", "french", "near-miss", "false-premise", "off-topic",
]  # fmt: skip
UNANSWERABLE = ("near-miss", "false-premise", "off-topic")


class GoldError(QuothError):
    """A gold file that is not sound: file, line and what is wrong."""


class Strict(BaseModel):
    """A model that takes no unknown fields and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Quote(Strict):
    """A quotation, with its prefix and suffix, and its offset when it was quoted."""

    exact: str = Field(min_length=1)
    prefix: str = ""
    suffix: str = ""
    start: int | None = Field(default=None, ge=0)


class GoldAnswer(Strict):
    """A short answer as in the document, and equally good wordings."""

    text: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()


class GoldQuestion(Strict):
    """One line of a gold file.

    With `require` "any" answers and evidence are alternatives, with "all" each is needed. `footnotes` are
    the notes that a good citation shows, `sources` those where they lead. `standalone` is the question as
    it would be asked cleanly and on its own, where it is not already.
    """

    id: str = Field(min_length=1)
    document: str
    sha256: str | None = None
    question: str = Field(min_length=1)
    history: tuple[str | dict[str, Any], ...] = ()
    standalone: str | None = None
    conversation: str | None = None
    type: Type
    split: Literal["dev", "test"]
    answerable: bool
    answers: tuple[GoldAnswer, ...] = ()
    evidence: tuple[Quote, ...] = ()
    footnotes: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()
    require: Literal["any", "all"] = "any"

    @model_validator(mode="after")
    def _answers_and_evidence_fit(self) -> Self:
        if self.answerable and not (self.answers and self.evidence):
            raise ValueError("an answerable question needs answers and evidence")
        if not self.answerable and (self.answers or self.evidence):
            raise ValueError("a question that is not answerable has no answers and no evidence")
        return self

    @property
    def cluster(self) -> str:
        """The unit that is resampled together: its conversation, or itself."""
        return f"conversation {self.conversation}" if self.conversation else self.id


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold question with its evidence located in the document."""

    question: GoldQuestion
    spans: tuple[Span, ...]


def load_gold(path: Path, documents: Mapping[str, Document]) -> tuple[Gold, ...]:
    """Load every question of a gold file, its evidence located.

    Raises GoldError, which names file and line, if a line is no gold question, an id is used twice, or an
    answer or a quotation is not in its document.
    """
    questions: dict[str, int] = {}
    gold = []
    for number, line in read_lines(path):
        where = f"{path}, line {number}"
        question = parse_line(line, where)
        if question.id in questions:
            raise GoldError(f"{where}: the id {question.id!r} is used on line {questions[question.id]} already.")
        questions[question.id] = number
        if question.document not in documents:
            ids = ", ".join(documents)
            raise GoldError(f"{where}: {question.id} is about {question.document!r}; the source has {ids}.")
        gold.append(place_evidence(question, documents[question.document], where))
    if not gold:
        raise GoldError(f"{path} has no questions in it.")
    return tuple(gold)


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Read the non-empty lines of a file, numbered from 1."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise GoldError(f"{path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise GoldError(f"{path} is not UTF-8 (byte {error.start}).") from error
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def parse_line(line: str, where: str) -> GoldQuestion:
    """Parse one line as a gold question; raises GoldError."""
    try:
        json.loads(line)
        return GoldQuestion.model_validate_json(line, strict=True)
    except json.JSONDecodeError as error:
        raise GoldError(f"{where} is not JSON: {error.msg} at column {error.colno}.") from error
    except ValidationError as error:
        raise GoldError(f"{where}{describe_error(error.errors()[0])}.") from error


def describe_error(error: Mapping[str, Any]) -> str:
    """Phrase pydantic's error as the end of a sentence."""
    field = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f": the field {field!r} is missing"
    if error["type"] == "extra_forbidden":
        return f": the field {field!r} is unknown; take it out"
    if error["loc"] == ("type",):
        return f": the type {error['input']!r} is unknown. Types: {', '.join(get_args(Type))}"
    message = error["msg"].removeprefix("Value error, ")
    return f": {field}: {message}, not {shorten(repr(error['input']))}" if field else f": {message}"


def place_evidence(question: GoldQuestion, document: Document, where: str) -> Gold:
    """Locate a gold question's quotations in the document; raises GoldError if one is not there."""
    spans = []
    for quote in question.evidence:
        span = find_quote(quote, document, same=question.sha256 == document.sha256)
        if span is None:
            raise GoldError(f"{where}: {question.id}'s evidence {shorten(quote.exact)} is not in {document.id}.")
        spans.append(span)
    try:
        for turn in question.history:
            check_turn(turn)
    except QuothError as error:
        raise GoldError(f"{where}: {question.id}'s history: {error}") from error
    numbers = {note.number for note in document.footnotes}
    for number in (*question.footnotes, *question.sources):
        if number not in numbers:
            raise GoldError(f"{where}: {question.id} names note {number}, which {document.id} does not have.")
    text = " ".join(document.text.split())
    for answer in question.answers:
        if " ".join(answer.text.split()) not in text:
            raise GoldError(f"{where}: {question.id}'s answer {shorten(answer.text)} is not in {document.id}.")
    return Gold(question, tuple(spans))


def find_quote(quote: Quote, document: Document, same: bool) -> Span | None:
    """Locate a quotation: by its offset where the document is the `same`, else by its words.

    Of several places the one with the most similar prefix and suffix; if there is none, the best fuzzy match with a
    ratio of at least FUZZY.
    """
    text, length = document.text, len(quote.exact)
    if same and quote.start is not None and text[quote.start : quote.start + length] == quote.exact:
        return Span(quote.start, quote.start + length, quote.exact)
    starts = []
    position = text.find(quote.exact)
    while position >= 0:
        starts.append(position)
        position = text.find(quote.exact, position + 1)
    if starts:
        best = max(starts, key=lambda start: context_similarity(quote, text, start))
        return Span(best, best + length, quote.exact)
    alignment = fuzz.partial_ratio_alignment(quote.exact, text, score_cutoff=FUZZY)
    if alignment is None or alignment.dest_end <= alignment.dest_start or length > len(text):
        return None
    return Span(alignment.dest_start, alignment.dest_end, text[alignment.dest_start : alignment.dest_end])


def context_similarity(quote: Quote, text: str, start: int) -> float:
    """Return the similarity of a place's context to the quotation's prefix and suffix, 0 to 200."""
    before = text[max(start - len(quote.prefix), 0) : start]
    end = start + len(quote.exact)
    return fuzz.ratio(before, quote.prefix) + fuzz.ratio(text[end : end + len(quote.suffix)], quote.suffix)


def shorten(text: str) -> str:
    """Shorten a quotation for a message."""
    return f"“{text}”" if len(text) <= 60 else f"“{text[:57]}…”"


def count_types(gold: Sequence[Gold]) -> dict[str, tuple[int, int]]:
    """Count the dev and test questions of each type."""
    return {
        name: (
            sum(g.question.type == name and g.question.split == "dev" for g in gold),
            sum(g.question.type == name and g.question.split == "test" for g in gold),
        )
        for name in get_args(Type)
        if any(g.question.type == name for g in gold)
    }
