"""One citation: what kind it is, and its possible readings as names and a title.

ibid     Ibid., Id.                       the works of the note before
note     see note 12, supra note 12       the works of that note
short    Lacher, Organized Crime. | Wehrey and Boukhars. | "Title."
full     a title with a publisher, a place, a date or a URL behind it
law      Harbour Act, s. 4                a title with a locator that only laws and rules have
"""

import re
from dataclasses import dataclass, field

from index.document.entries import match_entry
from index.document.headings import is_title
from index.document.types import Span, WorkParts
from index.patterns import CAPITAL, PARTICLE

INSIDE = rf"(?:{PARTICLE}|of|for|the|on|in)"
WORD = rf"{CAPITAL}[\w’'`.-]*"
NAME = rf"(?:(?:de|van|von|den|der|la|le|el|al|du|da|di|ter) ){{0,2}}{WORD}(?: (?:{INSIDE} ){{0,3}}{WORD}){{0,6}}"
EDITORS = r"(?:,? \(?eds?\.\)?|,? \(?editors?\)?)"
NAMES = rf"{NAME}(?:(?:, and |, & |, | and | & ){NAME}){{0,7}}(?:,? et al\.?)?{EDITORS}?"
SIGNAL = re.compile(
    r"\b(?:(?:[Bb]ut )?[Ss]ee(?: also| generally| especially| in particular)?,?(?: e\.g\.,?| for example,?)?"
    r"|(?:[Bb]ut )?[Cc]f\.|[Cc]ompare|[Cc]ontra|[Qq]uoted in|[Cc]ited in|[Ss]ources?:|[Aa]s reported in)\s+"
)
QUOTATION = re.compile(r"“[^”]*”|\"[^\"]*\"")
IBID = re.compile(r"[(\[]?(?:[Ii]bid(?:em)?\b\.?|[Ii]dem\b|[Ii]d\.)")
NOTE = re.compile(
    r"(?:(?:supra|infra|above|at),? )?\b(?:foot|end)?n(?:otes?|n?\.)\s?"
    r"(?P<numbers>\[?\d{1,4}\]?(?:(?:, | and |, and |[–-])\d{1,4})*)"
    r"|\(n (?P<oscola>\d{1,4})\)",
    re.IGNORECASE,
)
OPUS = re.compile(r"(?:,? |^)(?:op\. ?cit|loc\. ?cit|supra(?!,? n))\b\.?", re.IGNORECASE)
# A law, a standard, a set of rules: a title and a locator that only these have.
LAW = re.compile(
    r"(?P<title>[^\W\d_a-z][^,;“”\"]{2,150}?),? (?:ss?\.?|§{1,2}|[Aa]rts?\.?|[Aa]rticles?|[Cc]ls?\.?|[Cc]lauses?"
    r"|[Rr]egs?\.?|[Rr]egulations?|[Rr]ules?|[Ss]ections?|[Ss]ecs?\.?|[Ss]ch\.?|[Ss]chedule)"
    r" ?\d[\w().,–-]*(?: ?\(\w+\))*$"
)
LOCATOR = re.compile(
    r"[,:]?\s?(?:at |pp?\. ?|pages? |chs?\. ?|chap\. ?|chapters? |paras?\. ?|§+ ?)\d[\d\s,–—-]{0,40}(?:ff?\.?)?$"
    r"|,\s\d{1,3}(?:[–-]\d{1,4})?$|(?<=,[”\"’])\s\d{1,4}(?:[–-]\d{1,4})?$|^[\s.)\]]{0,5}$"
)
PAIRS = (
    r"[“„](?P<double>[^“”„]+)[”“]|\"(?P<straight>[^\"]+)\"|«(?P<angle>[^«»]+)»"
    r"|‘(?P<single>(?:[^‘’]|’(?=\w))+)’|'(?P<plain>(?:[^']|'(?=\w))+)'"
)
QUOTED = re.compile(rf"(?P<names>{NAMES},\s+)?(?:{PAIRS})(?P<comma>,?)(?P<rest>.*)$", re.DOTALL)
BOOK = re.compile(
    rf"(?P<names>{NAMES}),\s+(?P<title>[^()“”]{{4,300}}?)\s?\([^()]{{0,300}}\b\d{{4}}[^()]{{0,300}}\)", re.DOTALL
)
TWO_NAMES = re.compile(rf"{NAME} (?:and|&) {NAME}")
EDITED = re.compile(rf"\b(?:in|[Ee]dited by|[Ee]ds?\. by)\s+(?P<names>{NAMES}){EDITORS}?")
INTERVIEW = re.compile(
    r"(?:(?:[Pp]ersonal|[Aa]uthor’?'?s?|[Tt]elephone|[Ff]ield|[Cc]onfidential) )*"
    r"(?:[Ii]nterviews?|[Cc]ommunications?|[Cc]orrespondence|[Ee]-?mails?)\b"
)
DATED = re.compile(r"[^,]+(?:,[^,]+)*,\s+(?:[A-Z][a-z]+\.? )?(?:\d{1,2}(?:[–-]\d{1,2})?,? )?\d{4}\.?$", re.DOTALL)
URL = re.compile(r"https?://\S+|\bdoi:\s?\S+", re.IGNORECASE)
FINITE_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|could|can|may|might|must|should|said|says|began|became|"
    r"did|born|died|raised|does|do|took|made|led|it|they|he|she|we|this|there|who)\b"
)
# A reference list's "Names. Title. Place: Publisher, 1999" or "Names (2001). Title. Journal, 12(3), 45-67".
LISTED = re.compile(r"[^.,(]{2,60}[.,(].{3,400}\b(?:1[5-9]|20)\d\d[a-z]?\b", re.DOTALL)
REMARK = re.compile(r"(?<=[\d)]),? (?:who|whose|which|where)\b.*$", re.DOTALL)  # "p. 61, who gives 1710 as the year"
LONGEST_CITATION = 1500  # characters
LONGEST_SHORT = 20  # words
INITIALS = re.compile(rf"{CAPITAL}{{1,3}}|(?:{CAPITAL}\.-?){{1,3}}")  # behind a surname: "Roe AB"
NamesAndTitle = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Reference:
    """A citation in a note: its place, its kind, and its possible readings as names and a title.

    `notes` are the numbers of the notes it refers to. If not `is_certain`, it may be prose, and is not reported when it
    cannot be resolved. One `within` is quoted by the work before it.
    """

    place: Span
    kind: str
    readings: tuple[NamesAndTitle, ...] = ()
    notes: tuple[int, ...] = ()
    is_certain: bool = True
    within: bool = False
    parts: WorkParts = field(default_factory=WorkParts)


