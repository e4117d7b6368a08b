"""Documents, passages and words of an index in tables (SQLite), each read when it is asked for.

    documents   number, id, collection, title, wiki page, text, and the parse of the text as packed JSON
    passages    position, id, the document's number, the note it is of; the passage as packed JSON, its sentences' rows
    anchors     the first sentence of the body that each note belongs to
    postings    word by word the texts that it stands in, in blocks, of passages and of sentences

What is read is checked against the words of its document, and those against the document's hash.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from index.bm25 import NONE, Postings
from index.database import Database, damaged, open_database
from index.document.sources import hash_text
from index.document.types import Document
from index.types import Passage

SCHEMA = """
CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, collection TEXT,
    page TEXT, text BLOB NOT NULL, parse BLOB NOT NULL, passage INTEGER NOT NULL, sentence INTEGER NOT NULL);
CREATE TABLE passages (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document INTEGER NOT NULL,
    note INTEGER, passage BLOB NOT NULL, sentences BLOB NOT NULL);
CREATE INDEX notes ON passages (document, note) WHERE note IS NOT NULL;
CREATE TABLE anchors (document INTEGER, note INTEGER, position INTEGER NOT NULL, sentence INTEGER NOT NULL,
    PRIMARY KEY (document, note)) WITHOUT ROWID;
CREATE TABLE postings (kind TEXT, word TEXT, block INTEGER, positions BLOB NOT NULL, counts BLOB NOT NULL,
    PRIMARY KEY (kind, word, block));
"""
TABLES = ("anchors", "documents", "passages", "postings")
PASSAGES, SENTENCES = "passages", "sentences"  # kinds of postings
DOCUMENT, PASSAGE = TypeAdapter(Document), TypeAdapter(Passage)
KEPT_DOCUMENTS, KEPT_PASSAGES, KEPT_WORDS = 64, 4096, 65536  # that were read last
READ_AT_ONCE = 500
PACKED = 1  # the level of compression


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a document's passages and sentences stand among all: from the first to before the last."""

    number: int
    passages: range
    sentences: range


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as the table of them has it; `page` is a wiki's own name or number for it."""

    id: str
    collection: str | None = None
    page: str | None = None


class Tables:
    """The tables of one index; several threads may read them."""

    def __init__(self, database: Database, hashes: Mapping[str, str] | None = None) -> None:
        """`hashes` are those of the documents' texts by their ids, where they have to be checked."""
        self.select, self.hashes = database.select, hashes
        (self.documents, self.passages, self.sentences) = self.select(
            "SELECT count(*), coalesce(max(passage), 0), coalesce(max(sentence), 0) FROM documents"
        )[0]
        self.document = lru_cache(maxsize=KEPT_DOCUMENTS)(self._read_document)
        self.text = lru_cache(maxsize=KEPT_DOCUMENTS)(self._read_text)
        self.passage = lru_cache(maxsize=KEPT_PASSAGES)(self._read_passage)
        self.rows = lru_cache(maxsize=KEPT_PASSAGES)(self._read_rows)
        self.extent = lru_cache(maxsize=KEPT_PASSAGES)(self._find_extent)
        self.number = lru_cache(maxsize=KEPT_WORDS)(self._find_number)

    def entries(self) -> Iterator[Entry]:
        """The documents, in order, without their words."""
        last = -1
        while found := self.select(
            "SELECT number, id, collection, page FROM documents WHERE number > ? ORDER BY number LIMIT ?",
            last,
            READ_AT_ONCE,
        ):
            yield from (Entry(*row[1:]) for row in found)
            last = found[-1][0]

    def title(self, document: str) -> str:
        """A document's title; raises KeyError if there is no such document."""
        found = self.select("SELECT title FROM documents WHERE id = ?", document)
        if not found:
            raise KeyError(document)
        return str(found[0][0])

    def postings(self, kind: str, word: str) -> Postings:
        """The passages or the sentences that a word stands in, and how often it does in each."""
        query = "SELECT positions, counts FROM postings WHERE kind = ? AND word = ? ORDER BY block"
        found = self.select(query, kind, word)
        if not found:
            return NONE
        positions, counts = (np.frombuffer(b"".join(map(blob, blobs)), np.int32) for blobs in zip(*found))
        most = self.passages if kind == PASSAGES else self.sentences
        if len(positions) != len(counts) or not 0 <= positions.min() <= positions.max() < most:
            raise damaged(f"a word stands in {kind} that there are not")
        return positions, counts

    def _find_number(self, kind: str, word: str) -> int:
        """A number, from 1 on, that no other word has; raises KeyError if the word stands nowhere."""
        ((row,),) = self.select("SELECT min(rowid) FROM postings WHERE kind = ? AND word = ?", kind, word)
        if row is None:
            raise KeyError(word)
        return int(row)

    def note_passages(self, document: str, note: int) -> tuple[Passage, ...]:
        """The passages of a note; `note` is its position."""
        found = self.select(
            "SELECT position FROM passages WHERE document = ? AND note = ? ORDER BY position",
            self.extent(document).number,
            note,
        )
        return tuple(self.passage(position) for (position,) in found)

    def anchor(self, document: str, note: int) -> tuple[Passage, int] | None:
        """The passage, and the number in it of the sentence, that a note belongs to."""
        found = self.select(
            "SELECT position, sentence FROM anchors WHERE document = ? AND note = ?", self.extent(document).number, note
        )
        return (self.passage(found[0][0]), found[0][1]) if found else None

    def _find_extent(self, document: str) -> Extent:
        """Where the passages of a document stand; raises KeyError if there is no such document."""
        found = self.select("SELECT number, passage, sentence FROM documents WHERE id = ?", document)
        if not found:
            raise KeyError(document)
        number, passage, sentence = found[0]
        before = self.select("SELECT passage, sentence FROM documents WHERE number = ?", number - 1) or [(0, 0)]
        return Extent(number, range(before[0][0], passage), range(before[0][1], sentence))

    def _read_text(self, document: str) -> str:
        """A document's text."""
        found = self.select("SELECT text FROM documents WHERE id = ?", document)
        if not found:
            raise KeyError(document)
        text = blob(found[0][0]).decode("utf-8", "surrogatepass")
        if self.hashes is not None and hash_text(text) != self.hashes.get(document):
            raise damaged(f"it has other words than {document}")
        return text

    def _read_document(self, document: str) -> Document:
        """A document with its parse."""
        text = self.text(document)
        ((parse,),) = self.select("SELECT parse FROM documents WHERE id = ?", document)
        read = replace(unpack(DOCUMENT, blob(parse)), text=text)
        quoted = [span for note in read.footnotes for span in (note, *note.sources)]
        if read.id != document or any(text[span.start : span.end] != span.text for span in quoted):
            raise damaged(f"it quotes words that {document} does not have")
        return read

    def _read_passage(self, position: int) -> Passage:
        """A passage by its position; raises IndexError if there is none."""
        found = self.select("SELECT passage FROM passages WHERE position = ?", position)
        if not found:
            raise IndexError(position)
        passage: Passage = unpack(PASSAGE, blob(found[0][0]))
        if self.text(passage.document)[passage.start : passage.end] != passage.text:
            raise damaged(f"it quotes words that {passage.document} does not have")
        return passage

    def _read_rows(self, passage: str) -> np.ndarray:
        """The rows of a passage's sentences among all sentences."""
        found = self.select("SELECT sentences FROM passages WHERE id = ?", passage)
        if not found:
            raise KeyError(passage)
        rows = np.frombuffer(blob(found[0][0]), np.int32)
        if len(rows) and not 0 <= rows.min() <= rows.max() < self.sentences:
            raise damaged("it has sentences that there are not")
        return rows


