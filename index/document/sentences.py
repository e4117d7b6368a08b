"""Sentences with exact offsets: sentencex finds them, markers are put right.

Markers are blanked out, character for character, before the text is split, so `Kidal.[8] As a recent`
splits like `Kidal.    As a recent`. A sentence then ends before its closing marker, and the marker in the
gap behind it is its own.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import sentencex

from index.document.layout import span
from index.document.types import Sentence, Span

LONGEST_PART = 5000  # characters; sentencex slows down on longer texts
LIST_NUMBER = re.compile(r"\(?(?:\d{1,3}|[ivxlcIVXLC]{1,6}|[A-Za-z])[.)]")
WHITE = re.compile(r"\s")
# Abbreviations after which a number or a name goes on with the same sentence, beside those sentencex knows.
GOES_ON = re.compile(
    r"\b(?:vols?|nos?|pp?|chs?|eds?|figs?|paras?|arts?|ca|cf|M[rs]s?|Dr|Prof|Gen|Col|Lt|chap|Sgt|Capt|Maj|Sen|Rep|Gov|Rev|Hon)\.\s*$"
)


def blank_out(text: str, gaps: Iterable[tuple[int, int]], offset: int) -> str:
    """`text`, which begins at `offset`, with the given gaps and all white space turned to plain spaces.

    sentencex panics at a wide one behind an initial: "plan B\\u00a0."
    """
    characters = list(WHITE.sub(" ", text))
    for start, end in gaps:
        characters[start - offset : end - offset] = " " * (end - start)
    return "".join(characters)


def split_sentences(block: Span, markers: tuple[Span, ...] = ()) -> tuple[Span, ...]:
    """The sentences of a block, in order; together they hold all of it but markers and white space."""
    blanked = blank_out(block.text, [(m.start, m.end) for m in markers], block.start)
    ends: list[int] = []
    for boundary in boundaries(blanked):
        if ends and (runs_on(blanked, ends) or not re.search(r"\w", blanked[ends[-1] : boundary])):
            ends.pop()
        ends.append(boundary)
    found = []
    for begin, end in zip([0, *ends], ends):
        inner = span(blanked, begin, end)
        if inner.text:
            start, stop = block.start + inner.start, block.start + inner.end
            found.append(Span(start, stop, block.text[inner.start : inner.end]))
    return tuple(found)


def boundaries(text: str) -> Iterator[int]:
    """Where sentencex ends sentences; a very long text is given to it in parts, cut at white space."""
    start = 0
    while start < len(text):
        cut = text.rfind(" ", start, start + LONGEST_PART) + 1 if len(text) - start > LONGEST_PART else 0
        end = cut or min(start + LONGEST_PART, len(text))
        found = [int(one["end_index"]) for one in sentencex.get_sentence_boundaries("en", text[start:end])]
        # The last sentence of a part may go on in the next one.
        keep = found if end == len(text) or len(found) < 2 else found[:-1]
        yield from (start + one for one in keep)
        start += keep[-1] if keep else end - start


def runs_on(text: str, ends: Sequence[int]) -> bool:
    """Whether the sentence that ends last goes on: it closes with an abbreviation, or is a list's number."""
    last = text[max(ends[-1] - 16, ends[-2] if len(ends) > 1 else 0) : ends[-1]]
    return bool(GOES_ON.search(last) or LIST_NUMBER.fullmatch(last.strip()))


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
        inside = tuple((m.start, m.end) for m in markers if sentence.start <= m.start and m.end <= sentence.end)
        plain = "".join(character for character, _ in plain_characters(sentence, inside))
        unique = tuple(dict.fromkeys(owned.get(number, ())))
        sentences.append(Sentence(sentence.start, sentence.end, sentence.text, plain, unique, inside))
    return tuple(sentences)


def plain_characters(sentence: Span, markers: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, int]]:
    """The characters of a sentence's plain text, each with where it stands in the document.

    Markers and white space become single spaces; none is left before punctuation behind a marker.
    """
    blanked = blank_out(sentence.text, markers, sentence.start)
    for number, word in enumerate(re.finditer(r"\S+", blanked)):
        if number and not (markers and word[0][0] in ",.;:!?"):
            yield " ", sentence.start + word.start() - 1
        yield from ((character, sentence.start + word.start() + i) for i, character in enumerate(word[0]))
