"""Suggested questions: generated from sentences of the documents, kept if those sentences answer them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from assistant.types import Answer
from assistant.understand.grammar import NOUNS, Word, noun_runs, tag, tagger
from index.patterns import CAPITALISED, DATE, NUMBER_WORD, PARTICLE
from index.retriever import Index, Place

PERSON = re.compile(rf"\b(?P<name>{CAPITALISED}(?: (?:{PARTICLE} )?{CAPITALISED})+), (?:an? |the )?[a-z]")
ABBREVIATION = re.compile(r"\((?P<short>[A-Z]{3,9})\)")
DATED_FIRST = re.compile(rf"^(?:On|In|By) {DATE}, (?P<rest>.+)$")
DATED_LAST = re.compile(rf"^(?P<rest>[^,;—]+?) (?:on|in|by|since) {DATE}(?=[.,;]|$)")
CAUSE = re.compile(r"^(?P<rest>[^,;—]+?),? (?:because|due to|owing to) ")
MEASURE = (
    r"(?:age|cost|deadline|distance|fee|height|length|limit|maximum|minimum|notice|period|price|rate|salary|speed|sum)"
)
DEFINED = re.compile(
    r"^(?P<name>(?:(?:The|An?) )?[^,;:.()]{3,60}?) (?P<verb>is|are) (?:an?|the)\b"
    rf"|^(?P<sum>The [^,;:.()]{{0,50}}\b{MEASURE}s?(?: of [^,;:.()]{{3,30}}?)?) is (?:[$€£]?\d|{NUMBER_WORD}\b)"
)
COUNTED = re.compile(
    rf"^ (?:\d[\d,.]*|{NUMBER_WORD}) (?P<what>(?:[a-z-]+ )?[a-z-]+s(?: of (?:[a-z-]+ )?[a-z-]+)?)"
    r"(?= (?:in|at|on|for|by|to|a|each|every|with)\b|$)"
)
NUMBERED = re.compile(rf" (?:\d[\d,.]*|{NUMBER_WORD}) [a-z]")
AUXILIARIES = {"VVD": "did", "VVZ": "does", "VVB": "do", "has": "does", "have": "do", "had": "did"}
SHORT_CLAUSE = 60  # characters; a longer one is cut before its purpose: "began an offensive to ..."
LONGEST = 90  # characters of a question that is short enough to be read at a glance
CANDIDATES = 6  # questions of a kind that are tried
MOST = 12  # questions that are kept
TRIED = 6  # questions that are asked where only some documents are new
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


def find_first_questions(
    index: Index, ask: Ask, kept: Sequence[FirstQuestion] = (), same: Collection[str] = ()
) -> tuple[FirstQuestion, ...]:
    """Return up to MOST generated questions that are answered from their own span: of sentences, kinds alternating,
    then of headings.

    Where some are `kept` of documents that are the `same`, only the others are looked at, and few questions asked.
    """
    questions = {one.question: one for one in kept}
    new = [name for name in index.documents if not kept or name not in same]
    drafted = chain(draft_from_sentences(index, new), draft_from_headings(index, new))
    for draft in islice(drafted, TRIED if kept else None):
        if len(questions) >= MOST:
            break
        if draft.question not in questions and draft.is_answered(answer := ask(draft.question)):
            vector = tuple(round(float(value), 6) for value in index.encode(draft.question))
            questions[draft.question] = FirstQuestion(draft.question, draft.document, answer.confidence, vector)
    return tuple(questions.values())


def draft_from_sentences(index: Index, documents: Sequence[str]) -> Iterator[Draft]:
    """Questions that sentences of the body are turned into, one of each kind after another."""
    kinds = [drafts(way, body_of(index, documents)) for way in WAYS]
    yield from filter(None, chain.from_iterable(zip_longest(*kinds)))


def body_of(index: Index, documents: Sequence[str]) -> Iterator[Place]:
    """The sentences of the body of some documents, in order."""
    places = (place for name in documents for place in index.places_of(name))
    return (place for place in places if place.passage.note is None and place.passage.paragraphs[0])


def draft_from_headings(index: Index, documents: Sequence[str]) -> Iterator[Draft]:
    """Questions for what stands in each section of some documents."""
    for name in documents[: LOOKED_AT // 100]:
        for section in index.documents[name].sections:
            if section.heading:
                question = f"What is in the section “{section.heading}”?"
                yield Draft(question, name, section.start, section.end)


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


def ask_definition(sentence: str) -> str | None:
    """Ask what a thing is that a sentence begins by defining, or gives a number for.

    >>> ask_definition("A spillway is a passage for surplus water."), ask_definition("The fee is 40 euros.")
    ('What is a spillway?', 'What is the fee?')
    """
    match = DEFINED.match(sentence)
    name = (match["name"] or match["sum"]) if match else ""
    words = tag(name)
    if not match or any(word.is_verb for word in words) or not is_subject(words, len(words)):
        return None
    return f"What {match['verb'] or 'is'} {lower_first(words, name)}?"


def ask_how_many(sentence: str) -> str | None:
    """Ask for the number that a sentence gives of something, behind its verb.

    >>> ask_how_many("The old dam has twelve gates of steel.")
    'How many gates of steel does the old dam have?'
    """
    clause = re.split(r"[,;:—(]", sentence)[0].rstrip(" .")
    if not NUMBERED.search(clause):
        return None
    words = tag(clause)
    verb = next((number for number, word in enumerate(words) if word.is_verb), None)
    if not verb or not is_subject(words, verb) or verb + 2 >= len(words):
        return None
    counted = COUNTED.match(clause[words[verb].end :])
    auxiliary = AUXILIARIES.get(words[verb].lower) or AUXILIARIES.get(words[verb].tag)
    if not counted or not auxiliary or words[verb + 2].tag not in (*NOUNS, "AJ0"):
        return None
    subject = lower_first(words, clause[: words[verb].start].strip())
    stem = "have" if words[verb].lower in AUXILIARIES else tagger().analyze(words[verb].text)[0]
    return f"How many {counted['what']} {auxiliary} {subject} {stem}?"


def to_question(question_word: str, statement: str) -> str | None:
    """Turn a statement into a question by inverting its auxiliary, or with a form of "do".

    None if it does not begin with its subject.
    """
    clause = re.split(r"[,;:—]", re.sub(r" \([^)]*\)", "", statement))[0].rstrip(" .")
    if len(clause) > SHORT_CLAUSE:
        clause = re.split(r" to (?=[a-z])", clause)[0]
    words = tag(clause)
    verb = next((number for number, word in enumerate(words) if word.is_verb), None)
    if not verb or not is_subject(words, verb):
        return None
    subject = lower_first(words, clause[: words[verb].start].strip())
    rest = clause[words[verb].end :].strip()
    if words[verb].is_auxiliary:
        return f"{question_word} {words[verb].text} {subject} {rest}?" if rest else None
    auxiliary = AUXILIARIES.get(words[verb].tag)
    stem = tagger().analyze(words[verb].text)[0] if auxiliary else ""
    return f"{question_word} {auxiliary} {subject} {' '.join(filter(None, [stem, rest]))}?" if auxiliary else None


def is_subject(words: Sequence[Word], verb: int) -> bool:
    """Whether the words before a verb are a noun phrase with its complements: "the dam at Belovo"."""
    before = words[:verb]
    begins = any(first == 0 for first, _ in noun_runs(before))
    is_nominal = before[0].tag in ("AT0", "NP0", "AJ0", "NN2") or before[0].text.isupper()
    return (
        begins
        and is_nominal
        and before[-1].tag in NOUNS
        and not any(word.tag[:2] in ("PN", "CJ", "DT") for word in before)
    )


def lower_first(words: Sequence[Word], subject: str) -> str:
    """Put a subject's first letter in lower case if it begins with an article, or a noun that is no name."""
    is_plain = words[0].tag == "AT0" or (words[0].tag == "NN2" and not words[0].text.isupper())
    return subject[0].lower() + subject[1:] if is_plain else subject


WAYS = (ask_definition, ask_how_many, ask_when, ask_who, ask_why, ask_what)  # of making a question of a sentence
