"""Reading source files: `.txt` as UTF-8, with an optional `NAME.toml` beside each."""

import hashlib
import os
import tomllib
from dataclasses import dataclass, fields
from datetime import date, time
from pathlib import Path

from index.document.layout import BLANK
from index.document.types import Metadata
from index.errors import SourceError

LONGEST_TOLD = 100  # characters of what was found, in a message
LAST_YEAR = 10_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read: its text with line endings and any BOM kept."""

    id: str
    path: Path
    text: str
    sha256: str
    metadata: Metadata


def find_sources(path: Path) -> tuple[Path, ...]:
    """The documents at `path`: the file itself, or the folder's `.txt` files by name.

    Raises SourceError if there is none.
    """
    try:
        if path.is_file():
            return (path,)
        if not path.is_dir():
            raise SourceError(f"No such file or folder: {path}. Give a .txt file or a folder of them.")
        found = sorted(p for p in path.iterdir() if p.suffix.lower() == ".txt" and p.is_file())
        for document in found:
            check_link(document)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    if not found:
        raise SourceError(f"The folder {path} holds no .txt documents. Put one there, or name another.")
    return tuple(found)


def check_link(path: Path) -> None:
    """Raise SourceError if a file is a link to one outside its folder."""
    if not path.resolve().is_relative_to(path.parent.resolve()):
        raise SourceError(f"{path} is a link that leads out of the folder. Put the file itself there.")


def read_source(path: Path) -> SourceFile:
    """Read one document and the metadata beside it.

    Raises SourceError if the file is missing, empty, binary or not UTF-8, or its name is not.
    """
    told = os.fsencode(path).decode("utf-8", "backslashreplace")
    if told != str(path):
        raise SourceError(f"The name {told} is not UTF-8. Rename the file.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    if b"\0" in data:
        raise SourceError(f"{path} is a binary file. Save the document as plain UTF-8 text.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8 (byte {error.start} is 0x{data[error.start]:02x}). Save it as UTF-8."
        ) from error
    if not text.strip(BLANK):
        raise SourceError(f"{path} is empty. Give a document with text in it.")
    return SourceFile(path.stem, path, text, hashlib.sha256(data).hexdigest(), read_metadata(path))


def read_sources(path: Path) -> tuple[SourceFile, ...]:
    """Read every document at `path`; their ids are the file names without `.txt`."""
    files = tuple(read_source(p) for p in find_sources(path))
    named: dict[str, Path] = {}
    for file in files:
        if file.id in named:
            raise SourceError(f"{named[file.id]} and {file.path} share the name {file.id}. Rename one.")
        named[file.id] = file.path
    return files


def read_metadata(path: Path) -> Metadata:
    """Title, author, date and URL from the `NAME.toml` beside a document, where there is one."""
    toml = path.with_suffix(".toml")
    if not toml.is_file():
        return Metadata()
    check_link(toml)
    known = [field.name for field in fields(Metadata)]
    try:
        values = tomllib.loads(toml.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SourceError(f"{toml} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{toml} is not valid TOML: {str(error)[:LONGEST_TOLD]}.") from error
    except (ValueError, RecursionError) as error:  # what tomllib lets through
        raise SourceError(f"{toml} has a number too long or brackets too deep to read. Give text in quotes.") from error
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise SourceError(f"{toml} has the unknown key {unknown[0][:LONGEST_TOLD]!r}. It takes {', '.join(known)}.")
    return Metadata(**{name: read_value(toml, name, value) for name, value in values.items()})


def read_value(toml: Path, name: str, value: object) -> str:
    """A key's value as text; raises SourceError if it is neither text, a date nor a year."""
    if isinstance(value, str | date | time) or (type(value) is int and abs(value) < LAST_YEAR):
        return str(value)
    raise SourceError(f'{toml} gives no text for {name}. Write it in quotes: {name} = "...".')
