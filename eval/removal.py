"""Removing what answers a question from a document, to make the unanswerable half of a pair.

The wording of a written question alone predicts whether it is answered (AUROC of .75 and more), so confidence is also
measured on pairs: the same question, asked of the document and of the document without the answering sentences.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from eval.metrics.evidence import Offsets, overlaps
from index.document.types import Document, Footnote, Sentence


def find_removed(document: Document, quotes: Sequence[Offsets]) -> tuple[Offsets, ...]:
    """Return the spans of a document's text to remove for some quotations, merged and in order.

    Every sentence and heading that overlaps a quotation is removed, with the markers and white space behind it; a note
    of which nothing is left is removed with its label and markers.
    """
    removed = [without_label(quote, document.footnotes, quotes) for quote in quotes]
    for paragraph in (*document.paragraphs, *([document.byline] if document.byline else [])):
        removed += find_sentences(paragraph.sentences, paragraph.end, quotes)
    for section in document.sections:
        if (line := section.heading_line) and overlaps_any((line.start, line.end), quotes):
            removed.append((line.start, line.end))
    for note in document.footnotes:
        removed += find_removed_of_note(note, quotes)
    return merge(removed)


def find_sentences(sentences: Sequence[Sentence], end: int, quotes: Sequence[Offsets]) -> Iterator[Offsets]:
    """Yield the sentences that overlap a quotation, each extended to the next one's start, or to `end`."""
    ends = [*(sentence.start for sentence in sentences[1:]), end]
    for sentence, next_start in zip(sentences, ends, strict=False):
        if overlaps_any((sentence.start, sentence.end), quotes):
            yield sentence.start, next_start


def find_removed_of_note(note: Footnote, quotes: Sequence[Offsets]) -> Iterator[Offsets]:
    """Yield the spans of a note to remove."""
    if is_removed(note, quotes):
        yield note.label.start, note.end
        yield from ((anchor.start, anchor.end) for anchor in note.anchors)
    else:
        yield from find_sentences(note.sentences, note.end, quotes)


def is_removed(note: Footnote, quotes: Sequence[Offsets]) -> bool:
    """Whether every sentence of a note is removed."""
    return bool(note.sentences) and all(overlaps_any((s.start, s.end), quotes) for s in note.sentences)


def without_label(quote: Offsets, notes: Sequence[Footnote], quotes: Sequence[Offsets]) -> Offsets:
    """Cut the label of a note off a quotation that begins in it, if something is left of the note."""
    start, end = quote
    for note in notes:
        if note.sentences and note.label.start <= start < note.sentences[0].start and not is_removed(note, quotes):
            return min(note.sentences[0].start, end), end
    return quote


def overlaps_any(span: Offsets, quotes: Iterable[Offsets]) -> bool:
    """Whether a span overlaps one of the quotations."""
    return any(overlaps(span, quote) for quote in quotes)


def merge(spans: Iterable[Offsets]) -> tuple[Offsets, ...]:
    """Sort spans, and merge those that touch.

    >>> merge([(5, 7), (0, 2), (1, 3), (7, 9)])
    ((0, 3), (5, 9))
    """
    merged: list[Offsets] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def remove(text: str, spans: Sequence[Offsets]) -> str:
    """Remove sorted, merged spans from a text.

    >>> remove("Rain fell. Snow fell.", [(0, 11)])
    'Snow fell.'
    """
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    return "".join(text[end:start] for end, start in zip(ends, starts, strict=True))


def sha256(text: str) -> str:
    """Hash a text in UTF-8, as source files are hashed."""
    return hashlib.sha256(text.encode()).hexdigest()
