"""A whole document as HTML, each block with the offset where its text begins.

The text of a block in the browser is the document's, character for character, so that the script finds any
offset in it: `[data-start]` plus the characters before.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from assistant.page.html import render
from assistant.render import about
from index.document.types import Document, Span

START = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker in the text: its words and offsets, the positions of its notes among the document's, their numbers."""

    text: str
    start: int
    end: int
    notes: tuple[int, ...]
    numbers: tuple[int, ...]


def contents_html(documents: Mapping[str, Document], more: int = 0) -> str:
    """The list of documents, and under each its headings; `more` are not listed."""
    return render("contents.html", documents=documents, more=more, headings=headings)


def headings(document: Document) -> list[tuple[str, int]]:
    """A document's headings, and its notes if it has any, each with where it begins."""
    named = [(section.heading, section.start) for section in document.sections if section.heading]
    return [*named, *([("Notes", min(note.start for note in document.footnotes))] if document.footnotes else [])]


def document_html(document: Document) -> str:
    """The document: its title, sections, notes, and what is left out of answers."""
    markers = find_markers(document)
    byline = document.byline
    return render(
        "document.html",
        document=document,
        known=about(document, titled=False),
        byline_first=bool(byline and byline.start < document.sections[0].start),
        pieces=lambda span, marked: pieces(span, document, markers if marked else ()),
    )


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


def pieces(span: Span, document: Document, markers: tuple[Marker, ...]) -> Iterator[str | Marker]:
    """The text of a span, its markers apart."""
    at = span.start
    for marker in markers[bisect_left(markers, span.start, key=START) : bisect_left(markers, span.end, key=START)]:
        if at <= marker.start and marker.end <= span.end:
            yield document.text[at : marker.start]
            yield marker
            at = marker.end
    yield document.text[at : span.end]
