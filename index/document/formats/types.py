"""What every format reader hands over: the text that was read, and what the original tells of it.

A reader makes Pieces and Notes; `writing.write` sets them as one text and gives a Read.
"""

from dataclasses import dataclass, field
from typing import Literal

from index.document.types import Block, Metadata


@dataclass(frozen=True, slots=True)
class Ref:
    """A marker: the positions of the notes it points at."""

    notes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The page that begins here, counted from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a cell of a row begins, with the header that is repeated before it; where its `words` begin; its `end`."""

    column: int
    part: Literal["cell", "words", "end"]


Inline = str | Ref | Page | Edge


@dataclass(frozen=True, slots=True)
class Piece:
    """A block of the original before it is written down; `kind`, `level` and `link` as a Block has them."""

    kind: str
    inlines: tuple[Inline, ...]
    level: int = 0
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the original, its paragraphs without the label."""

    number: int
    paragraphs: tuple[tuple[Inline, ...], ...]
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker in the text that was read, and the positions in `Read.notes` of what it points at."""

    start: int
    end: int
    notes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note in the text that was read: `[4] ` from `start` to `body`, then its words to `end`."""

    number: int
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it was read.

    Where the original tells its notes, `notes` and `marks` hold them all; else both are empty, and the parser looks for
    notes in the text. `odd` are sentences on what did not fit, to be shown.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    notes: tuple[WrittenNote, ...] = ()
    marks: tuple[Mark, ...] = ()
    pages: tuple[tuple[int, int], ...] = ()
    metadata: Metadata = field(default_factory=Metadata)
    odd: tuple[str, ...] = ()
