"""Running heads and page numbers: the lines at the edges of pages that repeat."""

import re
from collections import Counter
from collections.abc import Iterator

from index.document.lines import Line, part_groups

NUMBER = re.compile(
    r"[\[\-–—|(\s]*(?:(?:page|p\.|seite|página)\s*)?(?P<number>\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/|von|de)\s*\d{1,4})?[\])\-–—|.\s]*",
    re.IGNORECASE,
)
EDGE = 2  # lines at the top and at the foot of a page
LONGEST = 100  # characters of a running head
FEWEST = 3  # page numbers in a row that are some, where no form feed parts pages


def find_furniture(lines: list[Line]) -> set[int]:
    """The starts of the lines that belong to pages, not to the text."""
    return on_pages(lines) if lines and lines[-1].page > lines[0].page else between_pages(lines)


def on_pages(lines: list[Line]) -> set[int]:
    """The same where form feeds part pages: page numbers at their edges, and what stands there more than once."""
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    edges = [(page, line) for page, those in pages.items() for line in at_edges(those)]
    repeated = Counter(key for key, _ in {(likeness(line), page) for page, line in edges})
    enough = max(2, len(pages) // 4)
    return {line.start for _, line in edges if NUMBER.fullmatch(line.text) or repeated[likeness(line)] >= enough}


def at_edges(page: list[Line]) -> list[Line]:
    """The lines at the edges of a page that can be furniture: one that its neighbour is joined to is text."""
    groups = part_groups(page)
    outer = [line for group in (*groups[:EDGE], *groups[-EDGE:]) if len(group) <= EDGE for line in group]
    first, last = page[:1], page[-1:]
    return [
        line for line in {line.start: line for line in (*first, *outer, *last)}.values() if len(line.text) <= LONGEST
    ]


def likeness(line: Line) -> str:
    """A line with its numbers and spaces made alike."""
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", line.text))


def between_pages(lines: list[Line]) -> set[int]:
    """The same where nothing parts pages: lone numbers that count on inside sentences, and repeats by them."""
    groups = part_groups(lines)
    alone = [i for i, group in enumerate(groups) if len(group) <= EDGE and is_numbered(group)]
    rows = [row for row in counting(groups, alone) if len(row) >= FEWEST and any(cuts(groups, i) for i in row)]
    found = {i for row in rows for i in row}
    beside = Counter(likeness(line) for i in found for line in near(groups, i, found))
    heads = {line.start for i in found for line in near(groups, i, found) if beside[likeness(line)] >= FEWEST}
    return {line.start for i in found for line in groups[i]} | heads


def is_numbered(group: list[Line]) -> bool:
    """Whether a group is a page number, or a short line with one at its end: "Harbour Board     17"."""
    return any(page_number(line) is not None for line in group) and all(len(line.text) <= LONGEST for line in group)


def page_number(line: Line) -> int | None:
    """The page number that a line is, or has behind or before a wide gap."""
    whole = NUMBER.fullmatch(line.text)
    number = whole["number"] if whole else None
    if number is None and (wide := re.search(r"\s{3,}\[?(?:Page )?(\d{1,4})\]?$|^(\d{1,4})\s{3,}", line.text)):
        number = wide[1] or wide[2]
    return int(number) if number and number.isdecimal() else None


def counting(groups: list[list[Line]], alone: list[int]) -> Iterator[list[int]]:
    """Runs of groups whose page numbers count on by one."""
    row: list[int] = []
    last = -1
    for i in alone:
        number = next(n for line in groups[i] if (n := page_number(line)) is not None)
        if row and number != last + 1:
            yield row
            row = []
        row.append(i)
        last = number
    if row:
        yield row


def cuts(groups: list[list[Line]], i: int) -> bool:
    """Whether a sentence goes on behind a group: the text before does not end, or that behind begins small."""
    before = groups[i - 1][-1].text if i else "."
    behind = groups[i + 1][0].text if i + 1 < len(groups) else "A"
    return before[-1].isalpha() and len(before) > 30 and behind[0].islower()


def near(groups: list[list[Line]], i: int, found: set[int]) -> Iterator[Line]:
    """The short lone lines just before and behind a page number."""
    for at in (i - 1, i + 1):
        if 0 <= at < len(groups) and at not in found and len(groups[at]) == 1:
            yield from groups[at]
