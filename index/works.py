"""The works a note names, read out of its text.

A note is prose, citations, or prose and then citations ("... See Lacher, Organized Crime."). Each of its
sentences is tried as a citation from its beginning and from every signal word in it ("see", "cf."),
parted at semicolons. A citation is one of

    ibid     Ibid., Id.                       the works of the note before
    note     see note 12, supra note 12       the works of that note
    short    Lacher, Organized Crime. | Wehrey and Boukhars. | "Title."
    full     a title with a publisher, a place, a date or a URL behind it
"""

import re
from dataclasses import dataclass

from index.layout import span
from index.types import Span

PARTICLE = (
    r"(?:de|del|della|der|den|di|da|du|des|la|le|el|al|van|von|zu|ter|bin|ibn|ben|ag|ould|wa|dos|e|y|of|for|the|on|in)"
)
NAME = rf"[^\W\d_a-zß-öø-ÿ][\w’'`.-]*(?: (?:{PARTICLE} )*[^\W\d_a-zß-öø-ÿ][\w’'`.-]*){{0,6}}"
EDITORS = r"(?:,? \(?eds?\.\)?|,? \(?editors?\)?)"
NAMES = rf"{NAME}(?:(?:, and |, & |, | and | & ){NAME}){{0,7}}(?:,? et al\.?)?{EDITORS}?"
SIGNAL = re.compile(
    r"\b(?:[Ss]ee(?: also| generally| especially| in particular)?,?(?: e\.g\.,?| for example,?)?"
    r"|[Cc]f\.|[Cc]ompare|[Qq]uoted in|[Cc]ited in|[Ss]ources?:|[Aa]s reported in)\s+"
)
QUOTATION = re.compile(r"“[^”]*”|\"[^\"]*\"")
IBID = re.compile(r"(?:ibid|ib|idem|id)\b\.?", re.IGNORECASE)
NOTE = re.compile(r"(?:supra |infra |above |at )?\b(?:foot|end)?n(?:ote|\.)s? \[?(\d{1,4})\]?", re.IGNORECASE)
OPUS = re.compile(r",? (?:op\. ?cit|loc\. ?cit)\b\.?", re.IGNORECASE)
LOCATOR = re.compile(
    r"[,:]?\s*(?:at |pp?\. ?|pages? |chs?\. ?|chapters? |para\. ?)\d[\d\s,–—-]*(?:ff?\.?)?$|"
    r",\s+\d{1,3}(?:[–-]\d{1,4})?$|(?<!.)[\s.]*$"
)
PAIRS = r"“(?P<double>[^“”]+)”|\"(?P<straight>[^\"]+)\"|«(?P<angle>[^«»]+)»|‘(?P<single>(?:[^‘’]|’(?=\w))+)’"
QUOTED = re.compile(rf"(?P<names>{NAMES},\s+)?(?:{PAIRS})(?P<comma>,?)(?P<rest>.*)$", re.DOTALL)
BOOK = re.compile(rf"(?P<names>{NAMES}),\s+(?P<title>[^()“”]+?)\s*\([^()]*\b\d{{4}}[^()]*\)", re.DOTALL)
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
    r"did|does|do|took|made|led|it|they|he|she|we|this|there|who)\b"
)
NAMED_REPORT = re.compile(
    r"(?:[A-Z][\w’'.-]* ){0,5}\d{4} (?:[A-Z][\w’'-]* ){1,6}?"
    r"(?:Report|Survey|Index|Review|Yearbook|Declaration|Resolution)\b"
)
STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "for",
        "in",
        "on",
        "to",
        "de",
        "la",
        "le",
        "les",
        "et",
        "du",
        "des",
        "und",
        "der",
        "die",
        "das",
    ]
)


Reading = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Reference:
    """One citation in a note: where it stands, its kind, and the ways to read it as names and a title."""

    place: Span
    kind: str
    readings: tuple[Reading, ...] = ()
    note: int | None = None


def surnames(names: str | None) -> tuple[str, ...]:
    """The last word of each name in a list of them: "Fred Wehrey and Anouar Boukhars eds." -> two."""
    if not names:
        return ()
    bare = re.sub(rf"{EDITORS}|,? et al\.?", "", names).strip(" ,")
    people = [person.strip() for person in re.split(r",? and |,? & |, ", bare)]
    return tuple(person.split()[-1].casefold() for person in people if person)


def split_pieces(text: str) -> list[tuple[int, int]]:
    """Where a string's semicolons outside of quotes and brackets part it."""
    pieces, depth, start = [], 0, 0
    for i, character in enumerate(text):
        if character in "“«(":
            depth += 1
        elif character in "”»)":
            depth = max(depth - 1, 0)
        elif character == ";" and depth == 0:
            pieces.append((start, i))
            start = i + 1
    return [*pieces, (start, len(text))]


def read_citation(piece: Span, signalled: bool) -> Reference | None:
    """Read one piece as a citation; None if it is prose.

    `signalled` says that "see" or the like stands before it, or that it is all of its note: a bare name
    is a citation there alone.
    """
    text = piece.text if piece.text.endswith("al.") else piece.text.rstrip(" .")
    if SIGNAL.search(QUOTATION.sub("", text)):
        return None
    if match := IBID.match(text):
        return Reference(piece, "ibid") if signalled or LOCATOR.fullmatch(text[match.end() :]) else None
    if (match := NOTE.search(text)) and not QUOTED.match(text) and (signalled or match.start() == 0):
        return Reference(piece, "note", note=int(match[1]))
    signalled = signalled or bool(OPUS.search(text))
    text = LOCATOR.sub("", OPUS.sub("", text))
    return (
        read_quoted(piece, text)
        or read_book(piece, text)
        or read_dated(piece, text)
        or read_short(piece, text, signalled)
    )