def open_tables(path: Path, hashes: Mapping[str, str]) -> Tables:
    """The tables in a file; raises ValueError if it does not hold just these."""
    return Tables(open_database(path, TABLES), hashes)


def blob(value: object) -> bytes:
    """Bytes that were written as such; raises StoreError if something else stands there."""
    if not isinstance(value, bytes):
        raise damaged(f"it holds {type(value).__name__} for bytes")
    return value


def pack(kind: TypeAdapter[Any], value: object) -> bytes:
    """A value as packed JSON, in which its words, which stand in it several times, take little more than once."""
    return zlib.compress(kind.dump_json(value), PACKED)


def unpack(kind: TypeAdapter[Any], data: bytes) -> Any:
    """What packed JSON holds; raises StoreError if it is something else."""
    try:
        return kind.validate_json(zlib.decompress(data))
    except (ValidationError, zlib.error) as error:
        raise damaged(str(error).splitlines()[0]) from error


class Documents(Mapping[str, Document]):
    """Documents by their ids, read when they are asked for."""

    def __init__(self, tables: Tables, only: Sequence[str] | None = None) -> None:
        """`only` names some of them."""
        self.tables, self.only = tables, None if only is None else dict.fromkeys(only)

    def __getitem__(self, document: str) -> Document:
        if self.only is not None and document not in self.only:
            raise KeyError(document)
        return self.tables.document(document)

    def __iter__(self) -> Iterator[str]:
        return (entry.id for entry in self.tables.entries()) if self.only is None else iter(self.only)

    def entries(self) -> Iterator[Entry]:
        """The documents, in order, without their words."""
        every = self.tables.entries()
        return every if self.only is None else (entry for entry in every if entry.id in self.only)

    def __len__(self) -> int:
        return self.tables.documents if self.only is None else len(self.only)

    def __contains__(self, document: object) -> bool:
        return self.has(document) if self.only is None else document in self.only

    def has(self, document: object) -> bool:
        """Whether there is such a document among all."""
        return isinstance(document, str) and bool(self.tables.select("SELECT 1 FROM documents WHERE id = ?", document))


class Passages(Sequence[Passage]):
    """Passages by their positions, read when they are asked for; equal to others with the same passages."""

    def __init__(self, tables: Tables, positions: Sequence[int]) -> None:
        self.tables, self.positions = tables, positions

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return tuple(self.tables.passage(position) for position in self.positions[at])
        return self.tables.passage(self.positions[at])

    def __len__(self) -> int:
        return len(self.positions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]
