"""A whole document as HTML, each block with the offset where its text begins.

The text of a block in the browser is the document's, character for character, so that the script finds any
offset in it: `[data-start]` plus the characters before.
"""

from collections.abc import Mapping
from itertools import groupby

from assistant.page.elements import button, escape, tag
from assistant.render import about
from index.document.types import Document, Footnote, Section, Span


def contents_html(documents: Mapping[str, Document]) -> str:
    """The list of documents, and under each its headings."""
    items = []
    for document in documents.values():
        headings = "".join(
            tag("li", button(escape(section.heading), "place", data_document=document.id, data_at=str(section.start)))
            for section in document.sections
            if section.heading
        )
        if document.footnotes:
            at = str(min(note.start for note in document.footnotes))
            headings += tag("li", button("Notes", "place", data_document=document.id, data_at=at))
        title = button(escape(document.title), "open", data_document=document.id, class_="q-title")
        items.append(tag("li", title + tag("ol", headings) if headings else title))
    return tag("ol", "".join(items))


def document_html(document: Document) -> str:
    """The document: its title, sections, notes, and what is left out of answers."""
    markers = marker_spans(document)
    head = tag("h2", escape(document.title), tabindex="-1")
    if known := about(document, titled=False):
        head += tag("p", escape(known), class_="q-about")
    parts = [head, *(section_html(section, document, markers) for section in document.sections)]
    if document.byline:
        byline = tag("p", block(document.byline, document, markers), class_="q-byline")
        parts.insert(1 if document.byline.start < document.sections[0].start else len(parts), byline)
    if document.footnotes:
        notes = "".join(note_html(position, note, document) for position, note in enumerate(document.footnotes))
        parts.append(tag("section", tag("h3", "Notes") + tag("ol", notes, class_="q-notes"), aria_label="Notes"))
    if document.boilerplate:
        lines = "".join(tag("p", block(line, document, {})) for line in document.boilerplate)
        parts.append(tag("details", tag("summary", "Left out of answers") + lines, class_="q-left-out"))
    return tag("article", "".join(parts), data_document=document.id)


def marker_spans(document: Document) -> dict[int, tuple[Span, list[int]]]:
    """The markers of the notes by where they begin, each with the positions of its notes."""
    anchors = sorted(
        ((anchor, position) for position, note in enumerate(document.footnotes) for anchor in note.anchors),
        key=lambda pair: (pair[0].start, pair[0].end, pair[1]),
    )
    return {
        start: (pairs[0][0], [position for _, position in pairs])
        for start, pairs in ((start, list(group)) for start, group in groupby(anchors, lambda pair: pair[0].start))
    }


def section_html(section: Section, document: Document, markers: Mapping[int, tuple[Span, list[int]]]) -> str:
    """A heading and its paragraphs, each with its number in the margin."""
    parts = []
    if section.heading_line:
        parts.append(tag("h3", block(section.heading_line, document, markers), tabindex="-1"))
    for paragraph in section.paragraphs:
        number = tag("span", str(paragraph.number), class_="q-number", aria_hidden="true")
        parts.append(tag("div", number + tag("p", block(paragraph, document, markers)), class_="q-paragraph"))
    return tag("section", "".join(parts))


def block(span: Span, document: Document, markers: Mapping[int, tuple[Span, list[int]]]) -> str:
    """The text of a span, its markers as buttons."""
    parts, at = [], span.start
    for start in sorted(start for start in markers if span.start <= start < span.end) if markers else ():
        marker, notes = markers[start]
        if start < at or marker.end > span.end:
            continue
        parts.append(escape(document.text[at:start]))
        parts.append(marker_html(marker, notes, document))
        at = marker.end
    parts.append(escape(document.text[at : span.end]))
    return tag("span", "".join(parts), data_start=str(span.start), data_end=str(span.end))


def marker_html(marker: Span, notes: list[int], document: Document) -> str:
    """A marker in the text, which opens its first note."""
    numbers = " and ".join(str(document.footnotes[position].number) for position in notes)
    return button(
        escape(marker.text),
        "note",
        class_="q-marker",
        data_notes=" ".join(map(str, notes)),
        aria_label=f"Note{'s' if len(notes) > 1 else ''} {numbers}",
    )


def note_html(position: int, note: Footnote, document: Document) -> str:
    """A note with where it leads, and the way back to its marker."""
    parts = [
        tag("span", str(note.number), class_="q-number", aria_hidden="true"),
        tag("span", block(note, document, {}), class_="q-note-text"),
    ]
    led = [work for work in note.sources if work.number != note.number]
    if led:
        links = ", ".join(
            button(
                f"note {work.number}",
                "place",
                class_="q-link",
                data_document=document.id,
                data_at=str(work.start),
                data_end=str(work.end),
            )
            for work in led
        )
        parts.append(tag("span", f" → {links}", class_="q-trail"))
    if note.anchors:
        label = f"Back to the text of note {note.number}"
        parts.append(" " + button("↩", "back", class_="q-link", data_note=str(position), aria_label=label))
    return tag("li", "".join(parts), data_note=str(position), tabindex="-1")
