"""Markers and notes: which bracketed numbers are markers, which blocks are notes, which belongs to which.

A note is a block that begins with `[4]`; a marker is a bracketed number in the body that points at one.
Other bracketed numbers (`[2012]`) are text. What does not fit is reported as an Oddity, never dropped.
"""

import itertools
import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass

from index.document.layout import LABEL, looks_like_heading, span
from index.document.types import Footnote, Oddity, Span

MARKER = re.compile(r"\[(\d{1,4}(?:\s?[,;–-]\s?\d{1,4}){0,9})\]")
FIRST_YEAR = 1000
MOST_CONTINUATIONS = 3


@dataclass(frozen=True, slots=True)
class Marker(Span):
    """A bracketed number in the body; `attached` if no space parts it from the word before."""

    numbers: tuple[int, ...]
    attached: bool


@dataclass(frozen=True, slots=True)
class NoteBlock:
    """A note as it stands: its number, its label, and its text over one or more blocks."""

    number: int
    label: Span
    body: Span


def expand(numbers: str) -> tuple[int, ...]:
    """The numbers of a marker: `3`, `1, 2`, `4–6`."""
    found: list[int] = []
    for part in re.split(r"\s?[,;]\s?", numbers):
        ends = [int(end) for end in re.split(r"\s?[–-]\s?", part)]
        short = len(ends) == 2 and 0 < ends[1] - ends[0] < 50
        found.extend(range(ends[0], ends[1] + 1) if short else ends)
    return tuple(dict.fromkeys(found))


def find_brackets(text: str, blocks: list[Span]) -> list[Marker]:
    """Every bracketed number in the blocks, marker or not."""
    return [
        Marker(start, start + len(match[0]), match[0], expand(match[1]), start > 0 and is_attached(text[start - 1]))
        for block in blocks
        for match in MARKER.finditer(block.text)
        for start in [block.start + match.start()]
    ]


def is_attached(before: str) -> bool:
    """Whether a bracket after this character stands close to a word."""
    return not before.isspace() and before not in "([{“‘\"'—–-"


def find_notes(text: str, blocks: list[Span]) -> tuple[list[NoteBlock], list[Span]]:
    """Part the blocks into notes and the rest.

    A block that begins with `[4]` is a note if a marker elsewhere points at 4, if the block beside it
    begins with such a label too, or if it is the last. Unlabelled blocks between two notes continue the
    first of them, unless a heading or a marker shows that the body goes on there or behind.
    """
    labels = [LABEL.match(block.text) for block in blocks]
    numbers = [int(label[1]) if label else None for label in labels]
    pointed = {n for b in find_brackets(text, blocks) if b.attached for n in b.numbers}
    is_note = [
        number is not None
        and (number in pointed or (0 < number < FIRST_YEAR and any(n is not None for n in beside(numbers, i))))
        for i, number in enumerate(numbers)
    ]
    marked = [
        any(b.attached for b in find_brackets(text, [block])) and not is_note[i] for i, block in enumerate(blocks)
    ]
    last_marked = max((i for i, has in enumerate(marked) if has), default=-1)
    notes: list[NoteBlock] = []
    rest: list[Span] = []
    positions = [i for i, note in enumerate(is_note) if note]
    ends = {i: i for i in positions}
    for first, second in itertools.pairwise(positions):
        between = blocks[first + 1 : second]
        if first > last_marked and len(between) <= MOST_CONTINUATIONS and not any(map(looks_like_heading, between)):
            ends[first] = second - 1
    for i in positions:
        label = labels[i]
        alone = label is not None and label[0] == blocks[i].text and ends[i] == i
        if alone and i + 1 < len(blocks) and not is_note[i + 1]:
            ends[i] = i + 1
    continued = {i for first, last in ends.items() for i in range(first, last + 1)}
    for i, block in enumerate(blocks):
        if label := labels[i] if is_note[i] else None:
            start = block.start + label.end()
            body = span(text, start, blocks[ends[i]].end)
            notes.append(NoteBlock(int(label[1]), Span(block.start, start, label[0]), body))
        elif i not in continued:
            rest.append(block)
    return notes, rest


