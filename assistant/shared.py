"""What several processes keep together, in one database: SQLite for those of one host, PostgreSQL for those of several.

Ratings, questions left for a person, and how often each caller has asked. Without one named, the first two are kept
in a file and the last by each process for itself.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import finalize

from assistant.settings import Settings
from index.errors import QuothError, SharedStoreError

if TYPE_CHECKING:
    from sqlalchemy import Engine

PACKAGES = {"sqlite": ("sqlalchemy",), "postgresql": ("sqlalchemy", "psycopg")}
PATIENCE = 5  # seconds for a connection, a lock, a statement; then the store counts as away
POSTGRESQL = {
    "connect_timeout": PATIENCE,
    "tcp_user_timeout": 1000 * PATIENCE,  # milliseconds, as are those of the options
    "options": f"-c statement_timeout={1000 * PATIENCE} -c lock_timeout={1000 * PATIENCE}",
    "application_name": "quoth",
}
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(CAST(:name AS text), 0))"
CLOCK = "SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision) AS now"

Run = Callable[..., list[dict[str, Any]]]  # a statement, and what its :names stand for


class SharedStore:
    """A database that several processes keep things in. It may go and come back; what is kept is kept whole."""

    def __init__(self, address: str) -> None:
        """Raises QuothError if what it needs is not installed; nothing is asked of it yet."""
        self.told = without_password(address)
        self.is_sqlite = address.startswith("sqlite:")
        needed = PACKAGES["sqlite" if self.is_sqlite else "postgresql"]
        if any(find_spec(name) is None for name in needed):
            packages = " and ".join(needed)
            raise QuothError(f"--shared-store needs {packages}. Install the extra: pip install 'quoth[shared]'.")
        self.engine = open_sqlite(address) if self.is_sqlite else open_postgresql(address, self.told)
        finalize(self, self.engine.dispose)  # connections are not left open
        self.made: set[str] = set()  # the statements that have made tables

    @contextmanager
    def open(self, tables: Sequence[str] = (), lock: str = "") -> Iterator[Run]:
        """What runs statements, all of which are kept at the end, or none; `tables` are made where they are not there.

        Nobody else is in it with the same `lock`. Raises SharedStoreError where the database is away, slow, full, or
        holds other tables.
        """
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self.engine.begin() as connection:

                def run(statement: str, **given: object) -> list[dict[str, Any]]:
                    values = {name: storable(value) for name, value in given.items()}
                    found = connection.execute(text(statement), values)
                    return [dict(row) for row in found.mappings()] if found.returns_rows else []

                new = [table for table in tables if table not in self.made]
                for name in [*(["tables"] if new else []), *([lock] if lock else [])]:
                    if not self.is_sqlite:  # whose transactions are one after another
                        run(LOCK, name=f"quoth {name}")
                for table in new:
                    run(table)
                yield run
            self.made.update(new)
        except SQLAlchemyError as error:
            why = " ".join(str(getattr(error, "orig", None) or error).split("\n")[0].split())
            raise SharedStoreError(
                f"The shared store {self.told} cannot be used now ({why}). See that it runs, or name another with "
                "--shared-store."
            ) from error

    def check(self) -> None:
        """Raises SharedStoreError if it cannot be used now."""
        with self.open() as run:
            run("SELECT 1")

    def now(self, run: Run) -> float:
        """The time, in seconds, by the one clock that all processes go by."""
        return time.time() if self.is_sqlite else float(run(CLOCK)[0]["now"])


def open_sqlite(address: str) -> "Engine":
    """A file, opened anew each time, so that one that was put back in its place is the one that is used."""
    from sqlalchemy import NullPool, create_engine, event

    engine = create_engine(address, poolclass=NullPool, connect_args={"timeout": PATIENCE})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: object) -> None:
        connection.isolation_level = None  # begun below, where reading locks, too
        connection.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def open_postgresql(address: str, told: str) -> "Engine":
    """A server; connections that it has dropped are found out before they are used."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError

    try:
        return create_engine(address, pool_pre_ping=True, pool_timeout=PATIENCE, connect_args=POSTGRESQL)
    except (ArgumentError, ValueError) as error:
        form = "postgresql+psycopg://USER@HOST/DATABASE"
        raise QuothError(f"--shared-store {told} cannot be read. Write it like {form}.") from error


def storable(value: object) -> object:
    """A value as every database takes it: texts without NUL and halves of pairs."""
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def without_password(address: str) -> str:
    """An address as it may be told."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", address)


def kept_in(settings: Settings) -> Path | SharedStore:
    """Where settings say that things are kept: in a file, or in what is shared."""
    return SharedStore(settings.shared_store) if settings.shared_store else settings.feedback
