"""From lines to blocks, and the kind of each block."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.document.code import FENCE, base_indent, find_fenced, is_code
from index.document.furniture import find_furniture
from index.document.lines import BULLET, SENTENCE_END, Line, read_lines, split_groups
from index.document.quoting import unquote
from index.document.tables import LEADER, Row, find_tables, headers_of, read_cells
from index.document.types import Span
from index.document.wrapping import continues_sentence, ends_sentence, is_labelled, join_lines, wrap_width

LONGEST_DISPLAY = 3  # lines that are set in inside a sentence
FULL_LINE = 0.6  # of the longest line; a line at least this long may continue on the next page


@dataclass(frozen=True, slots=True)
class TextBlock(Span):
    """A block of a text. `kind` is `paragraph`, `item` (of a list), `row` (of a table), or `code`.

    `joined`: there is no blank line before it. `gaps` are page furniture and table lines inside it; `cells` the words
    added before each cell of a row; `head` the start of its table's header row.
    """

    kind: str = "paragraph"
    indent: int = 0
    joined: bool = False
    gaps: tuple[tuple[int, int], ...] = ()
    cells: tuple[tuple[int, str], ...] = ()
    head: int | None = None


def split_blocks(text: str) -> tuple[list[TextBlock], list[Span]]:
    """Split a text into blocks; return them, and the page furniture between them."""
    unquoted = unquote(read_lines(text))
    lines = unquoted.lines
    furniture = find_furniture(lines)
    groups = split_code(join_over_pages([line for line in lines if line.start not in furniture], furniture))
    base = base_indent([group for group, _ in groups])
    prose = [
        part for group, kind in groups if kind == "text" for part in split_tables(group) if isinstance(part[0], Line)
    ]
    width = wrap_width([[line for line in part if isinstance(line, Line)] for part in prose])
    blocks: list[TextBlock] = []
    for (group, kind), (following, _) in zip(groups, [*groups[1:], ([], "")]):
        introduced = bool(blocks) and blocks[-1].text.endswith(":")
        inside = bool(blocks) and is_interrupted(blocks[-1], group, following)
        in_list = bool(blocks) and blocks[-1].kind == "item" and not introduced
        parts = split_tables(group)
        tabular = 2 * sum(len(part) for part in parts if isinstance(part[0], Row)) > len(group)
        if kind == "code" or (not in_list and not tabular and is_code(group, base, introduced, inside)):
            add_code(text, blocks, group)
            continue
        for part in parts:
            rows = [row for row in part if isinstance(row, Row)]
            blocks += (
                row_blocks(text, rows) if rows else line_blocks(text, [x for x in part if isinstance(x, Line)], width)
            )
    outside = [*(line for line in lines if line.start in furniture), *unquoted.empty]
    outside.sort(key=lambda line: line.start)
    return add_gaps(add_prefixes(text, blocks, unquoted.prefixes), outside)


def is_interrupted(before: TextBlock, group: Sequence[Line], following: Sequence[Line]) -> bool:
    """Whether a few lines are set in between the beginning and the end of a sentence."""
    return (
        before.kind == "paragraph"
        and len(group) <= LONGEST_DISPLAY
        and not ends_sentence(before)
        and bool(following)
        and continues_sentence(before, following[0])
    )


def join_over_pages(lines: list[Line], furniture: set[int]) -> list[list[Line]]:
    """Group lines by blank lines, joining groups that page furniture or a page break interrupts."""
    groups = split_groups(lines)
    longest = max((line.edge for line in lines), default=0)
    joined: list[list[Line]] = groups[:1]
    for before, group in pairwise(groups):
        last, first = before[-1], group[0]
        parted = last.page != first.page or any(last.end <= start < first.start for start in furniture)
        full = last.edge >= FULL_LINE * longest and not ends_sentence(last)
        if (
            parted
            and (full or continues_sentence(last, first))
            and not is_labelled(first)
            and last.text[-1] not in SENTENCE_END
        ):
            joined[-1] = [*joined[-1], replace(first, joined=True), *group[1:]]
        else:
            joined.append(group)
    return joined


def split_code(groups: list[list[Line]]) -> list[tuple[list[Line], str]]:
    """Split groups into (lines, kind), with each fenced block as one group of code."""
    lines = [line for group in groups for line in group]
    joined = {line.start for group in groups for line in group[1:]}
    fenced = dict(find_fenced(lines))
    result: list[tuple[list[Line], str]] = []
    i = 0
    open_group = False
    while i < len(lines):
        if i in fenced:
            result.append((list(lines[i : fenced[i] + 1]), "code"))
            i, open_group = fenced[i] + 1, False
            continue
        if open_group and lines[i].start in joined:
            result[-1][0].append(lines[i])
        else:
            result.append(([lines[i]], "text"))
        i, open_group = i + 1, True
    return result


def add_code(text: str, blocks: list[TextBlock], group: Sequence[Line]) -> None:
    """Add a group as a code block, or append it to an indented code block before it."""
    start, last = group[0].start, group[-1].end
    before = blocks[-1] if blocks else None
    if (
        before
        and before.kind == "code"
        and before.indent
        and group[0].indent >= before.indent
        and before.text[-1] not in "`~"
    ):
        blocks[-1] = TextBlock(before.start, last, text[before.start : last], "code", before.indent, before.joined)
    else:
        fences = tuple((line.start, line.end) for line in (group[0], group[-1]) if FENCE.match(line.text))
        blocks.append(TextBlock(start, last, text[start:last], "code", group[0].indent, group[0].joined, fences))


def split_tables(group: Sequence[Line]) -> list[list[Line] | list[Row]]:
    """Split a group into runs of lines and tables."""
    parts: list[list[Line] | list[Row]] = []
    i = 0
    for first, rows in find_tables(group):
        if first > i:
            parts.append(list(group[i:first]))
        parts.append(rows)
        i = first + len(rows)
    if i < len(group):
        parts.append(list(group[i:]))
    return parts


def row_blocks(text: str, rows: Sequence[Row]) -> Iterator[TextBlock]:
    """Make a block of each row of a table; rules belong to the row before, or to the first."""
    headers = headers_of(rows)
    head = headers[0].line.start if headers else None
    number = 0
    while number < len(rows):
        first = number
        while number < len(rows) and not rows[number].cells:
            number += 1
        row = rows[number]
        number += 1
        while number < len(rows) and not rows[number].cells:
            number += 1
        block_rows = rows[first:number]
        rules = [(line_row.line.start, line_row.line.end) for line_row in block_rows if not line_row.cells]
        pipes = [(row.line.start + i, row.line.start + i + 1) for i, c in enumerate(row.line.text) if c == "|"]
        leaders = [(row.line.start + m.start(), row.line.start + m.end()) for m in LEADER.finditer(row.line.text)]
        start, end = block_rows[0].line.start, block_rows[-1].line.end
        yield TextBlock(
            start, end, text[start:end], "row", block_rows[0].line.indent, block_rows[0].line.joined,
            tuple(sorted(rules + pipes + leaders)), read_cells(row, headers), head,
        )  # fmt: skip


def line_blocks(text: str, lines: Sequence[Line], width: int) -> Iterator[TextBlock]:
    """Make a block of each paragraph and item."""
    for joined in join_lines(lines, width):
        first, end = joined[0], joined[-1].end
        kind = "item" if BULLET.match(first.text) else "paragraph"
        yield TextBlock(first.start, end, text[first.start : end], kind, first.indent, first.joined)


def add_gaps(blocks: list[TextBlock], furniture: list[Line]) -> tuple[list[TextBlock], list[Span]]:
    """Add furniture inside blocks to their gaps; return the blocks, and the other furniture."""
    inside: dict[int, list[tuple[int, int]]] = {}
    outside: list[Span] = []
    i = 0
    for line in furniture:
        while i < len(blocks) and blocks[i].end <= line.start:
            i += 1
        if i < len(blocks) and blocks[i].start <= line.start:
            inside.setdefault(blocks[i].start, []).append((line.start, line.end))
        else:
            outside.append(Span(line.start, line.end, line.text))
    with_gaps = [
        replace(b, gaps=tuple(sorted([*b.gaps, *inside[b.start]]))) if b.start in inside else b for b in blocks
    ]
    return with_gaps, outside


def add_prefixes(text: str, blocks: Sequence[TextBlock], prefixes: Mapping[int, int]) -> list[TextBlock]:
    """Add to blocks the prefixes of quoted lines, as gaps; `prefixes` maps the starts of lines to theirs."""
    starts = sorted(prefixes)
    result = []
    for block in blocks:
        inside = starts[bisect_left(starts, block.start) : bisect_left(starts, block.end)]
        start = prefixes.get(block.start, block.start)
        gaps = sorted([*block.gaps, *((prefixes[line], line) for line in inside)])
        result.append(replace(block, start=start, text=text[start : block.end], gaps=tuple(gaps)))
    return result
