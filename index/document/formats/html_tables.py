"""Tables as rows that can be quoted: `Ship: Birger; Built: 2008; Seats: 340`, each cell with its header."""

from collections.abc import Callable, Collection, Iterator, Sequence

from lxml.html import HtmlElement

from index.document.formats.types import Edge, Inline, Page, Ref

MOST_COLUMNS = 100
LONGEST_CELL = 1500  # characters; what is longer is a page set in a table, not a table
ReadCell = Callable[[HtmlElement], list[Inline]]
Row = list[tuple[list[Inline], bool]]  # a cell's words and whether it is a header, for each column


def is_layout(table: HtmlElement) -> bool:
    """Whether a table only places things on the page."""
    if table.get("role") in ("presentation", "none"):
        return True
    if any(True for _ in table.iterdescendants("table", "h1", "h2", "h3", "h4")):
        return True
    return any(len(cell.text_content()) > LONGEST_CELL for cell in cells_under(table))


def cells_under(table: HtmlElement) -> Iterator[HtmlElement]:
    """Every cell of a table."""
    return table.iterdescendants("td", "th")


def holds_only(table: HtmlElement, notes: Collection[HtmlElement]) -> bool:
    """Whether all rows of a table but those of headers are notes."""
    rows = list(table.iterdescendants("tr"))
    return any(row in notes for row in rows) and all(row in notes or row.find("td") is None for row in rows)


def rows_of(
    table: HtmlElement, read: ReadCell, notes: Collection[HtmlElement] = ()
) -> Iterator[tuple[list[Inline], bool]]:
    """The words of each row that is no note, and whether they are headers alone.

    A header is repeated cell by cell in the rows below it; it stands alone above none, or where it has markers.
    """
    headers: Row = []
    waiting = False
    for row in grid(table, read, notes):
        if is_header(row, bool(headers)):
            if waiting:
                yield with_headers(headers, []), True
            headers, waiting = row, True
            if has_marks(row):
                yield with_headers(row, []), True
                waiting = False
            continue
        yield with_headers(row, headers), False
        waiting = False
    if waiting:
        yield with_headers(headers, []), True


def grid(table: HtmlElement, read: ReadCell, notes: Collection[HtmlElement]) -> Iterator[Row]:
    """The rows of a table, cells that span several repeated in each."""
    below: dict[int, tuple[int, list[Inline], bool]] = {}  # column -> rows still to fill, with what
    for element in table.iterdescendants("tr"):
        if element in notes:
            continue
        row: Row = []
        head = any(True for _ in element.iterancestors("thead"))
        for cell in element.iterchildren("td", "th"):
            fill(row, below)
            words, is_head = read(cell), head or cell.tag == "th"
            rows = span_of(cell, "rowspan")
            for number in range(min(span_of(cell, "colspan"), MOST_COLUMNS - len(row))):
                if rows > 1:
                    below[len(row)] = (rows - 1, without_marks(words), is_head)
                row.append((words if number == 0 else [], is_head))
        fill(row, below)
        if any(words for words, _ in row):
            yield row


def fill(row: Row, below: dict[int, tuple[int, list[Inline], bool]]) -> None:
    """Add the cells that reach down into a row at the place it has come to."""
    while len(row) in below:
        rows, words, is_head = below.pop(len(row))
        if rows > 1:
            below[len(row)] = (rows - 1, words, is_head)
        row.append((words, is_head))


def span_of(cell: HtmlElement, name: str) -> int:
    """How many rows or columns a cell spans."""
    text = (cell.get(name) or "").strip()
    return max(1, min(int(text), MOST_COLUMNS)) if text.isdecimal() and len(text) < 6 else 1


def is_header(row: Row, known: bool) -> bool:
    """Whether a row holds headers alone; one with a single cell is a title within the table."""
    filled = [is_head for words, is_head in row if words]
    return all(filled) and (len(filled) > 1 or not known)


def with_headers(row: Row, headers: Row) -> list[Inline]:
    """A row's cells, each behind the header of its column, or of its row."""
    words: list[Inline] = []
    for column, (cell, is_head) in enumerate(row):
        if not cell:
            continue
        header = without_marks(headers[column][0]) if column < len(headers) else []
        named = column == 1 and row[0][1] and not is_head and not header
        words += [": " if named else "; "] if words else []
        words += [Edge(column, "cell"), *header, *([": "] if header else [])]
        words += [Edge(column, "words"), *cell, Edge(column, "end")]
    return words


def without_marks(words: Sequence[Inline]) -> list[Inline]:
    """Return the words of a repeated header cell, without its markers."""
    return [inline for inline in words if not isinstance(inline, Ref | Page)]


def has_marks(row: Row) -> bool:
    """Whether a row has markers."""
    return any(isinstance(inline, Ref) for words, _ in row for inline in words)
