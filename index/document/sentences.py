"""Sentences with exact offsets: sentencex finds them, markers are put right, and broken words are mended to be read.

Markers are blanked out, character for character, before the text is split, so `Kidal.[8] As a recent`
splits like `Kidal.    As a recent`. A sentence then ends before its closing marker, and the marker in the
gap behind it is its own.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import sentencex

from index.document.lines import span
from index.document.types import Sentence, Span

LONGEST_PART = 5000  # characters; sentencex slows down on longer texts
LIST_NUMBER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3}){0,3}|[ivxlcIVXLC]{1,6}|[A-Za-z])[.)]|[-*•–·‣◦▪]")
WHITE = re.compile(r"\s")
# Abbreviations after which a number or a name goes on with the same sentence, beside those sentencex knows.
GOES_ON = re.compile(
    r"\b(?:vols?|nos?|pp?|chs?|eds?|figs?|paras?|arts?|ca|cf|M[rs]s?|Dr|Prof|Gen|Col|Lt|chap|Sgt|Capt|Maj|Sen|Rep|Gov|Rev|Hon"
    r"|St|Cmdr|Adm|Nr|Proc|Conf|Univ|Inst|Dept|Trans|Assoc|Bull|Sci)\.\s*$"
)
# Those that end a sentence too, unless a number stands behind them.
COUNTS_ON = re.compile(
    r"(?<![’'\w])(?:figs?|secs?|nos?|arts?|eqs?|tabs?|apps?|chs?|vols?|cls?|regs?|pts?|ss?|pp?|approx)\.\s*$",
    re.IGNORECASE,
)
NUMBER_ON = re.compile(r"\s*[\d\[(§]")
# "et al. [2004] measured", "in sec. [2.1] of": what a bracket stands in goes on.
BRACKET_ON = re.compile(r"\s*[\[(]\d[\d.,;–a-z -]{0,12}[\])]\s*[a-z,;:]")
BRACKET = re.compile(r"[\[(]\d[\d.,;–a-z -]{0,12}[\])]\s*$")
SMALL_ON = re.compile(r"\s*[a-z\d]")
WORD_BEFORE = re.compile(r"[^\W\d_]+$")
WORD_BEHIND = re.compile(r"[^\W\d_]+")
SMALL_ONLY = re.compile(r"\b(?:al|Id)\.\s*$")
BROKEN = re.compile(r"(?<=[^\W\d_])([-\u2010\u00ad])[ \t]*(\r\n|\r|\n)\s*(?=[^\W\d_])")
HYPHENED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
INVISIBLE = frozenset("\u00ad\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}


def blank_out(text: str, gaps: Iterable[tuple[int, int]], offset: int) -> str:
    """`text`, which begins at `offset`, with the given gaps and all white space turned to plain spaces.

    sentencex panics at a wide one behind an initial: "plan B\\u00a0."
    """
    characters = list(WHITE.sub(" ", text))
    for start, end in gaps:
        characters[start - offset : end - offset] = " " * (end - start)
    return "".join(characters)


def split_sentences(block: Span, gaps: Iterable[tuple[int, int]] = ()) -> tuple[Span, ...]:
    """The sentences of a block, in order; together they hold all but gaps (markers, furniture) and white space."""
    blanked = blank_out(block.text, gaps, block.start)
    ends: list[int] = []
    for boundary in boundaries(blanked):
        if ends and (runs_on(blanked, ends, block.text) or not re.search(r"\w", blanked[ends[-1] : boundary])):
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


def runs_on(text: str, ends: Sequence[int], shown: str) -> bool:
    """Whether the sentence that ends last goes on: it closes with an abbreviation, or is a list's number.

    `shown` is the text with its markers.
    """
    last = text[max(ends[-1] - 16, ends[-2] if len(ends) > 1 else 0) : ends[-1]]
    behind = shown[len(text[: ends[-1]].rstrip()) :]
    if BRACKET_ON.match(behind) or LIST_NUMBER.fullmatch(last.strip()):
        return True
    if BRACKET.search(last) and behind.lstrip()[:1].islower():
        return True
    if SMALL_ONLY.search(last):
        return bool(SMALL_ON.match(text[ends[-1] :]))
    return bool(GOES_ON.search(last) or (COUNTS_ON.search(last) and NUMBER_ON.match(behind)))


def make_sentences(
    block: Span,
    markers: tuple[Span, ...] = (),
    notes: dict[int, tuple[int, ...]] | None = None,
    whole: bool = False,
    gaps: tuple[tuple[int, int], ...] = (),
    closed: tuple[tuple[int, int], ...] = (),
    cells: tuple[tuple[int, str], ...] = (),
) -> tuple[Sentence, ...]:
    """Sentences of a block, each with the notes of the markers in it or closing it; with `whole`, the block as one.

    `notes` maps a marker's start to positions in `Document.footnotes`. `gaps`, `closed` and `cells` are what the block
    has of a Sentence's; a marker that is spoken is read with its sentence.
    """
    silent = tuple(m for m in markers if not getattr(m, "spoken", False))
    blanks = join_gaps(block, sorted([*((m.start, m.end) for m in silent), *gaps]))
    spans = (block,) if whole else split_sentences(block, blanks)
    starts = [sentence.start for sentence in spans]
    owned: dict[int, list[int]] = {}
    for marker in markers:
        owner = max(bisect_right(starts, marker.start) - 1, 0)
        owned.setdefault(owner, []).extend((notes or {}).get(marker.start, ()))
    sentences = []
    for number, one in enumerate(spans):
        sentence = Sentence(
            one.start, one.end, one.text, "", tuple(dict.fromkeys(owned.get(number, ()))),
            inside(one, blanks), inside(one, closed), tuple(cell for cell in cells if one.start <= cell[0] < one.end),
        )  # fmt: skip
        plain = "".join(character for character, _ in plain_characters(sentence))
        sentences.append(replace(sentence, plain=plain))
    return tuple(sentences)


def without_closing(block: Span, markers: tuple[Span, ...]) -> Span:
    """A block less the markers that close it."""
    length = len(blank_out(block.text, [(m.start, m.end) for m in markers], block.start).rstrip())
    return Span(block.start, block.start + length, block.text[:length]) if length else block


def join_gaps(block: Span, gaps: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Gaps with those made one that only a comma or a dash parts: `[1], [2]`."""
    joined: list[tuple[int, int]] = []
    for start, end in gaps:
        between = block.text[joined[-1][1] - block.start : start - block.start] if joined else "-"
        if joined and re.fullmatch(r"\s?[,;–-]\s?", between):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def inside(whole: Span, gaps: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The gaps that stand in a span."""
    return tuple((start, end) for start, end in gaps if whole.start <= start and end <= whole.end)


def plain_characters(sentence: Sentence) -> Iterator[tuple[str, int]]:
    """The characters of a sentence's plain text, each with where it stands in the document.

    Markers and white space become single spaces; none is left before punctuation behind a marker. What is read before
    a table's cell stands where the cell begins, and what a ligature is read as where that stands.
    """
    blanked = blank_out(sentence.text, sentence.markers, sentence.start)
    closed = {at - sentence.start for start, end in sentence.closed for at in range(start, end)}
    before = {at - sentence.start: words for at, words in sentence.cells}
    first, waiting = True, False
    for at, character in enumerate(blanked):
        place = sentence.start + at
        if at in closed or character in INVISIBLE:
            continue
        if character == " ":
            waiting = not first
            continue
        if words := before.get(at):
            yield from ((one, place) for one in (words if not first else words.removeprefix("; ")))
        elif waiting and not (sentence.markers and character in ",.;:!?"):
            yield " ", place - 1
        first, waiting = False, False
        yield from ((one, place) for one in LIGATURES.get(character, character))


def mend(block: Span, words: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """What is left out where a line's end breaks a word of a block, hyphen and all; `words` are those of the document.

    A hyphen that the document also writes inside a line is kept, and so is one between two words that it has, where it
    has not the two as one: "long-" and "term".
    """
    closed = []
    for match in BROKEN.finditer(block.text):
        left = WORD_BEFORE.search(block.text[: match.start()])
        right = WORD_BEHIND.match(block.text[match.end() :])
        if left is None or right is None:
            continue
        one, two = left[0].casefold(), right[0].casefold()
        hyphened = f"{one}-{two}" in words or (one + two not in words and one in words and two in words)
        kept = match[1] != "\u00ad" and (hyphened or right[0][0].isupper())
        closed.append((block.start + (match.end(1) if kept else match.start(1)), block.start + match.end()))
    return tuple(closed)


def words_of(text: str) -> frozenset[str]:
    """The words of a text in small letters, and their parts where they have hyphens; halves of broken ones are none."""
    broken = [match.span() for match in BROKEN.finditer(text)]
    starts, ends = {end for _, end in broken}, {start for start, _ in broken}
    found: set[str] = set()
    for match in HYPHENED.finditer(text):
        if match.end() not in ends and match.start() not in starts:
            word = match[0].casefold()
            found.update([word, *word.split("-")])
    return frozenset(found)
