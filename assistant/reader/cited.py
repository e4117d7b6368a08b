"""The part of a cited work that a question asks for: its authors, its title, or where it was published."""

import re
from collections.abc import Sequence

from index.document.types import Source, Span
from index.retriever import Index, Place

AUTHOR = re.compile(r"\bwho(?:m|se)?\b|\b(?:reporter|journalist|author|writer|scholar|researcher|historian)s?\b", re.I)
PERIODICAL = re.compile(
    r"\b(?:newspaper|magazine|journal|outlet|periodical|weekly|daily|publication|website)s?\b", re.I
)
ABOUT_THE_TEXT = re.compile(r"\bthe (?:author|writer)\b", re.I)  # of the document, not of what it cites
BOOK_WORD = re.compile(r"\bbook\b", re.I)


def titled_work(works: Sequence[Source]) -> Source | None:
    """Return the first work that has a title."""
    return min((work for work in works if work.parts.title), key=lambda work: work.start, default=None)


def cited_part(question: str, work: Source) -> Span | None:
    """Return the part of a work that is asked for, by default its title."""
    text, parts = ABOUT_THE_TEXT.sub("", question), work.parts
    if AUTHOR.search(text):
        return parts.authors or parts.container or parts.title
    if PERIODICAL.search(text) or BOOK_WORD.search(text):
        return parts.container or parts.title
    return parts.title


def sources_of(place: Place, index: Index) -> tuple[Source, ...]:
    """Return the works that a note's sentence names; none for the body."""
    note, sentence = place.passage.note, place.sentence
    sources = index.documents[place.passage.document].footnotes[note].sources if note is not None else ()
    return tuple(work for work in sources if sentence.start <= work.start < sentence.end)
