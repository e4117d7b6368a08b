"""What an index holds, in files: written document by document, memory-mapped or in tables when it is read.

    tables.sqlite                                documents, passages, words (see tables)
    passage_vectors.npy  sentence_vectors.npy    a row each, float32, of length 1
    passage_lengths.npy  sentence_lengths.npy    in words, for BM25
    token_vectors.npy    token_ends.npy          of sentences' tokens, in 8 bits; where each sentence's rows end
    nearest.faiss                                lists of vectors that are near each other, where there are many

The same can be held in memory, for what is not kept.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from index.bm25 import Counts
from index.database import Database, create
from index.dense import Encoder, encode_all
from index.document.types import Document
from index.nearest import Nearest, make_lists
from index.rows import RowWriter, read_rows
from index.tables import DOCUMENT, PASSAGE, PASSAGES, SCHEMA, SENTENCES, Tables, open_tables, pack
from index.types import Passage

TABLES_FILE, LISTS_FILE = "tables.sqlite", "nearest.faiss"
VECTORS = {PASSAGES: "passage_vectors.npy", SENTENCES: "sentence_vectors.npy"}
LENGTHS = {PASSAGES: "passage_lengths.npy", SENTENCES: "sentence_lengths.npy"}
TOKEN_VECTORS, TOKEN_ENDS = "token_vectors.npy", "token_ends.npy"
ARRAYS = (*VECTORS.values(), *LENGTHS.values(), TOKEN_VECTORS, TOKEN_ENDS)
MOST_TOKEN_BYTES = 1 << 30  # of an index, some 20,000 passages; tokens of the sentences after those are not kept
BLOCK = 2_000_000  # words of texts that are counted before they are written: some 100 MB

File = Path | BytesIO


@dataclass(frozen=True, slots=True)
class Contents:
    """Tables and arrays of an index; `sha256` tells those on disk from others.

    `later` makes the sentences' vectors where they are made when they are asked for.
    """

    tables: Tables
    vectors: Mapping[str, np.ndarray]
    lengths: Mapping[str, np.ndarray]
    nearest: Nearest
    token_vectors: np.ndarray
    token_ends: np.ndarray
    sha256: str = ""
    later: "VectorsLater | None" = None

    def sentence_vectors(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """The vectors of some sentences, by their rows."""
        return self.later.rows(rows) if self.later else self.vectors[SENTENCES][rows]

    def sentence_tokens(self, row: int) -> np.ndarray | None:
        """The vectors of a sentence's tokens, int8, if they are kept."""
        if self.later:
            return None
        start, end = self.token_ends[row - 1] if row else 0, self.token_ends[row]
        return self.token_vectors[start:end] if start < end else None


class VectorsLater:
    """Vectors of texts that are made when they are first asked for, and kept."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self.encoder, self.texts = encoder, texts
        self._made: dict[int, np.ndarray] = {}

    def rows(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Those of some texts, in the order that is asked for."""
        asked = [int(row) for row in rows]
        new = [row for row in dict.fromkeys(asked) if row not in self._made]
        if new:
            encoded = encode_all(self.encoder, {self.texts[row] for row in new})
            self._made.update((row, encoded[self.texts[row]].vector) for row in new)
        return np.stack([self._made[row] for row in asked])


