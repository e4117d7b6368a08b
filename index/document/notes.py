"""Notes and markers: every form of writing them is tried, and those whose labels and markers pair up are taken.

What does not fit is reported as an Oddity, never dropped.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.document.author_year import find_author_year
from index.document.brackets import MARKER, choose_labelled, find_brackets, find_markers
from index.document.forms import FORMS, SUPERSCRIPT, Form, Marker, NoteBlock, find_marks, key_number
from index.document.headings import NOTES_HEADING, heading_text, looks_like_heading
from index.document.layout import LABEL, TextBlock
from index.document.lines import span
from index.document.types import Footnote, Oddity, Span

__all__ = ["MARKER", "Marker", "NoteBlock", "find_markers", "find_notes", "find_oddities", "point", "unfollowed"]

MOST_CONTINUATIONS = 3
FEWEST_PAIRS = 2  # of a weak form
ORPHAN = re.compile(
    r"(?<=[.,;:!?”\"’')])(?:[⁰¹²³⁴-⁹]+|\[(?:[a-z]|(?:nb|note) ?\d{1,3}|\^[^\]\s]+)\](?!\w|:))"
    r"|(?<=[\w.,;:!?”\"’')]) ?[†‡]+(?=[\s.,;:]|$)"
    r"|(?<=[^\W\d_][.,;:!?”\"’')])\*{1,3}(?=\s|$)"
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A block that begins with a label: its position, its number and the label's length."""

    at: int
    number: int
    length: int


def find_notes(text: str, blocks: Sequence[TextBlock]) -> tuple[list[NoteBlock], list[TextBlock], list[Marker]]:
    """Part the blocks into notes and the rest; with the markers in the rest, bracketed numbers and all others.

    Bracketed numbers come first: a block that begins with `[4]` is a note if a marker elsewhere points at 4, or if
    the block beside it begins with such a label too. Then each other form is tried, the clear ones before the weak.
    """
    notes, rest = find_bracketed(text, blocks)
    others: list[Marker] = []
    for how in FORMS:
        if notes and how.weak and how.marker.pattern == MARKER.pattern:
            continue
        found, marks, rest = try_form(how, text, rest)
        notes += found
        if how.marker.pattern != MARKER.pattern:
            others += apart(marks, others)
    if not notes:
        found, others, rest = find_author_year(text, rest)
        notes += found
    notes.sort(key=lambda note: note.label.start)
    bracketed = {how.name for how in FORMS if how.marker.pattern == MARKER.pattern} | {"bracket"}
    named = [replace(n, form="bracket") if n.form in bracketed else n for n in notes]
    markers = find_markers(text, rest, [note for note in named if note.form == "bracket"])
    taken = [*markers, *apart(others, markers)]
    taken += apart(find_orphans(text, rest), taken)
    return named, rest, sorted(taken, key=lambda marker: marker.start)


def apart(markers: Sequence[Marker], taken: Sequence[Marker]) -> list[Marker]:
    """The markers that overlap none of those taken."""
    places = {at for one in taken for at in range(one.start, one.end)}
    return [one for one in markers if places.isdisjoint(range(one.start, one.end))]


def find_bracketed(text: str, blocks: Sequence[TextBlock]) -> tuple[list[NoteBlock], list[TextBlock]]:
    """The notes that begin with `[4]`, and the other blocks."""
    labels = {i: match for i, block in enumerate(blocks) if block.kind != "code" and (match := LABEL.match(block.text))}
    pointed = {n for b in find_brackets(text, blocks) if b.attached for n in b.numbers}
    prose = {
        i for i, label in labels.items() if re.match(r"\s+(?!ibid|see\b|cf\b|id\b)[a-z]", blocks[i].text[label.end() :])
    }
    chosen = choose_labelled([(i, int(label[1])) for i, label in labels.items()], pointed, prose, len(blocks) - 1)
    labelled = [Labelled(i, int(labels[i][1]), labels[i].end()) for i in sorted(chosen)]
    return make_notes(text, blocks, labelled, "bracket", marked_blocks(text, blocks, chosen))


