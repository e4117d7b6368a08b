"""A document as it was read, to be shown: headings with their depth, lists, tables, code, notes where they stand.

shape(document) -> Heading | Text | Listing | Table | Notes, in the order of the text
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, Literal, TypeVar

from index.document.lines import BULLET
from index.document.types import Block, Cell, Document, Footnote, Paragraph, Sentence

NUMBERED = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)\.?\s")
UNDERLINES = "=-~^*"
SEPARATORS = " \t\r\n|"
RULES = "|+-="  # what parts cells and rows
DEEPEST = 8
Inner = TypeVar("Inner")


@dataclass(frozen=True, slots=True)
class Node(Generic[Inner]):
    """A node of a tree, with its children."""

    value: Inner
    inner: tuple["Node[Inner]", ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `depth` counts from 1, and never by more than one at a time."""

    line: Sentence
    words: str
    depth: int
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, code, or the byline."""

    paragraph: Paragraph
    kind: Literal["paragraph", "code", "byline"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; deeper items are nested in those above them."""

    items: tuple[Node[Paragraph], ...]
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells by column, from left to right."""

    paragraph: Paragraph
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the names of its columns, or the row that has them, and the other rows."""

    width: int
    names: Mapping[int, str]
    head: Row | None
    rows: tuple[Row, ...]
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes that stand together, each with its position among the document's."""

    notes: tuple[tuple[int, Footnote], ...]
    kind: Literal["notes"] = "notes"


Part = Heading | Text | Listing | Table | Notes


@dataclass(slots=True)
class TableRows:
    """The rows of a table that is being built."""

    rows: list[Row] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    head: Row | None = None


def shape(document: Document) -> tuple[Part, ...]:
    """Return the parts of a document to show, in text order, without boilerplate."""
    parts: list[Part] = []
    for kind, run in groupby(units(document), kind_of):
        some = list(run)
        if kind == "item":
            levels = depths(item.level for item in some)  # type: ignore[union-attr]
            parts.append(Listing(nest(list(zip(levels, some)))))  # type: ignore[arg-type]
        elif kind == "row":
            parts += tables(document, some)  # type: ignore[arg-type]
        elif kind == "note":
            parts.append(Notes(tuple(some)))  # type: ignore[arg-type]
        elif kind == "heading":
            parts += some  # type: ignore[arg-type]
        else:
            parts += [Text(paragraph, kind) for paragraph in some]  # type: ignore[arg-type]
    return tuple(parts)


Unit = Heading | Paragraph | tuple[int, Footnote]


def units(document: Document) -> list[Unit]:
    """Headings, paragraphs and notes in the order of the text."""
    placed: list[tuple[int, Unit]] = [(heading.line.start, heading) for heading in outline(document)]
    placed += [(paragraph.start, paragraph) for paragraph in document.paragraphs]
    placed += [(note.start, (position, note)) for position, note in enumerate(document.footnotes)]
    if document.byline:
        placed.append((document.byline.start, document.byline))
    return [unit for _, unit in sorted(placed, key=lambda pair: pair[0])]


def kind_of(unit: Unit) -> str:
    """What a unit is shown as."""
    if isinstance(unit, Heading):
        return "heading"
    if isinstance(unit, tuple):
        return "note"
    return unit.kind if unit.number else "byline"


def outline(document: Document) -> tuple[Heading, ...]:
    """The headings of a document with their depth."""
    lines = [section.heading_line for section in document.sections if section.heading_line]
    given_levels = {block.start: block.level for block in document.blocks if block.kind == "heading"}
    levels = [given_levels.get(line.start) or level_of(line.text) for line in lines]
    return tuple(Heading(line, line.plain, depth) for line, depth in zip(lines, depths(levels)))


def level_of(heading: str) -> int:
    """How deep a heading of a plain text stands, by its `#`, its underline or its number."""
    if heading.startswith("#"):
        return len(heading) - len(heading.lstrip("#"))
    under = heading.rstrip()[-1:]
    if under in UNDERLINES and heading.count("\n") + heading.count("\r"):
        return 1 if under == "=" else 2
    number = NUMBERED.match(heading)
    return 1 + number[1].count(".") if number else 1


