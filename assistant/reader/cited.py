"""Which part of a citation a question about sources asks for: who wrote it, its title, or where it appeared."""

import re

from index.document.works import BOOK, EDITED, QUOTED, SIGNAL

AUTHOR = re.compile(r"\bwho(?:m|se)?\b|\b(?:reporter|journalist|author|writer|scholar|researcher|historian)s?\b", re.I)
PERIODICAL = re.compile(
    r"\b(?:newspaper|magazine|journal|outlet|periodical|weekly|daily|publication|website)s?\b", re.I
)
ABOUT_THE_TEXT = re.compile(r"\bthe (?:author|writer)\b", re.I)  # of the document, not of what it cites
BOOK_WORD = re.compile(r"\bbook\b", re.I)
APPEARED = re.compile(r"\s*(?P<name>(?:[^,.;:(\d]|(?<=\b[A-Z])\.)+)")
MARKS = ("double", "straight", "angle", "single", "plain")  # QUOTED's names for a title's quotation marks
CONTAINER = re.compile(r",?\s*(?P<title>[^(“”]+?)\s?\(")


def cited_part(question: str, plain: str) -> tuple[int, int] | None:
    """Where the part asked for stands in a note's sentence; None where the sentence names no work.

    >>> text = "Ann Roe, “Rain,” Weather Review, May 2001."
    >>> [text[slice(*cited_part(q, text))] for q in ("Who is cited?", "In which journal?", "What is the source?")]
    ['Ann Roe', 'Weather Review', 'Rain,']
    """
    signal = SIGNAL.search(plain)
    starts = [signal.end(), 0] if signal else [0]
    work = next((found for at in starts for way in (QUOTED, BOOK) if (found := way.match(plain, at))), None)
    if work is None:
        return None
    asked = ABOUT_THE_TEXT.sub("", question)
    title = next(work.span(name) for name in ("title", *MARKS) if name in work.groupdict() and work[name])
    named = work.start("names"), work.start("names") + len((work["names"] or "").rstrip(", "))
    if AUTHOR.search(asked):
        return named if work["names"] else appeared(work) or title
    if PERIODICAL.search(asked):
        return appeared(work) or contained_in(work) or title
    if BOOK_WORD.search(asked):
        return contained_in(work) or title
    return title


def appeared(work: re.Match[str]) -> tuple[int, int] | None:
    """Where a citation says what an article appeared in."""
    if "rest" not in work.groupdict() or contained_in(work):
        return None
    place = APPEARED.match(work.string, work.start("rest"))
    return place.span("name") if place and place["name"].strip() else None


def contained_in(work: re.Match[str]) -> tuple[int, int] | None:
    """Where a citation has the title of the book that a chapter stands in."""
    edited = EDITED.search(work.string, work.start("rest")) if "rest" in work.groupdict() else None
    container = CONTAINER.match(work.string, edited.end()) if edited else None
    return container.span("title") if container else None
