"""Whole paragraphs as quotations, for readers who want a long answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.reader import Candidate, Selection
from index.document.types import Document, Sentence
from index.passages import NumberedSentence, make_passage

MOST = 10  # paragraphs that are given

Key = tuple[str, int | None, int]  # document, note, and the paragraph's number: 0 in a note, the byline or a heading


def by_paragraph(selection: Selection, documents: Mapping[str, Document]) -> Selection:
    """The same selection with paragraphs and whole notes as candidates, best first.

    A paragraph has the score and the short answer of its best sentence.
    """
    best: dict[Key, Candidate] = {}
    for candidate in selection.candidates:
        best.setdefault(key_of(candidate), candidate)
    needed = len({key_of(candidate) for candidate in selection.candidates[: selection.needed]})
    whole = tuple(widen(place, documents[place.passage.document]) for place in list(best.values())[:MOST])
    return replace(selection, candidates=whole, needed=needed)


def key_of(candidate: Candidate) -> Key:
    """What the sentences of a paragraph, or of a note, share."""
    passage = candidate.passage
    at = next(i for i, sentence in enumerate(passage.sentences) if sentence.end > candidate.start)
    return passage.document, passage.note, passage.paragraphs[at]


def widen(candidate: Candidate, document: Document) -> Candidate:
    """A candidate that reaches over its paragraph, or its note; a heading or the byline stays as it is."""
    _, note, number = key_of(candidate)
    sentences: Sequence[Sentence] = ()
    if note is not None:
        sentences = document.footnotes[note].sentences
    elif number:
        sentences = document.paragraphs[number - 1].sentences
    if not sentences:
        return candidate
    return over_sentences(candidate, document, [(sentence, number) for sentence in sentences])


def over_sentences(candidate: Candidate, document: Document, numbered: list[NumberedSentence]) -> Candidate:
    """A candidate that reaches over some adjoining sentences, its own among them."""
    old = candidate.passage
    passage = replace(make_passage(document, "", old.section, old.note, numbered), id=old.id)
    return replace(candidate, passage=passage, start=passage.start, end=passage.end)
