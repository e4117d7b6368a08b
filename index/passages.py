"""A Document becomes Passages: whole sentences that stand together and fit the encoder's window.

A paragraph that fits is a passage; short ones that adjoin under a heading share one; a longer one is
split with a sentence of overlap. The byline and each note are passages of their own.
"""

from collections.abc import Iterator, Sequence

from index.dense import Encoder
from index.document.types import Document, Sentence
from index.types import Passage

SPECIAL_TOKENS = 2
SHORT_PARAGRAPH = 0.25

Placed = tuple[Sentence, int]  # a sentence and the number of its paragraph


def make_passages(document: Document, encoder: Encoder, window: int) -> tuple[Passage, ...]:
    """The passages of a document: body, byline, notes, in this order.

    `window` is in the encoder's tokens, its two special ones and the heading counted, notes not.
    """
    passages: list[Passage] = []
    for section in document.sections:
        room = window - SPECIAL_TOKENS - (count(encoder, f"{section.heading}.") if section.heading else 0)
        paragraphs = [[(s, p.number) for s in p.sentences] for p in section.paragraphs]
        for placed in group(paragraphs, encoder, max(room, 1)):
            passages.append(make_passage(document, str(len(passages) + 1), section.heading, None, placed))
    if document.byline:
        byline = [(sentence, 0) for sentence in document.byline.sentences]
        for part, placed in enumerate(group([byline], encoder, window - SPECIAL_TOKENS), 1):
            passages.append(make_passage(document, name("byline", part), None, None, placed))
    used: dict[int, int] = {}
    for position, note in enumerate(document.footnotes):
        for placed in group([[(s, 0) for s in note.sentences]], encoder, window - SPECIAL_TOKENS):
            used[note.number] = used.get(note.number, 0) + 1
            passages.append(make_passage(document, name(f"n{note.number}", used[note.number]), None, position, placed))
    return tuple(passages)


def count(encoder: Encoder, text: str) -> int:
    """The tokens of one text."""
    return encoder.count_tokens([text])[0]


def name(stem: str, part: int) -> str:
    """The name of part `part` of something: "n7", then "n7-2"."""
    return stem if part == 1 else f"{stem}-{part}"


def group(paragraphs: Sequence[Sequence[Placed]], encoder: Encoder, room: int) -> Iterator[list[Placed]]:
    """Paragraphs under one heading as runs of sentences of at most `room` tokens each.

    A single sentence longer than that is a run of its own.
    """
    waiting: list[Placed] = []
    filled = 0
    for paragraph in paragraphs:
        if not paragraph:
            continue
        sizes = encoder.count_tokens([sentence.plain for sentence, _ in paragraph])
        size = sum(sizes)
        short = size <= room * SHORT_PARAGRAPH
        if waiting and not (short and filled + size <= room):
            yield waiting
            waiting, filled = [], 0
        if short:
            waiting, filled = [*waiting, *paragraph], filled + size
        else:
            yield from split(paragraph, sizes, room)
    if waiting:
        yield waiting


def split(paragraph: Sequence[Placed], sizes: Sequence[int], room: int) -> Iterator[list[Placed]]:
    """One paragraph as runs of at most `room` tokens, each beginning with the last sentence of the one before."""
    start = 0
    while start < len(paragraph):
        end, filled = start + 1, sizes[start]
        while end < len(paragraph) and filled + sizes[end] <= room:
            filled += sizes[end]
            end += 1
        yield list(paragraph[start:end])
        if end == len(paragraph):
            return
        overlaps = end - 1 > start and sizes[end - 1] + sizes[end] <= room
        start = end - 1 if overlaps else end


def make_passage(
    document: Document, label: str, heading: str | None, note: int | None, placed: list[Placed]
) -> Passage:
    """The passage of some adjoining sentences."""
    sentences = tuple(sentence for sentence, _ in placed)
    start, end = sentences[0].start, sentences[-1].end
    plain = " ".join(sentence.plain for sentence in sentences)
    return Passage(
        start,
        end,
        document.text[start:end],
        id=f"{document.id}#{label}",
        document=document.id,
        section=heading,
        note=note,
        sentences=sentences,
        paragraphs=tuple(number for _, number in placed),
        notes=tuple(dict.fromkeys(position for sentence in sentences for position in sentence.notes)),
        plain=f"{heading}. {plain}" if heading else plain,
    )
