"""The parts of a citation: who wrote a work, its title, what it appeared in, and when."""

import re

from index.document.citations import BOOK, EDITED, INTERVIEW, NAMES, QUOTED, Reference
from index.document.entries import match_entry
from index.document.lines import span
from index.document.types import Span, WorkParts

QUOTES = ("double", "straight", "angle", "single", "plain")  # QUOTED's names for a title's quotation marks
APPEARED = re.compile(r"[\s,]*(?P<name>(?:[^,.;:(\d]|(?<=\b[A-Z])\.|(?<=[a-z])\.(?=\s[A-Z]\w*,))+)")
CONTAINER = re.compile(r",?\s*(?P<title>[^(“”]+?)\s?\(")
MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec|Spring|Summer|Autumn|Fall|Winter)[a-z]*\.?"
DATE = re.compile(rf"(?:(?:\d{{1,2}} )?{MONTH} (?:\d{{1,2}}, )?)?\b(?:1[5-9]|20)\d\d[a-z]?\b")
# A reference list's entry with the year behind the names: "Smith, J. (2001). The title. Journal, 12(3)."
DATED_NAMES = re.compile(
    r"(?P<names>[^\d(]{2,150}?)[.,]?\s\(?(?P<date>(?:1[5-9]|20)\d\d[a-z]?)\)?[.,:]\s(?P<title>[^.]{3,300})\.\s?(?P<rest>.*)$",
    re.DOTALL,
)
FIELD = re.compile(r"(?<!\b\w)[.,] ")


def read_parts(reference: Reference) -> WorkParts:
    """The parts of a work that is named in full, as slices of the reference; None for each that is not found.

    >>> parts = read_parts(Reference(Span(0, 42, "Ann Roe, “Rain,” Weather Review, May 2001."), "full"))
    >>> [part.text for part in (parts.authors, parts.title, parts.container, parts.date)]
    ['Ann Roe', 'Rain', 'Weather Review', 'May 2001']
    """
    text = reference.place.text
    ways = (match_entry, QUOTED.match, BOOK.match, DATED_NAMES.match)
    match = next((match for way in ways if (match := way(text))), None)
    if match is None:
        return read_fields(reference.place)
    groups = match.groupdict()
    title = next(match.span(name) for name in ("title", *QUOTES) if groups.get(name))
    names = match.span("names") if groups.get("names") else None
    date = match.span("date") if groups.get("date") else last_date(text, title[1])
    return WorkParts(*(cut(reference.place, part) for part in (names, title, container(match), date)))


def cut(place: Span, part: tuple[int, int] | None) -> Span | None:
    """A part of a reference as a span, less the commas at its ends."""
    if part is None:
        return None
    inner = span(place.text, *part)
    words = inner.text.rstrip(", ")
    return Span(place.start + inner.start, place.start + inner.start + len(words), words) if words else None


def last_date(text: str, start: int) -> tuple[int, int] | None:
    """The last date in a text behind a place."""
    dates = list(DATE.finditer(text, start))
    return dates[-1].span() if dates else None


def container(match: re.Match[str]) -> tuple[int, int] | None:
    """What an article appeared in, or the book that a chapter stands in."""
    if not match.groupdict().get("rest"):
        return None
    if edited := EDITED.search(match.string, match.start("rest")):
        book = CONTAINER.match(match.string, edited.end())
        return book.span("title") if book else None
    place = APPEARED.match(match.string, match.start("rest"))
    return place.span("name") if place and place["name"].strip() else None


def read_fields(place: Span) -> WorkParts:
    """The parts of a citation whose fields commas or stops part: names, a title, what it appeared in, a date."""
    text = place.text
    date = last_date(text, 0)
    starts = [0, *(field.end() for field in FIELD.finditer(text))]
    ends = [*(field.start() for field in FIELD.finditer(text)), len(text.rstrip(" ."))]
    fields = [(a, b) for a, b in zip(starts, ends) if b > a and (date is None or b <= date[0] or a >= date[1])]
    if not fields or INTERVIEW.match(text):
        return WorkParts(date=cut(place, date))
    if len(fields) < 2 or not re.fullmatch(NAMES, text[slice(*fields[0])]):
        return WorkParts(container=cut(place, fields[0]) if date else None, date=cut(place, date))
    within = fields[2] if len(fields) > 2 and text[fields[2][0]].isupper() else None
    return WorkParts(*(cut(place, part) for part in (fields[0], fields[1], within, date)))
