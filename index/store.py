"""Indexes on disk: made on first use, otherwise loaded, never half there.

    .quoth/stabilizing-mali-1f0c9a2b7d44/      one for each set of sources, encoder and settings
        lock
        pieces/                                 while several processes make the next one (see pieces)
        generation-3/                           written beside, synced, then renamed into place
            manifest.json                       format, settings, sha256 of each source and each file
            tables.sqlite  *.npy  nearest.faiss     what the index holds (see contents)
            attached                            what whoever opens the index keeps with it, if anything

The newest generation that is whole and fits the sources is opened; the one before it is kept. Anything
else makes a new one, of which only what changed is read and encoded (see reuse). Opening reads none of the contents:
they are memory-mapped, or read from tables when they are asked for.
"""

import errno
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from index.building import Given, index_in_memory, read_documents, write_documents
from index.contents import ContentsWriter, open_contents
from index.dense import Encoder, Progress
from index.document.formats import TEXTS, extras
from index.document.parse import parse
from index.document.sources import Found, Seen, SourceFile, find_files, hash_text, list_files, read_file
from index.encoders import load_encoder
from index.errors import SourceError, StoreError
from index.generation import ATTACHED, generations, making, read_contents, read_manifest, remove, save, unread_in
from index.pieces import Pieces
from index.retriever import Index
from index.reuse import Kept, entry_of
from index.types import IndexConfig

FORMAT = 3
PARSERS = ("document/**/*.py", "passages.py", "types.py", "folding.py", "patterns.py")
LOCK_SECONDS = 600

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is made once with an index, and again when its version changes, and kept in the index's file `attached`.

    `make` writes it there; `open` gives what the index has as `attached`, and raises ValueError of another file.
    """

    version: str
    make: Callable[[Index, Path], None]
    open: Callable[[Path], object]


def open_index(
    source: Path,
    index_dir: Path,
    config: IndexConfig = IndexConfig(),
    encoder: Encoder | None = None,
    say: Say = lambda message: None,
    progress: Progress | None = None,
    attachment: Attachment | None = None,
    collections: Sequence[Path] = (),
) -> Index:
    """Load the index of the documents at `source`, or make it and keep it under `index_dir`, with what is attached.

    `collections` are folders beside it that are read too (see find_files).
    `say` is told what goes on where that is not plain loading, `progress` how far the making is, in bytes of documents.
    Raises SourceError, EncoderError, or StoreError where the folder cannot be used.
    """
    folder, wanted = find_wanted(source, index_dir, config, encoder, attachment, collections)
    for message in wanted.found.unread:
        say(message)
    index, damaged = load_newest(folder, wanted, say)
    if index and not damaged:
        return index
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock", timeout=0 if index else LOCK_SECONDS):
            # Another process may have made it while this one waited, and only under the lock may one be removed.
            index, damaged = load_newest(folder, wanted, lambda message: None)
            for generation in damaged:
                remove(generation)
            return index or make_generation(folder, wanted, say, progress)
    except OSError as error:
        if index and damaged:  # an older one serves, although the damaged one cannot be removed now
            return index
        if isinstance(error, Timeout):
            raise StoreError(
                f"Another process is still making the index in {folder}. Wait for it, or name another with --index-dir."
            ) from error
        raise StoreError(
            f"The index folder {folder} cannot be written ({error.strerror or error}). Name another with --index-dir."
        ) from error


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an index has to be of, and is opened with."""

    found: Found
    expected: Mapping[str, object]
    encoder: Encoder
    config: IndexConfig
    attachment: Attachment | None

    @property
    def width(self) -> int:
        """The length of the encoder's vectors."""
        return int(self.encoder.encode_questions([""]).shape[1])

    def hashes(self, manifest: Mapping[str, Any]) -> dict[str, str]:
        """The hashes of the texts of plain text files: the file's own where it is UTF-8."""
        texts = [file for file in self.found.files if file.path.suffix.lower() in TEXTS]
        same = {file.id: file.sha256 for file in texts}
        other = [file for file in texts if manifest["texts"].get(file.id, file.sha256) != file.sha256]
        return same | {file.id: hash_text(read_file(file).text) for file in other}


def find_wanted(
    source: Path,
    index_dir: Path,
    config: IndexConfig,
    encoder: Encoder | None = None,
    attachment: Attachment | None = None,
    collections: Sequence[Path] = (),
) -> tuple[Path, Wanted]:
    """Where the index of some sources is kept, and what it has to be of."""
    folder = folder_of(source, index_dir, config, collections)
    found = find_files(source, seen_before(folder, source), collections)
    encoder = encoder or load_encoder(config.encoder)
    expected: dict[str, object] = {
        "format": format_version(),
        "readers": list(extras()),
        "config": asdict(config),
        "encoder": encoder.fingerprint,
        "sources": {file.id: entry_of(file) for file in found.files},
    }
    if attachment:
        expected[ATTACHED] = attachment.version
    return folder, Wanted(found, expected, encoder, config, attachment)


def make_generation(folder: Path, wanted: Wanted, say: Say, progress: Progress | None) -> Index:
    """Read, part, count and encode the documents into a new generation, as far as that is not done in pieces."""
    kept, pieces = keep(folder, wanted), Pieces(folder, wanted.expected, wanted.width)
    unread: list[str] = []
    texts: dict[str, str] = {}
    documents = read_documents(wanted.found.files, lambda file: pieces.of(file) or kept, texts, unread, say)
    with making(folder) as place, disk_errors():
        write(documents, sum(file.size for file in wanted.found.files), wanted, place, progress, unread)
        manifest = {**wanted.expected, "texts": texts, "unread": unread, "seen": seen_now(wanted.found)}
        if wanted.attachment:
            contents = open_contents(place, wanted.width, texts)
            wanted.attachment.make(Index(contents, wanted.encoder, wanted.config), place / ATTACHED)
        made, manifest = save(place, manifest)
    pieces.drop()
    return load(made, manifest, wanted)


