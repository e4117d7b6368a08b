"""A whole document as HTML, each block with the offset where its text begins.

The text of a block in the browser is the document's, character for character, so that the script finds any
offset in it: `[data-start]` plus the characters before.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import attrgetter

from assistant.page.html import render
from assistant.render import about
from assistant.shape import Heading, Node, Part, Row, is_bulleted, nest, outline, shape
from index.document.types import Document, Span

START = attrgetter("start")
FIRST = 4  # paragraphs among which a document may name its author and date


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker in the text: its words and offsets, the positions of its notes among the document's, their numbers."""

    text: str
    start: int
    end: int
    notes: tuple[int, ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one page, its markers apart."""

    start: int
    end: int
    pieces: tuple[str | Marker, ...]


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell of a table: its words, and the hidden text before and after them, so that offsets still count."""

    column: int
    before: Span
    words: Span
    behind: Span


def contents_html(documents: Mapping[str, Document], more: int = 0) -> str:
    """The list of documents, and under each its headings; `more` are not listed."""
    return render("contents.html", documents=documents, more=more, headings=headings)


def headings(document: Document) -> tuple[Node[tuple[str, int]], ...]:
    """A document's headings as they stand under each other, and its notes if it has any; each with where it begins."""
    named = [(heading.depth, (heading.words, heading.line.start)) for heading in outline(document)]
    if named and named[0][1][0] == document.title:  # which the list shows already
        del named[0]
    first = min((note.start for note in document.footnotes), default=None)
    return nest([*named, *([(1, ("Notes", first))] if first is not None else [])])


def document_html(document: Document) -> str:
    """The document as it was read: headings, lists, tables, code, notes where they stand, and what is left out."""
    markers = find_markers(document)
    parts = shape(document)
    lead = title_of(document, parts)
    begun = page_starts(document)
    return render(
        "document.html",
        document=document,
        known=about(untold(document), titled=False),
        lead=lead,
        parts=parts[1:] if lead else parts,
        begun=begun,
        titled=names_notes(parts),
        runs=lambda span, marked=True: runs(span, document, markers, begun) if marked else runs(span, document),
        cells=lambda row: {cell.column: cell for cell in shown_cells(row, document.text)},
        is_bulleted=is_bulleted,
    )


def untold(document: Document) -> Document:
    """The document without the author and the date that its own first paragraphs give, where they are shown."""
    first = {" ".join(paragraph.text.split()) for paragraph in document.paragraphs[:FIRST]}
    known = document.metadata
    author, date = (None if told in first else told for told in (known.author, known.date))
    return replace(document, metadata=replace(known, author=author, date=date))


def title_of(document: Document, parts: Sequence[Part]) -> Heading | None:
    """The heading that a document begins with where it is its title, which is then shown once."""
    first = parts[0] if parts else None
    return first if isinstance(first, Heading) and first.words == document.title else None


def page_starts(document: Document) -> dict[int, int]:
    """Where each page begins, and its number; `document.pages` may name a page again at each of its paragraphs."""
    before = [None, *(page for _, page in document.pages)]
    return {start: page for (start, page), last in zip(document.pages, before) if page != last}


def names_notes(parts: Iterable[Part]) -> bool:
    """Whether to add a heading above the notes: they stand together, and the document has none right above them."""
    kinds = [part.kind for part in parts]
    return kinds.count("notes") == 1 and ("heading", "notes") not in pairwise(kinds)


def shown_cells(row: Row, text: str) -> Iterator[ShownCell]:
    """The cells of a row; together they hold all of its text."""
    start, cells = row.paragraph.start, row.cells
    for cell, following in zip(cells, [*cells[1:], None]):
        end = following.start if following else row.paragraph.end
        yield ShownCell(
            cell.column, part(text, start, cell.words), part(text, cell.words, cell.end), part(text, cell.end, end)
        )
        start = end


def part(text: str, start: int, end: int) -> Span:
    """A slice of a text."""
    return Span(start, end, text[start:end])


def find_markers(document: Document) -> tuple[Marker, ...]:
    """The markers of the notes, in order; several notes may share one."""
    anchors = sorted(
        ((anchor, position) for position, note in enumerate(document.footnotes) for anchor in note.anchors),
        key=lambda pair: (pair[0].start, pair[0].end, pair[1]),
    )
    markers = []
    for _, group in groupby(anchors, lambda pair: pair[0].start):
        pairs = list(group)
        notes = tuple(position for _, position in pairs)
        numbers = tuple(document.footnotes[position].number for position in notes)
        first = pairs[0][0]
        markers.append(Marker(first.text, first.start, first.end, notes, numbers))
    return tuple(markers)


def runs(
    span: Span, document: Document, markers: tuple[Marker, ...] = (), begun: Collection[int] = ()
) -> Iterator[Run]:
    """The text of a span in runs, each of one page; `begun` is where pages begin."""
    at, behind = bisect_left(document.pages, span.start, key=first), bisect_left(document.pages, span.end, key=first)
    edges = sorted({span.start, span.end, *(start for start, _ in document.pages[at:behind] if start in begun)})
    for start, end in pairwise(edges):
        yield Run(start, end, tuple(pieces(part(document.text, start, end), document, markers)))


def first(page: tuple[int, int]) -> int:
    """Where a page begins."""
    return page[0]


def pieces(span: Span, document: Document, markers: tuple[Marker, ...]) -> Iterator[str | Marker]:
    """The text of a span, its markers apart."""
    at = span.start
    for marker in markers[bisect_left(markers, span.start, key=START) : bisect_left(markers, span.end, key=START)]:
        if at <= marker.start and marker.end <= span.end:
            yield document.text[at : marker.start]
            yield marker
            at = marker.end
    yield document.text[at : span.end]
