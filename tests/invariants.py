"""What holds of every parse, whatever the text: each span is a slice of it, and every character is in a part."""

from collections.abc import Iterable

from index.document.lines import BLANK
from index.document.types import Document, Span
from index.types import Passage


def parts(document: Document) -> list[tuple[int, int]]:
    """The offsets of everything that a character can be in."""
    spans = [*document.paragraphs, *(section.heading_line for section in document.sections if section.heading_line)]
    spans += [*document.footnotes, *(note.label for note in document.footnotes), *document.boilerplate]
    spans += [document.byline] if document.byline else []
    return sorted((span.start, span.end) for span in spans)


def lost(document: Document) -> str:
    """What of a document is in none of its parts."""
    covered = bytearray(len(document.text))
    for start, end in parts(document):
        covered[start:end] = b"1" * (end - start)
    return "".join(c for c, seen in zip(document.text, covered) if not seen).strip(BLANK)


def spans_of(document: Document) -> list[Span]:
    """Every span that a document holds."""
    spans: list[Span] = [*document.sections, *document.paragraphs, *document.footnotes, *document.boilerplate]
    spans += [*document.odd, *([document.byline] if document.byline else [])]
    spans += [section.heading_line for section in document.sections if section.heading_line]
    for paragraph in [*document.paragraphs, *([document.byline] if document.byline else [])]:
        spans += paragraph.sentences
    for note in document.footnotes:
        spans += [note.label, *note.sentences, *note.anchors, *note.sources]
    return spans


def check_slices(text: str, spans: Iterable[Span]) -> None:
    """Raise AssertionError if a span is not the slice of the text that it says."""
    for span in spans:
        assert text[span.start : span.end] == span.text, f"{span} is not a slice of the text"


def check_passages(document: Document, passages: Iterable[Passage]) -> None:
    """Raise AssertionError if passages quote other words, name notes that are not there, or leave sentences out."""
    passages = tuple(passages)
    check_slices(document.text, passages)
    for passage in passages:
        check_slices(document.text, passage.sentences)
        assert all(0 <= note < len(document.footnotes) for note in passage.notes)
    placed = {(s.start, s.end) for passage in passages for s in passage.sentences}
    whole = [*document.paragraphs, *document.footnotes, *([document.byline] if document.byline else [])]
    headings = {(s.heading_line.start, s.heading_line.end) for s in document.sections if s.heading_line}
    assert placed == {(s.start, s.end) for part in whole for s in part.sentences} | headings
    assert len({passage.id for passage in passages}) == len(passages)
