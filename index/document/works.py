"""The citations in a note.

A note is prose, citations, or prose and then citations ("... See Lacher, Organized Crime."). Each sentence is split at
semicolons and tried as citations from its beginning and from every signal word in it ("see", "cf.").
"""

import re
from dataclasses import replace

from index.document.citations import (
    BOOK,
    DATED,
    IBID,
    LONGEST_CITATION,
    QUOTATION,
    SIGNAL,
    Reference,
    read_citation,
    read_dated,
    read_listed,
)
from index.document.entries import OTHERS
from index.document.lines import span
from index.document.types import Span

# A work that another one quotes or cites, in brackets behind it.
WITHIN = re.compile(
    r"\s?[(\[](?:quoting|citing|quoted in|cited in|reprinted in|cited by|quoted by)\s(?P<work>.{4,600}?)[)\]]?[.)\]]*$",
    re.DOTALL,
)
NAMED_REPORT = re.compile(
    r"(?:[A-Z][\w’'.-]* ){0,5}\d{4} (?:[A-Z][\w’'-]* ){1,6}?"
    r"(?:Report|Survey|Index|Review|Yearbook|Declaration|Resolution)\b"
)
FURTHER = re.compile(r",(?= (?:and|but) (?:see|cf\.)\s)")
MOST_SIGNALS = 6


def read_references(note: Span, sentences: tuple[Span, ...]) -> tuple[Reference, ...]:
    """Parse the citations of a note, in order.

    A sentence is parsed from its beginning if that is a citation, else from a signal word. If a note has no citation, a
    report that its prose names by year and title counts as one.
    """
    if whole := read_whole(note):
        return whole
    references: list[Reference] = []
    sentences = join_titles(note, sentences)
    is_only = len(sentences) == 1
    for sentence in sentences:
        if len(sentence.text) > LONGEST_CITATION:
            continue
        starts = [0, *(match.end() for match in SIGNAL.finditer(sentence.text))][:MOST_SIGNALS]
        for start in starts:
            citations = read_from(sentence, start, signalled=start > 0 or is_only or bool(references))
            if citations:
                references.extend(citations)
                break
    if not references and (match := NAMED_REPORT.search(note.text)):
        place = span(note.text, match.start(), match.end())
        place = Span(note.start + place.start, note.start + place.end, place.text)
        references.append(Reference(place, "full", (((), place.text),)))
    return tuple(references)


def read_whole(note: Span) -> tuple[Reference, ...]:
    """Parse a note that is one reference in several sentences, as in reference lists; empty if it is not."""
    text = note.text
    parts = text.rstrip(". )").count(". ")
    if not parts or len(text) > LONGEST_CITATION or SIGNAL.search(text) or IBID.search(text):
        return ()
    if listed := read_listed(note):
        return (listed,)
    if OTHERS.search(text) or QUOTATION.search(text) or BOOK.match(text):
        return ()
    reference = read_dated(note, text.rstrip(" ."))
    return (reference,) if reference else ()


def join_titles(note: Span, sentences: tuple[Span, ...]) -> tuple[Span, ...]:
    """Join sentences that were split at a title's question mark: “Who leaves?” Le Monde, 2013."""
    joined: list[Span] = []
    for sentence in sentences:
        previous = joined[-1] if joined else None
        if previous and re.search(r"[?!]”$", previous.text) and DATED.match(sentence.text):
            start = previous.start
            joined[-1] = Span(start, sentence.end, note.text[start - note.start : sentence.end - note.start])
        else:
            joined.append(Span(sentence.start, sentence.end, sentence.text))
    return tuple(joined)


def read_from(sentence: Span, start: int, signalled: bool) -> list[Reference]:
    """Parse the citations of a sentence from `start` on; empty if the first piece is none."""
    references: list[Reference] = []
    for begin, end in split_pieces(sentence.text[start:]):
        piece = span(sentence.text, start + begin, start + end)
        if signal := SIGNAL.match(piece.text):
            piece = span(sentence.text, piece.start + signal.end(), piece.end)
        if re.match(r"and ", piece.text):
            piece = span(sentence.text, piece.start + 4, piece.end)
        located = Span(sentence.start + piece.start, sentence.start + piece.end, piece.text)
        citations = read_with_inner(located, signalled or bool(references)) if piece.text else []
        references += citations
        if not references:
            return []
    return references


def split_pieces(text: str) -> list[tuple[int, int]]:
    """Split a string at semicolons, and before ", and see", outside of quotes and brackets; returns offsets."""
    pieces, depth, start = [], 0, 0
    further = {match.start() for match in FURTHER.finditer(text)}
    for i, character in enumerate(text):
        if character in "“«(":
            depth += 1
        elif character in "”»)":
            depth = max(depth - 1, 0)
        elif depth == 0 and (character == ";" or i in further):
            pieces.append((start, i))
            start = i + 1
    return [*pieces, (start, len(text))]


def read_with_inner(piece: Span, signalled: bool) -> list[Reference]:
    """Parse a citation, and the work that it quotes in brackets behind it, if any."""
    within = WITHIN.search(piece.text)
    outer = span(piece.text, 0, within.start()) if within else None
    if within is None or outer is None or not outer.text:
        reference = read_citation(piece, signalled)
        return [reference] if reference else []
    reference = read_citation(Span(piece.start + outer.start, piece.start + outer.end, outer.text), signalled)
    inner = span(piece.text, within.start("work"), within.end("work"))
    quoted = read_citation(Span(piece.start + inner.start, piece.start + inner.end, inner.text), True)
    return [*([reference] if reference else []), *([replace(quoted, within=True)] if reference and quoted else [])]
