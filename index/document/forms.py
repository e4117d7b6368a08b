"""The forms of notes and markers: patterns of labels and of markers.

| form | label, at the beginning of a block | marker, in the text |
| --- | --- | --- |
| bracket | `[4] ...` | `word.[4]`, `[1, 2]`, `[3]-[5]` |
| caret | `[^4]: ...`, `[^name]: ...` | `[^4]`, `[^name]` |
| footnote | `[Footnote 4: ...]` | `[4]` |
| arrow | `4. ^ ...` | `[4]` |
| named | `[nb 4] ...` | `[nb 4]` |
| letter, arrow-letter | `[a] ...`, `a. ^ ...` | `[a]` |
| superscript | `⁴ ...` | `word.⁴` |
| symbol | `* ...`, `† ...` | `word.*` |
| listed | `4. ...` under "Notes" | `[4]`, `⁴`, `(4)` or `word.4` |
| round | `(4) ...` under "Notes" | `(4)`, `(1, 2)`, `(3–5)` |
| worded | `Note 4: ...` under "Notes", or last | `[Note 4]`, `(see note 4)` |
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.document.types import Span

SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
SYMBOLS = "*†‡§‖¶"
NUMBERS = r"\d{1,4}(?:\s?[,;–-]\s?\d{1,4}){0,9}"
BRACKET = rf"\[(?P<keys>{NUMBERS})\](?:\s?[–—-]\s?\[(?P<last>\d{{1,4}})\])?"
RAISED = r"(?P<keys>[⁰¹²³⁴-⁹]+(?:[,˒’ᐟ–⁻-][⁰¹²³⁴-⁹]+)*)"
# After the punctuation of a word or a year, and before white space or the end, which excludes decimal fractions.
GLUED = (
    r"(?:(?<=[^\W\d_][.,;:!?”\"’')\]])|(?<=[^\W\d_][.!?,;][”\"’')])|(?<=\d\d\d\d[.;,])|(?<=\d\d\d\d\)[.;,]))"
    r"(?P<keys>\d{1,3}(?:,\d{1,3}){0,4})(?=\s|$)"
)
IN_ROUND = r"(?<=\S)\s?\((?P<keys>\d{1,3}(?:\s?[,;–-]\s?\d{1,3}){0,9})\)"
LETTER = r"(?<=\S)\[(?P<keys>[a-z])\](?!\w)"
NOTE_WORD = r"(?:foot|end)?note"
NUMBERED = r"(?P<key>\d{1,4})(?:[.)]\s+|\s+(?=[^\W\d_“\"‘(]))"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of notes. A `weak` one is ambiguous: it is accepted only where its notes are in a list."""

    name: str
    label: re.Pattern[str]
    marker: re.Pattern[str]
    weak: bool = False


def make_form(name: str, label: str, marker: str, weak: bool = False) -> Form:
    """Make a form of two patterns."""
    return Form(name, re.compile(label, re.IGNORECASE), re.compile(marker, re.IGNORECASE), weak)


FORMS = (
    make_form("caret", r"\[\^(?P<key>[^\]\s]{1,40})\]:", r"\[\^(?P<keys>[^\]\s]{1,40})\](?!:)"),
    make_form("footnote", r"\[footnote (?P<key>\d{1,4}|[a-z*]):", BRACKET),
    make_form("arrow", r"(?P<key>\d{1,4})\.\s[\^↑](?:\s[a-z](?=\s))*", BRACKET),
    make_form("named", r"\[(?:nb|note|n|fn) ?(?P<key>\d{1,4})\]", r"\[(?:nb|note|n|fn) ?(?P<keys>\d{1,4})\]"),
    make_form("letter", r"\[(?P<key>[a-z])\](?!\w)", LETTER),
    make_form("arrow-letter", r"(?P<key>[a-z])\.\s[\^↑](?:\s[a-z](?=\s))*", LETTER),
    make_form("superscript", r"(?P<key>[⁰¹²³⁴-⁹]+)", RAISED),
    make_form("symbol", rf"(?P<key>(?P<symbol>[{SYMBOLS}])(?P=symbol){{0,2}})(?=\s?[^\W_])(?!§\s?\d)",
         rf"(?:(?<=[\w.,;:!?”\"’')\]])|(?<=\S\s)(?=[†‡]))(?P<keys>(?P<symbol>[{SYMBOLS}])(?P=symbol){{0,2}})(?=[\s.,;:!?)”\"’|]|$)(?!\s?\d)"),
    make_form("listed", NUMBERED, BRACKET, weak=True),
    make_form("listed-raised", NUMBERED, RAISED, weak=True),
    make_form("round", r"\((?P<key>\d{1,4})\)\s", IN_ROUND, weak=True),
    make_form("listed-round", NUMBERED, IN_ROUND, weak=True),
    make_form("glued", NUMBERED, GLUED, weak=True),
    make_form("worded", rf"{NOTE_WORD} (?P<key>\d{{1,3}})[.:]\s",
        rf"(?<=\S)\s?[\[(](?:see )?{NOTE_WORD} (?P<keys>\d{{1,3}})[\])]", weak=True),
)  # fmt: skip
# Bracketed numbers have their own rules (see `brackets`), and are none of these forms.


