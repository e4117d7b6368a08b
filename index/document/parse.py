"""A text becomes a Document: sections, paragraphs, notes, byline, boilerplate, each with exact offsets."""

import re
from dataclasses import replace

from index.document.follow import follow_notes
from index.document.layout import NOTES_HEADING, heading_text, looks_like_heading, split_blocks
from index.document.notes import MARKER, Marker, NoteBlock, find_markers, find_notes, find_oddities, point, unfollowed
from index.document.sentences import make_sentences
from index.document.sources import SourceFile
from index.document.types import Document, Footnote, Paragraph, Section, Span

SHORT_BLOCK_WORDS = 15
# Lines of a site around an article. An invitation marks the end of a page; a bare label stands anywhere.
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


def parse(source: SourceFile) -> Document:
    """The Document of a source file; nothing of its text is lost."""
    text = source.text
    groups = split_blocks(text)
    adjoining = {one.start for group in groups for one in group[:-1]}
    notes, blocks = find_notes(text, [block for group in groups for block in group])
    blocks, boilerplate = part_boilerplate(blocks, notes)
    headings = find_headings(blocks, adjoining)
    byline, blocks = find_byline(blocks, headings)
    body = sorted([*blocks, *([byline] if byline else [])], key=lambda block: block.start)
    markers = find_markers(text, body, notes)
    pointed = point(markers, notes)
    footnotes = make_footnotes(notes, markers, pointed)
    odd = find_oddities(markers, notes, pointed) + [o for note in footnotes for o in unfollowed(note)]
    sections = make_sections(text, blocks, headings, markers, pointed)
    return Document(
        id=source.id,
        title=source.metadata.title or source.id.replace("-", " ").replace("_", " ").strip().title(),
        text=text,
        sha256=source.sha256,
        metadata=source.metadata,
        sections=sections,
        footnotes=footnotes,
        byline=make_paragraph(byline, 0, markers, pointed) if byline else None,
        boilerplate=tuple(boilerplate),
        odd=tuple(sorted(odd, key=lambda oddity: oddity.start)),
    )


def part_boilerplate(blocks: list[Span], notes: list[NoteBlock]) -> tuple[list[Span], list[Span]]:
    """Part blocks into text and the lines a site puts around it.

    Bare labels go wherever they stand. At the end, all short blocks go from the one before the first
    invitation on: "Stay Informed / Sign up to receive updates / Sign up". What is nothing else is text.
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
    boilerplate = [b for i, b in enumerate(blocks) if i >= cut or BARE_LABEL.fullmatch(b.text)]
    if len(boilerplate) == len(blocks) and not notes:
        return blocks, []
    starts = {block.start for block in boilerplate}
    return [block for block in blocks if block.start not in starts], boilerplate


def find_headings(blocks: list[Span], adjoining: set[int]) -> set[int]:
    """The starts of the blocks that are headings: they look like one and something follows.

    Three or more such lines without a blank line between them are a list or an address, not headings.
    """
    headings = {block.start for block in blocks if NOTES_HEADING.fullmatch(heading_text(block))}
    run: list[Span] = []
    for block in blocks:
        if not looks_like_heading(block):
            headings.update(one.start for one in run if len(run) < 3)
            run = []
        elif run and run[-1].start not in adjoining:
            headings.update(one.start for one in run if len(run) < 3)
            run = [block]
        else:
            run.append(block)
    return headings


def find_byline(blocks: list[Span], headings: set[int]) -> tuple[Span | None, list[Span]]:
    """The block that says who wrote this: "By NAME" under the title, or a last paragraph on the author."""
    for i, block in enumerate(blocks[:4]):
        if i and len(block.text) < LONGEST_BYLINE and SIGNED.match(block.text):
            headings.discard(block.start)
            return block, blocks[:i] + blocks[i + 1 :]
    last = blocks[-1] if len(blocks) > 1 else None
    if last and last.start not in headings and len(last.text) < LONGEST_BYLINE and ABOUT_AUTHOR.match(last.text):
        return last, blocks[:-1]
    return None, blocks


def make_footnotes(
    notes: list[NoteBlock], markers: list[Marker], pointed: dict[int, tuple[int, ...]]
) -> tuple[Footnote, ...]:
    """Footnotes with their anchors, and where they lead."""
    sentences = [make_sentences(note.body) for note in notes]
    leads = follow_notes(notes, sentences)
    anchors: dict[int, list[Span]] = {}
    for marker in markers:
        for position in pointed[marker.start]:
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


def make_paragraph(block: Span, number: int, markers: list[Marker], pointed: dict[int, tuple[int, ...]]) -> Paragraph:
    """A block as a paragraph, split into sentences with their notes."""
    inside = tuple(m for m in markers if block.start <= m.start < block.end)
    return Paragraph(block.start, block.end, block.text, number, make_sentences(block, inside, pointed))


def make_sections(
    text: str, blocks: list[Span], headings: set[int], markers: list[Marker], pointed: dict[int, tuple[int, ...]]
) -> tuple[Section, ...]:
    """The body in sections: what stands before the first heading, then one for each heading."""
    grouped: list[tuple[Span | None, list[Paragraph]]] = []
    number = 0
    for block in blocks:
        if block.start in headings:
            grouped.append((block, []))
            continue
        if not grouped:
            grouped.append((None, []))
        number += 1
        grouped[-1][1].append(make_paragraph(block, number, markers, pointed))
    sections = []
    for heading, paragraphs in grouped:
        parts: list[Span] = [*([heading] if heading else []), *paragraphs]
        start, end = parts[0].start, parts[-1].end
        words = MARKER.sub("", heading_text(heading)) if heading else None
        sections.append(Section(start, end, text[start:end], words, heading, tuple(paragraphs)))
    return tuple(sections)
