"""A PDF's lines as blocks: headings by its outline or by their letters, paragraphs, lists, tables, code."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from index.document.formats.pdf_lines import Line

HEADING_HEIGHT = 1.12  # a heading's letters to the body's, at least
LONGEST_HEADING = 160  # characters
DEEPEST = 6
APART = 1.45  # between two lines, to what is usual, from which they are two paragraphs
INDENT = 0.9  # in heights
SHORT = 0.88  # of the width, up to which a line is not full
ENDED = re.compile(r"[.!?:;…][”’\"')\]]*$")
# Symbol fonts' bullets come as control characters, or as characters for private use.
BULLET = re.compile(r"[•‣◦▪■–—∙·o*-]\s+(?:\|\s)?|[•‣◦▪■∙\x80-\x9f\ue000-\uf8ff]\s*")
ITEM = re.compile(r"(?:\(?\d{1,3}[.)]|\(?[a-z][.)]|\([ivx]{1,4}\))\s+\S")
NUMBERING = re.compile(
    r"^(?:(?:chapter|section|part|appendix)\s+)?(?:[\dA-Z]{1,3}(?:\.\d{1,3})*\.?)?\s+", re.IGNORECASE
)


@dataclass(slots=True)
class LineBlock:
    """Lines that are one block, of a kind as a Block has it."""

    kind: str
    lines: list[Line] = field(default_factory=list)
    level: int = 0
    columns: tuple[int, ...] = ()  # of a row's cells


@dataclass(frozen=True, slots=True)
class Outline:
    """A PDF's own table of contents: for each page the titles of what begins there, with their levels from 1."""

    titles: dict[int, list[tuple[str, int]]]


def blocks_of(pages: Sequence[Sequence[Line]], height: float, outline: Outline) -> list[LineBlock]:
    """The blocks of all pages; a paragraph may go on over a page's end."""
    levels = heading_levels(pages, height)
    leading = usual_leading(pages, height)
    right = usual_right(pages)
    blocks: list[LineBlock] = []
    for page in pages:
        waiting = list(outline.titles.get(page[0].page, ())) if page else []
        at = 0
        while at < len(page):
            count, level = heading_at(page, at, waiting, levels, height)
            if count:
                blocks.append(LineBlock("heading", list(page[at : at + count]), level))
                at += count
                continue
            add_line(blocks, page[at], leading, right)
            at += 1
    return blocks


def usual_leading(pages: Sequence[Sequence[Line]], height: float) -> float:
    """How far apart, in heights, lines of the body's size mostly are."""
    gaps: Counter[float] = Counter()
    for page in pages:
        for above, below in pairwise(page):
            if above.height == below.height == height and 0 < above.base - below.base < 4 * height:
                gaps[round((above.base - below.base) / height, 1)] += 1
    return gaps.most_common(1)[0][0] if gaps else 1.2


