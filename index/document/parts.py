"""What a document is put together from, found in its text or given by the format it was read from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from index.document.formats.types import Read
from index.document.notes import Marker, NoteBlock, find_markers, find_notes, find_oddities, point
from index.document.types import Oddity, Span

QUOTED_WHOLE = ("row", "code")


@dataclass(frozen=True, slots=True)
class Parts:
    """A text's blocks, which of them are headings, its notes and markers, and which belong together.

    `headings` and `whole`, the blocks that are one sentence each, are told by where they start; `pointed` gives the
    positions in `notes` for the start of each marker.
    """

    blocks: list[Span]
    headings: set[int]
    notes: list[NoteBlock]
    markers: list[Marker]
    pointed: dict[int, tuple[int, ...]]
    boilerplate: Sequence[Span] = ()
    odd: tuple[Oddity, ...] = ()
    whole: frozenset[int] = field(default_factory=frozenset)


def given_parts(text: str, read: Read) -> Parts:
    """The parts of a text whose format told them; where it told no notes, these are looked for in the text."""
    spans = {
        kind: [Span(b.start, b.end, text[b.start : b.end]) for b in read.blocks if b.kind == kind]
        for kind in kinds(read)
    }
    blocks = sorted(
        (s for kind, found in spans.items() if kind not in ("note", "boilerplate") for s in found), key=by_start
    )
    headings = {block.start for block in spans.get("heading", ())}
    whole = frozenset(span.start for kind in QUOTED_WHOLE for span in spans.get(kind, ()))
    if read.notes:
        notes, markers, pointed = given_notes(text, read)
        odd = [one for one in find_oddities(markers, notes, pointed) if one.kind != "number-used-twice"]
    else:
        notes, blocks = find_notes(text, blocks)
        markers = find_markers(text, blocks, notes)
        pointed = point(markers, notes)
        odd = find_oddities(markers, notes, pointed)
    parts = Parts(blocks, headings, notes, markers, pointed, spans.get("boilerplate", ()), tuple(odd), whole)
    return with_told(parts, read)


def with_told(parts: Parts, read: Read) -> Parts:
    """Parts with what the reader of a file had to say, at the start of the text."""
    told = tuple(Oddity(0, 0, "", "reading", 0, message) for message in read.odd)
    return replace(parts, odd=(*told, *parts.odd))


def kinds(read: Read) -> set[str]:
    """The kinds of blocks that a read file has."""
    return {block.kind for block in read.blocks}


def by_start(span: Span) -> int:
    """Where a span starts, to sort by."""
    return span.start


def given_notes(text: str, read: Read) -> tuple[list[NoteBlock], list[Marker], dict[int, tuple[int, ...]]]:
    """Notes and markers as a format tells them."""
    notes = [
        NoteBlock(
            note.number,
            Span(note.start, note.body - 1, text[note.start : note.body - 1]),
            Span(note.body, note.end, text[note.body : note.end]),
        )
        for note in read.notes
    ]
    markers = [
        Marker(mark.start, mark.end, text[mark.start : mark.end], tuple(notes[n].number for n in mark.notes), True)
        for mark in read.marks
    ]
    return notes, markers, {mark.start: mark.notes for mark in read.marks}
