"""Bracketed numbers: telling markers and notes from years, pinpoints and indexes."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from index.document.forms import BRACKET, Marker, NoteBlock, expand, is_attached
from index.document.types import Span

MARKER = re.compile(BRACKET)
FIRST_YEAR = 1000
# "[2015] UKSC 72, [3]", "at [12]", "para [4]": paragraphs of a judgment, not notes.
PINPOINT = re.compile(
    r"(?:\[(?:1[6-9]|20)\d\d\]\s(?:[A-Z][\w.&]*\s|\d+\s|\(\w+\)\s?){1,6}?\d*(?:,?\s(?:at\s)?|\sat\s)|\b(?:at|paras?\.?|paragraphs?)\s)"
    r"(?P<places>\[\d{1,4}\](?:(?:\s?[–-]\s?|,\s|\sand\s|,\sand\s)\[\d{1,4}\])*)"
)
INDEXED = re.compile(r"([A-Za-z_]\w*)$")
ABBREVIATION = re.compile(r"(?:^|\s)(?:[A-Z]?[a-z]{1,4})\.\s$")


def find_brackets(text: str, blocks: Sequence[Span]) -> list[Marker]:
    """Find every bracketed number in the blocks that may be a marker: neither pinpoint nor index."""
    brackets = []
    for block in blocks:
        places = [match.span("places") for match in PINPOINT.finditer(block.text)]
        for match in MARKER.finditer(block.text):
            start = block.start + match.start()
            if any(first <= match.start() < last for first, last in places):
                continue
            attached = start > 0 and is_attached(text[start - 1])
            numbers = expand(match["keys"], match["last"])
            brackets.append(Marker(start, start + len(match[0]), match[0], numbers, attached))
    indexed = find_indexes(text, brackets)
    return [bracket for bracket in brackets if bracket.start not in indexed]


def find_indexes(text: str, brackets: Sequence[Marker]) -> set[int]:
    """Return the starts of the brackets that index a name: `args[0]` and `args[1]`, `row[3] =`, `a[i][2]`."""
    names = {b.start: match[1] for b in brackets if (match := INDEXED.search(text[max(b.start - 40, 0) : b.start]))}
    closing = sum(b.start not in names for b in brackets)
    used: dict[str, set[tuple[int, ...]]] = {}
    for bracket in brackets:
        if bracket.start in names:
            used.setdefault(names[bracket.start], set()).add(bracket.numbers)
    return {
        b.start
        for b in brackets
        if b.start in names
        and (
            0 in b.numbers
            or bool(re.match(r"\s?(?:=[^=]|\+=|\[|\.\w|\(|\))", text[b.end : b.end + 3]))
            or "_" in names[b.start]
            or (len(used[names[b.start]]) > 1 and 2 * len(names) > len(brackets) and closing * 2 < len(names) + 1)
        )
    }


def are_consecutive(brackets: Sequence[Marker]) -> bool:
    """Whether brackets are numbered like markers: most new numbers are one more than the highest before."""
    highest, new, steps = 0, 0, 0
    for bracket in brackets:
        for number in bracket.numbers:
            if number > highest:
                new += 1
                steps += number == highest + 1
                highest = number
    return new > 0 and 4 * steps >= 3 * new


def find_markers(text: str, body: Sequence[Span], notes: Sequence[NoteBlock]) -> list[Marker]:
    """Find the bracketed numbers of the body that are markers.

    The number of a note is a marker, unless it stands between two words ("lost [5] men") while this note's other
    markers, and most in the document, are attached. Another number is a marker if it is attached, is no year, and the
    document has notes in brackets or its brackets are numbered consecutively.
    """
    note_numbers = {note.number for note in notes}
    brackets = find_brackets(text, body)
    matching = [b for b in brackets if note_numbers & set(b.numbers)]
    attached = sum(b.attached for b in matching)
    style_attached, style_apart = 2 * attached > len(matching), 2 * attached < len(matching)
    attached_numbers = {n for b in matching if b.attached for n in b.numbers}
    numbered = bool(notes) or are_consecutive([b for b in brackets if b.attached and max(b.numbers) < FIRST_YEAR])

    def is_marker(bracket: Marker) -> bool:
        if note_numbers & set(bracket.numbers):
            between_words = re.match(r"\s\w", text[bracket.end : bracket.end + 2])
            return bracket.attached or not (
                between_words and style_attached and attached_numbers & set(bracket.numbers)
            )
        year = any(n == 0 or n >= FIRST_YEAR for n in bracket.numbers)
        abbreviated = ABBREVIATION.search(text[max(bracket.start - 8, 0) : bracket.start])
        return numbered and not year and not abbreviated and (bracket.attached or style_apart)

    heads = {block.start for block in body}
    markers = [bracket for bracket in brackets if is_marker(bracket)]
    return [replace(marker, in_sentence=is_in_sentence(text, marker, heads)) for marker in markers]


def is_in_sentence(text: str, marker: Marker, heads: set[int]) -> bool:
    """Whether a marker is part of its sentence: "[3] proposes", "repeated by [1] with success", "In [6], a cell"."""
    before, following = text[max(marker.start - 6, 0) : marker.start], text[marker.end : marker.end + 6]
    if marker.start in heads or re.search(r"[.!?]\s$", before):
        return bool(re.match(r"(?:, \[|,? and \[|\s[a-z])", following))
    if marker.attached:
        return False
    return bool(re.search(r"(?:^|[\s(])[A-Za-z]{2,3}\s$", before) and not re.match(r"[.!?]|\W*$", following))


def choose_labelled(labels: Sequence[tuple[int, int]], referenced: set[int], prose: set[int], last: int) -> set[int]:
    """Choose which blocks that begin with a bracketed number are notes; `labels` are (block position, number).

    A note is referred to, or is beside another, or last. If two runs share a number, a run of `prose` ("[3] proposes a
    faster test") is not of notes, nor is the shorter one, unless it starts at 1.
    """
    numbers = dict(labels)
    chosen = [
        (i, number)
        for i, number in labels
        if number in referenced or (0 < number < FIRST_YEAR and (i - 1 in numbers or i + 1 in numbers or i == last))
    ]
    runs = ascending_runs(chosen)
    are_prose = [2 * sum(i in prose for i, _ in run) > len(run) for run in runs]
    longest = Counter[int]()
    for run, is_prose in zip(runs, are_prose):
        for _, number in run:
            longest[number] = max(longest[number], 0 if is_prose else len(run))
    return {
        i
        for run, is_prose in zip(runs, are_prose)
        for i, number in run
        if (not longest[number] if is_prose else len(run) == longest[number] or run[0][1] == 1)
    }


def ascending_runs(labels: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Split labels into runs of ascending numbers; adjoining blocks may share a number."""
    runs: list[list[tuple[int, int]]] = []
    for i, number in labels:
        before = runs[-1][-1] if runs else (i, number + 1)
        if number > before[1] or (number == before[1] and i == before[0] + 1):
            runs[-1].append((i, number))
        else:
            runs.append([(i, number)])
    return runs
