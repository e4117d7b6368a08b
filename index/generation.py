"""One generation of an index on disk: written whole or not at all, and read with every byte checked."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from index.document.sources import hash_text
from index.document.types import Document, Span
from index.retriever import Index, distinct_places
from index.types import Passage

FILES = ("documents.json", "passages.json", "passage_vectors.npy", "sentence_vectors.npy")
ATTACHED = "attached"
KEPT_GENERATIONS = 2
GENERATION = re.compile(r"generation-([0-9]{1,9})")
DOCUMENTS = TypeAdapter(tuple[Document, ...])
PASSAGES = TypeAdapter(tuple[Passage, ...])


def generations(folder: Path) -> list[Path]:
    """The generations in an index folder, newest first."""
    numbered = [(int(match[1]), p) for p in folder.glob("generation-*") if (match := GENERATION.fullmatch(p.name))]
    return [path for _, path in sorted(numbered, reverse=True)]


def read_manifest(generation: Path) -> dict[str, Any]:
    """A generation's manifest; raises ValueError if it is not one."""
    manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    if not isinstance(manifest, dict):
        raise ValueError("manifest.json is not an object")
    return manifest


def read_contents(
    generation: Path, manifest: Mapping[str, Any], width: int
) -> tuple[tuple[Document, ...], tuple[Passage, ...], np.ndarray, np.ndarray]:
    """Documents, passages and both kinds of vectors; raises ValueError if a file is missing, cut off or altered."""
    data = read_files(generation, manifest, FILES)
    documents = DOCUMENTS.validate_json(data["documents.json"])
    passages = PASSAGES.validate_json(data["passages.json"])
    names = [document.id for document in documents]
    expected = expected_sources(manifest)
    if not names or len(set(names)) < len(names) or not set(names) <= set(expected):
        raise ValueError("documents.json holds other documents")
    if len(names) + len(unread_in(manifest)) != len(expected):
        raise ValueError("documents.json lacks documents")
    check_words(documents, passages, manifest)
    passage_vectors = read_vectors(data["passage_vectors.npy"], (len(passages), width))
    sentence_vectors = read_vectors(data["sentence_vectors.npy"], (len(distinct_places(passages)), width))
    return documents, passages, passage_vectors, sentence_vectors


def read_files(generation: Path, manifest: Mapping[str, Any], names: Sequence[str]) -> dict[str, bytes]:
    """Some of a generation's files; raises ValueError if one is not what was written."""
    hashes = manifest["files"]
    if not isinstance(hashes, dict):
        raise ValueError("manifest.json lists no files")
    data = {}
    for name in names:
        data[name] = (generation / name).read_bytes()
        if hashlib.sha256(data[name]).hexdigest() != hashes[name]:
            raise ValueError(f"{name} is not what was written")
    return data


def unread_in(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence on each file that could not be read when an index was made."""
    return tuple(str(message) for message in manifest.get("unread", ()))


def expected_sources(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the documents that a manifest names."""
    sources = manifest["sources"]
    return tuple(sources) if isinstance(sources, dict) else ()


def check_words(documents: Sequence[Document], passages: Sequence[Passage], manifest: Mapping[str, Any]) -> None:
    """Raise ValueError if an index has words that the files do not: hashes that fit can be forged, these cannot."""
    texts = {document.id: document.text for document in documents}
    for name, text in texts.items():
        if hash_text(text) != (manifest["sources"][name]["text_sha256"] or manifest["texts"][name]):
            raise ValueError(f"documents.json has other words than {name}")
    quoted: list[tuple[str, Span]] = [(passage.document, passage) for passage in passages]
    for document in documents:
        quoted += [(document.id, span) for note in document.footnotes for span in (note, *note.sources)]
    if any(texts[name][span.start : span.end] != span.text for name, span in quoted):
        raise ValueError("it quotes words that the documents do not have")


def read_vectors(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    """The float32 vectors in a `.npy` file; raises ValueError if it is of another shape, or they are not finite."""
    file = BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("vectors are in another format")
    stored, by_column, dtype = np.lib.format.read_array_header_1_0(file)
    if stored != shape or by_column or dtype != np.float32:
        raise ValueError(f"vectors are {stored}, not {shape}")
    vectors = np.frombuffer(data, np.float32, offset=file.tell()).reshape(shape).copy()
    if not np.isfinite(vectors).all():
        raise ValueError("vectors are not all finite")
    return vectors


def save(index: Index, folder: Path, expected: dict[str, object]) -> None:
    """Write a new generation whole, then rename it into place; older ones but the last are removed."""
    found = generations(folder)
    number = int(found[0].name.rpartition("-")[2]) + 1 if found else 1
    for leftover in [*folder.glob("making-*"), *folder.glob("removing-*")]:
        shutil.rmtree(leftover, ignore_errors=True)
    written = {
        "documents.json": DOCUMENTS.dump_json(tuple(index.documents.values())),
        "passages.json": PASSAGES.dump_json(index.passages),
        "passage_vectors.npy": write_vectors(index.passage_vectors),
        "sentence_vectors.npy": write_vectors(index.sentence_vectors),
    }
    if ATTACHED in expected:
        written[ATTACHED] = index.attached
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in written.items()}
    texts = {name: hash_text(document.text) for name, document in index.documents.items()}
    manifest = {**expected, "files": hashes, "texts": texts}
    written["manifest.json"] = json.dumps(manifest, indent=2, sort_keys=True).encode()
    making = Path(tempfile.mkdtemp(prefix="making-", dir=folder))
    try:
        for name, data in written.items():
            (making / name).write_bytes(data)
            sync(making / name)
        making.chmod(0o755)
        sync(making)
        making.rename(folder / f"generation-{number}")
        sync(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    for old in generations(folder)[KEPT_GENERATIONS:]:
        remove(old)


def write_vectors(vectors: np.ndarray) -> bytes:
    """Vectors as a `.npy` file has them."""
    file = BytesIO()
    np.save(file, vectors, allow_pickle=False)
    return file.getvalue()


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
