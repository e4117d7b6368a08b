"""What a document is put together from, found in its text or given by the format it was read from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from index.document.formats.types import Read
from index.document.forms import Marker, NoteBlock
from index.document.layout import TextBlock
from index.document.linking import find_oddities, link_markers
from index.document.notes import find_notes
from index.document.sentences import vocabulary_of
from index.document.types import Block, Oddity, Span

FROM_FORMAT = "given"  # the form of notes and markers that the file's format marks up


@dataclass(frozen=True, slots=True)
class Parts:
    """What a document is put together from; `pointed` gives the positions in `notes` for the start of each marker.

    `headings` are told by where they start; `words` are those of the text, by which broken ones are mended.
    """

    blocks: list[TextBlock]
    headings: set[int]
    notes: list[NoteBlock]
    markers: list[Marker]
    pointed: dict[int, tuple[int, ...]]
    boilerplate: list[Span]
    words: frozenset[str]
    odd: tuple[Oddity, ...] = ()


def parts_from_format(text: str, read: Read) -> Parts:
    """Return the parts of a text whose format marks them up; notes are searched for in the text if it marks up none."""
    headings = {block.start for block in read.blocks if block.kind == "heading"}
    boilerplate = [Span(b.start, b.end, text[b.start : b.end]) for b in read.blocks if b.kind == "boilerplate"]
    blocks = list(text_blocks(text, read))
    if read.notes:
        notes, markers, pointed = notes_from_format(text, read)
    else:
        notes, blocks, markers = find_notes(text, blocks)
        pointed = link_markers(markers, notes)
    odd = [o for o in find_oddities(markers, notes, pointed) if not read.notes or o.kind != "number-used-twice"]
    return Parts(blocks, headings, notes, markers, pointed, boilerplate, vocabulary_of(text), tuple(odd))


def text_blocks(text: str, read: Read) -> Iterator[TextBlock]:
    """The blocks of the body that a format tells."""
    names: dict[int, str] = {}  # of a table's columns, where a row of its own has them
    for block in read.blocks:
        if block.kind in ("note", "boilerplate"):
            continue
        words = text[block.start : block.end]
        if block.kind == "row":
            own = block.level > 0
            names = {cell.column: text[cell.words : cell.end] for cell in block.cells} if own else names
            yield TextBlock(block.start, block.end, words, "row", **({} if own else read_cells(block, names)))
        else:
            names = {}
            kind, depth = ("item", block.level) if block.kind == "item" else (block.kind, 0)
            yield TextBlock(block.start, block.end, words, "paragraph" if kind == "heading" else kind, depth)


def read_cells(block: Block, names: Mapping[int, str]) -> dict[str, Any]:
    """What is read before each cell of a row: the name of its column, where the row does not repeat it."""
    unnamed = [cell for cell in block.cells if cell.start == cell.words and names.get(cell.column)]
    if not unnamed:
        return {}
    read = {cell.start: f"{names[cell.column]}: " for cell in unnamed}
    cells = [(cell.start, ("; " if at else "") + read.get(cell.start, "")) for at, cell in enumerate(block.cells)]
    return {"cells": tuple(cells), "gaps": tuple((a.end, b.start) for a, b in pairwise(block.cells))}


def notes_from_format(text: str, read: Read) -> tuple[list[NoteBlock], list[Marker], dict[int, tuple[int, ...]]]:
    """Convert the notes and markers that a format marks up; return them, and the links of markers to notes."""
    notes = [
        NoteBlock(
            note.number,
            Span(note.start, note.body - 1, text[note.start : note.body - 1]),
            Span(note.body, note.end, text[note.body : note.end]),
            FROM_FORMAT,
        )
        for note in read.notes
    ]
    markers = [
        Marker(m.start, m.end, text[m.start : m.end], tuple(notes[n].number for n in m.notes), True, FROM_FORMAT)
        for m in read.marks
    ]
    return notes, markers, {mark.start: mark.notes for mark in read.marks}


def reading_oddities(read: Read) -> Iterator[Oddity]:
    """Yield the messages of a file's reader, at the start of the text."""
    return (Oddity(0, 0, "", "reading", 0, message) for message in read.odd)