def beside(items: list[int | None], i: int) -> list[int | None]:
    """The items before and after position `i`; behind the last stands itself."""
    return items[max(i - 1, 0) : i] + (items[i + 1 : i + 2] or items[i:])


def find_markers(text: str, body: list[Span], notes: list[NoteBlock]) -> list[Marker]:
    """The bracketed numbers of the body that are markers.

    One that names a note is, unless it stands between two words ("lost [5] men") where this note's other
    markers, and most in the document, stand close. One that names none is if it stands close and is no year.
    """
    known = {note.number for note in notes}
    brackets = find_brackets(text, body)
    naming = [b for b in brackets if known & set(b.numbers)]
    style_attached = 2 * sum(b.attached for b in naming) > len(naming)
    close = {n for b in naming if b.attached for n in b.numbers}

    def is_marker(bracket: Marker) -> bool:
        if known & set(bracket.numbers):
            between_words = re.match(r"\s\w", text[bracket.end : bracket.end + 2])
            return bracket.attached or not (between_words and style_attached and close & set(bracket.numbers))
        year = any(n == 0 or n >= FIRST_YEAR for n in bracket.numbers)
        return not year and (bracket.attached or (bool(naming) and not style_attached))

    return [bracket for bracket in brackets if is_marker(bracket)]


def point(markers: list[Marker], notes: list[NoteBlock]) -> dict[int, tuple[int, ...]]:
    """Marker start -> positions in `notes`.

    Where a number stands more than once, a marker means the first such note behind it, else the last
    before it: notes that start again in each chapter find their own markers. Where markers start again
    with no note between, the second run of them means the second run of notes, and so on.
    """
    places: dict[int, list[int]] = {}
    for position, note in enumerate(notes):
        places.setdefault(note.number, []).append(position)

    starts = [note.label.start for note in notes]
    pointed = {}
    run, passed, before = 0, 0, 0
    for marker in markers:
        now = bisect_left(starts, marker.start)
        if now > passed:
            run, passed, before = 0, now, 0
        run += marker.numbers[0] < before and len(places.get(marker.numbers[0], ())) > 1
        before = marker.numbers[0]

        def place(number: int, run: int = run, passed: int = passed) -> int:
            behind = [p for p in places[number] if p >= passed]
            return behind[min(run, len(behind) - 1)] if behind else places[number][-1]

        pointed[marker.start] = tuple(place(number) for number in marker.numbers if number in places)
    return pointed


def find_oddities(markers: list[Marker], notes: list[NoteBlock], pointed: dict[int, tuple[int, ...]]) -> list[Oddity]:
    """Markers without a note, notes without a marker, and numbers used twice."""
    known = {note.number for note in notes}
    seen = Counter(position for positions in pointed.values() for position in positions)
    twice = Counter(note.number for note in notes)
    odd = []
    for marker in markers:
        for number in marker.numbers:
            if number not in known:
                message = f"The marker {marker.text} names note {number}, which does not exist."
                odd.append(Oddity(marker.start, marker.end, marker.text, "marker-without-note", number, message))
    for position, note in enumerate(notes):
        place = (note.label.start, note.label.end, note.label.text)
        if not seen[position]:
            message = f"Note {note.number} has no marker in the text."
            odd.append(Oddity(*place, "note-without-marker", note.number, message))
        elif seen[position] > 1:
            message = f"Note {note.number} is marked {seen[position]} times."
            odd.append(Oddity(*place, "number-marked-twice", note.number, message))
        if twice[note.number] > 1:
            message = f"The number {note.number} is used for {twice[note.number]} notes."
            odd.append(Oddity(*place, "number-used-twice", note.number, message))
    return odd


def unfollowed(note: Footnote) -> list[Oddity]:
    """The references of a note that lead nowhere."""
    return [
        Oddity(
            note.start,
            note.end,
            note.text,
            "reference-not-followed",
            note.number,
            f"Note {note.number} refers to {reference!r}, which leads to no work named before it.",
        )
        for reference in note.unfollowed
    ]
