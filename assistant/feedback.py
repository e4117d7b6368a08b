"""What people say of answers, kept in SQLite: the question, the answer's offsets, the versions; never who asked."""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from assistant.assistant import Assistant
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
    answered INTEGER NOT NULL, confidence REAL NOT NULL, quotations TEXT NOT NULL, versions TEXT NOT NULL,
    helpful INTEGER, reason TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Quoted:
    """Where a quotation stood, in which version of its document."""

    document: str
    sha256: str
    start: int
    end: int
    answer_start: int
    answer_end: int


@dataclass(frozen=True, slots=True)
class Record:
    """A question and what came of it; `helpful` is None where nobody said.

    `quotations` are those that made the answer, or that were looked at where there was none; `asked` is the
    time in UTC, to the second.
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
    asked: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


def make_record(answer: Answer, quoth: Assistant, id: str | None = None) -> Record:
    """What is kept of an answer, nobody having said anything of it yet; records of one id take each other's place."""
    shown = answer.abstention.nearest if answer.abstention else answer.evidence[: answer.needed]
    quotations = tuple(
        Quoted(e.document, quoth.index.documents[e.document].sha256, e.start, e.end, e.answer_start, e.answer_end)
        for e in shown
    )
    said = (answer.question, answer.standalone_question, answer.answered, answer.confidence)
    return Record(*said, quotations, versions_of(quoth), id=id or uuid.uuid4().hex)


def versions_of(quoth: Assistant) -> dict[str, str]:
    """What an answer depends on besides the question and the documents."""
    return {
        "quoth": version("quoth"),
        "reader": quoth.reader.fingerprint,
        "encoder": quoth.index.encoder.fingerprint,
        "threshold": str(quoth.config.threshold),
    }


def rate(record: Record, helpful: object, reason: object = None) -> Record:
    """The record with what somebody said of it; raises QuestionError if that cannot be said."""
    if not isinstance(helpful, bool):
        raise QuestionError(f"Helpful is true or false, not {helpful!r}.")
    if reason is not None and (helpful or reason not in REASONS):
        given = "none where an answer was helpful" if helpful else f"one of {', '.join(REASONS)}"
        raise QuestionError(f"The reason is {given}, not {reason!r}.")
    return replace(record, helpful=helpful, reason=None if reason is None else str(reason))


class FeedbackStore:
    """Records in an SQLite file, which is made when it is not there.

    With `record_questions` the surfaces also save questions that nobody rated. Raises StoreError if the file
    cannot be read or written.
    """

    def __init__(self, path: Path, record_questions: bool = False) -> None:
        self.path, self.record_questions = path, record_questions
        with self._open():
            pass

    def save(self, record: Record) -> None:
        """Keep a record, in place of an earlier one of the same id."""
        kept = asdict(record) | {
            "quotations": json.dumps([asdict(one) for one in record.quotations]),
            "versions": json.dumps(record.versions),
        }
        names = ", ".join(kept)
        marks = ", ".join(f":{name}" for name in kept)
        with self._open() as database:
            database.execute(f"INSERT OR REPLACE INTO feedback ({names}) VALUES ({marks})", kept)

    def list(self) -> tuple[Record, ...]:
        """Every record, the oldest first."""
        with self._open() as database:
            rows = database.execute("SELECT * FROM feedback ORDER BY asked, rowid").fetchall()
        return tuple(read_row(dict(row)) for row in rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection, its work committed at the end."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=10)) as database, database:
                database.row_factory = sqlite3.Row
                database.execute(TABLE)
                yield database
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"{self.path} cannot keep feedback ({error}). Name another file with --feedback, or use --no-feedback."
            ) from error


def read_feedback(path: Path) -> tuple[Record, ...]:
    """Every record of a feedback file; raises StoreError if there is none."""
    if not path.is_file():
        raise StoreError(f"There is no feedback in {path} yet. Name another file with --feedback.")
    return FeedbackStore(path).list()


def read_row(row: dict[str, object]) -> Record:
    """A row as it was saved."""
    quotations = tuple(Quoted(**one) for one in json.loads(str(row.pop("quotations"))))
    versions = json.loads(str(row.pop("versions")))
    helpful = row.pop("helpful")
    answered = bool(row.pop("answered"))
    said = None if helpful is None else bool(helpful)
    return Record(quotations=quotations, versions=versions, helpful=said, answered=answered, **row)  # type: ignore[arg-type]
