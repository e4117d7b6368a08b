"""Footnotes and their markers: every form is tried, and those whose labels and markers match are accepted."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.document.author_year import find_author_year
from index.document.brackets import MARKER, choose_labelled, find_brackets, find_markers
from index.document.forms import FORMS, SUPERSCRIPT, Form, Marker, NoteBlock, find_marks, key_number
from index.document.headings import NOTES_HEADING, heading_text, looks_like_heading
from index.document.layout import TextBlock
from index.document.lines import span
from index.document.types import Span
from index.document.wrapping import LABEL

MOST_CONTINUATIONS = 3
FEWEST_PAIRS = 2  # of a weak form
ORPHAN = re.compile(
    r"(?<=[.,;:!?”\"’')])(?:[⁰¹²³⁴-⁹]+|\[(?:[a-z]|(?:nb|note) ?\d{1,3}|\^[^\]\s]+)\](?!\w|:))"
    r"|(?<=[\w.,;:!?”\"’')]) ?[†‡]+(?=[\s.,;:]|$)"
    r"|(?<=[^\W\d_][.,;:!?”\"’')])\*{1,3}(?=\s|$)"
)


@dataclass(frozen=True, slots=True)
class LabelledBlock:
    """A block that begins with a label: its position among the blocks, its number and the label's length."""

    position: int
    number: int
    length: int


def find_notes(text: str, blocks: Sequence[TextBlock]) -> tuple[list[NoteBlock], list[TextBlock], list[Marker]]:
    """Split the blocks into notes and the rest; return both, and the markers in the rest.

    Bracketed numbers come first: a block that begins with `[4]` is a note if a marker refers to 4, or if the block
    beside it begins with such a label too. Then the other forms are tried, unambiguous ones before weak ones.
    """
    notes, rest = find_bracketed(text, blocks)
    others: list[Marker] = []
    for form in FORMS:
        if notes and form.weak and form.marker.pattern == MARKER.pattern:
            continue
        form_notes, form_markers, rest = try_form(form, text, rest)
        notes += form_notes
        if form.marker.pattern != MARKER.pattern:
            others += without_overlaps(form_markers, others)
    if not notes:
        form_notes, others, rest = find_author_year(text, rest)
        notes += form_notes
    notes.sort(key=lambda note: note.label.start)
    bracketed = {form.name for form in FORMS if form.marker.pattern == MARKER.pattern} | {"bracket"}
    notes_by_form = [replace(n, form="bracket") if n.form in bracketed else n for n in notes]
    markers = find_markers(text, rest, [note for note in notes_by_form if note.form == "bracket"])
    used = [*markers, *without_overlaps(others, markers)]
    used += without_overlaps(find_orphans(text, rest), used)
    return notes_by_form, rest, sorted(used, key=lambda marker: marker.start)


def without_overlaps(markers: Sequence[Marker], used: Sequence[Marker]) -> list[Marker]:
    """Return the markers that overlap none of the used ones."""
    covered = {offset for marker in used for offset in range(marker.start, marker.end)}
    return [marker for marker in markers if covered.isdisjoint(range(marker.start, marker.end))]


def find_bracketed(text: str, blocks: Sequence[TextBlock]) -> tuple[list[NoteBlock], list[TextBlock]]:
    """Return the notes that begin with `[4]`, and the other blocks."""
    labels = {i: match for i, block in enumerate(blocks) if block.kind != "code" and (match := LABEL.match(block.text))}
    referenced = {n for b in find_brackets(text, blocks) if b.attached for n in b.numbers}
    prose = {
        i for i, label in labels.items() if re.match(r"\s+(?!ibid|see\b|cf\b|id\b)[a-z]", blocks[i].text[label.end() :])
    }
    chosen = choose_labelled([(i, int(label[1])) for i, label in labels.items()], referenced, prose, len(blocks) - 1)
    if not referenced and are_paragraphs(blocks, chosen):
        return [], list(blocks)
    labelled = [LabelledBlock(i, int(labels[i][1]), labels[i].end()) for i in sorted(chosen)]
    return make_notes(text, blocks, labelled, "bracket", find_marked_blocks(text, blocks, chosen))


