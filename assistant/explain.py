"""Why an answer is what it is: the passages read for its question, and every score there is of them."""

from dataclasses import dataclass

from assistant.assistant import Assistant
from assistant.reader.term_coverage import WORD
from assistant.types import Answer, Candidate, Lookup
from index.folding import terms
from index.retriever import Index
from index.types import Hit, Passage


@dataclass(frozen=True, slots=True)
class PassageRead:
    """A passage that was read, with its best sentence.

    `hit` holds the scores of retrieval; it is None for a note that was read because a passage carries it. `best`
    is what the reader likes best in the passage, None where it left all of it out. `matched` are the question's
    words that stand in the passage.
    """

    passage: Passage
    hit: Hit | None
    best: Candidate | None
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the reader had before it, the best first, how sure it was, and what it lacked."""

    question: str
    passages: tuple[PassageRead, ...]
    confidence: float
    threshold: float
    missing: tuple[str, ...]


def explain(answer: Answer, quoth: Assistant) -> tuple[Explanation, ...]:
    """What was read for each part of an answer, by its trace.

    Nothing was read where the structure of the document answers.
    """
    lookups = answer.trace.lookups if answer.trace else ()
    threshold = quoth.config.threshold
    return tuple(explanation(lookup, quoth.index, threshold) for lookup in lookups if not lookup.structure)


def explanation(lookup: Lookup, index: Index, threshold: float) -> Explanation:
    """One pass, its passages in the order of their best sentences."""
    found = {hit.passage.id: hit for hit in lookup.hits}
    selection, question = lookup.selection, lookup.question
    read = [
        PassageRead(
            passage, found.get(passage.id), best_in(passage, selection.candidates), matched_words(question, passage)
        )
        for passage in index.with_notes(lookup.hits)
    ]
    read.sort(key=lambda one: -one.best.score if one.best else float("inf"))
    return Explanation(question, tuple(read), selection.confidence, threshold, selection.missing)


def best_in(passage: Passage, candidates: tuple[Candidate, ...]) -> Candidate | None:
    """The best candidate that stands in a passage; the candidates are in order."""
    return next(
        (
            one
            for one in candidates
            if one.passage.document == passage.document and passage.start <= one.start and one.end <= passage.end
        ),
        None,
    )


def matched_words(question: str, passage: Passage) -> tuple[str, ...]:
    """The words of a question that stand in a passage, however they end."""
    there = set(terms(passage.plain))
    asked = dict.fromkeys(word[0] for word in WORD.finditer(question))
    return tuple(word for word in asked if terms(word) and set(terms(word)) <= there)
