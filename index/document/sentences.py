"""Sentence splitting with exact offsets, by sentencex, with note markers and words broken over lines taken care of.

Markers are replaced by spaces before the text is split, so that `Kidal.[8] As a recent` splits like
`Kidal.    As a recent`. A sentence then ends before its closing marker, and owns the marker in the gap behind it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import sentencex

from index.document.lines import BULLETS, span
from index.document.types import Sentence, Span

LONGEST_PART = 5000  # characters; sentencex slows down on longer texts
LIST_NUMBER = re.compile(
    rf"\(?(?:\d{{1,3}}(?:\.\d{{1,3}}){{0,3}}|[ivxlcIVXLC]{{1,6}}|[A-Za-z]|[A-Z]\d{{1,2}})[.)]|[{BULLETS}]"
)
WHITE = re.compile(r"\s")
# Abbreviations after which a sentence continues, besides those that sentencex knows.
GOES_ON = re.compile(
    r"\b(?:vols?|nos?|pp?|chs?|eds?|figs?|paras?|arts?|ca|cf|M[rs]s?|Dr|Prof|Gen|Col|Lt|chap|Sgt|Capt|Maj|Sen|Rep|Gov|Rev|Hon"
    r"|St|Cmdr|Adm|Nr|Proc|Conf|Univ|Inst|Dept|[Tt]rans|Assoc|Bull|Sci)\.\s*$"
)
# Abbreviations that may end a sentence, unless a number follows.
COUNTS_ON = re.compile(
    r"(?<![’'\w])(?:figs?|secs?|nos?|arts?|eqs?|tabs?|apps?|chs?|vols?|cls?|regs?|pts?|ss?|pp?|fols?|bks?|pls?|approx)\.\s*$",
    re.IGNORECASE,
)
NUMBER_ON = re.compile(r"\s*[\d\[(§]")
WEEKDAY = re.compile(r"\b(?:Mon|Tues?|Weds?|Thu(?:rs?)?|Fri|Sat|Sun)\.\s*$")
# No word but an abbreviation is without vowels: "tsp. salt", "Cllr. Finch"; behind a name it may end a sentence: "Ltd."
VOWELLESS = re.compile(r"(?<![\w’'.-])(?P<word>[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ][b-df-hj-np-tv-xz]{1,5})\.\s*$")
NAME_BEFORE = re.compile(r"[A-Z][\w’'&.-]*\s$")
CAPITAL_ON = re.compile(r"\s*[A-Z]")
SPEAKER = re.compile(r"(?:[A-Z][A-Z’'-]+\.? ){0,2}[A-Z][A-Z’'-]+(?: ?\([^()]{1,40}\))?[.:]\s*$")  # "MARTA. Go!"
# "et al. [2004] measured", "in sec. [2.1] of": the sentence continues behind the bracket.
BRACKET_ON = re.compile(r"\s*[\[(]\d[\d.,;–a-z -]{0,12}[\])]\s*[a-z,;:]")
BRACKET = re.compile(r"[\[(]\d[\d.,;–a-z -]{0,12}[\])]\s*$")
SMALL_ON = re.compile(r"\s*[a-z\d]")
WORD_BEFORE = re.compile(r"(?:[^\W\d_]+-)*[^\W\d_]+$")
WORD_BEHIND = re.compile(r"[^\W\d_]+")
SMALL_ONLY = re.compile(r"\b(?:al|Id)\.\s*$")
BROKEN = re.compile(r"(?<=[^\W\d_])([-\u2010\u00ad])[ \t]*(\r\n|\r|\n)\s*(?=[^\W\d_])")
HYPHENED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
INSIDE_WORD = re.compile(r"\w[.!?](?:\w|[—–]\S)")  # README.Debian, "2. Penalties.—A person who"
ITEM_LABEL = re.compile(r"\s*(?:\(\w{1,4}\)|[^\w\s“”‘’\"'«»„(\[{¿¡$€£])\s")
# A sentence in brackets, which sentencex leaves with the one behind: "He fell. (He was ill.) She rose."
ENCLOSED = re.compile(r"(?<=[.!?”\"]) {1,9}\([A-Z][^()\s]*(?:\s+[^()\s]+){2,}[.!?]\)(?= {1,9}[“\"‘(]?[A-Z])")
INVISIBLE = frozenset("\u00ad\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}


def blank_out(text: str, gaps: Iterable[tuple[int, int]], offset: int) -> str:
    """Replace the given gaps and all white space of a text, which begins at `offset`, by plain spaces.

    sentencex panics at a no-break space behind an initial: "plan B\\u00a0."
    """
    characters = list(WHITE.sub(" ", text))
    for start, end in gaps:
        characters[start - offset : end - offset] = " " * (end - start)
    return "".join(characters)


def split_sentences(block: Span, gaps: Iterable[tuple[int, int]] = ()) -> tuple[Span, ...]:
    """Split a block into sentences, which cover all but gaps (markers, furniture) and white space."""
    blanked = blank_out(block.text, gaps, block.start)
    ends: list[int] = []
    enclosed = {match.end() for match in ENCLOSED.finditer(blanked)}
    for boundary in sorted({*boundaries(without_label(blanked)), *enclosed}):
        if ends and (continues(blanked, ends, block.text) or not re.search(r"\w", blanked[ends[-1] : boundary])):
            ends.pop()
        ends.append(boundary)
    sentences = []
    for begin, end in zip([0, *ends], ends):
        inner = span(blanked, begin, end)
        if inner.text:
            start, stop = block.start + inner.start, block.start + inner.end
            sentences.append(Span(start, stop, block.text[inner.start : inner.end]))
    return tuple(sentences)


def without_label(text: str) -> str:
    """A text with its item label as spaces: sentencex splits nothing behind "•" or "(a)"."""
    label = ITEM_LABEL.match(text)
    return " " * label.end() + text[label.end() :] if label else text


def boundaries(text: str) -> Iterator[int]:
    """Yield sentencex's sentence boundaries; a very long text is processed in parts, cut at white space."""
    start = 0
    while start < len(text):
        cut = text.rfind(" ", start, start + LONGEST_PART) + 1 if len(text) - start > LONGEST_PART else 0
        end = cut or min(start + LONGEST_PART, len(text))
        offsets = [int(item["end_index"]) for item in sentencex.get_sentence_boundaries("en", text[start:end])]
        # The last sentence of a part may continue in the next one.
        complete = offsets if end == len(text) or len(offsets) < 2 else offsets[:-1]
        yield from (start + item for item in complete)
        start += complete[-1] if complete else end - start


