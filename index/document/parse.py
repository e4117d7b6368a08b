"""Parsing a text into a Document: sections, paragraphs, notes, byline, boilerplate, each with exact offsets."""

import re
from bisect import bisect_left
from dataclasses import replace

from index.document.context import with_contexts
from index.document.follow import follow_notes
from index.document.forms import NoteBlock
from index.document.headings import find_headings, heading_text, looks_like_heading
from index.document.layout import TextBlock, split_blocks
from index.document.linking import find_oddities, link_markers, report_unfollowed
from index.document.notes import find_notes
from index.document.parts import Parts, parts_from_format, reading_oddities
from index.document.sentences import find_line_breaks_in_words, make_sentences, strip_closing_markers, vocabulary_of
from index.document.sources import SourceFile
from index.document.types import Document, Footnote, Paragraph, Section, Sentence, Span

SHORT_BLOCK_WORDS = 15
# A website's lines around an article. Invitations come at the end of a page, bare labels anywhere.
INVITATION = re.compile(
    r"\b(?:sign up|subscribe (?:to|now|for|today)|newsletters?\b|follow us|all rights reserved|stay informed|"
    r"receive updates|cookie (?:policy|settings)|privacy policy|terms of (?:use|service)|back to top|"
    r"share this|read more|related (?:articles|posts|content|stories)|most (?:read|popular))|©|"
    r"copyright (?:\(c\)|\d{4})",
    re.IGNORECASE,
)
BARE_LABEL = re.compile(
    r"(?:advertisement|share(?: this(?: article| page)?)?|read more|back to top|skip to (?:main )?content|sign up|"
    r"subscribe(?: now)?|print(?: this page)?|log ?in|menu|related (?:articles|posts|content|stories))[.:!]?",
    re.IGNORECASE,
)
PERSON = (
    r"(?:(?:Dr|Prof|Mr|Mrs|Ms|Gen|Col|Sir|Professor)\.? )?"
    r"[A-Z][\w’'.-]+(?: (?:(?!and )[a-z]{1,4} ){0,2}[A-Z][\w’'.-]+){1,4}"
)
ROLE = (
    r"(?:\w+ )?(?:scholar|fellow|professor|lecturer|researcher|editor|writer|author|journalist|reporter|director|"
    r"analyst|student|candidate|correspondent|columnist|historian|economist|scientist|teacher|lawyer|consultant|"
    r"adviser|advisor|expert|specialist|engineer|officer|associate|president|chair|coeditor|co-editor|physician)\b"
)
SIGNED = re.compile(rf"[Bb][Yy]:? {PERSON}(?:(?:, | and |, and ){PERSON}){{0,5}}(?:\s*[|,–—-].{{0,40}}\d{{4}})?$")
ABOUT_AUTHOR = re.compile(
    rf"(?:About the authors?:? )?{PERSON}(?:(?:, | and |, and ){PERSON}){{0,5}},? "
    rf"(?:is|are|works|teaches|writes|serves)\b.{{0,80}}?{ROLE}",
    re.DOTALL,
)
LONGEST_BYLINE = 800  # characters
QUOTED_WHOLE = ("row", "code")  # kinds of blocks that are one sentence


def parse(source: SourceFile) -> Document:
    """Parse a source file; nothing of its text is lost."""
    text, read = source.text, source.read
    parts = parts_from_format(text, read) if read.blocks else find_parts(text)
    byline, blocks = find_byline(parts.blocks, parts.headings)
    footnotes = make_footnotes(parts)
    odd = [*reading_oddities(read), *parts.odd, *(o for note in footnotes for o in report_unfollowed(note))]
    return Document(
        id=source.id,
        title=source.metadata.title or source.path.stem.replace("-", " ").replace("_", " ").strip().title(),
        text=text,
        sha256=source.sha256,
        metadata=source.metadata,
        sections=with_contexts(text, make_sections(text, replace(parts, blocks=blocks))),
        footnotes=footnotes,
        byline=make_paragraph(byline, 0, parts) if byline else None,
        boilerplate=tuple(sorted(parts.boilerplate, key=lambda line: line.start)),
        odd=tuple(sorted(odd, key=lambda oddity: oddity.start)),
        blocks=read.blocks,
        pages=read.pages,
        collection=source.collection,
    )


def find_parts(text: str) -> Parts:
    """Find the parts of a plain text."""
    blocks, furniture = split_blocks(text)
    notes, blocks, markers = find_notes(text, blocks)
    blocks, boilerplate = separate_boilerplate(blocks, notes)
    markers = [m for m in markers if not any(line.start <= m.start < line.end for line in boilerplate)]
    headings = find_headings(blocks, max((note.label.start for note in notes), default=0))
    pointed = link_markers(markers, notes)
    odd = tuple(find_oddities(markers, notes, pointed))
    return Parts(blocks, headings, notes, markers, pointed, [*boilerplate, *furniture], vocabulary_of(text), odd)


