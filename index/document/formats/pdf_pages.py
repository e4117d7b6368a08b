"""What of a PDF's pages is text, and what is furniture: running heads, page numbers, tables of contents."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from index.document.formats.pdf_lines import Line

EDGE = 0.14  # of a page's height, above and below, where running heads and page numbers stand
EDGE_LINES = 3
BAND = 4.0  # points: lines this near in height above the page's foot are one band
REPEATED = 3  # pages on which the same line, numbers aside, is a running head
NUMBER = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
LEADERS = re.compile(r"(?:\.\s?){4,}\s*\S{1,6}$")


def body_height(pages: Sequence[Sequence[Line]]) -> float:
    """The height that most letters have."""
    heights: Counter[float] = Counter()
    for page in pages:
        for line in page:
            heights[line.height] += len(line.text) * (not line.mono)
    return heights.most_common(1)[0][0] if heights else 1.0


def part_furniture(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], list[list[Line]]]:
    """Each page's lines without running heads, page numbers and tables of contents; and those."""
    edges: dict[tuple[bool, int], list[Line]] = defaultdict(list)
    for page in pages:
        ordered = sorted(page, key=lambda line: -line.base)
        for line in {
            id(edge_line): edge_line for edge_line in [*ordered[:EDGE_LINES], *ordered[-EDGE_LINES:]]
        }.values():
            top = line.base > line.page_height * (1 - EDGE)
            if top or line.base < line.page_height * EDGE:
                edges[top, round(line.base / BAND)].append(line)
    furniture = {id(line) for band in edges.values() for line in repeated(band)}
    body, apart = [], []
    for page in pages:
        body.append([line for line in page if id(line) not in furniture and not LEADERS.search(line.text)])
        apart.append([line for line in page if id(line) in furniture or LEADERS.search(line.text)])
    return body, apart


def repeated(band: Sequence[Line]) -> list[Line]:
    """The lines of a band that are furniture: all where most repeat others, else those that do."""
    keys = Counter(key_of(line) for line in band)
    often = [line for line in band if keys[key_of(line)] >= REPEATED]
    return list(band) if 2 * len(often) > len(band) else often


def key_of(line: Line) -> str:
    """A line's words without its numbers."""
    return NUMBER.sub("#", " ".join(line.text.split())).casefold()