def marked_blocks(text: str, blocks: Sequence[TextBlock], notes: set[int]) -> list[int]:
    """The positions of the blocks with a marker in brackets, notes aside."""
    starts = [block.start for block in blocks]
    found = [(bisect_right(starts, bracket.start) - 1, bracket) for bracket in find_brackets(text, blocks)]
    return [i for i, bracket in found if i not in notes and bracket.attached and bracket.start > starts[i]]


def make_notes(
    text: str, blocks: Sequence[TextBlock], labelled: Sequence[Labelled], form: str, marked: Sequence[int]
) -> tuple[list[NoteBlock], list[TextBlock]]:
    """Labelled blocks as notes, each with the blocks that continue it, and the other blocks.

    Unlabelled blocks between two notes continue the first of them, unless a heading or a marker shows that the body
    goes on there or behind; so do blocks behind a note that are set in deeper.
    """
    last_marked = max(marked, default=-1)
    positions = [one.at for one in labelled]
    ends = {i: i for i in positions}
    for first, second in pairwise(positions):
        between = blocks[first + 1 : second]
        if first > last_marked and len(between) <= MOST_CONTINUATIONS and not any(map(looks_like_heading, between)):
            ends[first] = second - 1
    for number, one in enumerate(labelled):
        behind = positions[number + 1] if number + 1 < len(positions) else len(blocks)
        alone = one.length == len(blocks[one.at].text) and ends[one.at] == one.at
        if alone and one.at + 1 < behind:
            ends[one.at] = one.at + 1
        while ends[one.at] + 1 < behind and blocks[ends[one.at] + 1].indent > blocks[one.at].indent + 1:
            ends[one.at] += 1
    continued = {i for first, last in ends.items() for i in range(first, last + 1)}
    notes = []
    for one in labelled:
        start = blocks[one.at].start + one.length
        label = Span(blocks[one.at].start, start, text[blocks[one.at].start : start])
        notes.append(NoteBlock(one.number, label, span(text, start, blocks[ends[one.at]].end), form))
    return notes, [block for i, block in enumerate(blocks) if i not in continued]


def try_form(
    how: Form, text: str, blocks: Sequence[TextBlock]
) -> tuple[list[NoteBlock], list[Marker], list[TextBlock]]:
    """The notes and markers of a form, and the other blocks; none where labels and markers do not pair up."""
    labels = {
        i: m
        for i, b in enumerate(blocks)
        if b.kind != "code" and (m := how.label.match(b.text)) and m.end() <= len(b.text)
    }
    if not labels:
        return [], [], list(blocks)
    keys = {i: match["key"].translate(SUPERSCRIPT) for i, match in labels.items()}
    numbers = number_keys(list(keys.values()))
    candidates = [Labelled(i, numbers[keys[i]], match.end()) for i, match in labels.items()]
    body = [block for i, block in enumerate(blocks) if i not in labels]
    marks = [
        replace(mark, numbers=tuple(numbers[key] for key in pointed if key in numbers))
        for mark, pointed in find_marks(how, text, [b for b in body if b.kind != "code"])
        if any(key in numbers for key in pointed)
    ]
    chosen = choose(how, candidates, marks, blocks)
    if not chosen:
        return [], [], list(blocks)
    starts = [block.start for block in blocks]
    marked = [bisect_right(starts, mark.start) - 1 for mark in marks]
    notes, rest = make_notes(text, blocks, chosen, how.name, marked)
    known = {note.number for note in notes}
    return notes, [mark for mark in marks if known & set(mark.numbers)], rest


def number_keys(keys: Sequence[str]) -> dict[str, int]:
    """A number for each key: what it says, and for names the next that none has."""
    numbers = {key: number for key in keys if (number := key_number(key)) is not None}
    following = max(numbers.values(), default=0) + 1
    for key in keys:
        if key not in numbers:
            numbers[key] = following
            following += 1
    return numbers