def read_names(names: str | None) -> tuple[str, ...]:
    """Normalize names as "surname, initial": "Fred Wehrey and A. Boukhars eds." -> "wehrey, f" and "boukhars, a"."""
    if not names:
        return ()
    bare = re.sub(rf"{EDITORS}|,? et al\.?", "", names).strip(" ,")
    people = [person.split() for person in re.split(r",? and |,? & |, |; ", bare) if person.strip()]
    people = [person[-1:] + person[:-1] if INITIALS.fullmatch(person[-1]) else person for person in people]
    return tuple(
        person[-1].casefold() + (f", {person[0][0].casefold()}" if person[1:] and person[0][0].isupper() else "")
        for person in people
    )


def read_citation(piece: Span, signalled: bool) -> Reference | None:
    """Parse one piece as a citation; None if it is prose.

    `signalled`: it follows "see" or the like, or is the whole note. A bare name is a citation only then.
    """
    text = piece.text if piece.text.endswith("al.") else piece.text.rstrip(" .")
    if len(text) > LONGEST_CITATION or SIGNAL.search(QUOTATION.sub("", text)):
        return None
    if match := IBID.match(piece.text):
        return Reference(piece, "ibid") if signalled or LOCATOR.search(text[match.end() :]) else None
    if reference := read_note_reference(piece, text, signalled):
        return reference
    signalled = signalled or bool(OPUS.search(text))
    if OPUS.match(text):
        return Reference(piece, "ibid") if LOCATOR.search(OPUS.sub("", text)) else None
    text = REMARK.sub("", text)
    whole, text = text, LOCATOR.sub("", OPUS.sub("", text))
    if not text:
        return Reference(piece, "short")
    full = read_quoted(piece, text) or read_book(piece, text) or read_dated(piece, text)
    if full is None and whole != text and re.search(r"\d{4}$", whole):  # "pp. 1-9, 2015" is no place alone
        full = read_quoted(piece, whole) or read_dated(piece, whole)
    return full or read_law(piece, whole, signalled) or read_short(piece, text, signalled)


def read_law(piece: Span, text: str, signalled: bool) -> Reference | None:
    """Parse a law or the like by its locator: "Harbour Act, s. 4"."""
    match = LAW.match(text)
    if not signalled or not match or FINITE_VERB.search(match["title"]):
        return None
    return Reference(piece, "law", (((), match["title"]),))


def read_note_reference(piece: Span, text: str, signalled: bool) -> Reference | None:
    """Parse a reference to notes by number: "note 12 above", "Smith, supra note 4", "Smith (n 4) 45"."""
    match = NOTE.search(text)
    if not match or QUOTED.match(text):
        return None
    before = text[: match.start()].strip(" ,")
    is_back = match["oscola"] or re.match("supra|infra|above", match[0], re.IGNORECASE)
    if (before and not (is_back and re.fullmatch(NAMES, before))) or not (signalled or is_back or not before):
        return None
    readings = ((read_names(before), ""),) if before else ()
    numbers = match["oscola"] or match["numbers"]
    several = re.search(r"notes|nn\.", match[0], re.IGNORECASE)
    return Reference(piece, "note", readings, notes=expand(numbers if several else numbers.partition(",")[0]))