def write(
    documents: Iterator[Given], total: int, wanted: Wanted, place: Path, progress: Progress | None, unread: list[str]
) -> None:
    """Write documents into a folder; raises SourceError if there is nothing in them to quote."""
    writer = ContentsWriter(wanted.width, place)
    try:
        window = min(wanted.config.window, wanted.encoder.window)
        if not write_documents(documents, total, wanted.encoder, window, writer, progress):
            name = wanted.found.files[0].id if len(wanted.found.files) == 1 else "The source"
            raise SourceError(unread[0] if unread else nothing_to_quote(name))
        writer.finish()
    finally:
        writer.close()


def make_index(
    files: Sequence[SourceFile], encoder: Encoder, config: IndexConfig = IndexConfig(), progress: Progress | None = None
) -> Index:
    """Parse, split and encode documents into an Index in memory."""
    given = (Given(parse(file), len(file.text)) for file in files)
    index = index_in_memory(given, sum(len(file.text) for file in files), encoder, config, progress)
    if index is None:
        raise SourceError(nothing_to_quote(files[0].id if files else "The source"))
    return index


def nothing_to_quote(name: str) -> str:
    """What to say of documents without a sentence."""
    return f"{name} has no sentences to quote. Give a document with text in it."


@contextmanager
def disk_errors() -> Iterator[None]:
    """What SQLite says of the disk as the system says it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = errno.ENOSPC if error.sqlite_errorcode == sqlite3.SQLITE_FULL else errno.EIO
        raise OSError(code, os.strerror(code)) from error


def folder_of(source: Path, index_dir: Path, config: IndexConfig, collections: Sequence[Path] = ()) -> Path:
    """Return where the index of some sources is kept; named after the document if `source` itself has one."""
    placed, _ = list_files(source, collections)
    own = [path for path, top in placed if top == (source.parent if source.is_file() else source)]
    name = own[0].stem if len(own) == 1 else source.resolve().name
    return index_dir / f"{name[:40].replace(':', '-')}-{key(source, config)}"


def seen_before(folder: Path, source: Path) -> dict[str, Seen]:
    """How the files looked when the newest index was made, by their paths."""
    try:
        newest = generations(folder)[0]
        told = read_manifest(newest)["seen"]
        return {path: Seen((stamp[0], stamp[1], stamp[2], stamp[3]), sha256) for path, (stamp, sha256) in told.items()}
    except (OSError, LookupError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def seen_now(found: Found) -> dict[str, tuple[Sequence[int], str]]:
    """How the files look, by their paths, as far as that tells of a change."""
    return {str(file.path): (file.stamp, file.sha256) for file in found.files if file.stamp}


def keep(folder: Path, wanted: Wanted) -> Kept | None:
    """The newest whole generation, if its vectors are of use, though its sources, or how those are read, changed."""
    for generation in generations(folder):
        try:
            manifest = read_manifest(generation)
            if manifest.get("encoder") == wanted.expected["encoder"]:
                same = all(manifest.get(name) == wanted.expected[name] for name in ("format", "readers"))
                return Kept(read_contents(generation, manifest, wanted.width, {}), manifest["sources"], same)
        except (ValueError, LookupError, TypeError, RecursionError, OSError, StoreError):
            continue
    return None


def format_version() -> str:
    """The version of the files, with a hash of the modules that parse: an old parse is never served by new code."""
    here = Path(__file__).parent
    code = b"".join(path.read_bytes() for pattern in PARSERS for path in sorted(here.glob(pattern)))
    return f"{FORMAT}-{hashlib.sha256(code).hexdigest()[:12]}"


def key(source: Path, config: IndexConfig) -> str:
    """What tells one index from another: where its sources are and what it is made with."""
    told = json.dumps([str(source.resolve()), asdict(config)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def load_newest(folder: Path, wanted: Wanted, say: Say) -> tuple[Index | None, list[Path]]:
    """The newest generation that is whole and as expected, or None if one has to be made; and those found damaged."""
    damaged: list[Path] = []
    try:
        found = generations(folder)
        for generation in found:
            try:
                manifest = read_manifest(generation)
                if all(manifest.get(name) == value for name, value in wanted.expected.items()):
                    index = load(generation, manifest, wanted)
                    for message in unread_in(manifest):
                        say(message)
                    return index, damaged
            except (
                ValueError, LookupError, TypeError, AttributeError, RecursionError,
                StoreError, FileNotFoundError, NotADirectoryError,
            ) as error:  # fmt: skip
                if generation.exists():  # else another process, which made a newer one, has removed it meanwhile
                    damaged.append(generation)
                    say(f"The index at {generation} is damaged ({str(error).splitlines()[0]}); it is made anew.")
        if found and not damaged:
            say("The documents, or how they are read, have changed since they were indexed; the index is made anew.")
    except OSError as error:
        raise StoreError(
            f"The index folder {folder} cannot be read ({error.strerror}). Name another with --index-dir."
        ) from error
    return None, damaged


def load(generation: Path, manifest: dict[str, Any], wanted: Wanted) -> Index:
    """The index of a generation; raises ValueError if a file is missing, cut off or altered."""
    contents = read_contents(generation, manifest, wanted.width, wanted.hashes(manifest))
    index = Index(contents, wanted.encoder, wanted.config)
    if wanted.attachment:
        index.attached = wanted.attachment.open(generation / ATTACHED)
    return index