def read_quoted(piece: Span, text: str) -> Reference | None:
    """A title in quotation marks, alone or after names: full if a publication follows."""
    match = QUOTED.match(text)
    if not match:
        return None
    rest = match["rest"].strip(" ,.")
    quoted = next(q for q in match.group("double", "straight", "angle", "single") if q).strip()
    reading = (surnames(match["names"]), quoted.rstrip(" ,."))
    if not rest:
        spoken = not match["names"] and FINITE_VERB.search(quoted) and ". " in quoted
        return None if spoken else Reference(piece, "short", (reading,))
    closed = match["comma"] or quoted[-1] in ",.?!"
    published = (closed and not rest[0].islower()) or re.match(r"(?:in|eds?\.)\s", rest)
    if not published or not re.search(r"\d{4}|https?:", rest):
        return None
    editors = EDITED.search(rest)
    return Reference(piece, "full", ((reading[0] + surnames(editors and editors["names"]), reading[1]),))


def read_book(piece: Span, text: str) -> Reference | None:
    """Names, a title, and a bracket with place, publisher and year."""
    match = BOOK.match(text)
    if not match or FINITE_VERB.search(match["title"]):
        return None
    fields = f"{match['names']}, {match['title']}".split(", ")
    last = next(
        (i for i, field in enumerate(fields[:-1]) if re.match("and |& ", field) or TWO_NAMES.fullmatch(field)), 0
    )
    people = last + 1
    return Reference(piece, "full", ((surnames(", ".join(fields[:people])), ", ".join(fields[people:])),))


def read_dated(piece: Span, text: str) -> Reference | None:
    """An interview, something with a URL, or fields parted by commas that end in a date."""
    prose = FINITE_VERB.search(QUOTATION.sub("", text))
    if URL.search(text) or INTERVIEW.match(text):
        return None if prose else Reference(piece, "full", (((), text),))
    if prose or text.count(",") < 2 or not DATED.match(text) or not text[0].isupper():
        return None
    name, title = text.split(", ")[:2]
    return Reference(piece, "full", ((surnames(name), title),))


def read_short(piece: Span, text: str, signalled: bool) -> Reference | None:
    """A short form without quotation marks: names alone, or names and a title in capitals."""
    if not signalled or not is_title(text) or FINITE_VERB.search(text) or len(text.split()) > 20:
        return None
    readings: list[Reading] = []
    fields = text.split(", ")
    for parted in range(1, len(fields)):
        names, title = ", ".join(fields[:parted]), ", ".join(fields[parted:])
        if re.fullmatch(NAMES, names):
            readings.append((surnames(names), title))
    if re.fullmatch(NAMES, text):
        readings.append((surnames(text), ""))
    return Reference(piece, "short", tuple(readings)) if readings else None


def is_title(text: str) -> bool:
    """Whether most of the longer words begin with a capital."""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if word.casefold() not in STOP]
    return bool(words) and sum(word[0].isupper() for word in words) >= 0.7 * len(words)


def read_references(note: Span, sentences: tuple[Span, ...]) -> tuple[Reference, ...]:
    """The citations of a note in the order they stand.

    A sentence is read from its beginning if every piece of it is a citation, else from its last signal.
    Where a note has no citation, a report that its prose names by year and title counts as one.
    """
    found: list[Reference] = []
    sentences = join_titles(note, sentences)
    alone = len(sentences) == 1
    for sentence in sentences:
        starts = [0, *(match.end() for match in SIGNAL.finditer(sentence.text))]
        for start in starts:
            references = read_from(note, sentence, start, signalled=start > 0 or alone or bool(found))
            if references:
                found.extend(references)
                break
    if not found and (match := NAMED_REPORT.search(note.text)):
        place = span(note.text, match.start(), match.end())
        place = Span(note.start + place.start, note.start + place.end, place.text)
        found.append(Reference(place, "full", (((), place.text),)))
    return tuple(found)


def join_titles(note: Span, sentences: tuple[Span, ...]) -> tuple[Span, ...]:
    """Sentences with those joined that a title's own question mark parted: “Who leaves?” Le Monde, 2013."""
    joined: list[Span] = []
    for sentence in sentences:
        before = joined[-1] if joined else None
        if before and re.search(r"[?!]”$", before.text) and DATED.match(sentence.text):
            start = before.start
            joined[-1] = Span(start, sentence.end, note.text[start - note.start : sentence.end - note.start])
        else:
            joined.append(Span(sentence.start, sentence.end, sentence.text))
    return tuple(joined)


def read_from(note: Span, sentence: Span, start: int, signalled: bool) -> list[Reference]:
    """The citations of a sentence from `start` on; empty if the first piece is none."""
    references: list[Reference] = []
    for begin, end in split_pieces(sentence.text[start:]):
        piece = span(sentence.text, start + begin, start + end)
        if signal := SIGNAL.match(piece.text):
            piece = span(sentence.text, piece.start + signal.end(), piece.end)
        if re.match(r"and ", piece.text):
            piece = span(sentence.text, piece.start + 4, piece.end)
        placed = Span(sentence.start + piece.start, sentence.start + piece.end, piece.text)
        reference = read_citation(placed, signalled or bool(references)) if piece.text else None
        if reference:
            references.append(reference)
        elif not references:
            return []
    return references
