"""Tables in a text: rows by pipes, tabs or aligned columns, and the headings of their columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.document.lines import Line

RULE = re.compile(r"(?=.*[-=]{2})[|+:=\-\s]+")
WIDE = re.compile(r"(?<![.!?:;])(?:\s{2,}|\s*\t\s*)|(?<=[.!?:;])(?:\s{3,}|\s*\t\s*)")
LEAST_ROWS = 2
LONGEST_CELL = 120  # characters
LABELLED = re.compile(r"(?:[-*•–]|\[[^\]]{1,12}\]:?|\(?\w{1,4}[.)]|[*†‡§¹²³⁰-⁹]+)(?:\s{1,4}|\t)\S+(?: \S+)*$")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its cells as (start, end) in the text, those of a rule none."""

    line: Line
    cells: tuple[tuple[int, int], ...]

    def words(self, cell: tuple[int, int]) -> str:
        """What stands in a cell."""
        return self.line.text[cell[0] - self.line.start : cell[1] - self.line.start]

    @property
    def columns(self) -> tuple[tuple[int, int], ...]:
        """The cells as columns of the page."""
        left = self.line.start - self.line.indent
        return tuple((start - left, end - left) for start, end in self.cells)


def find_tables(lines: Sequence[Line]) -> list[tuple[int, list[Row]]]:
    """The tables in a group of lines, each with the position of its first line."""
    found: list[tuple[int, list[Row]]] = []
    at = 0
    while at < len(lines):
        rows = table_from(lines, at)
        if rows:
            found.append((at, rows))
        at += len(rows) or 1
    return found


def table_from(lines: Sequence[Line], at: int) -> list[Row]:
    """The table that begins at a line; empty if none does."""
    for cut in (cut_pipes, cut_gaps):
        rows: list[Row] = []
        for line in lines[at:]:
            row = cut(line)
            if row is None or (cut is cut_gaps and not belongs(rows, row)):
                break
            rows.append(row)
        real = [row for row in rows if row.cells]
        if (len(real) >= LEAST_ROWS and rows[0].cells) or (len(real) >= LEAST_ROWS and cut is cut_pipes):
            return rows
    return []


def cut_pipes(line: Line) -> Row | None:
    """A line as a row whose cells pipes part."""
    if RULE.fullmatch(line.text) and ("|" in line.text or "+" in line.text):
        return Row(line, ())
    edges = [line.start + at for at, character in enumerate(line.text) if character == "|"]
    if len(edges) < 2 and not (len(edges) == 1 and " | " in line.text):
        return None
    if not line.text.startswith("|"):
        edges.insert(0, line.start - 1)
    if not line.text.endswith("|"):
        edges.append(line.end)
    cells = [trim(line, start + 1, end) for start, end in pairwise(edges)]
    return Row(line, tuple(cells))


def cut_gaps(line: Line) -> Row | None:
    """A line as a row whose cells tabs or wide gaps part."""
    if RULE.fullmatch(line.text) and "|" not in line.text:
        return Row(line, ())
    if LABELLED.match(line.text):
        return None
    gaps = [match.span() for match in WIDE.finditer(line.text)]
    if not gaps:
        return None
    starts = [0, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), len(line.text)]
    cells = [(line.start + start, line.start + end) for start, end in zip(starts, ends)]
    return Row(line, tuple(cells)) if all(end - start <= LONGEST_CELL for start, end in cells) else None


def trim(line: Line, start: int, end: int) -> tuple[int, int]:
    """A cell less the blanks at its ends."""
    words = line.text[start - line.start : end - line.start]
    left = start + len(words) - len(words.lstrip())
    return left, left + len(words.strip())


def belongs(rows: Sequence[Row], row: Row) -> bool:
    """Whether a row goes on with a table: a cell behind its first begins or ends where one of the row before does."""
    before = next((one for one in reversed(rows) if one.cells), None)
    if before is None or not row.cells:
        return bool(rows) or bool(row.cells)
    if "\t" in row.line.text and "\t" in before.line.text:
        return len(row.cells) == len(before.cells)
    starts = {start for start, _ in before.columns[1:]}
    ends = {end for _, end in before.columns[1:]}
    return any(start in starts or end in ends for start, end in row.columns[1:])


def header_of(rows: Sequence[Row]) -> Row | None:
    """The row that heads the columns: the one above a rule, or a first one without numbers above some with."""
    real = [row for row in rows if row.cells]
    ruled = [i for i, row in enumerate(rows) if not row.cells]
    first = next(i for i, row in enumerate(rows) if row.cells)
    if any(i == first + 1 for i in ruled):
        return real[0]
    numbers = [any(has_digit(row, cell) for cell in row.cells[1:]) for row in real]
    return real[0] if not numbers[0] and len(real) > 2 and 2 * sum(numbers) > len(real) else None


def has_digit(row: Row, cell: tuple[int, int]) -> bool:
    """Whether a cell has a number in it."""
    return any(character.isdigit() for character in row.words(cell))


def read_cells(row: Row, header: Row | None) -> tuple[tuple[int, str], ...]:
    """What is read before each cell of a row: the heading of its column, and what parts it from the cell before."""
    names = column_names(row, header) if header and header is not row else [""] * len(row.cells)
    return tuple(
        (start, ("; " if number else "") + (f"{name}: " if name else ""))
        for number, ((start, end), name) in enumerate(zip(row.cells, names))
        if end > start
    )


def column_names(row: Row, header: Row) -> list[str]:
    """The heading over each cell: by order where there are as many, else the one that stands nearest above."""
    words = [header.words(cell) for cell in header.cells]
    if len(row.cells) == len(header.cells):
        return words
    above = [
        min(range(len(header.cells)), key=lambda i: abs(sum(header.columns[i]) - sum(column))) for column in row.columns
    ]
    return [words[i] for i in above]