def expand(numbers: str) -> tuple[int, ...]:
    """Expand the numbers in "1, 3 and 5" or "4-6"."""
    expanded: list[int] = []
    for first, last in re.findall(r"(\d+)(?:\]?[–-](\d+))?", numbers):
        expanded.extend(range(int(first), min(int(last or first), int(first) + 50) + 1))
    return tuple(expanded)


def read_quoted(piece: Span, text: str) -> Reference | None:
    """Parse a title in quotation marks, alone or after names; it is full if a publication follows."""
    match = QUOTED.match(text)
    if not match:
        return None
    rest = match["rest"].strip(" ,.")
    quoted = next(q for q in match.group("double", "straight", "angle", "single", "plain") if q).strip()
    if not quoted:
        return None
    reading = (read_names(match["names"]), quoted.rstrip(" ,."))
    if not rest:
        is_speech = not match["names"] and FINITE_VERB.search(quoted) and not is_title(quoted)
        return Reference(piece, "short", (reading,), is_certain=not is_speech)
    closed = match["comma"] or quoted[-1] in ",.?!"
    published = (closed and not rest[0].islower()) or re.match(r"(?:in|eds?\.)\s", rest)
    if not published or not re.search(r"\d{4}|https?:", rest):
        return None
    editors = EDITED.search(rest)
    return Reference(piece, "full", ((reading[0] + read_names(editors and editors["names"]), reading[1]),))


def read_book(piece: Span, text: str) -> Reference | None:
    """Parse names, a title, and a bracket with place, publisher and year."""
    match = BOOK.match(text)
    if not match or FINITE_VERB.search(match["title"]):
        return None
    fields = f"{match['names']}, {match['title']}".split(", ")
    last = next(
        (i for i, field in enumerate(fields[:-1]) if re.match("and |& ", field) or TWO_NAMES.fullmatch(field)), 0
    )
    people = last + 1
    return Reference(piece, "full", ((read_names(", ".join(fields[:people])), ", ".join(fields[people:])),))


def read_dated(piece: Span, text: str) -> Reference | None:
    """Parse an interview, a citation with a URL, or fields separated by commas or stops that end in a date."""
    prose = FINITE_VERB.search(QUOTATION.sub("", text))
    if URL.search(text) or INTERVIEW.match(text):
        return None if prose else Reference(piece, "full", (((), text),))
    if prose or not text[0].isupper() or not (DATED.match(text) or LISTED.match(text)):
        return None
    fields = [field for field in re.split(r"(?<!\b\w)[.,:?] |, | \(|\)\. ", text) if field.strip()]
    if len(fields) < 3:
        return None
    words = [field for field in fields[1:] if len(field.split()) > 1 and not field.strip("( ")[0].isdigit()]
    return Reference(piece, "full", ((read_names(reorder(fields[0])), words[0] if words else fields[1]),))


def read_listed(piece: Span) -> Reference | None:
    """Parse a whole entry of a reference list."""
    match = match_entry(piece.text)
    if match is None or FINITE_VERB.search(match["rest"]):
        return None
    return Reference(piece, "full", ((read_names(match["names"]), match["title"]),))


def reorder(name: str) -> str:
    """Return the name in the first field of a reference."""
    return name if re.fullmatch(NAMES, name) else name.split()[0]


def read_short(piece: Span, text: str, signalled: bool) -> Reference | None:
    """Parse a short form without quotation marks: names, names and a year, or names and a title in title case."""
    if not signalled or FINITE_VERB.search(text) or len(text.split()) > LONGEST_SHORT:
        return None
    if match := re.fullmatch(rf"(?P<names>{NAMES}),? \(?(?P<year>\d{{4}})\)?", text):
        return Reference(piece, "short", ((read_names(match["names"]), match["year"]),))
    if not is_title(text):
        return None
    readings: list[NamesAndTitle] = []
    fields = text.split(", ")
    for cut in range(1, len(fields)):
        names, title = ", ".join(fields[:cut]), ", ".join(fields[cut:])
        if re.fullmatch(NAMES, names):
            readings.append((read_names(names), title))
    if re.fullmatch(NAMES, text):
        readings.append((read_names(text), ""))
    # A bare word that is no known name is prose ("Unknown."), not an unresolved citation.
    is_certain = any(title or len(names) > 1 for names, title in readings) or "et al" in text
    return Reference(piece, "short", tuple(readings), is_certain=is_certain) if readings else None
