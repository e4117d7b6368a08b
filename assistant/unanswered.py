"""Questions left for a person to answer: kept, with the address that was typed, by the asker's consent alone."""

import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from assistant.checks import check_question
from assistant.feedback import open_table
from assistant.shared import SharedStore
from index.errors import QuestionError

MAX_ADDRESS = 200  # characters
CONSENT = "Keep my question and this address, so that somebody can answer me"
TABLE = """
CREATE TABLE IF NOT EXISTS unanswered (
    id TEXT PRIMARY KEY, asked TEXT NOT NULL, question TEXT NOT NULL, address TEXT NOT NULL, contact TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question, the address for its reply, and the contact that was named; `asked` is in UTC, to the second."""

    question: str
    address: str
    contact: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    asked: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


def make_unanswered(question: object, address: object, consent: object, contact: str | None = None) -> Unanswered:
    """Return what is to be kept; raises QuestionError without consent, or where no reply could be sent."""
    if consent is not True:
        raise QuestionError("Nothing is kept without your consent. Tick the box, or send consent: true.")
    line = address.strip() if isinstance(address, str) else ""
    if not 0 < len(line) <= MAX_ADDRESS or not line.isprintable():
        raise QuestionError(f"The address for a reply is one line of at most {MAX_ADDRESS} characters. Give one.")
    return Unanswered(check_question(question), line, contact)


class UnansweredStore:
    """Such questions, beside the feedback. Raises StoreError if that place cannot be read or written."""

    def __init__(self, place: Path | SharedStore) -> None:
        self.place = place
        with open_table(place, TABLE):
            pass

    def save(self, one: Unanswered) -> None:
        """Save a question."""
        with open_table(self.place, TABLE) as run:
            run("INSERT INTO unanswered VALUES (:id, :asked, :question, :address, :contact)", **asdict(one))

    def list(self) -> tuple[Unanswered, ...]:
        """Return every question, the oldest first."""
        with open_table(self.place, TABLE) as run:
            return tuple(Unanswered(**row) for row in run("SELECT * FROM unanswered ORDER BY asked, id"))

    def forget(self, beginning: str) -> None:
        """Delete the question whose id begins so, with its address; raises QuestionError unless it is one."""
        known = [one.id for one in self.list() if beginning and one.id.startswith(beginning)]
        if len(known) != 1:
            raise QuestionError(f"{len(known)} questions have an id that begins with {beginning!r}. Name one listed.")
        with open_table(self.place, TABLE) as run:
            run("DELETE FROM unanswered WHERE id = :id", id=known[0])
