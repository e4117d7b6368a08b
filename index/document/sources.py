"""Finding and reading source files of every format in a folder; sub-folders are collections.

Files that cannot be read are reported with a reason, and do not keep others from being read.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from index.document.formats import FORMATS, SAVE_AS, TEXTS, read
from index.document.formats.bounds import LARGEST_FILE, check_size
from index.document.formats.types import Read
from index.document.lines import BLANK
from index.document.metadata import check_link, merge, read_metadata
from index.document.types import Metadata
from index.errors import SourceError

Item = TypeVar("Item")
Result = TypeVar("Result")
NOTHING_TOLD = Read("")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read: its text, of a text file with line endings and any BOM kept, and the hash of its bytes.

    `read` is what the format tells of the text; a text file tells nothing.
    """

    id: str
    path: Path
    text: str
    sha256: str
    metadata: Metadata
    read: Read = NOTHING_TOLD
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that was found. A text file is read with that; what another holds is not known yet."""

    id: str
    path: Path
    sha256: str
    metadata: Metadata
    collection: str | None = None
    read: Read | None = None

    @property
    def text_sha256(self) -> str | None:
        """The hash of its text, where it is read."""
        return hash_text(self.read.text) if self.read else None


@dataclass(frozen=True, slots=True)
class Found:
    """The documents of a folder, and a sentence on each that cannot be read."""

    files: tuple[FoundFile, ...]
    unread: tuple[str, ...]


def find_files(path: Path) -> Found:
    """The documents at `path`: the file itself, or the folder's and its sub-folders' by name.

    Raises SourceError if there is none that can be read, or the file itself cannot.
    """
    try:
        if path.is_file():
            return Found((find_file(path, path.parent),), ())
        if not path.is_dir():
            raise SourceError(f"No such file or folder: {path}. Give a document or a folder of them.")
        paths = list(walk(path))
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    if not paths:
        raise SourceError(
            f"The folder {path} holds no documents ({', '.join(FORMATS)}). Put one there, or name another."
        )
    files, unread = attempt(paths, lambda one: find_file(one, path))
    if not files:
        raise SourceError(unread[0])
    return Found(tuple(name_apart(files)), tuple(unread))


def walk(folder: Path) -> Iterator[Path]:
    """Yield the documents under a folder, its own first, without hidden files and the folder's README."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            is_about_folder = (
                path.stem.lower() == "readme" and path.parent == folder and path.suffix.lower() not in TEXTS
            )
            if path.suffix.lower() in (*FORMATS, *SAVE_AS) and not name.startswith(".") and not is_about_folder:
                yield path


def attempt(items: Sequence[Item], function: Callable[[Item], Result]) -> tuple[list[Result], list[str]]:
    """Apply a function to each item; return the results, and the messages of SourceErrors."""
    results: list[Result] = []
    failed: list[str] = []
    for item in items:
        try:
            results.append(function(item))
        except SourceError as error:
            failed.append(str(error))
    return results, failed


def find_file(path: Path, folder: Path) -> FoundFile:
    """One file, hashed. Raises SourceError if it is a link out of the folder, or a text that cannot be read."""
    told = os.fsencode(path).decode("utf-8", "backslashreplace")
    if told != str(path):
        raise SourceError(f"The name {told} is not UTF-8. Rename the file.")
    check_link(path, folder)
    metadata = read_metadata(path)
    inner = path.parent.relative_to(folder).as_posix()
    collection = None if inner == "." else inner
    name = f"{inner.replace('/', ':')}:{path.stem}" if collection else path.stem
    try:
        if path.suffix.lower() not in TEXTS:
            return FoundFile(name, path, hash_file(path), metadata, collection)
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    return FoundFile(name, path, hashlib.sha256(data).hexdigest(), metadata, collection, read_data(path, data))


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    check_size(path, path.stat().st_size, LARGEST_FILE)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_text(text: str) -> str:
    """Return the sha256 of a text, as UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def name_apart(files: Sequence[FoundFile]) -> Iterator[FoundFile]:
    """Make ids unique: files that share a name get their suffix appended."""
    counts = Counter(file.id for file in files)
    for file in files:
        yield replace(file, id=file.id + file.path.suffix) if counts[file.id] > 1 else file


def read_file(found: FoundFile) -> SourceFile:
    """Read a file that was found; raises SourceError if it cannot be read, or has changed since."""
    told = found.read or read_data(found.path, read_same(found))
    metadata = merge(found.metadata, told.metadata)
    return SourceFile(found.id, found.path, told.text, found.sha256, metadata, told, found.collection)


def read_same(found: FoundFile) -> bytes:
    """A found file's bytes; raises SourceError if they are no longer those that were found."""
    try:
        data = found.path.read_bytes()
    except OSError as error:
        raise SourceError(f"{found.path} cannot be read ({error.strerror}).") from error
    if hashlib.sha256(data).hexdigest() != found.sha256:
        raise SourceError(f"{found.path} was written to while it was read. Ask again.")
    return data


def read_data(path: Path, data: bytes) -> Read:
    """Read a file's bytes by its format; raises SourceError if they cannot be read, or have no text."""
    content = read(path, data)
    if not content.text.strip(BLANK):
        raise SourceError(f"{path} is empty. Give a document with text in it.")
    return content


def read_source(path: Path) -> SourceFile:
    """Read one document and the metadata beside it.

    Raises SourceError if the file is missing, empty, broken or of a kind that is not read, or its name is not UTF-8.
    """
    return read_file(find_file(path, path.parent))


def read_all(path: Path) -> tuple[tuple[SourceFile, ...], tuple[str, ...]]:
    """Every document at `path`, and a sentence on each that cannot be read; raises SourceError if none can."""
    found = find_files(path)
    files, failed = attempt(found.files, read_file)
    if not files:
        raise SourceError(failed[0])
    return tuple(files), (*found.unread, *failed)


def read_sources(path: Path) -> tuple[SourceFile, ...]:
    """Read every document at `path` that can be read; their ids are the file names without suffix."""
    return read_all(path)[0]