def separate_boilerplate(blocks: list[TextBlock], notes: list[NoteBlock]) -> tuple[list[TextBlock], list[Span]]:
    """Separate boilerplate, a website's lines around an article, from the other blocks.

    Bare labels are removed anywhere; at the end, all short blocks from the heading of the first invitation on: "Stay
    Informed / Sign up to receive updates / Sign up". A text of boilerplate alone is kept.
    """
    last_note = max((note.body.end for note in notes), default=0)
    tail = len(blocks)
    while tail and blocks[tail - 1].start >= last_note and len(blocks[tail - 1].text.split()) <= SHORT_BLOCK_WORDS:
        tail -= 1
    inviting = [i for i in range(tail, len(blocks)) if INVITATION.search(blocks[i].text)]
    if inviting:
        first = inviting[0]
        before = first - 1
        led_in = before >= tail and blocks[before].start >= last_note > 0 and looks_like_heading(blocks[before])
        cut = before if led_in else first
    else:
        cut = len(blocks)
    boilerplate: list[Span] = [b for i, b in enumerate(blocks) if i >= cut or BARE_LABEL.fullmatch(b.text)]
    if len(boilerplate) == len(blocks) and not notes:
        return blocks, []
    starts = {block.start for block in boilerplate}
    return [block for block in blocks if block.start not in starts], boilerplate


def find_byline(blocks: list[TextBlock], headings: set[int]) -> tuple[TextBlock | None, list[TextBlock]]:
    """Find the byline, "By NAME" under the title or a last paragraph on the author; return it and the other blocks."""
    for i, block in enumerate(blocks[:4]):
        if i and len(block.text) < LONGEST_BYLINE and SIGNED.match(block.text):
            headings.discard(block.start)
            return block, blocks[:i] + blocks[i + 1 :]
    last = blocks[-1] if len(blocks) > 1 else None
    if last and last.start not in headings and len(last.text) < LONGEST_BYLINE and ABOUT_AUTHOR.match(last.text):
        return last, blocks[:-1]
    return None, blocks


def make_footnotes(parts: Parts) -> tuple[Footnote, ...]:
    """Make the footnotes, with their anchors and resolved sources."""
    notes = parts.notes
    bodies = [note_body(note) for note in notes]
    sentences = [make_sentences(body, closed=find_line_breaks_in_words(body, parts.words)) for body in bodies]
    leads = follow_notes([replace(note, body=body) for note, body in zip(notes, bodies)], sentences)
    anchors: dict[int, list[Span]] = {}
    for marker in parts.markers:
        for position in parts.pointed[marker.start]:
            anchors.setdefault(position, []).append(Span(marker.start, marker.end, marker.text))
    return tuple(
        Footnote(
            note.body.start,
            note.body.end,
            note.body.text,
            note.number,
            note.label,
            tuple(replace(sentence, notes=(position,)) for sentence in sentences[position]),
            tuple(anchors.get(position, ())),
            leads[position].sources,
            leads[position].via,
            leads[position].unfollowed,
        )
        for position, note in enumerate(notes)
    )


def note_body(note: NoteBlock) -> Span:
    """Return the body of a note, without the bracket that closes "[Footnote 4: ...]"."""
    open_label = note.label.text.startswith("[") and "]" not in note.label.text
    body = note.body
    return Span(body.start, body.end - 1, body.text[:-1]) if open_label and body.text.endswith("]") else body


def make_paragraph(block: TextBlock, number: int, parts: Parts) -> Paragraph:
    """Make a paragraph of a block, split into sentences with their notes."""
    first = bisect_left(parts.markers, block.start, key=lambda marker: marker.start)
    last = bisect_left(parts.markers, block.end, key=lambda marker: marker.start)
    markers = tuple(parts.markers[first:last]) if block.kind != "code" else ()
    whole = block.kind in QUOTED_WHOLE
    sentences = make_sentences(
        strip_closing_markers(block, markers) if whole else block,
        markers,
        parts.pointed,
        whole=whole,
        gaps=block.gaps,
        closed=find_line_breaks_in_words(block, parts.words) if block.kind != "code" else (),
        cells=block.cells,
    )
    return Paragraph(block.start, block.end, block.text, number, sentences, block.kind, block.indent)


def make_sections(text: str, parts: Parts) -> tuple[Section, ...]:
    """Make the sections of the body: one for the text before the first heading, then one for each heading."""
    grouped: list[tuple[TextBlock | None, list[Paragraph]]] = []
    number = 0
    for block in parts.blocks:
        if block.start in parts.headings:
            grouped.append((block, []))
            continue
        if not grouped:
            grouped.append((None, []))
        number += 1
        grouped[-1][1].append(make_paragraph(block, number, parts))
    return tuple(make_section(text, heading, paragraphs, parts) for heading, paragraphs in grouped)


def make_section(text: str, heading: TextBlock | None, paragraphs: list[Paragraph], parts: Parts) -> Section:
    """Make a section; its heading is one sentence, without `#`, underline and markers."""
    line = make_heading(heading, parts) if heading else None
    whole: list[Span] = [*([line] if line else []), *paragraphs]
    start, end = whole[0].start, whole[-1].end
    return Section(start, end, text[start:end], line.plain if line else None, line, tuple(paragraphs))


def make_heading(block: TextBlock, parts: Parts) -> Sentence:
    """Make a sentence of a heading."""
    words = heading_text(block)
    at = block.text.index(words)
    marks = ((block.start, block.start + at), (block.start + at + len(words), block.end))
    inside = tuple(m for m in parts.markers if block.start <= m.start < block.end)
    (line,) = make_sentences(block, inside, parts.pointed, True, tuple(gap for gap in marks if gap[0] < gap[1]))
    return line
