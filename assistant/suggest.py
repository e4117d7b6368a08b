"""Suggested questions: generated from sentences of the documents, kept if those sentences answer them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from assistant.types import Answer
from assistant.understand.grammar import NOUNS, Word, noun_phrases, tag, tagger
from index.patterns import CAPITALISED, DATE, PARTICLE
from index.retriever import Index, Place

PERSON = re.compile(rf"\b(?P<name>{CAPITALISED}(?: (?:{PARTICLE} )?{CAPITALISED})+), (?:an? |the )?[a-z]")
ABBREVIATION = re.compile(r"\((?P<short>[A-Z]{3,9})\)")
DATED_FIRST = re.compile(rf"^(?:On|In|By) {DATE}, (?P<rest>.+)$")
DATED_LAST = re.compile(rf"^(?P<rest>[^,;—]+?) (?:on|in|by|since) {DATE}(?=[.,;]|$)")
CAUSE = re.compile(r"^(?P<rest>[^,;—]+?),? (?:because|due to|owing to) ")
SHORT_CLAUSE = 60  # characters; a longer one is cut before its purpose: "began an offensive to ..."
LONGEST = 90  # characters of a question that is short enough to be read at a glance
CANDIDATES = 6  # questions of a kind that are tried
MOST = 12  # questions that are kept
LOOKED_AT = 50_000  # sentences that are looked at for them

Ask = Callable[[str], Answer]


@dataclass(frozen=True, slots=True)
class FirstQuestion:
    """A question that a document answers, with the confidence of its answer and the question's vector."""

    question: str
    document: str
    confidence: float
    vector: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A generated question, and the span of the document that has to answer it."""

    question: str
    document: str
    start: int
    end: int

    def is_answered(self, answer: Answer) -> bool:
        """Whether an answer's first quotation is from that span."""
        first = answer.evidence[0] if answer.evidence else None
        return first is not None and first.document == self.document and self.start <= first.start < self.end


def find_first_questions(index: Index, ask: Ask) -> tuple[FirstQuestion, ...]:
    """Return up to MAX_QUESTIONS generated questions that are answered from their own span, kinds alternating."""
    questions: dict[str, FirstQuestion] = {}
    for draft in chain(draft_from_sentences(index), draft_from_headings(index)):
        if len(questions) == MOST:
            break
        if draft.question not in questions and draft.is_answered(answer := ask(draft.question)):
            vector = tuple(round(float(value), 6) for value in index.encode(draft.question))
            questions[draft.question] = FirstQuestion(draft.question, draft.document, answer.confidence, vector)
    return tuple(questions.values())


def draft_from_sentences(index: Index) -> Iterator[Draft]:
    """Questions that sentences of the body are turned into, one of each kind after another."""
    kinds = [drafts(way, body_of(index)) for way in (ask_when, ask_who, ask_why, ask_what)]
    yield from filter(None, chain.from_iterable(zip_longest(*kinds)))


def body_of(index: Index) -> Iterator[Place]:
    """The sentences of the body, in order."""
    return (place for place in index.places if place.passage.note is None and place.passage.paragraphs[0])


def draft_from_headings(index: Index) -> Iterator[Draft]:
    """Questions for what stands in each section."""
    for document in islice(index.documents.values(), LOOKED_AT // 100):
        for section in document.sections:
            if section.heading:
                question = f"What is in the section “{section.heading}”?"
                yield Draft(question, document.id, section.start, section.end)


def drafts(way: Callable[[str], str | None], places: Iterable[Place]) -> Iterator[Draft]:
    """The first questions that one way makes of sentences, short ones alone."""
    tried = 0
    for place in islice(places, LOOKED_AT):
        if tried == CANDIDATES:
            return
        question = way(place.sentence.plain)
        if question and len(question) <= LONGEST:
            tried += 1
            yield Draft(question, place.passage.document, place.sentence.start, place.sentence.end)


def ask_who(sentence: str) -> str | None:
    """Ask who a person is whom a sentence introduces; a name behind "the" is a thing.

    >>> ask_who("So wrote Ann Roe, a historian of rain.")
    'Who is Ann Roe?'
    """
    match = PERSON.search(sentence)
    return f"Who is {match['name']}?" if match and not sentence[: match.start()].lower().endswith("the ") else None


def ask_what(sentence: str) -> str | None:
    """Ask about a name that a sentence abbreviates."""
    match = ABBREVIATION.search(sentence)
    return f"What is said about the {match['short']}?" if match else None


def ask_when(sentence: str) -> str | None:
    """Ask when something happened that a sentence dates.

    >>> ask_when("On May 2, 1901, the old dam broke.")
    'When did the old dam break?'
    """
    match = DATED_FIRST.match(sentence) or DATED_LAST.match(sentence)
    return to_question("When", match["rest"]) if match else None


def ask_why(sentence: str) -> str | None:
    """Ask for the cause that a sentence gives."""
    match = CAUSE.match(sentence)
    return to_question("Why", match["rest"]) if match else None


def to_question(question_word: str, statement: str) -> str | None:
    """Turn a statement into a question by inverting its auxiliary, or with a form of "do".

    None if it does not begin with its subject.
    """
    clause = re.split(r"[,;:—]", re.sub(r" \([^)]*\)", "", statement))[0].rstrip(" .")
    if len(clause) > SHORT_CLAUSE:
        clause = re.split(r" to (?=[a-z])", clause)[0]
    words = tag(clause)
    verb = next((number for number, word in enumerate(words) if word.is_verb), None)
    if not verb or not is_subject(words, verb, clause):
        return None
    subject = lower_first(words, clause[: words[verb].start].strip())
    rest = clause[words[verb].end :].strip()
    if words[verb].is_auxiliary:
        return f"{question_word} {words[verb].text} {subject} {rest}?" if rest else None
    auxiliary = {"VVD": "did", "VVZ": "does", "VVB": "do"}.get(words[verb].tag)
    stem = tagger().analyze(words[verb].text)[0] if auxiliary else ""
    return f"{question_word} {auxiliary} {subject} {' '.join(filter(None, [stem, rest]))}?" if auxiliary else None


def is_subject(words: Sequence[Word], verb: int, clause: str) -> bool:
    """Whether the words before a verb are a noun phrase with its complements: "the dam at Belovo"."""
    before = words[:verb]
    begins = any(phrase.start == before[0].start for phrase in noun_phrases(before, clause))
    is_nominal = before[0].tag in ("AT0", "NP0", "AJ0") or before[0].text.isupper()
    return (
        begins
        and is_nominal
        and before[-1].tag in NOUNS
        and not any(word.tag[:2] in ("PN", "CJ", "DT") for word in before)
    )


def lower_first(words: Sequence[Word], subject: str) -> str:
    """Put a subject's first letter in lower case if it begins with an article."""
    return subject[0].lower() + subject[1:] if words[0].tag == "AT0" else subject