@dataclass(frozen=True, slots=True)
class Marker(Span):
    """A marker in the body; `attached` if there is no space before it.

    `form` is the name of its form. One `in_sentence` is part of the sentence's wording: "Roe (2004)".
    """

    numbers: tuple[int, ...]
    attached: bool
    form: str = "bracket"
    in_sentence: bool = False


@dataclass(frozen=True, slots=True)
class NoteBlock:
    """A note: its number, its label, and its body over one or more blocks."""

    number: int
    label: Span
    body: Span
    form: str = "bracket"


def expand(numbers: str, last: str | None = None) -> tuple[int, ...]:
    """Expand the numbers of a marker: `3`, `1, 2`, `4–6`, and `3` with `5` of `[3]-[5]`.

    >>> expand("1, 4–6"), expand("3", "5")
    ((1, 4, 5, 6), (3, 4, 5))
    """
    numbers_found: list[int] = []
    for part in re.split(r"\s?[,;]\s?", f"{numbers}-{last}" if last else numbers):
        ends = [int(end) for end in re.split(r"\s?[–-]\s?", part)]
        short = len(ends) == 2 and 0 < ends[1] - ends[0] < 50
        numbers_found.extend(range(ends[0], ends[1] + 1) if short else ends)
    return tuple(dict.fromkeys(numbers_found))


def key_number(key: str) -> int | None:
    """Return the number of a label's key: `4`, `⁴`, `a`, `**`; None for a name.

    >>> [key_number(key) for key in ("12", "¹²", "b", "†", "**", "flood")]
    [12, 12, 2, 2, 7, None]
    """
    plain = key.translate(SUPERSCRIPT)
    if plain.isdecimal():
        return int(plain)
    if key[0] in SYMBOLS:
        return SYMBOLS.index(key[0]) + 1 + len(SYMBOLS) * (len(key) - 1)
    return ord(key.lower()) - ord("a") + 1 if len(key) == 1 and key.isascii() and key.isalpha() else None


def is_attached(before: str) -> bool:
    """Whether a marker after this character is attached to a word."""
    return not before.isspace() and before not in "([{“‘\"'—–-"


def find_marks(form: Form, text: str, blocks: Sequence[Span]) -> Iterator[tuple[Marker, tuple[str, ...]]]:
    """Yield every marker of a form in some blocks, with its keys; labels at their beginning are left out."""
    for block in blocks:
        for match in form.marker.finditer(block.text):
            groups = match.groupdict()
            keys = groups["keys"]
            start = block.start + match.start() + len(match[0]) - len(match[0].lstrip())
            if start == block.start or (form.marker.pattern == RAISED and is_power(block.text, match.start())):
                continue
            words = match[0].strip()
            attached = is_attached(text[start - 1])
            yield (
                Marker(start, start + len(words), words, (), attached, form.name),
                split_keys(form, keys, groups.get("last")),
            )


def split_keys(form: Form, keys: str, last: str | None) -> tuple[str, ...]:
    """Split the keys of a marker."""
    plain = keys.translate(SUPERSCRIPT).replace("⁻", "-").replace("˒", ",").replace("’", ",")
    if re.fullmatch(NUMBERS, plain):
        return tuple(str(number) for number in expand(plain, last))
    return (keys,)


def is_power(text: str, at: int) -> bool:
    """Whether a superscript follows a unit or a number: `km²`, `10⁵`."""
    before = re.search(r"[^\s]*$", text[:at])
    return bool(before and re.fullmatch(r"(?:.*\D)?\d{1,2}|(?:.*[/·(])?[^\W\d_]{1,2}|.*[\d⁻][^\W\d_]{1,3}", before[0]))
