"""Sentences with exact offsets: sentencex finds them, markers are put right.

Markers are blanked out, character for character, before the text is split, so `Kidal.[8] As a recent`
splits like `Kidal.    As a recent`. A sentence then ends before its closing marker, and the marker in the
gap behind it is its own.
"""

import re
from bisect import bisect_right

import sentencex

from index.layout import span
from index.types import Sentence, Span

LINE_BREAK = re.compile(r"[\r\n]")
# Abbreviations after which a number or a name goes on with the same sentence, beside those sentencex knows.
GOES_ON = re.compile(
    r"\b(?:vols?|nos?|pp?|chs?|eds?|figs?|paras?|arts?|ca|cf|M[rs]s?|Dr|Prof|Gen|Col|Lt|Sgt|Capt|Maj|Sen|Rep|Gov|Rev|Hon)\.\s*$"
)


def blank_out(text: str, spans: tuple[Span, ...], offset: int) -> str:
    """`text`, which begins at `offset`, with the given spans and its line breaks turned to spaces."""
    characters = list(LINE_BREAK.sub(" ", text))
    for gap in spans:
        characters[gap.start - offset : gap.end - offset] = " " * (gap.end - gap.start)
    return "".join(characters)


def split_sentences(block: Span, markers: tuple[Span, ...] = ()) -> tuple[Span, ...]:
    """The sentences of a block, in order; together they hold all of it but markers and white space."""
    blanked = blank_out(block.text, markers, block.start)
    ends: list[int] = []
    for boundary in sentencex.get_sentence_boundaries("en", blanked):
        begin = ends[-1] if ends else 0
        if ends and (GOES_ON.search(blanked[:begin]) or not re.search(r"\w", blanked[begin : boundary["end_index"]])):
            ends.pop()
        ends.append(boundary["end_index"])
    found = []
    for begin, end in zip([0, *ends], ends):
        inner = span(blanked, begin, end)
        if inner.text:
            start, stop = block.start + inner.start, block.start + inner.end
            found.append(Span(start, stop, block.text[inner.start : inner.end]))
    return tuple(found)


def make_sentences(
    block: Span, markers: tuple[Span, ...] = (), notes: dict[int, tuple[int, ...]] | None = None
) -> tuple[Sentence, ...]:
    """Sentences of a block, each with the notes of the markers in it or closing it.

    `notes` maps a marker's start to positions in `Document.footnotes`.
    """
    spans = split_sentences(block, markers)
    starts = [sentence.start for sentence in spans]
    owned: dict[int, list[int]] = {}
    for marker in markers:
        owner = max(bisect_right(starts, marker.start) - 1, 0)
        owned.setdefault(owner, []).extend((notes or {}).get(marker.start, ()))
    sentences = []
    for number, sentence in enumerate(spans):
        inside = tuple(m for m in markers if sentence.start <= m.start and m.end <= sentence.end)
        plain = " ".join(blank_out(sentence.text, inside, sentence.start).split())
        plain = re.sub(r" (?=[,.;:!?])", "", plain) if inside else plain
        unique = tuple(dict.fromkeys(owned.get(number, ())))
        sentences.append(Sentence(sentence.start, sentence.end, sentence.text, plain, unique))
    return tuple(sentences)
