"""A parsed document, as an outline for a terminal and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from assistant.shape import outline, shape
from index.document.types import Block, Document, Footnote, Section, Sentence, Span

MOST_LISTED = 30  # lines of a kind that an outline has


def outline_lines(document: Document) -> Iterator[str]:
    """A document's outline: how much it holds, its headings as they stand under each other, what was left out."""
    headings = outline(document)
    counted = f"{len(document.paragraphs)} paragraphs, {len(headings)} headings, {len(document.footnotes)} notes"
    yield f"{document.title} ({document.id})"
    yield "; ".join([f"  {counted}", *held(document)])
    for heading in headings:
        page = document.page_at(heading.line.start)
        yield f"{'  ' * heading.depth}- {heading.words}{f' (page {page})' if page else ''}"
    for name, words in (
        ("byline", [document.byline.text] if document.byline else []),
        ("boilerplate", [line.text for line in document.boilerplate]),
        ("odd", [oddity.message for oddity in document.odd]),
    ):
        yield from listed(name, words)


def held(document: Document) -> list[str]:
    """Count the lists, tables, code blocks and pages of a document, without those that it lacks."""
    kinds = Counter(part.kind for part in shape(document))
    pages = {page for _, page in document.pages}
    counts = {"list": kinds["list"], "table": kinds["table"], "code block": kinds["code"], "page": len(pages)}
    return [f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items() if number]


def listed(name: str, words: Sequence[str]) -> Iterator[str]:
    """Return the first lines, and a line that counts the others."""
    yield from (f"  {name}: {line}" for line in words[:MOST_LISTED])
    if len(words) > MOST_LISTED:
        yield f"  {name}: {len(words) - MOST_LISTED} more, which --json lists"


def document_to_dict(document: Document) -> dict[str, Any]:
    """Convert a document to the JSON of `quoth document --json`."""
    return {
        "id": document.id,
        "title": document.title,
        "sha256": document.sha256,
        "sections": [section_to_dict(section, document) for section in document.sections],
        "footnotes": [note_to_dict(note) for note in document.footnotes],
        "byline": text_span(document.byline) if document.byline else None,
        "boilerplate": [text_span(line) for line in document.boilerplate],
        "odd": [{"kind": o.kind, "number": o.number, **text_span(o), "message": o.message} for o in document.odd],
        "collection": document.collection,
        "blocks": [block_to_dict(block, document) for block in document.blocks],
    }


def block_to_dict(block: Block, document: Document) -> dict[str, Any]:
    """Convert a block of the original, with its place there."""
    fields = {"kind": block.kind, "level": block.level, "link": block.link}
    return {**fields, "page": document.page_at(block.start), "start": block.start, "end": block.end}


def offsets(span: Span) -> dict[str, Any]:
    """Return a span's start and end."""
    return {"start": span.start, "end": span.end}


def text_span(span: Span) -> dict[str, Any]:
    """Return a span's text, start and end."""
    return {"text": span.text, **offsets(span)}


def section_to_dict(section: Section, document: Document) -> dict[str, Any]:
    """Convert a section with its paragraphs and sentences, each with the numbers of its notes."""

    def to_dict(sentence: Sentence) -> dict[str, Any]:
        return {
            **text_span(sentence),
            "footnotes": [document.footnotes[position].number for position in sentence.notes],
        }

    paragraphs = [
        {"number": paragraph.number, **offsets(paragraph), "sentences": [to_dict(s) for s in paragraph.sentences]}
        for paragraph in section.paragraphs
    ]
    return {"heading": section.heading, **offsets(section), "paragraphs": paragraphs}


def note_to_dict(note: Footnote) -> dict[str, Any]:
    """Convert a note with its markers and sources."""
    return {
        "number": note.number,
        **text_span(note),
        "label": offsets(note.label),
        "anchors": [offsets(anchor) for anchor in note.anchors],
        "sources": [{"number": work.number, **text_span(work)} for work in note.sources],
        "via": list(note.via),
        "unfollowed": list(note.unfollowed),
    }
