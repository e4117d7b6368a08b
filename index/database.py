"""SQLite as it is used here: written once into a file of its own, then only read, by several threads."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from index.errors import StoreError

WRITING = ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -131072")  # in KiB
READING = ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON")


class Database:
    """A database that several threads may ask."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection, self._lock = connection, Lock()

    def select(self, query: str, *given: object) -> list[Any]:
        """The rows that a query finds; raises StoreError if the database is damaged."""
        try:
            with self._lock:
                return self.connection.execute(query, given).fetchall()
        except sqlite3.DatabaseError as error:
            raise damaged(str(error)) from error


def create(path: Path | None, schema: str) -> sqlite3.Connection:
    """A new database to be written, in a file or in memory."""
    connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
    for setting in WRITING:
        connection.execute(f"PRAGMA {setting}")
    connection.executescript(schema)
    connection.execute("BEGIN")
    return connection


def open_database(path: Path, tables: Sequence[str]) -> Database:
    """A database in a file, which is not written to; raises ValueError if it does not hold just these tables."""
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        for setting in READING:
            connection.execute(f"PRAGMA {setting}")
        present = connection.execute("SELECT type, name FROM sqlite_master WHERE type != 'index'").fetchall()
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path.name} is no database ({error})") from error
    if sorted(present) != [("table", name) for name in sorted(tables)]:
        raise ValueError(f"{path.name} holds other tables")
    return Database(connection)


def damaged(why: str) -> StoreError:
    """Make the error for an index that turns out damaged while it is used."""
    return StoreError(f"The index is damaged ({why}). Remove its folder, and it is made anew.")
