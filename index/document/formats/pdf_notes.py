"""A PDF's notes: small lines at a page's foot that begin with a raised number, and lists under "Notes"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from index.document.formats.pdf_blocks import ENDED, LineBlock
from index.document.formats.pdf_lines import Line
from index.document.headings import NOTES_HEADING

NOTE_HEIGHT = 0.96  # a note's letters to the body's, at most
LABEL = re.compile(r"(\d{1,4}|[*†‡§¶‖]{1,3})(?:[.)\]]\s*|\s+)(?=\S)")


@dataclass(slots=True)
class FootNote:
    """A note at a page's foot, or at a chapter's end: its label, the page, and its lines without the label."""

    label: str
    page: int
    lines: list[Line] = field(default_factory=list)
    at_end: bool = False


def part_notes(pages: Sequence[Sequence[Line]], height: float) -> tuple[list[list[Line]], list[FootNote]]:
    """Each page's lines without the notes at its foot; and those, one that goes on over a page's end joined."""
    body: list[list[Line]] = []
    notes: list[FootNote] = []
    for page in pages:
        start, foot = split_page(page, height, notes)
        body.append(list(page[:start]))
        for line in foot:
            label = label_of(line)
            if label and (line.raised or follows(label, notes)):
                notes.append(FootNote(label, line.page, [without_label(line, label)]))
            elif notes:
                notes[-1].lines.append(line)
    return body, notes


def split_page(page: Sequence[Line], height: float, notes: Sequence[FootNote]) -> tuple[int, Sequence[Line]]:
    """Where the notes of a page begin: its last lines in small letters, from the first with a label on.

    Small lines above that go on with the last page's note, if that ends in the middle of a sentence.
    """
    start = len(page)
    while (
        start
        and page[start - 1].height <= NOTE_HEIGHT * height
        and not (start < len(page) and page[start - 1].base < page[start].base)
    ):
        start -= 1
    labelled = next((i for i in range(start, len(page)) if starts_note(page[i], notes, page, i)), None)
    if goes_on(page, start, notes):
        return start, page[start:]
    return (labelled, page[labelled:]) if labelled is not None else (len(page), ())


def starts_note(line: Line, notes: Sequence[FootNote], page: Sequence[Line], at: int) -> bool:
    """Whether a small line is the first of a note: its label is raised, or the next number, and marked on this page."""
    label = label_of(line)
    if not label:
        return False
    return bool(line.raised and line.raised[0][0] == 0) or (follows(label, notes) and is_marked(label, page[:at]))


def is_marked(label: str, lines: Sequence[Line]) -> bool:
    """Whether a raised label stands in some lines."""
    return any(line.text[start:end] == label for line in lines for start, end in line.raised)


def goes_on(page: Sequence[Line], start: int, notes: Sequence[FootNote]) -> bool:
    """Whether the small lines at a page's foot go on with the note of the page before."""
    if start >= len(page) or not notes or notes[-1].page != page[start].page - 1 or label_of(page[start]):
        return False
    return start > 0 and not ENDED.search(notes[-1].lines[-1].text) and not page[start].mono


def label_of(line: Line) -> str:
    """The number or sign that a line begins with."""
    if line.raised and line.raised[0][0] == 0:
        return line.text[: line.raised[0][1]]
    match = LABEL.match(line.text)
    return match[1] if match else ""


def follows(label: str, notes: Sequence[FootNote]) -> bool:
    """Whether a label is the next number, or one that begins again."""
    last = next((note.label for note in reversed(notes)), "0")
    return label.isdecimal() and (not last.isdecimal() or int(label) in (int(last) + 1, 1))


def without_label(line: Line, label: str) -> Line:
    """The first line of a note without its label."""
    rest = line.text[len(label) :].lstrip(".)] ")
    cut = len(line.text) - len(rest)
    raised = tuple((start - cut, end - cut) for start, end in line.raised if start >= cut)
    return replace(line, text=rest, raised=raised)


def part_end_notes(blocks: Sequence[LineBlock]) -> tuple[list[LineBlock], list[FootNote]]:
    """The blocks without the numbered notes under a heading such as "Notes"; and those."""
    body: list[LineBlock] = []
    notes: list[FootNote] = []
    under = False
    for block in blocks:
        if block.kind == "heading":
            under = bool(NOTES_HEADING.fullmatch(" ".join(line.text.strip() for line in block.lines)))
            fresh: list[FootNote] = []
        if block.kind == "heading" or not under or (not fresh and label_of(block.lines[0]) not in ("1", "*")):
            body.append(block)
            continue
        for line in block.lines:
            label = label_of(line)
            if label and (follows(label, fresh) or (line.raised and line.raised[0][0] == 0)):
                fresh.append(FootNote(label, line.page, [without_label(line, label)], True))
                notes.append(fresh[-1])
            else:
                fresh[-1].lines.append(line)
    return body, notes