def choose(
    how: Form, labels: Sequence[Labelled], marks: Sequence[Marker], blocks: Sequence[TextBlock]
) -> list[Labelled]:
    """The labels that are a form's notes: of a clear form those that markers point at and those beside them.

    Of a weak one they have to number on from 1, stand under "Notes" or last, and be pointed at in their order.
    """
    pointed = {number for mark in marks for number in mark.numbers}
    if not how.weak:
        explicit = how.name in ("caret", "arrow", "footnote", "named")
        if how.name == "symbol" and len(labels) > len(marks):
            return []
        paired = [one for one in labels if one.number in pointed or explicit]
        places = {one.at for one in paired}
        return [
            one for one in labels if one.at in places or (how.name != "symbol" and {one.at - 1, one.at + 1} & places)
        ]
    best: list[Labelled] = []
    for run in runs_from_one(labels):
        numbers = {one.number for one in run}
        both = numbers & pointed
        listed = under_notes(blocks, run[0].at) or run[-1].at == len(blocks) - 1
        if (
            listed
            and len(both) >= min(FEWEST_PAIRS, len(run))
            and 2 * len(both) >= len(numbers)
            and in_order(marks, numbers)
        ):
            best = [*best, *run]
    return best


def runs_from_one(labels: Sequence[Labelled]) -> list[list[Labelled]]:
    """Labels in runs that number on from 1 without a gap."""
    runs: list[list[Labelled]] = []
    for one in labels:
        if one.number == 1:
            runs.append([one])
        elif runs and one.number == runs[-1][-1].number + 1:
            runs[-1].append(one)
    return runs


def under_notes(blocks: Sequence[TextBlock], at: int) -> bool:
    """Whether the nearest heading above a block says that notes follow."""
    for block in reversed(blocks[:at]):
        if NOTES_HEADING.fullmatch(heading_text(block)):
            return True
        if looks_like_heading(block) and len(heading_text(block).split()) > 1:
            return False
    return False


def in_order(marks: Sequence[Marker], numbers: set[int]) -> bool:
    """Whether markers that point at some notes come in the order of their numbers, four of five at least."""
    seen = [number for mark in marks for number in mark.numbers if number in numbers]
    first = list(dict.fromkeys(seen))
    steps = [one < other for one, other in pairwise(first)]
    return 5 * sum(steps) >= 4 * len(steps)


def find_orphans(text: str, blocks: Sequence[TextBlock]) -> list[Marker]:
    """What is written like a marker behind a sentence's end, though no note is written so."""
    found = []
    for block in blocks:
        if block.kind == "code":
            continue
        for match in ORPHAN.finditer(block.text):
            words = match[0].strip()
            key = re.sub(r"[\[\]^ ]|nb|note", "", words)
            end = block.start + match.end()
            found.append(Marker(end - len(words), end, words, (key_number(key) or 0,), True, "orphan"))
    return found


def point(markers: Sequence[Marker], notes: Sequence[NoteBlock]) -> dict[int, tuple[int, ...]]:
    """Marker start -> positions in `notes`, each form by itself."""
    pointed: dict[int, tuple[int, ...]] = {}
    for name in dict.fromkeys(marker.form for marker in markers):
        places = [position for position, note in enumerate(notes) if note.form == name]
        own = [marker for marker in markers if marker.form == name]
        for start, found in point_form(own, [notes[position] for position in places]).items():
            pointed[start] = tuple(places[position] for position in found)
    return pointed


def point_form(markers: Sequence[Marker], notes: Sequence[NoteBlock]) -> dict[int, tuple[int, ...]]:
    """The same for markers and notes of one form.

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
        first = marker.numbers[0] if marker.numbers else 0
        run += first < before and len(places.get(first, ())) > 1
        before = first

        def place(number: int, run: int = run, passed: int = passed) -> int:
            behind = [p for p in places[number] if p >= passed]
            return behind[min(run, len(behind) - 1)] if behind else places[number][-1]

        pointed[marker.start] = tuple(place(number) for number in marker.numbers if number in places)
    return pointed


def find_oddities(
    markers: Sequence[Marker], notes: Sequence[NoteBlock], pointed: dict[int, tuple[int, ...]]
) -> list[Oddity]:
    """Markers without a note, notes without a marker, and numbers used twice."""
    known = {(note.form, note.number) for note in notes}
    seen = Counter(position for positions in pointed.values() for position in positions)
    twice = Counter((note.form, note.number) for note in notes)
    odd = []
    for marker in markers:
        for number in marker.numbers:
            if (marker.form, number) not in known:
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
        if twice[note.form, note.number] > 1:
            message = f"The number {note.number} is used for {twice[note.form, note.number]} notes."
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
