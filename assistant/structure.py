"""Questions about the document itself, answered from its structure and in its words.

The confidence that a question is about a note, a section or the document is the squared share of its words that this
reading explains; the reading competes with the reader's.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from assistant.reader import Candidate, Selection
from index.folding import fold, terms
from index.retriever import Index, Place
from index.types import Passage

NOTE = re.compile(r"\b(?:foot|end)?note (?:number |no\.? |#)?\[?(\d{1,4})\]?(?!\d)", re.I)
SAYS = re.compile(r"^\W*(?:what|tell|show|quote|read|give|where|can you)\b|^\W*(?:foot|end)?note\b", re.I)
SECTION = re.compile(r"\b(?:sections?|chapters?|part|heading|headed|under)\b", re.I)
THIS = r"(?:this|the|it|your)(?: \w+)?"
WRITER = re.compile(
    rf"^\W*who (?:wrote|authored|is the (?:author|writer) of|penned) {THIS}\W*$|^\W*who(?: is|[’']s)? the author\W*$",
    re.I,
)
ABOUT = re.compile(
    rf"^\W*what(?: is|[’']s| does) {THIS} (?:about|(?:all )?about|deal with)\W*$"
    rf"|^\W*(?:summari[sz]e|sum up) {THIS}\W*$"
    r"|^\W*what(?: is|[’']s) the (?:gist|thesis|main (?:point|argument|idea))\b",
    re.I,
)
CONCLUSION = re.compile(rf"\bwhat (?:does|do|is|are) {THIS} (?:conclude|conclusions?)(?: with)?\W*$", re.I)
HOW_MANY_NOTES = re.compile(
    rf"^\W*how many (?:(?:foot|end)?notes|references|citations)\b"
    rf"(?: are there| does {THIS} (?:have|contain|carry)| has {THIS}| are (?:in|there in) {THIS})?\W*$",
    re.I,
)
WORKS = r"(?:sources|works|references|literature|publications|bibliography)"
SOURCES = re.compile(
    rf"^\W*(?:which|what) {WORKS} (?:does|do|did|is|are) {THIS} (?:cite|use|rely on|draw on|refer to|based on)\W*$"
    rf"|^\W*(?:list|show|give|name)(?: me)? (?:all )?(?:the|its) {WORKS}(?: cited)?\W*$"
    rf"|^\W*what (?:are|is) (?:the|its|your|this \w+[’']s) {WORKS}\W*$",
    re.I,
)
# The vocabulary of questions about a document, besides its title and the heading that they name.
WORDS = frozenset(
    terms(
        """
        document text article report paper page piece memo essay handbook guide guideline standard policy file story
        note footnote endnote number section chapter part heading headed source work reference literature publication
        bibliography citation say says said state tell show quote read give list name contain cover mention describe
        explain discuss present wrote author authored writer penned deal conclude conclusion gist thesis main point
        argument idea summarise summarize sum summary cite use rely draw base based many all see find
        """
    )
)
SAME_HEADING = 90  # rapidfuzz's partial ratio, of 100, from which a question names a heading
SENTENCES = 3


def is_about_document(question: str) -> bool:
    """Whether a question is about the document itself and nothing else."""
    return any(pattern.search(question) for pattern in (WRITER, CONCLUSION, ABOUT, HOW_MANY_NOTES, SOURCES)) and (
        score_about_document(question, ()) == 1
    )


def read_structure(question: str, document: str, index: Index) -> Selection | None:
    """What the structure of a document answers, and how likely it is meant; None where it has nothing."""
    title = index.contents.tables.title(document)
    if selection := read_document(question, document, index):
        return replace(selection, confidence=score_about_document(question, (title,)))
    if not SECTION.search(question):
        return None
    text = [place for place, paragraph in numbered_places(index, document) if paragraph and place.passage.note is None]
    if under := section_places(question, text):
        selection = quote(index.central(under, SENTENCES))
        named = (title, under[0].passage.section or "")
        return replace(selection, confidence=score_about_document(question, named)) if selection else None
    return None


def read_document(question: str, document: str, index: Index) -> Selection | None:
    """Answer a question about the document as a whole, or about one of its notes."""
    if HOW_MANY_NOTES.search(question):
        return count_notes(index, document)
    if SOURCES.search(question):
        return quote(most_cited(index, document)[:SENTENCES])
    if (note := NOTE.search(question)) and SAYS.search(question):
        return quote(note_places(index, document, int(note[1])), together=True)
    if not any(pattern.search(question) for pattern in (WRITER, CONCLUSION, ABOUT)):
        return None
    body = [(place, paragraph) for place, paragraph in numbered_places(index, document) if place.passage.note is None]
    if WRITER.search(question):
        byline = index.documents[document].byline
        inside = range(byline.start, byline.end) if byline else ()
        return quote([place for place, _ in body if place.sentence.start in inside][:1])
    text = [place for place, paragraph in body if paragraph]
    if CONCLUSION.search(question):
        text = [place for place in text if place.passage.section == text[-1].passage.section]
    return quote(index.central(text, SENTENCES))


def score_about_document(question: str, named: Sequence[str]) -> float:
    """Score how likely a question is about the document: the squared share of its words from such questions.

    Words of `named`, a title and a heading, count too, as do numbers.

    >>> score_about_document("What does the section on staff say?", ["Staff"])
    1.0
    >>> score_about_document("Who wrote the anthem?", [])
    0.25
    """
    question_terms = terms(question)
    vocabulary = WORDS.union(*(terms(text) for text in named))
    if not question_terms:
        return 1.0
    return (sum(word in vocabulary or word.isdigit() for word in question_terms) / len(question_terms)) ** 2


def numbered_places(index: Index, document: str) -> list[tuple[Place, int]]:
    """The sentences of a document with the numbers of their paragraphs."""
    number = {
        (passage.document, sentence.start): paragraph
        for passage in index.passages_of(document)
        for sentence, paragraph in zip(passage.sentences, passage.paragraphs, strict=True)
    }
    return [(place, number[place.key]) for place in index.places_of(document)]


def note_places(index: Index, document: str, number: int) -> list[Place]:
    """The sentences of the note with a number."""
    notes = index.documents[document].footnotes
    return [
        place
        for place in index.places_of(document)
        if place.passage.note is not None and notes[place.passage.note].number == number
    ]


def count_notes(index: Index, document: str) -> Selection | None:
    """Quote the number of the last note; None unless the notes are numbered through from 1."""
    notes = index.documents[document].footnotes
    if not notes or [note.number for note in notes] != list(range(1, len(notes) + 1)):
        return None
    label = notes[-1].label
    number = re.search(r"\d+", label.text)
    last = note_places(index, document, notes[-1].number)
    if number is None or not last:
        return None
    start, end = label.start + number.start(), label.start + number.end()
    return Selection((Candidate(last[0].passage, label.start, last[0].sentence.end, start, end, 1.0),), 1.0)


def most_cited(index: Index, document: str) -> list[Place]:
    """Return the sentences of notes that name works, most cited first."""
    works = Counter((work.start, work.end) for note in index.documents[document].footnotes for work in note.sources)
    notes = [place for place in index.places_of(document) if place.passage.note is not None]
    named = [
        next((place for place in notes if place.sentence.start <= start < place.sentence.end), None)
        for (start, _), _ in sorted(works.items(), key=lambda item: (-item[1], item[0]))
    ]
    return list({place.key: place for place in named if place}.values())


def section_places(question: str, text: Sequence[Place]) -> list[Place]:
    """Return the sentences under the heading that a question names, or none."""
    folded = fold(question)
    headings = dict.fromkeys(place.passage.section for place in text if place.passage.section)
    similarity = {heading: fuzz.partial_ratio(fold(heading), folded) for heading in headings}
    best = max(similarity, key=lambda heading: similarity[heading], default=None)
    if best is None or similarity[best] < SAME_HEADING:
        return []
    return [place for place in text if place.passage.section == best]


def quote(places: Sequence[Place], together: bool = False) -> Selection | None:
    """Select sentences as the answer, each a quotation or all `together` in one; None if there are none."""
    if not places:
        return None
    if together:
        run = [place.sentence for place in places if place.passage is places[0].passage]
        return Selection((whole_candidate(places[0].passage, run[0].start, run[-1].end),), 1.0)
    candidates = tuple(whole_candidate(place.passage, place.sentence.start, place.sentence.end) for place in places)
    return Selection(candidates, 1.0, len(candidates))


def whole_candidate(passage: Passage, start: int, end: int) -> Candidate:
    """Make a candidate whose short answer is the whole quotation."""
    return Candidate(passage, start, end, start, end, 1.0)
