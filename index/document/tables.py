"""Tables in plain text: rows by pipes, tabs or aligned columns, and their header rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.document.lines import Line

RULE = re.compile(r"(?=.*[-=]{2})[|+:=\-\s]+")
LEADER = re.compile(r"\s?(?:\.{4,}|(?:\. ){4,})\s?")  # "Coffee ........ 30"
WIDE = re.compile(rf"{LEADER.pattern}|(?<![.!?:;])(?:\s{{2,}}|\s*\t\s*)|(?<=[.!?:;])(?:\s{{3,}}|\s*\t\s*)")
TAB = re.compile(r" *\t *")
LEAST_ROWS = 2
MOST_HEADERS = 3  # rows
LONGEST_CELL = 120  # characters
LABELLED = re.compile(r"(?:[-*•–]|\[[^\]]{1,12}\]:?|\(?\w{1,4}[.)]|[*†‡§¹²³⁰-⁹]+)(?:\s{1,4}|\t)\S+(?: \S+)*$")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, with its cells as (start, end) in the text; a rule has none."""

    line: Line
    cells: tuple[tuple[int, int], ...]

    def text_of(self, cell: tuple[int, int]) -> str:
        """Return the text of a cell."""
        return self.line.text[cell[0] - self.line.start : cell[1] - self.line.start]

    @property
    def columns(self) -> tuple[tuple[int, int], ...]:
        """The cells as (start, end) columns of the page."""
        left = self.line.start - self.line.indent
        return tuple((start - left, end - left) for start, end in self.cells)


def find_tables(lines: Sequence[Line]) -> list[tuple[int, list[Row]]]:
    """Find the tables in a group of lines, each with the position of its first line."""
    tables: list[tuple[int, list[Row]]] = []
    i = 0
    while i < len(lines):
        rows = table_from(lines, i)
        if rows:
            tables.append((i, rows))
        i += len(rows) or 1
    return tables


def table_from(lines: Sequence[Line], start: int) -> list[Row]:
    """Return the table that begins at a line; empty if there is none."""
    for split_line in (split_at_pipes, split_at_gaps):
        rows: list[Row] = []
        for i in range(start, len(lines)):
            row = with_empty_cells(rows, split_line(lines[i]))
            if row is None or (split_line is split_at_gaps and not continues_table(rows, row)):
                break
            rows.append(row)
        content = [row for row in rows if row.cells]
        if (len(content) >= LEAST_ROWS and rows[0].cells) or (
            len(content) >= LEAST_ROWS and split_line is split_at_pipes
        ):
            return rows
    return []


def with_empty_cells(rows: Sequence[Row], row: Row | None) -> Row | None:
    """A row with empty cells between its tabs, where it then has as many as the table's first row."""
    if not rows or row is None or "\t" not in row.line.text or len(row.cells) == len(rows[0].cells):
        return row
    strict = cells_between(row.line, TAB)
    return strict if strict and len(strict.cells) == len(rows[0].cells) else row


def split_at_pipes(line: Line) -> Row | None:
    """Split a line into cells at pipes; None if it is no row."""
    if RULE.fullmatch(line.text) and ("|" in line.text or "+" in line.text):
        return Row(line, ())
    edges = [line.start + i for i, character in enumerate(line.text) if character == "|"]
    if len(edges) < 2 and not (len(edges) == 1 and " | " in line.text):
        return None
    if not line.text.startswith("|"):
        edges.insert(0, line.start - 1)
    if not line.text.endswith("|"):
        edges.append(line.end)
    cells = [trim(line, start + 1, end) for start, end in pairwise(edges)]
    return Row(line, tuple(cells))


def split_at_gaps(line: Line) -> Row | None:
    """Split a line into cells at tabs or wide gaps; None if it is no row."""
    if RULE.fullmatch(line.text) and "|" not in line.text:
        return Row(line, ())
    if LABELLED.match(line.text):
        return None
    return cells_between(line, WIDE)


def cells_between(line: Line, gap: re.Pattern[str]) -> Row | None:
    """The cells between the gaps of a line; None if it has none, or has a cell that is too long."""
    gaps = [match.span() for match in gap.finditer(line.text)]
    if not gaps:
        return None
    starts = [0, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), len(line.text)]
    cells = [(line.start + start, line.start + end) for start, end in zip(starts, ends)]
    return Row(line, tuple(cells)) if all(end - start <= LONGEST_CELL for start, end in cells) else None


def trim(line: Line, start: int, end: int) -> tuple[int, int]:
    """Strip the blanks at the ends of a cell."""
    words = line.text[start - line.start : end - line.start]
    left = start + len(words) - len(words.lstrip())
    return left, left + len(words.strip())


def continues_table(rows: Sequence[Row], row: Row) -> bool:
    """Whether a row continues a table: a cell after its first is aligned with one of the row before."""
    before = next((earlier for earlier in reversed(rows) if earlier.cells), None)
    if before is None or not row.cells:
        return bool(rows) or bool(row.cells)
    if "\t" in row.line.text and "\t" in before.line.text:
        return len(row.cells) == len(before.cells)
    starts = {start for start, _ in before.columns[1:]}
    ends = {end for _, end in before.columns[1:]}
    return any(start in starts or end in ends for start, end in row.columns[1:])


def headers_of(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the header rows: those above a rule, or a first one without numbers above rows with numbers."""
    content = [row for row in rows if row.cells]
    ruled = next((i for i, row in enumerate(rows) if not row.cells and i > 0), 0)
    if 0 < ruled <= MOST_HEADERS and ruled < len(rows) - 1 and all(row.cells for row in rows[:ruled]):
        return rows[:ruled]
    first = next(i for i, row in enumerate(rows) if row.cells)
    if first + 1 < len(rows) and not rows[first + 1].cells:
        return content[:1]
    numbers = [any(has_digit(row, cell) for cell in row.cells[1:]) for row in content]
    return content[:1] if not numbers[0] and len(content) > 2 and 2 * sum(numbers) > len(content) else ()


def has_digit(row: Row, cell: tuple[int, int]) -> bool:
    """Whether a cell contains a digit."""
    return any(character.isdigit() for character in row.text_of(cell))


def read_cells(row: Row, headers: Sequence[Row]) -> tuple[tuple[int, str], ...]:
    """Return the words to add before each cell of a row: a separator and the name of its column."""
    names = column_names(row, headers) if headers and row not in headers else [""] * len(row.cells)
    return tuple(
        (start, ("; " if number else "") + (f"{name}: " if name else ""))
        for number, ((start, end), name) in enumerate(zip(row.cells, names))
        if end > start
    )


def column_names(row: Row, headers: Sequence[Row]) -> list[str]:
    """Return the column name of each cell: by order if there are as many, else what stands above it.

    Under one header row that is the nearest cell; under several, those that it reaches into, each read once.
    """
    names: list[list[str]] = [[] for _ in row.cells]
    for header in headers:
        words = [header.text_of(cell) for cell in header.cells]
        for i, (start, end) in enumerate(row.columns):
            if len(row.cells) == len(header.cells):
                over = [i]
            elif len(headers) == 1:
                over = [min(range(len(words)), key=lambda k: abs(sum(header.columns[k]) - start - end))]
            else:
                over = [k for k, (first, last) in enumerate(header.columns) if first < end and start < last]
            names[i] += [words[k] for k in over if words[k] not in names[i]]
    return [" ".join(filter(None, parts)) for parts in names]
