"""Documents with gold questions: a folder with `NAME.txt` and `NAME.jsonl` for each.

A line of `NAME.jsonl` is a question of that document. `quotes` are all exact quotations that answer it; one that occurs
several times counts at each place. Follow-ups without `standalone` take it from `gold/standalone.jsonl`, if it is
there.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from eval.gold import Gold, GoldError, Strict, describe_error, read_lines, shorten
from eval.metrics.evidence import Offsets
from index.document.parse import parse
from index.document.sources import read_source
from index.document.types import Document

STANDALONE = Path(__file__).parent / "gold" / "standalone.jsonl"


class QuestionLine(Strict):
    """One line of a document's questions. `standalone` is a follow-up's self-contained form."""

    id: str = Field(min_length=1)
    kind: str = Field(min_length=1)
    question: str = Field(min_length=1)
    turns: tuple[str | dict[str, Any], ...] = ()
    standalone: str | None = None
    answerable: bool
    quotes: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    notes: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _quotes_fit(self) -> Self:
        if self.answerable != bool(self.quotes):
            raise ValueError("an answerable question has quotes, another has none")
        return self


@dataclass(frozen=True, slots=True)
class DocumentQuestion:
    """A question of a document; `spans` are the character offsets of the quotations that answer it."""

    document: str
    id: str
    kind: str
    question: str
    turns: tuple[str | dict[str, Any], ...]
    standalone: str | None
    answerable: bool
    spans: tuple[Offsets, ...]
    short: tuple[str, ...]
    notes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class QuestionedDocument:
    """A document's file and its questions."""

    path: Path
    document: Document
    questions: tuple[DocumentQuestion, ...]


def load_documents(folder: Path) -> tuple[QuestionedDocument, ...]:
    """Load every document of a folder that has questions, sorted by name.

    Raises GoldError, which names file and line, for an invalid line, an id used twice or a quotation that is not in its
    document, and if no document has questions; SourceError for a document that cannot be read.
    """
    paths = sorted(path for path in folder.glob("*.txt") if path.with_suffix(".jsonl").is_file())
    if not paths:
        raise GoldError(f"{folder} has no NAME.txt with its questions in NAME.jsonl. Name a folder that has.")
    loaded = tuple(load_document(path) for path in paths)
    ids: set[str] = set()
    for question in (question for source in loaded for question in source.questions):
        if question.id in ids:
            raise GoldError(f"{folder}: the id {question.id!r} is used twice. Give each question its own.")
        ids.add(question.id)
    return loaded


def load_document(path: Path) -> QuestionedDocument:
    """Load a document with the questions beside it."""
    document = parse(read_source(path))
    return QuestionedDocument(path, document, tuple(read_questions(path.with_suffix(".jsonl"), document)))


def read_questions(path: Path, document: Document) -> Iterator[DocumentQuestion]:
    """Yield the questions in a file, their quotations located in the document."""
    standalone = read_standalone()
    for number, line in read_lines(path):
        where = f"{path}, line {number}"
        try:
            item = QuestionLine.model_validate_json(line, strict=True)
        except ValidationError as error:
            raise GoldError(f"{where}{describe_error(error.errors()[0])}.") from error
        for quote in item.quotes:
            if quote not in document.text:
                raise GoldError(f"{where}: {item.id}'s quotation {shorten(quote)} is not in {document.id}.")
        spans = tuple(span for quote in item.quotes for span in find_places(quote, document.text))
        yield DocumentQuestion(
            document.id,
            item.id,
            item.kind,
            item.question,
            item.turns,
            item.standalone or standalone.get((item.id, item.question)),
            item.answerable,
            spans,
            item.short,
            item.notes,
        )


@cache
def read_standalone() -> dict[tuple[str, str], str]:
    """Read the standalone forms of follow-ups, by id and question."""
    lines = [json.loads(line) for _, line in read_lines(STANDALONE)]
    return {(line["id"], line["question"]): line["standalone"] for line in lines}


def find_places(quote: str, text: str) -> Iterator[Offsets]:
    """Yield the character offsets of every occurrence of a quotation.

    >>> list(find_places("ab", "ab cab"))
    [(0, 2), (4, 6)]
    """
    start = text.find(quote)
    while start >= 0:
        yield start, start + len(quote)
        start = text.find(quote, start + 1)


def from_gold(gold: Sequence[Gold]) -> tuple[DocumentQuestion, ...]:
    """Convert gold questions to document questions; answers and their aliases all become short answers."""
    return tuple(
        DocumentQuestion(
            item.question.document,
            item.question.id,
            item.question.type,
            item.question.question,
            item.question.history,
            item.question.standalone if item.question.history else None,
            item.question.answerable,
            tuple((span.start, span.end) for span in item.spans),
            tuple(text for answer in item.question.answers for text in (answer.text, *answer.aliases)),
            item.question.footnotes,
        )
        for item in gold
    )