def are_paragraphs(blocks: Sequence[TextBlock], chosen: set[int]) -> bool:
    """Whether labelled blocks that nothing refers to are the text itself: the numbered paragraphs of a judgment."""
    size = sum(len(blocks[i].text) for i in chosen)
    return 2 * size > sum(len(block.text) for block in blocks) and not under_notes(blocks, min(chosen))


def find_marked_blocks(text: str, blocks: Sequence[TextBlock], notes: set[int]) -> list[int]:
    """Return the positions of the blocks, other than notes, that contain a marker in brackets."""
    starts = [block.start for block in blocks]
    brackets = [(bisect_right(starts, bracket.start) - 1, bracket) for bracket in find_brackets(text, blocks)]
    return [i for i, bracket in brackets if i not in notes and bracket.attached and bracket.start > starts[i]]


def make_notes(
    text: str, blocks: Sequence[TextBlock], labelled: Sequence[LabelledBlock], form: str, marked: Sequence[int]
) -> tuple[list[NoteBlock], list[TextBlock]]:
    """Make notes of labelled blocks and the blocks that continue them; return these and the other blocks.

    Unlabelled blocks between two notes continue the first, unless a heading or a marker there or later belongs to the
    body; so do blocks after a note that are indented deeper.
    """
    last_marked = max(marked, default=-1)
    positions = [entry.position for entry in labelled]
    ends = {i: i for i in positions}
    for first, second in pairwise(positions):
        between = blocks[first + 1 : second]
        if first > last_marked and len(between) <= MOST_CONTINUATIONS and not any(map(looks_like_heading, between)):
            ends[first] = second - 1
    for i, entry in enumerate(labelled):
        next_position = positions[i + 1] if i + 1 < len(positions) else len(blocks)
        if form == "footnote":
            ends[entry.position] = closing_bracket(blocks[:next_position], entry.position)
        alone = entry.length == len(blocks[entry.position].text) and ends[entry.position] == entry.position
        if alone and entry.position + 1 < next_position:
            ends[entry.position] = entry.position + 1
        while (
            ends[entry.position] + 1 < next_position
            and blocks[ends[entry.position] + 1].indent > blocks[entry.position].indent + 1
        ):
            ends[entry.position] += 1
    continued = {i for first, last in ends.items() for i in range(first, last + 1)}
    notes = []
    for entry in labelled:
        start = blocks[entry.position].start + entry.length
        label = Span(blocks[entry.position].start, start, text[blocks[entry.position].start : start])
        notes.append(NoteBlock(entry.number, label, span(text, start, blocks[ends[entry.position]].end), form))
    return notes, [block for i, block in enumerate(blocks) if i not in continued]


def closing_bracket(blocks: Sequence[TextBlock], position: int) -> int:
    """Return the position of the block that closes the bracket of a "[Footnote 4: ...]", else the note's own."""
    last = position + MOST_CONTINUATIONS
    return next((i for i, b in enumerate(blocks) if position <= i <= last and b.text.endswith("]")), position)


def try_form(
    form: Form, text: str, blocks: Sequence[TextBlock]
) -> tuple[list[NoteBlock], list[Marker], list[TextBlock]]:
    """Return the notes and markers of a form, and the other blocks; none if labels and markers do not match."""
    labels = {
        i: m
        for i, b in enumerate(blocks)
        if b.kind != "code" and (m := form.label.match(b.text)) and m.end() <= len(b.text)
    }
    if not labels:
        return [], [], list(blocks)
    keys = {i: match["key"].translate(SUPERSCRIPT) for i, match in labels.items()}
    numbers = number_keys(list(keys.values()))
    candidates = [LabelledBlock(i, numbers[keys[i]], match.end()) for i, match in labels.items()]
    body = [block for i, block in enumerate(blocks) if i not in labels]
    markers = [
        replace(mark, numbers=tuple(numbers[key] for key in marker_keys if key in numbers))
        for mark, marker_keys in find_marks(form, text, [b for b in body if b.kind != "code"])
        if any(key in numbers for key in marker_keys)
    ]
    chosen = choose_labels(form, candidates, markers, blocks)
    if not chosen:
        return [], [], list(blocks)
    starts = [block.start for block in blocks]
    marked = [bisect_right(starts, mark.start) - 1 for mark in markers]
    notes, rest = make_notes(text, blocks, chosen, form.name, marked)
    note_numbers = {note.number for note in notes}
    return notes, [mark for mark in markers if note_numbers & set(mark.numbers)], rest


