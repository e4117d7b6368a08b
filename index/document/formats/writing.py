"""Pieces and notes of any format, set as one plain text.

    Rain falls.[1] Snow falls.          paragraphs, items and rows, each with a blank line behind it

    [1] Roe, On Rain, 2001.             the notes, at the end

Markers become `[1]`, with the number of their note. The text's other brackets stay as they are: what is a marker is
told by offset, not by looks.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from index.document.formats.types import Edge, Inline, Mark, Note, Page, Piece, Read, Ref, WrittenNote
from index.document.types import Block, Cell, Metadata

GAP = "\n\n"
SPACES = re.compile(r"[ \t\r\f\v]+")
LINE_BREAK = re.compile(r" *\n[ \n]*")


@dataclass(slots=True)
class Writer:
    """A text that grows, and what is known of it so far."""

    notes: Sequence[Note]
    parts: list[str] = field(default_factory=list)
    length: int = 0
    last: str = ""
    marks: list[Mark] = field(default_factory=list)
    pages: list[tuple[int, int]] = field(default_factory=list)
    edges: dict[int, dict[str, int]] = field(default_factory=dict)  # of the row being written, by column

    def put(self, text: str) -> None:
        """Add words as they are."""
        if text:
            self.parts.append(text)
            self.length += len(text)
            self.last = text[-1]

    def put_inlines(self, inlines: Iterable[Inline], verbatim: bool = False) -> None:
        """Add the words, markers and page borders of a block."""
        for inline in inlines:
            if isinstance(inline, Page):
                self.pages.append((self.length, inline.number))
            elif isinstance(inline, Edge):
                self.edges.setdefault(inline.column, {})[inline.part] = self.length
            elif isinstance(inline, Ref):
                label = f"[{', '.join(str(self.notes[position].number) for position in inline.notes)}]"
                self.marks.append(Mark(self.length, self.length + len(label), inline.notes))
                self.put(label)
            else:
                self.put(inline if verbatim else self.folded(inline))

    def folded(self, words: str) -> str:
        """Words with single spaces, none behind a space or a line's end that stands already."""
        words = LINE_BREAK.sub("\n", SPACES.sub(" ", words))
        return words.lstrip(" \n") if self.last in ("", " ", "\n") else words


def write(
    pieces: Sequence[Piece], notes: Sequence[Note] = (), metadata: Metadata = Metadata(), odd: Sequence[str] = ()
) -> Read:
    """The text of some pieces and notes, and where each stands in it."""
    writer = Writer(notes)
    blocks: list[Block] = []
    for piece in pieces:
        start = begin(writer)
        writer.put_inlines(trimmed(piece.inlines), verbatim=piece.kind == "code")
        add_block(blocks, writer, start, piece.kind, piece.level, piece.link)
    written = []
    for note in notes:
        start = begin(writer)
        writer.put(f"[{note.number}] ")
        body = writer.length
        for number, paragraph in enumerate(note.paragraphs):
            writer.put(GAP if number else "")
            writer.put_inlines(trimmed(paragraph))
        written.append(WrittenNote(note.number, start, body, writer.length))
        add_block(blocks, writer, start, "note", 0, note.link)
    text = "".join(writer.parts) + "\n"
    return Read(text, tuple(blocks), tuple(written), tuple(writer.marks), in_order(writer.pages), metadata, tuple(odd))


def begin(writer: Writer) -> int:
    """Where the next block begins; a gap is set before it."""
    writer.put(GAP if writer.length and writer.parts[-1] != GAP else "")
    return writer.length


def add_block(blocks: list[Block], writer: Writer, start: int, kind: str, level: int, link: str | None) -> None:
    """Note what was written since `start` as a block, if anything was."""
    edges, writer.edges = writer.edges, {}
    if writer.length > start:
        cells = tuple(Cell(column, at["cell"], at["words"], at["end"]) for column, at in edges.items())
        blocks.append(Block(start, writer.length, kind, level, link, cells))


def trimmed(inlines: Sequence[Inline]) -> list[Inline]:
    """A block's inlines without white space at its ends."""
    kept = list(inlines)
    for side, strip in ((0, str.lstrip), (-1, str.rstrip)):
        order = range(len(kept)) if side == 0 else range(len(kept) - 1, -1, -1)
        for i in order:
            inline = kept[i]
            if isinstance(inline, str):
                kept[i] = inline = strip(inline)
                if inline:
                    break
            elif isinstance(inline, Ref):
                break
    return kept


def in_order(pages: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Where pages begin, each place once: of two that begin at the same, the later."""
    return tuple(sorted(dict(pages).items()))
