"""A PDF's tables: which column each cell of a row stands in, and which row heads them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from index.document.formats.pdf_blocks import LineBlock
from index.document.formats.pdf_lines import CELLS
from index.document.formats.types import Edge, Inline

FEWEST = 3  # rows, from which one may head the others
LONGEST_NAME = 60  # characters of a cell that heads a column


def find_columns(blocks: Iterable[LineBlock]) -> None:
    """Note the columns of every table's rows, and the row that heads each table."""
    for kind, run in groupby(blocks, lambda block: block.kind):
        rows = list(run)
        if kind == "row":
            header = rows[0] if heads(rows) else None
            for row in rows:
                row.columns = columns_of(row, header)
            if header:
                header.level = 1


def heads(rows: Sequence[LineBlock]) -> bool:
    """Whether the first of some rows heads the others.

    It is set in bold and they are not, or has no numbers and most of them do; and most have as many cells as it has.
    """
    first, others = rows[0].lines[0], [row.lines[0] for row in rows[1:]]
    if (
        len(rows) < FEWEST
        or len(rows[0].lines) > 1
        or any(len(name) > LONGEST_NAME for name in first.text.split(CELLS))
    ):
        return False
    alike = sum(len(line.cells) == len(first.cells) for line in others)
    numbers = sum(has_digit(line.text.partition(CELLS)[2]) for line in others)
    bold = first.bold and 2 * sum(line.bold for line in others) < len(others)
    return 2 * alike > len(others) and (bold or (not has_digit(first.text) and 2 * numbers > len(others)))


def has_digit(words: str) -> bool:
    """Whether there is a number in some words."""
    return any(map(str.isdigit, words))


def columns_of(row: LineBlock, header: LineBlock | None) -> tuple[int, ...]:
    """The column of each cell: by order, or the one whose header begins nearest where there are fewer or more cells."""
    cells = row.lines[0].cells
    if header is None or len(cells) == len(header.lines[0].cells):
        return tuple(range(len(cells)))
    columns: list[int] = []
    for left in cells:
        nearest = min(enumerate(header.lines[0].cells), key=lambda column: abs(column[1] - left))[0]
        columns.append(max(nearest, columns[-1] + 1) if columns else nearest)
    return tuple(columns)


def with_edges(inlines: Sequence[Inline], columns: Sequence[int]) -> list[Inline]:
    """A row's words with the edges of its cells."""
    waiting: Iterator[int] = iter(columns)
    column = next(waiting)
    row: list[Inline] = [Edge(column, "cell"), Edge(column, "words")]
    for inline in inlines:
        first, *others = inline.split(CELLS) if isinstance(inline, str) else [inline]
        row.append(first)
        for words in others:
            row.append(Edge(column, "end"))
            column = next(waiting, column + 1)
            row += [CELLS, Edge(column, "cell"), Edge(column, "words"), words]
    return [*row, Edge(column, "end")]