def number_keys(keys: Sequence[str]) -> dict[str, int]:
    """Number the keys: by their own number, and names by the next free one."""
    numbers = {key: number for key in keys if (number := key_number(key)) is not None}
    following = max(numbers.values(), default=0) + 1
    for key in keys:
        if key not in numbers:
            numbers[key] = following
            following += 1
    return numbers


def choose_labels(
    form: Form, labels: Sequence[LabelledBlock], markers: Sequence[Marker], blocks: Sequence[TextBlock]
) -> list[LabelledBlock]:
    """Choose the labels that are notes: of an unambiguous form those that markers refer to, and their neighbours.

    Notes of a weak form have to be numbered from 1, be under "Notes" or last, and be referred to in order.
    """
    referenced = {number for mark in markers for number in mark.numbers}
    if not form.weak:
        explicit = form.name in ("caret", "arrow", "arrow-letter", "footnote", "named")
        if form.name == "symbol" and len(labels) > len(markers):
            return []
        chosen = [label for label in labels if label.number in referenced or explicit]
        places = {label.position for label in chosen}
        return [
            label
            for label in labels
            if label.position in places or (form.name != "symbol" and {label.position - 1, label.position + 1} & places)
        ]
    best: list[LabelledBlock] = []
    for run in runs_from_one(labels):
        numbers = {label.number for label in run}
        matched = numbers & referenced
        listed = under_notes(blocks, run[0].position) or run[-1].position == len(blocks) - 1
        if (
            listed
            and len(matched) >= min(FEWEST_PAIRS, len(run))
            and 2 * len(matched) >= len(numbers)
            and in_order(markers, numbers)
        ):
            best = [*best, *run]
    return best


def runs_from_one(labels: Sequence[LabelledBlock]) -> list[list[LabelledBlock]]:
    """Return the runs of labels that are numbered from 1 without a gap."""
    runs: list[list[LabelledBlock]] = []
    for label in labels:
        if label.number == 1:
            runs.append([label])
        elif runs and label.number == runs[-1][-1].number + 1:
            runs[-1].append(label)
    return runs


def under_notes(blocks: Sequence[TextBlock], position: int) -> bool:
    """Whether the nearest heading above a block is "Notes" or the like."""
    for block in reversed(blocks[:position]):
        if NOTES_HEADING.fullmatch(heading_text(block)):
            return True
        if looks_like_heading(block) and len(heading_text(block).split()) > 1:
            return False
    return False


def in_order(markers: Sequence[Marker], numbers: set[int]) -> bool:
    """Whether the first markers of some notes are in the order of their numbers, at least four in five."""
    references = [number for mark in markers for number in mark.numbers if number in numbers]
    first = list(dict.fromkeys(references))
    steps = [number < following for number, following in pairwise(first)]
    return 5 * sum(steps) >= 4 * len(steps)


def find_orphans(text: str, blocks: Sequence[TextBlock]) -> list[Marker]:
    """Find what looks like a marker at the end of a sentence, though no note has that form."""
    orphans = []
    for block in blocks:
        if block.kind == "code":
            continue
        for match in ORPHAN.finditer(block.text):
            words = match[0].strip()
            key = re.sub(r"[\[\]^ ]|nb|note", "", words)
            end = block.start + match.end()
            orphans.append(Marker(end - len(words), end, words, (key_number(key) or 0,), True, "orphan"))
    return orphans
