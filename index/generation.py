"""One generation of an index on disk: written whole or not at all, and checked when it is opened.

Up to `CHECKED_WHOLE` bytes every byte is checked. A larger one takes seconds to read: of its files those are taken for
what was written that have the size and the time of it, and what is read of them later is checked then.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from index.contents import VECTORS, Contents, open_contents

ATTACHED = "attached"
MANIFEST = "manifest.json"
KEPT_GENERATIONS = 2
CHECKED_WHOLE = 64 << 20  # bytes: some 50 ms
GENERATION = re.compile(r"generation-([0-9]{1,9})")


def generations(folder: Path) -> list[Path]:
    """The generations in an index folder, newest first."""
    numbered = [(int(match[1]), p) for p in folder.glob("generation-*") if (match := GENERATION.fullmatch(p.name))]
    return [path for _, path in sorted(numbered, reverse=True)]


def read_manifest(generation: Path) -> dict[str, Any]:
    """A generation's manifest; raises ValueError if it is not one."""
    manifest = json.loads((generation / MANIFEST).read_text(encoding="utf-8"))
    if not isinstance(manifest, dict):
        raise ValueError(f"{MANIFEST} is not an object")
    return manifest


def read_contents(generation: Path, manifest: Mapping[str, Any], width: int, hashes: Mapping[str, str]) -> Contents:
    """What a generation holds; raises ValueError if a file is missing, cut off or altered.

    `hashes` are those of the documents' texts, by their ids, where they are known of the files.
    """
    whole = check_files(generation, manifest)
    contents = open_contents(generation, width, {**manifest["texts"], **hashes})
    contents = replace(contents, sha256=hash_files(manifest["files"]))
    sources, unread = manifest["sources"], unread_in(manifest)
    names = [entry.id for entry in contents.tables.entries()]
    if not names or not set(names) <= set(sources) or len(names) + len(unread) != len(sources):
        raise ValueError("it holds other documents")
    if whole and not all(np.isfinite(contents.vectors[kind]).all() for kind in VECTORS):
        raise ValueError("vectors are not all finite")
    return contents


def hash_files(files: Mapping[str, Mapping[str, Any]]) -> str:
    """One hash of what an index holds, without what is attached."""
    hashes = [(name, files[name]["sha256"]) for name in sorted(files) if name != ATTACHED]
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()


def check_files(generation: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every byte of a generation was checked; raises ValueError if one of its files is not what was written."""
    files = manifest["files"]
    if not isinstance(files, dict):
        raise ValueError(f"{MANIFEST} lists no files")
    whole = sum((generation / name).stat().st_size for name in files) <= CHECKED_WHOLE
    for name, written in files.items():
        path = generation / name
        if whole or stamp_of(path) != written["stamp"]:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != written["sha256"]:
                    raise ValueError(f"{name} is not what was written")
    return whole


def stamp_of(path: Path) -> list[int]:
    """What tells that a file was written to: its size, and when it was."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def unread_in(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence on each file that could not be read when an index was made."""
    return tuple(str(message) for message in manifest.get("unread", ()))


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """A folder beside the generations to write a new one in; nothing of it is left where that fails."""
    for leftover in [*folder.glob("making-*"), *folder.glob("removing-*")]:
        shutil.rmtree(leftover, ignore_errors=True)
    with making_beside(folder) as place:
        yield place


@contextmanager
def making_beside(folder: Path) -> Iterator[Path]:
    """The same where others may be writing, too: nothing of theirs is touched."""
    place = Path(tempfile.mkdtemp(prefix="making-", dir=folder))
    try:
        yield place
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def save(place: Path, values: Mapping[str, Any]) -> tuple[Path, dict[str, Any]]:
    """Rename what was written in a folder into place as the newest generation, with `values` in its manifest.

    Older ones but the last are removed.
    """
    folder, manifest = place.parent, seal(place, values)
    existing = generations(folder)
    number = int(existing[0].name.rpartition("-")[2]) + 1 if existing else 1
    newest = place.rename(folder / f"generation-{number}")
    sync(folder)
    for old in generations(folder)[KEPT_GENERATIONS:]:
        remove(old)
    return newest, manifest


def seal(place: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest of what was written in a folder, and have all of it on the disk."""
    files = {}
    for path in sorted(place.iterdir()):
        sync(path)
        with path.open("rb") as file:
            files[path.name] = {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "stamp": stamp_of(path)}
    manifest = {**values, "files": files}
    (place / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    sync(place / MANIFEST)
    place.chmod(0o755)
    sync(place)
    return manifest


def remove(generation: Path) -> None:
    """Remove a generation as far as possible; it is renamed first, so that half of one is never taken for one."""
    leaving = generation.with_name(f"removing-{generation.name}")
    shutil.rmtree(leaving, ignore_errors=True)
    with suppress(OSError):
        generation.rename(leaving)
    shutil.rmtree(leaving, ignore_errors=True)


def sync(path: Path) -> None:
    """Have a file's or a folder's bytes on the disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
