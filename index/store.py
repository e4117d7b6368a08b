"""Indexes on disk: made on first use, otherwise loaded, never half there.

    .quoth/stabilizing-mali-1f0c9a2b7d44/      one for each set of sources, encoder and settings
        lock
        generation-3/                           written beside, synced, then renamed into place
            manifest.json                       format, settings, sha256 of each source and each file
            documents.json  passages.json           the documents with the text that was read of each
            passage_vectors.npy  sentence_vectors.npy
            attached                            what whoever opens the index keeps with it, if anything

The newest generation that is whole and fits the sources is loaded; the one before it is kept. Anything
else makes a new one, of which only what changed is read and encoded (see reuse). FAISS and BM25 are rebuilt from
vectors and texts on load.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from index.dense import Encoder, Progress, encode_all
from index.document.formats import extras
from index.document.parse import parse
from index.document.sources import Found, SourceFile, attempt, find_files, read_file
from index.document.types import Document
from index.encoders import load_encoder
from index.errors import SourceError, StoreError
from index.generation import ATTACHED, generations, read_contents, read_files, read_manifest, remove, save, unread_in
from index.passages import make_passages
from index.retriever import Index, distinct_places
from index.reuse import NOTHING, Kept, encode_new, entry_of
from index.types import IndexConfig

FORMAT = 2
PARSERS = ("document/**/*.py", "passages.py", "types.py", "folding.py", "patterns.py")
LOCK_SECONDS = 600

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
    collections: Sequence[Path] = (),
) -> Index:
    """Load the index of the documents at `source`, or make it and keep it under `index_dir`, with what is attached.

    `collections` are folders beside it that are read too (see find_files).
    `say` is told what goes on where that is not plain loading, `progress` how far the encoding is.
    Raises SourceError, EncoderError, or StoreError where the folder cannot be used.
    """
    found = find_files(source, collections)
    encoder = encoder or load_encoder(config.encoder)
    own = [file.id for file in found.files if file.path.is_relative_to(source)]
    name = own[0] if len(own) == 1 else source.resolve().name
    folder = index_dir / f"{name[:40].replace(':', '-')}-{key(source, config)}"
    expected: dict[str, object] = {
        "format": format_version(),
        "readers": list(extras()),
        "config": asdict(config),
        "encoder": encoder.fingerprint,
        "sources": {file.id: entry_of(file) for file in found.files},
    }
    if attachment:
        expected[ATTACHED] = attachment.version
    for message in found.unread:
        say(message)
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
                kept = keep(folder, expected, encoder.encode_questions([""]).shape[1])
                documents, failed = read_documents(found, kept)
                for message in failed:
                    say(message)
                index = build_index(documents, encoder, config, progress, kept)
                index.attached = attachment.make(index) if attachment else b""
                save(index, folder, {**expected, "unread": failed})
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
    return build_index([parse(file) for file in files], encoder, config, progress)


def build_index(
    documents: Sequence[Document],
    encoder: Encoder,
    config: IndexConfig = IndexConfig(),
    progress: Progress | None = None,
    kept: Kept = NOTHING,
) -> Index:
    """Split and encode documents into an Index in memory; `kept` are vectors that need not be computed again."""
    window = min(config.window, encoder.window)
    passages = [passage for document in documents for passage in make_passages(document, encoder, window)]
    if not passages:
        name = documents[0].id if documents else "The source"
        raise SourceError(f"{name} has no sentences to quote. Give a document with text in it.")
    sentences = [place.sentence.in_context for place in distinct_places(passages)]
    texts = [passage.plain for passage in passages] + sentences
    vectors = encode_new(texts, kept, lambda new: encode_all(encoder, new, progress))
    return Index(documents, passages, encoder, vectors[: len(passages)], vectors[len(passages) :], config)


def read_documents(found: Found, kept: Kept) -> tuple[list[Document], list[str]]:
    """The documents of the files that were found, those unchanged as they were read before; and what cannot be read."""
    documents, failed = attempt(found.files, lambda file: kept.document(file) or parse(read_file(file)))
    if not documents:
        raise SourceError(failed[0])
    return documents, failed


def keep(folder: Path, expected: Mapping[str, object], width: int) -> Kept:
    """What of the newest whole generation is still of use, though its sources, or how they are read, have changed."""
    for generation in generations(folder):
        try:
            manifest: dict[str, Any] = read_manifest(generation)
            if manifest.get("encoder") == expected["encoder"]:
                documents, passages, *vectors = read_contents(generation, manifest, width)
                same_reading = all(manifest.get(name) == expected[name] for name in ("format", "readers"))
                return Kept.of(documents if same_reading else (), manifest["sources"], passages, *vectors)
        except (ValueError, KeyError, TypeError, RecursionError, OSError):
            continue
    return NOTHING


def format_version() -> str:
    """The version of the files, with a hash of the modules that parse: an old parse is never served by new code."""
    here = Path(__file__).parent
    code = b"".join(path.read_bytes() for pattern in PARSERS for path in sorted(here.glob(pattern)))
    return f"{FORMAT}-{hashlib.sha256(code).hexdigest()[:12]}"


def key(source: Path, config: IndexConfig) -> str:
    """What tells one index from another: where its sources are and what it is made with."""
    told = json.dumps([str(source.resolve()), asdict(config)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


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
                    index = load(generation, manifest, encoder, config, attachment)
                    for message in unread_in(manifest):
                        say(message)
                    return index, damaged
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


def load(
    generation: Path,
    manifest: dict[str, object],
    encoder: Encoder,
    config: IndexConfig,
    attachment: Attachment | None = None,
) -> Index:
    """The index of a generation; raises ValueError if a file is missing, cut off or altered."""
    width = encoder.encode_questions([""]).shape[1]
    documents, passages, passage_vectors, sentence_vectors = read_contents(generation, manifest, width)
    index = Index(documents, passages, encoder, passage_vectors, sentence_vectors, config)
    if attachment:
        index.attached = read_files(generation, manifest, (ATTACHED,))[ATTACHED]
        attachment.check(index.attached)
    return index