class ContentsWriter:
    """Writes what an index holds into a folder, or into memory; nothing may be read before `finish`."""

    def __init__(self, width: int, folder: Path | None = None) -> None:
        """`width` is that of the vectors."""
        self.width, self.folder = width, folder
        self.files: dict[str, File] = {name: folder / name if folder else BytesIO() for name in ARRAYS}
        self._open = ExitStack()
        self._connection = create(folder / TABLES_FILE if folder else None, SCHEMA)
        if folder:
            self._open.callback(self._connection.close)
        self._vectors = {kind: self._rows(name, np.float32, width) for kind, name in VECTORS.items()}
        self._lengths = {kind: self._rows(name, np.int32) for kind, name in LENGTHS.items()}
        self._token_vectors = self._rows(TOKEN_VECTORS, np.int8, width)
        self._token_ends = self._rows(TOKEN_ENDS, np.int64)
        self._counts = {kind: Counts() for kind in VECTORS}
        self._documents = self._passages = self._sentences = self._blocks = 0

    def _rows(self, name: str, dtype: type[np.generic], width: int | None = None) -> RowWriter:
        file = self.files[name]
        opened: BinaryIO = self._open.enter_context(file.open("wb")) if isinstance(file, Path) else file
        return RowWriter(opened, dtype, width)

    def add(self, document: Document, passages: Sequence[Passage], sentences: Iterable[str]) -> None:
        """Write a document with its passages; `sentences` are what is matched of its sentences, each once, in order."""
        rows: dict[int, int] = {}
        anchors: dict[int, tuple[int, int]] = {}
        for position, passage in enumerate(passages, self._passages):
            for number, sentence in enumerate(passage.sentences):
                rows.setdefault(sentence.start, self._sentences + len(rows))
                if passage.note is None:
                    for note in sentence.notes:
                        anchors.setdefault(note, (position, number))
            places = array("i", [rows[sentence.start] for sentence in passage.sentences]).tobytes()
            row = (position, passage.id, self._documents, passage.note, pack(PASSAGE, passage), places)
            self._connection.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", row)
            self._count(PASSAGES, passage.plain)
        for text in sentences:
            self._count(SENTENCES, text)
        self._passages, self._sentences = self._passages + len(passages), self._sentences + len(rows)
        ends = self._passages, self._sentences
        named = self._documents, document.id, document.title, document.collection, document.metadata.page
        words = document.text.encode("utf-8", "surrogatepass"), pack(DOCUMENT, replace(document, text=""))
        self._connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*named, *words, *ends))
        self._connection.executemany(
            "INSERT INTO anchors VALUES (?, ?, ?, ?)", [(self._documents, note, *at) for note, at in anchors.items()]
        )
        self._documents += 1

    def add_vectors(self, kind: str, vectors: np.ndarray) -> None:
        """Write the vectors of the next passages, or sentences."""
        self._vectors[kind].add(vectors)

    def add_tokens(self, tokens: Sequence[np.ndarray | None]) -> None:
        """Write the token vectors of the next sentences, as far as there are any, and room for them."""
        for rows in tokens:
            if rows is not None and (self._token_vectors.length + len(rows)) * self.width <= MOST_TOKEN_BYTES:
                self._token_vectors.add(rows)
            self._token_ends.add(np.array([self._token_vectors.length]))

    def _count(self, kind: str, text: str) -> None:
        self._counts[kind].add(text)
        if self._counts[kind].size >= BLOCK:
            self._write_block(kind)

    def _write_block(self, kind: str) -> None:
        """Write the words that were counted since the last block."""
        counts = self._counts[kind]
        self._connection.executemany(
            "INSERT INTO postings VALUES (?, ?, ?, ?, ?)",
            ((kind, word, self._blocks, *map(array.tobytes, counts.words[word])) for word in sorted(counts.words)),
        )
        self._lengths[kind].add(np.array(counts.lengths, np.int32))
        self._blocks += 1
        self._counts[kind] = Counts(counts.first + len(counts.lengths))

    def finish(self) -> None:
        """Write what is left, and close the files."""
        for kind in VECTORS:
            self._write_block(kind)
        self._connection.execute("COMMIT")
        for rows in (*self._vectors.values(), *self._lengths.values(), self._token_vectors, self._token_ends):
            rows.finish()
        if self.folder:
            self._open.close()
            vectors = read_rows(self.folder / VECTORS[PASSAGES], np.float32, (self._passages, self.width))
            make_lists(vectors, self.folder / LISTS_FILE)

    def in_memory(self, later: VectorsLater | None = None) -> Contents:
        """What was written into memory; the sentences' vectors were not where they are made `later`."""
        return map_contents(Tables(Database(self._connection)), self.files, self.width, later=later)

    def close(self) -> None:
        """Close the files, finished or not."""
        self._open.close()


def open_contents(folder: Path, width: int, hashes: Mapping[str, str]) -> Contents:
    """What was written into a folder; raises ValueError if a file is not what it should be."""
    files: dict[str, File] = {name: folder / name for name in ARRAYS}
    return map_contents(open_tables(folder / TABLES_FILE, hashes), files, width, folder / LISTS_FILE)


def map_contents(
    tables: Tables,
    files: Mapping[str, File],
    width: int,
    lists: Path | None = None,
    later: VectorsLater | None = None,
) -> Contents:
    """Arrays, memory-mapped where they are on disk, beside their tables."""
    size = {PASSAGES: tables.passages, SENTENCES: tables.sentences}
    there = {kind: name for kind, name in VECTORS.items() if kind == PASSAGES or later is None}
    vectors = {kind: read_rows(files[name], np.float32, (size[kind], width)) for kind, name in there.items()}
    lengths = {kind: read_rows(files[name], np.int32, (size[kind],)) for kind, name in LENGTHS.items()}
    nearest = Nearest(vectors[PASSAGES], lists if lists and lists.exists() else None)
    ends = read_rows(files[TOKEN_ENDS], np.int64, (0 if later else tables.sentences,))
    tokens = read_rows(files[TOKEN_VECTORS], np.int8, (int(ends[-1]) if len(ends) else 0, width))
    return Contents(tables, vectors, lengths, nearest, tokens, ends, later=later)
