"""Which part of a cited work a question about sources asks for: who wrote it, its title, or where it appeared."""

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


def titled(works: Sequence[Source]) -> Source | None:
    """The first of some works that is named by a title."""
    return min((work for work in works if work.parts.title), key=lambda work: work.start, default=None)


def cited_part(question: str, work: Source) -> Span | None:
    """The part of a work that is asked for, its title where the question names none."""
    asked, parts = ABOUT_THE_TEXT.sub("", question), work.parts
    if AUTHOR.search(asked):
        return parts.authors or parts.container or parts.title
    if PERIODICAL.search(asked) or BOOK_WORD.search(asked):
        return parts.container or parts.title
    return parts.title


def sources_of(place: Place, index: Index) -> tuple[Source, ...]:
    """The works that a note's sentence names; none in the body."""
    note, sentence = place.passage.note, place.sentence
    sources = index.documents[place.passage.document].footnotes[note].sources if note is not None else ()
    return tuple(work for work in sources if sentence.start <= work.start < sentence.end)
