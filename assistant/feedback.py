"""Feedback on answers, kept in a database: the question, the answer's offsets, the versions; never who asked."""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from assistant.assistant import Assistant
from assistant.shared import Run, SharedStore
from assistant.types import Answer
from index.errors import QuestionError, StoreError

REASONS = {
    "wrong_place": "Wrong place",
    "wrong_words": "Wrong words",
    "should_have_abstained": "Should not have answered",
    "should_have_answered": "Should have answered",
}
NOT_KEPT = "That could not be kept. The server's log says why."
TABLE = """
CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY, asked TEXT NOT NULL, question TEXT NOT NULL, standalone_question TEXT NOT NULL,
    answered INTEGER NOT NULL, confidence DOUBLE PRECISION NOT NULL, quotations TEXT NOT NULL, versions TEXT NOT NULL,
    helpful INTEGER, reason TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Quoted:
    """The place of a quotation in a version of its document."""

    document: str
    sha256: str
    start: int
    end: int
    answer_start: int
    answer_end: int


@dataclass(frozen=True, slots=True)
class Record:
    """A question with its answer's quotations and rating; `helpful` is None if unrated.

    `standalone_question` stands behind the questions that were read along. `quotations` are those of the answer, or the
    nearest ones of an abstention; `asked` is UTC, in milliseconds.
    """

    question: str
    standalone_question: str
    answered: bool
    confidence: float
    quotations: tuple[Quoted, ...]
    versions: dict[str, str]
    helpful: bool | None = None
    reason: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    asked: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))


COLUMNS = tuple(field.name for field in fields(Record))


def make_record(answer: Answer, quoth: Assistant, id: str | None = None) -> Record:
    """Make the unrated record of an answer; a record replaces an earlier one with the same id."""
    shown = answer.abstention.nearest if answer.abstention else answer.evidence[: answer.needed]
    quotations = tuple(
        Quoted(e.document, quoth.index.documents[e.document].sha256, e.start, e.end, e.answer_start, e.answer_end)
        for e in shown
    )
    fields = (answer.question, answer.in_context, answer.answered, answer.confidence)
    return Record(*fields, quotations, versions_of(quoth), id=id or uuid.uuid4().hex)


def versions_of(quoth: Assistant) -> dict[str, str]:
    """Return the versions and settings that an answer depends on besides the question and the documents."""
    return {
        "quoth": version("quoth"),
        "reader": quoth.reader.fingerprint,
        "encoder": quoth.index.encoder.fingerprint,
        "threshold": str(quoth.config.threshold),
    }


def rate(record: Record, helpful: object, reason: object = None) -> Record:
    """Rate a record; raises QuestionError if the rating or reason is invalid."""
    if not isinstance(helpful, bool):
        raise QuestionError(f"Helpful is true or false, not {helpful!r}.")
    if reason is not None and (helpful or reason not in REASONS):
        allowed = "none where an answer was helpful" if helpful else f"one of {', '.join(REASONS)}"
        raise QuestionError(f"The reason is {allowed}, not {reason!r}.")
    return replace(record, helpful=helpful, reason=None if reason is None else str(reason))


class FeedbackStore:
    """Records in an SQLite file, created if it does not exist, or in what several processes share.

    With `record_questions` unrated questions are saved too. Raises StoreError if a place cannot be read or written.
    """

    def __init__(self, place: Path | SharedStore, record_questions: bool = False) -> None:
        self.place, self.record_questions = place, record_questions
        with self._open() as run:
            run(f"SELECT {', '.join(COLUMNS)} FROM feedback WHERE id = ''")  # another version's table is told at once

    def save(self, record: Record) -> None:
        """Save a record, replacing an earlier one with the same id."""
        row = asdict(record) | {
            "quotations": json.dumps([asdict(quotation) for quotation in record.quotations]),
            "versions": json.dumps(record.versions),
            "answered": int(record.answered),
            "helpful": None if record.helpful is None else int(record.helpful),
        }
        names, marks = ", ".join(COLUMNS), ", ".join(f":{name}" for name in COLUMNS)
        anew = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
        with self._open() as run:
            run(f"INSERT INTO feedback ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {anew}", **row)

    def list(self) -> tuple[Record, ...]:
        """Return every record, oldest first."""
        with self._open() as run:
            return tuple(map(read_row, run(f"SELECT {', '.join(COLUMNS)} FROM feedback ORDER BY asked, id")))

    def _open(self) -> AbstractContextManager[Run]:
        return open_table(self.place, TABLE)


def open_table(place: Path | SharedStore, table: str) -> AbstractContextManager[Run]:
    """What runs statements on a table, made where it is not there; at the end all of them are kept, or none."""
    return open_file(place, table) if isinstance(place, Path) else place.open((table,))


@contextmanager
def open_file(path: Path, table: str) -> Iterator[Run]:
    """The same, of a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=10)) as database, database:
            database.row_factory = sqlite3.Row
            database.execute("PRAGMA secure_delete = ON")
            database.execute(table)
            yield lambda statement, **given: [dict(row) for row in database.execute(statement, given)]
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"{path} cannot keep feedback ({error}). Name another file with --feedback, or use --no-feedback."
        ) from error


def read_feedback(place: Path | SharedStore) -> tuple[Record, ...]:
    """Return every record that is kept; raises StoreError of a file that does not exist."""
    if isinstance(place, Path) and not place.is_file():
        raise StoreError(f"There is no feedback in {place} yet. Name another file with --feedback.")
    return FeedbackStore(place).list()


def read_row(row: dict[str, object]) -> Record:
    """Convert a row to a record."""
    quotations = tuple(Quoted(**quotation) for quotation in json.loads(str(row.pop("quotations"))))
    versions = json.loads(str(row.pop("versions")))
    helpful = row.pop("helpful")
    answered = bool(row.pop("answered"))
    rated = None if helpful is None else bool(helpful)
    return Record(quotations=quotations, versions=versions, helpful=rated, answered=answered, **row)  # type: ignore[arg-type]