def continues(text: str, ends: Sequence[int], original: str) -> bool:
    """Whether the sentence that ends last continues: inside a word, behind an abbreviation, or a list's number.

    `original` is the text with its markers.
    """
    last = text[max(ends[-1] - 16, ends[-2] if len(ends) > 1 else 0) : ends[-1]]
    following = original[len(text[: ends[-1]].rstrip()) :]
    if (
        INSIDE_WORD.match(text, max(ends[-1] - 2, 0))
        or BRACKET_ON.match(following)
        or LIST_NUMBER.fullmatch(last.strip())
    ):
        return True
    if BRACKET.search(last) and following.lstrip()[:1].islower():
        return True
    if len(ends) == 1 and SPEAKER.fullmatch(text[: ends[-1]].lstrip()):
        return True
    if SMALL_ONLY.search(last):
        return bool(SMALL_ON.match(text[ends[-1] :]))
    if GOES_ON.search(last):
        return True
    if abbreviation := VOWELLESS.search(last):
        named = abbreviation["word"][0].isupper() and not NAME_BEFORE.search(last[: abbreviation.start()])
        if (CAPITAL_ON if named else SMALL_ON).match(text[ends[-1] :]):
            return True
    if WEEKDAY.search(last) and text[ends[-1] :].lstrip()[:1].isdigit():
        return True
    return bool(COUNTS_ON.search(last) and NUMBER_ON.match(following))


