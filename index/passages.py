"""Splitting a Document into Passages: runs of whole sentences that fit the encoder's window.

A paragraph that fits is a passage; adjoining short ones under a heading share one; a longer one is split with a
sentence of overlap. A heading is the first sentence of the passage under it. The byline and each note have passages of
their own.
"""

from collections.abc import Iterator, Sequence

from index.dense import Encoder
from index.document.types import Document, Sentence
from index.types import Passage

SPECIAL_TOKENS = 2
SHORT_PARAGRAPH = 0.25  # of the window

NumberedSentence = tuple[Sentence, int]  # a sentence and the number of its paragraph


def make_passages(document: Document, encoder: Encoder, window: int) -> tuple[Passage, ...]:
    """Make the passages of a document: body, byline, notes, in this order.

    `window` is in the encoder's tokens, including its two special ones and the heading.
    """
    passages: list[Passage] = []
    headings: list[Sentence] = []
    for section in document.sections:
        room = window - SPECIAL_TOKENS - (count_tokens(encoder, f"{section.heading}.") if section.heading else 0)
        paragraphs = [[(s, p.number) for s in p.sentences] for p in section.paragraphs]
        headings += [section.heading_line] if section.heading_line else []
        for sentences in group(paragraphs, encoder, max(room, 1)):
            headed = [(sentence, 0) for sentence in headings] + sentences
            passages.append(make_passage(document, str(len(passages) + 1), section.heading, None, headed))
            headings = []
    if headings:
        numbered = [(sentence, 0) for sentence in headings]
        passages.append(make_passage(document, str(len(passages) + 1), document.sections[-1].heading, None, numbered))
    if document.byline:
        byline = [(sentence, 0) for sentence in document.byline.sentences]
        for part, sentences in enumerate(group([byline], encoder, window - SPECIAL_TOKENS), 1):
            passages.append(make_passage(document, part_label("byline", part), None, None, sentences))
    parts_used: dict[int, int] = {}
    for position, note in enumerate(document.footnotes):
        for sentences in group([[(s, 0) for s in note.sentences]], encoder, window - SPECIAL_TOKENS):
            parts_used[note.number] = parts_used.get(note.number, 0) + 1
            passages.append(
                make_passage(
                    document, part_label(f"n{note.number}", parts_used[note.number]), None, position, sentences
                )
            )
    return tuple(passages)


def count_tokens(encoder: Encoder, text: str) -> int:
    """Count the tokens of one text."""
    return encoder.count_tokens([text])[0]


def part_label(stem: str, part: int) -> str:
    """Return the label of a part: "n7", then "n7-2"."""
    return stem if part == 1 else f"{stem}-{part}"


def group(
    paragraphs: Sequence[Sequence[NumberedSentence]], encoder: Encoder, room: int
) -> Iterator[list[NumberedSentence]]:
    """Group the paragraphs under one heading into runs of at most `room` tokens.

    A longer sentence is a run of its own.
    """
    pending: list[NumberedSentence] = []
    tokens = 0
    for paragraph in paragraphs:
        if not paragraph:
            continue
        sizes = encoder.count_tokens([sentence.plain for sentence, _ in paragraph])
        size = sum(sizes)
        short = size <= room * SHORT_PARAGRAPH
        if pending and not (short and tokens + size <= room):
            yield pending
            pending, tokens = [], 0
        if short:
            pending, tokens = [*pending, *paragraph], tokens + size
        else:
            yield from split(paragraph, sizes, room)
    if pending:
        yield pending


def split(paragraph: Sequence[NumberedSentence], sizes: Sequence[int], room: int) -> Iterator[list[NumberedSentence]]:
    """Split a paragraph into runs of at most `room` tokens, with one sentence of overlap if it fits."""
    start = 0
    while start < len(paragraph):
        end, tokens = start + 1, sizes[start]
        while end < len(paragraph) and tokens + sizes[end] <= room:
            tokens += sizes[end]
            end += 1
        yield list(paragraph[start:end])
        if end == len(paragraph):
            return
        overlaps = end - 1 > start and sizes[end - 1] + sizes[end] <= room
        start = end - 1 if overlaps else end


def make_passage(
    document: Document, label: str, heading: str | None, note: int | None, numbered: list[NumberedSentence]
) -> Passage:
    """Make a passage of adjoining sentences."""
    sentences = tuple(sentence for sentence, _ in numbered)
    start, end = sentences[0].start, sentences[-1].end
    return Passage(
        start,
        end,
        document.text[start:end],
        id=f"{document.id}#{label}",
        document=document.id,
        section=heading,
        note=note,
        sentences=sentences,
        paragraphs=tuple(number for _, number in numbered),
        notes=tuple(dict.fromkeys(position for sentence in sentences for position in sentence.notes)),
        plain=plain_words(heading, sentences),
    )


def plain_words(heading: str | None, sentences: Sequence[Sentence]) -> str:
    """Return the text that is matched and encoded: heading, then sentences, each after its context, without repeats."""
    seen: set[int] = set()
    words = [f"{heading}."] if heading else []
    for sentence in sentences:
        for part in (*sentence.context, sentence):
            if part.start not in seen and part.plain != heading:
                words.append(part.plain)
            seen.add(part.start)
    return " ".join(words)
