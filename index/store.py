"""Indexes on disk: made on first use, otherwise loaded, never half there.

    .quoth/stabilizing-mali-1f0c9a2b7d44/      one for each set of sources, encoder and settings
        lock
        generation-3/                           written beside, synced, then renamed into place
            manifest.json                       format, settings, sha256 of each source and each file
            documents.json  passages.json
            passage_vectors.npy  sentence_vectors.npy
            attached                            what whoever opens the index keeps with it, if anything

The newest generation that is whole and fits the sources is loaded; the one before it is kept. Anything
else makes a new one. FAISS and BM25 are rebuilt from vectors and texts on load.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from index.dense import Encoder, Progress, encode_all
from index.document.parse import parse
from index.document.sources import SourceFile, read_sources
from index.document.types import Document, Span
from index.encoders import load_encoder
from index.errors import SourceError, StoreError
from index.passages import make_passages
from index.retriever import Index, distinct_places
from index.types import IndexConfig, Passage

FORMAT = 1
PARSERS = (
    *(f"document/{name}" for name in ("types", "layout", "sentences", "notes", "works", "follow", "parse")),
    "passages", "types", "folding", "patterns",
)  # fmt: skip
FILES = ("documents.json", "passages.json", "passage_vectors.npy", "sentence_vectors.npy")
KEPT_GENERATIONS = 2
GENERATION = re.compile(r"generation-([0-9]{1,9})")
LOCK_SECONDS = 600
DOCUMENTS = TypeAdapter(tuple[Document, ...])
PASSAGES = TypeAdapter(tuple[Passage, ...])

ATTACHED = "attached"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is made once with an index, and again when its version changes, and kept in the index's `attached`.

    `check` raises ValueError if data is not what `make` gives.
    """

    version: str
    make: Callable[[Index], bytes]
    check: Callable[[bytes], object]


def open_index(
    source: Path,
    index_dir: Path,
    config: IndexConfig = IndexConfig(),
    encoder: Encoder | None = None,
    say: Say = lambda message: None,
    progress: Progress | None = None,
    attachment: Attachment | None = None,
) -> Index:
    """Load the index of the documents at `source`, or make it and keep it under `index_dir`, with what is attached.

    `say` is told what goes on where that is not plain loading, `progress` how far the encoding is.
    Raises SourceError, EncoderError, or StoreError where the folder cannot be used.
    """
    files = read_sources(source)
    encoder = encoder or load_encoder(config.encoder)
    folder = index_dir / f"{files[0].id[:40] if len(files) == 1 else source.resolve().name[:40]}-{key(source, config)}"
    expected: dict[str, object] = {
        "format": format_version(),
        "config": asdict(config),
        "encoder": encoder.fingerprint,
        "sources": {file.id: {"sha256": file.sha256, **asdict(file.metadata)} for file in files},
    }
    unattached = dict(expected)
    if attachment:
        expected[ATTACHED] = attachment.version
    index, damaged = load_newest(folder, expected, encoder, config, say, attachment)
    if index and not damaged:
        return index
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock", timeout=0 if index else LOCK_SECONDS):
            # Another process may have made it while this one waited, and only under the lock may one be removed.
            index, damaged = load_newest(folder, expected, encoder, config, lambda message: None, attachment)
            for generation in damaged:
                remove(generation)
            if index is None:
                index, _ = load_newest(folder, unattached, encoder, config, lambda message: None)
                index = index or make_index(files, encoder, config, progress)
                index.attached = attachment.make(index) if attachment else b""
                save(index, folder, expected)
            return index
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


def make_index(
    files: Sequence[SourceFile], encoder: Encoder, config: IndexConfig = IndexConfig(), progress: Progress | None = None
) -> Index:
    """Parse, split and encode documents into an Index in memory."""
    documents = [parse(file) for file in files]
    window = min(config.window, encoder.window)
    passages = [passage for document in documents for passage in make_passages(document, encoder, window)]
    if not passages:
        raise SourceError(f"{files[0].path} has no sentences to quote. Give a document with text in it.")
    sentences = [place.sentence.plain for place in distinct_places(passages)]
    texts = [passage.plain for passage in passages] + sentences
    vectors = encode_all(encoder, texts, progress)
    return Index(documents, passages, encoder, vectors[: len(passages)], vectors[len(passages) :], config)