def make_sentences(
    block: Span,
    markers: tuple[Span, ...] = (),
    notes: dict[int, tuple[int, ...]] | None = None,
    whole: bool = False,
    gaps: tuple[tuple[int, int], ...] = (),
    closed: tuple[tuple[int, int], ...] = (),
    cells: tuple[tuple[int, str], ...] = (),
) -> tuple[Sentence, ...]:
    """Make the sentences of a block, each with the notes of its markers; with `whole`, one sentence.

    `notes` maps a marker's start to positions in `Document.footnotes`. `gaps`, `closed` and `cells` are the block's,
    as in Sentence. A marker `in_sentence` stays in the plain text.
    """
    blanked = tuple(m for m in markers if not getattr(m, "in_sentence", False))
    blanks = join_gaps(block, sorted([*((m.start, m.end) for m in blanked), *gaps]))
    spans = (block,) if whole else split_sentences(block, blanks)
    starts = [sentence.start for sentence in spans]
    notes_of: dict[int, list[int]] = {}
    for marker in markers:
        owner = max(bisect_right(starts, marker.start) - 1, 0)
        notes_of.setdefault(owner, []).extend((notes or {}).get(marker.start, ()))
    sentences = []
    for number, part in enumerate(spans):
        sentence = Sentence(
            part.start, part.end, part.text, "", tuple(dict.fromkeys(notes_of.get(number, ()))),
            within(part, blanks), within(part, closed), tuple(c for c in cells if part.start <= c[0] < part.end),
        )  # fmt: skip
        plain = "".join(character for character, _ in plain_characters(sentence))
        sentences.append(replace(sentence, plain=plain))
    return tuple(sentences)


def strip_closing_markers(block: Span, markers: tuple[Span, ...]) -> Span:
    """Cut the markers at the end off a block."""
    length = len(blank_out(block.text, [(m.start, m.end) for m in markers], block.start).rstrip())
    return Span(block.start, block.start + length, block.text[:length]) if length else block


def join_gaps(block: Span, gaps: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Join gaps with only a comma or a dash between them: `[1], [2]`."""
    joined: list[tuple[int, int]] = []
    for start, end in gaps:
        between = block.text[joined[-1][1] - block.start : start - block.start] if joined else "-"
        if joined and re.fullmatch(r"\s?[,;–-]\s?", between):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def within(whole: Span, gaps: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the gaps inside a span."""
    return tuple((start, end) for start, end in gaps if whole.start <= start and end <= whole.end)


def plain_characters(sentence: Sentence) -> Iterator[tuple[str, int]]:
    """Yield the characters of a sentence's plain text, each with its offset in the document.

    Markers and white space become single spaces, with none between a marker and punctuation. The words added before a
    table's cell have the offset of the cell, and the letters of a ligature that of the ligature.
    """
    blanked = blank_out(sentence.text, sentence.markers, sentence.start)
    closed = {i - sentence.start for start, end in sentence.closed for i in range(start, end)}
    before = {i - sentence.start: words for i, words in sentence.cells}
    first, space_pending = True, False
    for i, character in enumerate(blanked):
        place = sentence.start + i
        if i in closed or character in INVISIBLE:
            continue
        if character == " ":
            space_pending = not first
            continue
        if words := before.get(i):
            yield from ((letter, place) for letter in (words if not first else words.removeprefix("; ")))
        elif space_pending and not (sentence.markers and character in ",.;:!?"):
            yield " ", place - 1
        first, space_pending = False, False
        yield from ((letter, place) for letter in LIGATURES.get(character, character))


def find_line_breaks_in_words(block: Span, words: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """Find the line breaks inside words of a block, and the hyphens that go with them; `words` are the document's.

    The hyphen is kept if the document has the hyphenated word elsewhere, or has both parts as words but not the joined
    word: "long-" and "term".
    """
    closed = []
    for match in BROKEN.finditer(block.text):
        left = WORD_BEFORE.search(block.text[: match.start()])
        right = WORD_BEHIND.match(block.text[match.end() :])
        if left is None or right is None:
            continue
        first, second = left[0].casefold(), right[0].casefold()
        hyphened = (
            "-" in first
            or len(first) == 1
            or f"{first}-{second}" in words
            or (first + second not in words and first in words and second in words)
        )
        keep_hyphen = match[1] != "\u00ad" and (hyphened or right[0][0].isupper())
        closed.append((block.start + (match.end(1) if keep_hyphen else match.start(1)), block.start + match.end()))
    return tuple(closed)


def vocabulary_of(text: str) -> frozenset[str]:
    """Return the case-folded words of a text and the parts of hyphenated ones, without halves of broken words."""
    broken = [match.span() for match in BROKEN.finditer(text)]
    starts, ends = {end for _, end in broken}, {start for start, _ in broken}
    vocabulary: set[str] = set()
    for match in HYPHENED.finditer(text):
        if match.end() not in ends and match.start() not in starts:
            word = match[0].casefold()
            vocabulary.update([word, *word.split("-")])
    return frozenset(vocabulary)
