"""Page furniture: running heads and page numbers."""

import re
from collections import Counter
from collections.abc import Iterator

from index.document.lines import Line, split_groups

NUMBER = re.compile(
    r"[\[\-–—|(\s]*(?:(?:page|p\.|seite|página)\s*)?(?P<number>\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/|von|de)\s*\d{1,4})?[\])\-–—|.\s]*",
    re.IGNORECASE,
)
BESIDE = re.compile(
    r"\s{3,}[\[(–-]?\s?(?:(?:page|p\.|seite|página)\s*)?(\d{1,4})(?:\s*(?:of|/|von|de)\s*\d{1,4})?[\])]?$|^(\d{1,4})\s{3,}",
    re.IGNORECASE,
)
EDGE = 2  # lines at the top and at the foot of a page
LONGEST = 100  # characters of a running head
FEWEST = 3  # consecutive page numbers, at least, in a text without form feeds


def find_furniture(lines: list[Line]) -> set[int]:
    """Return the starts of the lines that are page furniture."""
    return find_on_pages(lines) if lines and lines[-1].page > lines[0].page else find_between_pages(lines)


def find_on_pages(lines: list[Line]) -> set[int]:
    """Find furniture in a text with form feeds: page numbers and repeated lines at the edges of pages."""
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    edges = [(page, line) for page, page_lines in pages.items() for line in edge_lines(page_lines)]
    repeated = Counter(key for key, _ in {(normalize(line), page) for page, line in edges})
    least = max(2, len(pages) // 4)
    return {line.start for _, line in edges if NUMBER.fullmatch(line.text) or repeated[normalize(line)] >= least}


def edge_lines(page: list[Line]) -> list[Line]:
    """Return the lines at the edges of a page that can be furniture, those in groups of at most EDGE lines."""
    groups = split_groups(page)
    outer = [line for group in (*groups[:EDGE], *groups[-EDGE:]) if len(group) <= EDGE for line in group]
    first, last = page[:1], page[-1:]
    return [
        line for line in {line.start: line for line in (*first, *outer, *last)}.values() if len(line.text) <= LONGEST
    ]


def normalize(line: Line) -> str:
    """Normalize the numbers and spaces of a line, to compare it with others: left and right pages differ in order."""
    words = re.sub(r"^\d+\s{2,}|\s{2,}\d+$", "", line.text) or line.text
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", words))


def find_between_pages(lines: list[Line]) -> set[int]:
    """Find furniture in a text without form feeds: consecutive page numbers, and repeated lines beside them."""
    groups = split_groups(lines)
    numbered = [i for i, group in enumerate(groups) if len(group) <= EDGE and is_numbered(group)]
    runs = [
        run
        for run in consecutive_runs(groups, numbered)
        if len(run) >= FEWEST and any(interrupts_sentence(groups, i) for i in run)
    ]
    positions = {i for run in runs for i in run}
    counts = Counter(normalize(line) for i in positions for line in neighbouring_lines(groups, i, positions))
    heads = {
        line.start
        for i in positions
        for line in neighbouring_lines(groups, i, positions)
        if counts[normalize(line)] >= FEWEST
    }
    return {line.start for i in positions for line in groups[i]} | heads


def is_numbered(group: list[Line]) -> bool:
    """Whether a group is a page number, or a short line with one: "Harbour Board     17"."""
    return any(page_number(line) is not None for line in group) and all(len(line.text) <= LONGEST for line in group)


def page_number(line: Line) -> int | None:
    """Return the page number that a line is, or has at its beginning or end beside a wide gap."""
    whole = NUMBER.fullmatch(line.text)
    number = whole["number"] if whole else None
    if number is None and (wide := BESIDE.search(line.text)):
        number = wide[1] or wide[2]
    return int(number) if number and number.isdecimal() else None


def consecutive_runs(groups: list[list[Line]], numbered: list[int]) -> Iterator[list[int]]:
    """Yield runs of groups with consecutive page numbers."""
    run: list[int] = []
    last = -1
    for i in numbered:
        number = next(n for line in groups[i] if (n := page_number(line)) is not None)
        if run and number != last + 1:
            yield run
            run = []
        run.append(i)
        last = number
    if run:
        yield run


def interrupts_sentence(groups: list[list[Line]], i: int) -> bool:
    """Whether a group interrupts a sentence: the text before has no end, and that behind begins in lower case."""
    before = groups[i - 1][-1].text if i else "."
    following = groups[i + 1][0].text if i + 1 < len(groups) else "A"
    return before[-1].isalpha() and len(before) > 30 and following[0].islower()


def neighbouring_lines(groups: list[list[Line]], i: int, numbered: set[int]) -> Iterator[Line]:
    """Yield the single lines directly before and after a page number."""
    for position in (i - 1, i + 1):
        if 0 <= position < len(groups) and position not in numbered and len(groups[position]) == 1:
            yield from groups[position]