def usual_right(pages: Sequence[Sequence[Line]]) -> float:
    """Where full lines end, on a page in the middle of all."""
    ends = sorted(max(line.right for line in page) for page in pages if page)
    return ends[len(ends) // 2] if ends else 0.0


def heading_levels(pages: Sequence[Sequence[Line]], height: float) -> dict[float, int]:
    """A level for each size of large letters that short lines have: the largest is 1."""
    sizes = {
        line.height
        for page in pages
        for line in page
        if line.height >= HEADING_HEIGHT * height and len(line.text) <= LONGEST_HEADING and has_letters(line)
    }
    return {size: min(rank, DEEPEST) for rank, size in enumerate(sorted(sizes, reverse=True), 1)}


def heading_at(
    page: Sequence[Line], at: int, waiting: list[tuple[str, int]], levels: dict[float, int], height: float
) -> tuple[int, int]:
    """How many lines from here on are a heading, and of which level; none if they are text."""
    for count in (1, 2, 3):
        words = squeezed(" ".join(line.words for line in page[at : at + count]))
        for title, level in waiting:
            if words and squeezed(title) in (words, squeezed_title(page[at : at + count])):
                waiting.remove((title, level))
                return min(count, len(page) - at), min(level, DEEPEST)
    line = page[at]
    if line.mono or len(line.text) > LONGEST_HEADING or line.cells or not has_letters(line):
        return 0, 0
    if line.height in levels:
        count = 1
        while (
            at + count < len(page)
            and count < 3
            and page[at + count].height == line.height
            and near(page[at + count - 1], page[at + count])
        ):
            count += 1
        return count, levels[line.height]
    alone = at + 1 >= len(page) or page[at + 1].bold is False
    if line.bold and alone and line.height >= height and not ENDED.search(line.text) and stands_apart(page, at):
        return 1, min(len(levels) + 1, DEEPEST)
    return 0, 0


def has_letters(line: Line) -> bool:
    """Whether a line has a letter."""
    return any(map(str.isalpha, line.text))


def stands_apart(page: Sequence[Line], at: int) -> bool:
    """Whether there is more room above a line than between two lines of a paragraph."""
    return at == 0 or page[at - 1].base - page[at].base > 1.5 * page[at].height or page[at - 1].base < page[at].base


def near(above: Line, below: Line) -> bool:
    """Whether two lines can be of one heading."""
    return 0 < above.base - below.base < 1.8 * above.height


def squeezed(text: str) -> str:
    """A title's letters and digits."""
    return "".join(c for c in text.casefold() if c.isalnum())


def squeezed_title(lines: Sequence[Line]) -> str:
    """The same of some lines, without the number before a title."""
    return squeezed(NUMBERING.sub("", " ".join(line.words for line in lines), count=1))


def add_line(blocks: list[LineBlock], line: Line, leading: float, right: float) -> None:
    """Add a line to the block that it goes on with, or as a new one."""
    last = blocks[-1] if blocks else None
    kind = kind_of(line)
    if last and (is_more_code(last, line, kind) or (last.kind == "row" and is_of_cell(last.lines, line, leading))):
        last.lines.append(line)
    elif last is None or kind in ("row", "code") or is_new(last, line, leading, right):
        blocks.append(LineBlock(kind, [line]))
    else:
        last.lines.append(line)


def is_more_code(block: LineBlock, line: Line, kind: str) -> bool:
    """Whether a line of code goes on with the block before it."""
    above = block.lines[-1]
    return block.kind == kind == "code" and above.page == line.page and 0 < above.base - line.base < 3 * line.height


def is_of_cell(row: Sequence[Line], line: Line, leading: float) -> bool:
    """Whether a line goes on with the last cell of a table's row."""
    below = row[-1].base - line.base
    beside = abs(line.left - row[0].cells[-1]) < line.height and not line.cells
    return beside and line.page == row[0].page and 0 < below < APART * leading * line.height


def kind_of(line: Line) -> str:
    """What a line looks like."""
    if line.mono:
        return "code"
    if BULLET.match(line.text) or ITEM.match(line.text):
        return "item"
    return "row" if line.cells else "paragraph"


def is_new(block: LineBlock, line: Line, leading: float, right: float) -> bool:
    """Whether a line begins a new block."""
    last = block.lines[-1]
    if block.kind in ("heading", "row", "code") or kind_of(line) == "item":
        return True
    if abs(last.height - line.height) > 0.08 * last.height:
        return True
    ended = bool(ENDED.search(last.words.rstrip()))
    gap = last.base - line.base
    if last.page != line.page or gap <= 0:
        return ended or not (line.text[:1].islower() or last.text.endswith("-") or last.right >= SHORT * right)
    if gap > APART * leading * max(last.height, line.height):
        return True
    short = last.right < SHORT * right
    if line.left > last.left + INDENT * line.height:
        return ended or short
    if line.left < last.left - INDENT * line.height:
        return len(block.lines) > 1 and (ended or short)
    return ended and short and (line.text[:1].isupper() and last.right < 0.7 * right)