def depths(levels: Iterable[int]) -> Iterator[int]:
    """Turn levels into depths from 1: each is one deeper than the nearest item before it that has a lower level."""
    above: list[int] = []
    for level in levels:
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        yield min(len(above), DEEPEST)


def nest(entries: Sequence[tuple[int, Inner]]) -> tuple[Node[Inner], ...]:
    """Build trees from values with their depths, in document order."""
    trees: list[Node[Inner]] = []
    at = 0
    while at < len(entries):
        level, value = entries[at]
        end = next((i for i in range(at + 1, len(entries)) if entries[i][0] <= level), len(entries))
        trees.append(Node(value, nest(entries[at + 1 : end])))
        at = end
    return tuple(trees)


def is_bulleted(item: Paragraph) -> bool:
    """Whether an item's own words begin with a bullet or a number."""
    return bool(BULLET.match(item.text))


def tables(document: Document, rows: Iterable[Paragraph]) -> Iterator[Table]:
    """Group adjoining rows into tables: a new one begins with other column names, or with a header row."""
    blocks = {block.start: block for block in document.blocks if block.cells}
    table = TableRows()
    for paragraph in rows:
        row, names, heads = read_row(document.text, paragraph, blocks.get(paragraph.start))
        other = any(table.names.get(column, name) != name for column, name in names.items())
        if table.rows and (heads or (other and table.names)):
            yield from finished(table)
            table = TableRows()
        if heads:
            table.head = row
        else:
            table.rows.append(place_cells(row, names, table))
            table.names.update(names)
    yield from finished(table)


def finished(table: TableRows) -> Iterator[Table]:
    """Finish a table; its first row is the header if the other rows are read with that row's words as column names."""
    head, rows = table.head, table.rows
    if head is None and len(rows) > 1 and table.names and {*table.names.values()} <= {*row_words(rows[0])}:
        head, *rows = rows
    every = [*rows, *([head] if head else [])]
    if every:
        width = max(cell.column for row in every for cell in row.cells) + 1
        yield Table(width, table.names, head, tuple(rows))


def row_words(row: Row) -> Iterator[str]:
    """What stands in the cells of a row."""
    for cell in row.cells:
        yield row.paragraph.text[cell.words - row.paragraph.start : cell.end - row.paragraph.start]


def read_row(text: str, row: Paragraph, block: Block | None) -> tuple[Row, dict[int, str], bool]:
    """A row, the names that it is read with by column, and whether its format says that it heads the table."""
    if block:
        names = {cell.column: text[cell.start : cell.words].rstrip(": ") for cell in block.cells}
        return Row(row, block.cells), {column: name for column, name in names.items() if name}, block.level > 0
    marked = [cell for sentence in row.sentences for cell in sentence.cells]
    starts = [at for at, _ in marked] or [row.start]
    rules = sorted(start for sentence in row.sentences for start, _ in sentence.markers if text[start] in RULES)
    cuts = [min([rule for rule in rules if rule >= at] + [end]) for at, end in zip(starts, [*starts[1:], row.end])]
    ends = [row.start + len(row.text[: cut - row.start].rstrip(SEPARATORS)) for cut in cuts]
    cells = tuple(Cell(i, at, at, max(at, end)) for i, (at, end) in enumerate(zip(starts, ends)))
    names = {i: before.removeprefix("; ").removesuffix(": ") for i, (_, before) in enumerate(marked)}
    return Row(row, cells), {column: name for column, name in names.items() if name}, False


def place_cells(row: Row, names: dict[int, str], table: TableRows) -> Row:
    """A row whose cells stand in the columns of the table's first row that their names say; `names` is set right."""
    first = list(row_words(table.rows[0])) if table.rows and not table.head else []
    if len(first) <= len(row.cells) or not set(names.values()) <= set(first):
        return row
    columns = [first.index(names[i]) if i in names else i for i in range(len(row.cells))]
    if columns != sorted(set(columns)):
        return row
    named = {column: names[i] for i, column in enumerate(columns) if i in names}
    names.clear()
    names.update(named)
    return Row(row.paragraph, tuple(Cell(c, cell.start, cell.words, cell.end) for c, cell in zip(columns, row.cells)))
