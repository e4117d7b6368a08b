"""Pieces of an index that several processes make: some documents each, read, parted and encoded before they are joined.

    .quoth/stabilizing-mali-1f0c9a2b7d44/pieces/
        9b1f0c…/        named by the hash of the documents it holds and of how they are read; as in a generation:
            manifest.json  tables.sqlite  *.npy

A piece is there whole or not at all, so whoever was killed goes on behind the last one that is there. Documents are
looked up one by one, by their files' hashes: where files change meanwhile, what did not change is of use all the same.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from index.document.sources import FoundFile
from index.errors import StoreError
from index.generation import MANIFEST, making_beside, read_contents, read_manifest, remove, seal, sync
from index.reuse import Kept, entry_of

FOLDER = "pieces"
SIZE = 256 << 10  # bytes of documents in one: some 800 passages, which take a thread a minute
READING = ("format", "readers", "encoder")  # what the pieces of an index have in common
OPENED = 8  # that were asked last


class Pieces:
    """The pieces of an index that are there, asked document by document."""

    def __init__(self, folder: Path, expected: Mapping[str, object], width: int) -> None:
        """`expected` is what the index has to be of, `width` that of its vectors."""
        self.folder, self.width = folder / FOLDER, width
        self.places: dict[str, Path] = {}
        for manifest in sorted(self.folder.glob(f"[0-9a-f]*/{MANIFEST}")):
            with suppress(OSError, ValueError, LookupError, AttributeError):
                values = read_manifest(manifest.parent)
                if all(values[name] == expected[name] for name in READING):
                    self.places |= {key(name, entry): manifest.parent for name, entry in values["sources"].items()}
        self._open = lru_cache(maxsize=OPENED)(self._read)

    def holds(self, file: FoundFile) -> bool:
        """Whether a file, as it is now, is in a piece."""
        return key(file.id, entry_of(file)) in self.places

    def of(self, file: FoundFile) -> Kept | None:
        """The piece that a file is in; None if there is none, or it is damaged."""
        piece = self.places.get(key(file.id, entry_of(file)))
        return self._open(piece) if piece else None

    def _read(self, piece: Path) -> Kept | None:
        try:
            manifest = read_manifest(piece)
            contents = read_contents(piece, manifest, self.width, {})
            return Kept(contents, manifest["sources"], True, manifest.get("stopped", {}))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, StoreError):
            return None

    def drop(self) -> None:
        """Remove all of them: the index is there."""
        shutil.rmtree(self.folder, ignore_errors=True)


def key(name: str, entry: object) -> str:
    """What tells a document, as its file is, from all others."""
    return json.dumps([name, entry], sort_keys=True)


def cut(files: Sequence[FoundFile]) -> Iterator[tuple[FoundFile, ...]]:
    """Files in order as pieces of some `SIZE`: the same for every process that finds the same files."""
    group: list[FoundFile] = []
    size = 0
    for file in files:
        group.append(file)
        size += file.size
        if size >= SIZE:
            yield tuple(group)
            group, size = [], 0
    if group:
        yield tuple(group)


@contextmanager
def making_piece(folder: Path, values: dict[str, Any]) -> Iterator[Path]:
    """A folder to write a piece of an index in, put in its place at the end, with `values` in its manifest."""
    pieces = folder / FOLDER
    pieces.mkdir(parents=True, exist_ok=True)
    with making_beside(pieces) as place:
        yield place
        seal(place, values)
        named = {name: values[name] for name in (*READING, "sources")}
        made = pieces / hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:32]
        remove(made)  # one that turned out damaged
        try:
            place.rename(made)
        except OSError:
            if not made.exists():
                raise
            shutil.rmtree(place, ignore_errors=True)  # another process has just put the same there
        sync(pieces)
