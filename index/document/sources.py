"""Finding and reading source files of every format in a folder; sub-folders are collections.

Files that cannot be read are reported with a reason, and do not keep others from being read.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
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
READ = frozenset((*FORMATS, *SAVE_AS))
HASHED_ALWAYS = 64 << 20  # bytes: some 50 ms
SETTLED = 2 * 10**9  # nanoseconds since a file was written, from which another writing has another time


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


Stamp = tuple[int, int, int, int]  # of a file: its size, when it was written and changed, its number on the disk


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that was found; `stamp` is None where it may not tell of a change.

    `data` are the bytes of a text file that were hashed, where they are held: it may be written to before it is read.
    """

    id: str
    path: Path
    sha256: str
    metadata: Metadata
    collection: str | None = None
    size: int = 0
    stamp: Stamp | None = None
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was found before."""

    stamp: Stamp
    sha256: str


@dataclass(frozen=True, slots=True)
class Found:
    """The documents of a folder, and a sentence on each that cannot be read."""

    files: tuple[FoundFile, ...]
    unread: tuple[str, ...]


def find_files(path: Path, seen: Mapping[str, Seen] = MappingProxyType({}), collections: Sequence[Path] = ()) -> Found:
    """The documents at `path`: the file itself, or the folder's and its sub-folders' by name.

    Each folder of `collections` is read too, as a collection of its name; one that is not there holds nothing yet.
    Files are hashed; where they are more than `HASHED_ALWAYS` together, not those that look as they were `seen`, by
    their paths. Raises SourceError if there is none that can be read, or the file itself cannot.
    """
    placed, sizes = list_files(path, collections)
    known = seen if sum(sizes) > HASHED_ALWAYS else None
    if path.is_file() and len(placed) == 1:
        return Found((find_file(path, path.parent, known),), ())
    files, unread = attempt(placed, lambda pair: find_file(*pair, known))
    if not files:
        raise SourceError(unread[0])
    return Found(tuple(name_apart(files)), tuple(unread))


def list_files(path: Path, collections: Sequence[Path] = ()) -> tuple[list[tuple[Path, Path]], list[int]]:
    """The files at `path` and in `collections`, each with the folder that its collection is named from; their sizes.

    Raises SourceError if there are none, or a sub-folder has the name of one of `collections`.
    """
    try:
        if not path.is_file() and not path.is_dir():
            raise SourceError(f"No such file or folder: {path}. Give a document or a folder of them.")
        placed = [(path, path.parent)] if path.is_file() else [(file, path) for file in walk(path)]
        for folder in collections:
            if (path / folder.name).is_dir():
                raise SourceError(
                    f"{path / folder.name} and {folder} are both the collection {folder.name!r}. Rename one of them."
                )
            placed += [(file, folder.parent) for file in walk(folder, folder.parent)]
        sizes = [os.stat(file).st_size if os.path.exists(file) else 0 for file, _ in placed]
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    if not placed:
        raise SourceError(
            f"The folder {path} holds no documents ({', '.join(FORMATS)}). Put one there, or name another."
        )
    return placed, sizes


def walk(folder: Path, top: Path | None = None) -> Iterator[Path]:
    """Yield the documents under a folder, its own first, without hidden files and `top`'s README (the folder's own)."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            stem, suffix = os.path.splitext(name)
            is_about_folder = (
                stem.lower() == "readme" and Path(place) == (top or folder) and suffix.lower() not in TEXTS
            )
            if suffix.lower() in READ and not name.startswith(".") and not is_about_folder:
                yield Path(place, name)


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


def find_file(path: Path, folder: Path, seen: Mapping[str, Seen] | None = None) -> FoundFile:
    """One file, hashed unless it looks as it was `seen`; with None, a text's bytes are held.

    Raises SourceError if it is a link out of the folder, or cannot be read.
    """
    # Strings and not paths: of ten thousand files that is half a second.
    whole = str(path)
    name = os.fsencode(whole).decode("utf-8", "backslashreplace")
    if name != whole:
        raise SourceError(f"The name {name} is not UTF-8. Rename the file.")
    check_link(path, folder)
    metadata = read_metadata(path)
    above, last = os.path.split(whole)
    stem, suffix = os.path.splitext(last)
    inner = "." if (above or ".") == str(folder) else os.path.relpath(above or ".", folder).replace(os.sep, "/")
    collection = None if inner == "." else inner
    name = f"{collection.replace('/', ':')}:{stem}" if collection else stem
    try:
        status = os.stat(whole)
        stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        known = seen.get(whole) if seen else None
        data = hold(path) if seen is None and suffix.lower() in TEXTS else None
        sha256 = hashlib.sha256(data).hexdigest() if data else known_hash(path, stamp, known)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    settled = time.time_ns() - max(stamp[1:3]) > SETTLED
    return FoundFile(name, path, sha256, metadata, collection, stamp[0], stamp if settled else None, data)


def known_hash(path: Path, stamp: Stamp, seen: Seen | None) -> str:
    """A file's hash: as it was seen if the file looks the same, else that of its bytes."""
    return seen.sha256 if seen and seen.stamp == stamp else hash_file(path)


def hold(path: Path) -> bytes:
    """A file's bytes."""
    check_size(path, path.stat().st_size, LARGEST_FILE)
    return path.read_bytes()


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
    content = read_data(found.path, read_same(found) if found.data is None else found.data)
    metadata = merge(found.metadata, content.metadata)
    return SourceFile(found.id, found.path, content.text, found.sha256, metadata, content, found.collection)


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


def read_all(path: Path, collections: Sequence[Path] = ()) -> tuple[tuple[SourceFile, ...], tuple[str, ...]]:
    """Every document that `find_files` finds, and a sentence on each that cannot be read; SourceError if none can."""
    found = find_files(path, collections=collections)
    files, failed = attempt(found.files, read_file)
    if not files:
        raise SourceError(failed[0])
    return tuple(files), (*found.unread, *failed)


def read_sources(path: Path) -> tuple[SourceFile, ...]:
    """Read every document at `path` that can be read; their ids are the file names without suffix."""
    return read_all(path)[0]
