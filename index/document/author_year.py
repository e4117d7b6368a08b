"""Author and year for a marker: "(Smith and Roe 2004)", "Smith et al. (2004a)", with a list of references behind.

Such a marker is part of its sentence and is read with it; the entries of the list are the notes, in their order.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from index.document.entries import SURNAME
from index.document.forms import Marker, NoteBlock
from index.document.headings import heading_text, looks_like_heading
from index.document.layout import TextBlock
from index.document.lines import span
from index.document.types import Span
from index.document.wrapping import ends_sentence
from index.folding import fold
from index.patterns import CAPITAL

FORM = "author-year"
LIST_HEADING = re.compile(
    r"(?:#+ )?(?:\d+\.? )?(?:references|bibliography|works cited|literature(?: cited)?|sources|further reading)",
    re.IGNORECASE,
)
PERSON = r"(?:(?:van|von|de|den|der|al|el|la|le|du|di) ){0,2}[^\W\d_a-z][\w’'-]+"
YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)(?P<letter>[a-z]?)"
ENTRY = re.compile(rf"(?P<name>{PERSON}|[^\W\d_a-z][^.,(\n]{{2,60}}).{{0,300}}?\b{YEAR}\b", re.DOTALL)
# A line that begins another entry: "Roe A, ", "Roe, A.", "Roe, Anna. 2006".
NEXT = re.compile(rf"(?<=\n)(?=[^\S\n]*{SURNAME}(?:,| {CAPITAL}{{1,3}}[,.:]| {CAPITAL}\.)[^\n]*\b(?:1[5-9]|20)\d\d)")
BRACKET = re.compile(r"\((?P<inside>[^()]{0,300}?\b(?:1[5-9]|20)\d\d[a-z]?\b[^()]{0,80})\)")
INSIDE = re.compile(rf"(?P<name>{PERSON})[^;\d]{{0,80}}?{YEAR}(?P<more>(?:, ?(?:1[5-9]|20)\d\d[a-z]?)*)")
BEFORE = re.compile(rf"(?P<name>{PERSON})(?:(?:,| and| &) {PERSON}){{0,4}}(?: et al\.?)?(?:[’']s?)?\s$")
YEARS = re.compile(YEAR)
FEWEST_ENTRIES = 2

Key = tuple[str, str]


def find_author_year(text: str, blocks: Sequence[TextBlock]) -> tuple[list[NoteBlock], list[Marker], list[TextBlock]]:
    """The entries of a reference list as notes, the places that cite them, and the other blocks.

    There are none where fewer than half of the entries are cited, or fewer than two.
    """
    whole = [part for block in blocks for part in part_entries(text, block)]
    entries = list(find_entries(whole))
    positions = {position for position, _ in entries}
    rest = [block for position, block in enumerate(whole) if position not in positions]
    numbers: dict[Key, int] = {}
    for number, (_, key) in enumerate(entries, 1):
        numbers.setdefault(key, number)
        numbers.setdefault((key[0], key[1][:4]), number)
    markers = [marker for block in rest if block.kind != "code" for marker in find_citations(block, numbers)]
    cited = {number for marker in markers for number in marker.numbers}
    if len(entries) < FEWEST_ENTRIES or len(cited) < FEWEST_ENTRIES or 2 * len(cited) < len(entries):
        return [], [], list(blocks)
    notes = [
        NoteBlock(number, Span(block.start, block.start, ""), Span(block.start, block.end, block.text), FORM)
        for number, (position, _) in enumerate(entries, 1)
        for block in [whole[position]]
    ]
    return notes, markers, rest


def part_entries(text: str, block: TextBlock) -> Iterator[TextBlock]:
    """The entries of a block in which each begins a line, or the block as it is."""
    starts = [match.start() for match in NEXT.finditer(block.text)]
    cuts = [0, *(at for at in starts if ends_sentence(span(block.text, 0, at))), len(block.text)]
    if len(cuts) == 2 or block.kind in ("row", "code"):
        yield block
        return
    for begin, end in pairwise(cuts):
        part = span(text, block.start + begin, block.start + end)
        gaps = tuple(gap for gap in block.gaps if part.start <= gap[0] < part.end)
        yield replace(block, start=part.start, end=part.end, text=part.text, gaps=gaps)


def find_entries(blocks: Sequence[TextBlock]) -> Iterator[tuple[int, Key]]:
    """The blocks under a heading that says that references follow, with the name and the year each begins with."""
    listed = False
    for position, block in enumerate(blocks):
        if LIST_HEADING.fullmatch(heading_text(block)):
            listed = True
        elif looks_like_heading(block):
            listed = False
        elif listed and (entry := ENTRY.match(block.text)):
            yield position, (surname(entry["name"]), entry["year"] + entry["letter"])


def surname(name: str) -> str:
    """A name folded, as it is compared."""
    return fold(name).strip(" .")


def find_citations(block: Span, numbers: dict[Key, int]) -> Iterator[Marker]:
    """The brackets of a block that cite entries: with names inside, or with one before."""
    for bracket in BRACKET.finditer(block.text):
        cited = list(dict.fromkeys(read_inside(bracket["inside"], numbers)))
        before = BEFORE.search(block.text[: bracket.start()][-120:])
        if not cited and before:
            years = [year["year"] + year["letter"] for year in YEARS.finditer(bracket["inside"])]
            cited = [numbers[key] for year in years if (key := (surname(before["name"]), year)) in numbers]
        if cited:
            start = block.start + bracket.start()
            yield Marker(start, start + len(bracket[0]), bracket[0], tuple(cited), False, FORM, True)


def read_inside(words: str, numbers: dict[Key, int]) -> Iterator[int]:
    """The entries that the words of a bracket cite: "see Smith 2004, 2006; Roe and Lund 1999"."""
    for match in INSIDE.finditer(words):
        years = [match["year"] + match["letter"], *(year[0] for year in YEARS.finditer(match["more"]))]
        yield from (numbers[key] for year in years if (key := (surname(match["name"]), year)) in numbers)
