"""A document less what answers a question: the other half of a pair.

The wording of a written question tells whether it is answered (a model of the question alone reaches an AUROC
of .75 and more), so confidence is measured on pairs too: the same question, asked of the document and of the
document without the sentences that answer it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from eval.metrics.evidence import Offsets, overlaps
from index.document.types import Document, Footnote, Sentence


def find_removed(document: Document, quotes: Sequence[Offsets]) -> tuple[Offsets, ...]:
    """What is taken out of a document for some quotations: merged spans of its text, in order.

    Every sentence and heading that shares a character with a quotation goes, with the markers and the white space
    behind it; a note of which nothing is left goes with its label and its markers.
    """
    removed = list(quotes)
    for paragraph in (*document.paragraphs, *([document.byline] if document.byline else [])):
        removed += find_sentences(paragraph.sentences, paragraph.end, quotes)
    for section in document.sections:
        if (line := section.heading_line) and touches((line.start, line.end), quotes):
            removed.append((line.start, line.end))
    for note in document.footnotes:
        removed += find_in_note(note, quotes)
    return merge(removed)


def find_sentences(sentences: Sequence[Sentence], end: int, quotes: Sequence[Offsets]) -> Iterator[Offsets]:
    """The sentences that share a character with a quotation, each up to where the next begins, or to `end`."""
    ends = [*(sentence.start for sentence in sentences[1:]), end]
    for sentence, behind in zip(sentences, ends, strict=False):
        if touches((sentence.start, sentence.end), quotes):
            yield sentence.start, behind


def find_in_note(note: Footnote, quotes: Sequence[Offsets]) -> Iterator[Offsets]:
    """What goes of a note."""
    found = list(find_sentences(note.sentences, note.end, quotes))
    yield from found
    if found and len(found) == len(note.sentences):
        yield note.label.start, note.end
        yield from ((anchor.start, anchor.end) for anchor in note.anchors)


def touches(span: Offsets, quotes: Iterable[Offsets]) -> bool:
    """Whether a span shares a character with a quotation."""
    return any(overlaps(span, quote) for quote in quotes)


def merge(spans: Iterable[Offsets]) -> tuple[Offsets, ...]:
    """Spans in order, those that meet as one.

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
    """A text without some merged spans.

    >>> remove("Rain fell. Snow fell.", [(0, 11)])
    'Snow fell.'
    """
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    return "".join(text[end:start] for end, start in zip(ends, starts, strict=True))


def sha256(text: str) -> str:
    """The sha256 of a text in UTF-8, as a source file has it."""
    return hashlib.sha256(text.encode()).hexdigest()