def format_version() -> str:
    """The version of the files, with a hash of the modules that parse: an old parse is never served by new code."""
    code = b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in PARSERS)
    return f"{FORMAT}-{hashlib.sha256(code).hexdigest()[:12]}"


def key(source: Path, config: IndexConfig) -> str:
    """What tells one index from another: where its sources are and what it is made with."""
    told = json.dumps([str(source.resolve()), asdict(config)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def generations(folder: Path) -> list[Path]:
    """The generations in an index folder, newest first."""
    numbered = [(int(match[1]), p) for p in folder.glob("generation-*") if (match := GENERATION.fullmatch(p.name))]
    return [path for _, path in sorted(numbered, reverse=True)]


def load_newest(
    folder: Path,
    expected: dict[str, object],
    encoder: Encoder,
    config: IndexConfig,
    say: Say,
    attachment: Attachment | None = None,
) -> tuple[Index | None, list[Path]]:
    """The newest generation that is whole and as expected, or None if one has to be made; and those found damaged."""
    damaged: list[Path] = []
    try:
        found = generations(folder)
        for generation in found:
            try:
                manifest = read_manifest(generation)
                if all(manifest.get(name) == value for name, value in expected.items()):
                    return load(generation, manifest, encoder, config, attachment), damaged
            except (ValueError, KeyError, TypeError, RecursionError, FileNotFoundError, NotADirectoryError) as error:
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


def read_manifest(generation: Path) -> dict[str, object]:
    """A generation's manifest; raises ValueError if it is not one."""
    manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    if not isinstance(manifest, dict):
        raise ValueError("manifest.json is not an object")
    return manifest


def load(
    generation: Path,
    manifest: dict[str, object],
    encoder: Encoder,
    config: IndexConfig,
    attachment: Attachment | None = None,
) -> Index:
    """The index of a generation; raises ValueError if a file is missing, cut off or altered."""
    hashes = manifest["files"]
    if not isinstance(hashes, dict):
        raise ValueError("manifest.json lists no files")
    data = {}
    for name in (*FILES, ATTACHED) if attachment else FILES:
        data[name] = (generation / name).read_bytes()
        if hashlib.sha256(data[name]).hexdigest() != hashes[name]:
            raise ValueError(f"{name} is not what was written")
    documents = DOCUMENTS.validate_json(data["documents.json"])
    passages = PASSAGES.validate_json(data["passages.json"])
    if [document.id for document in documents] != list(expected_sources(manifest)):
        raise ValueError("documents.json holds other documents")
    check_words(documents, passages, manifest)
    width = encoder.encode_questions([""]).shape[1]
    passage_vectors = read_vectors(data["passage_vectors.npy"], (len(passages), width))
    sentence_vectors = read_vectors(data["sentence_vectors.npy"], (len(distinct_places(passages)), width))
    index = Index(documents, passages, encoder, passage_vectors, sentence_vectors, config)
    if attachment:
        index.attached = data[ATTACHED]
        attachment.check(index.attached)
    return index


def expected_sources(manifest: dict[str, object]) -> tuple[str, ...]:
    """The ids of the documents that a manifest names."""
    sources = manifest["sources"]
    return tuple(sources) if isinstance(sources, dict) else ()


def check_words(documents: Sequence[Document], passages: Sequence[Passage], manifest: Mapping[str, Any]) -> None:
    """Raise ValueError if an index has words that the files do not: hashes that fit can be forged, these cannot."""
    texts = {document.id: document.text for document in documents}
    for name, text in texts.items():
        if hashlib.sha256(text.encode()).hexdigest() != manifest["sources"][name]["sha256"]:
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
    written["manifest.json"] = json.dumps({**expected, "files": hashes}, indent=2, sort_keys=True).encode()
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
