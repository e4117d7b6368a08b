"""Explanations of answers: the passages read for each question, and all their scores."""

from dataclasses import dataclass

from assistant.assistant import Assistant
from assistant.reader.term_coverage import WORD
from assistant.types import Answer, Candidate, Lookup
from index.folding import terms
from index.retriever import Index
from index.types import Hit, Passage


@dataclass(frozen=True, slots=True)
class PassageRead:
    """A passage that was read, with its best candidate.

    `hit` holds the retrieval scores, None for a note that was read along with its passage. `best` is the reader's best
    candidate in the passage, None if it has none. `matched` are the question's words in the passage.
    """

    passage: Passage
    hit: Hit | None
    best: Candidate | None
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The passages read for a question, best first, with the confidence and the words that are missing."""

    question: str
    passages: tuple[PassageRead, ...]
    confidence: float
    threshold: float
    missing: tuple[str, ...]


def explain(answer: Answer, quoth: Assistant) -> tuple[Explanation, ...]:
    """Explain each lookup of an answer, from its trace.

    Lookups answered from the document's structure are left out, since nothing was read.
    """
    lookups = answer.trace.lookups if answer.trace else ()
    threshold = quoth.config.threshold
    return tuple(make_explanation(lookup, quoth.index, threshold) for lookup in lookups if not lookup.from_structure)


def make_explanation(lookup: Lookup, index: Index, threshold: float) -> Explanation:
    """Explain one lookup, its passages ordered by their best candidates."""
    hits = {hit.passage.id: hit for hit in lookup.hits}
    selection, question = lookup.selection, lookup.question
    passages = [
        PassageRead(
            passage,
            hits.get(passage.id),
            best_candidate_in(passage, selection.candidates),
            matched_words(question, passage),
        )
        for passage in index.with_notes(lookup.hits)
    ]
    passages.sort(key=lambda passage: -passage.best.score if passage.best else float("inf"))
    return Explanation(question, tuple(passages), selection.confidence, threshold, selection.missing)


def best_candidate_in(passage: Passage, candidates: tuple[Candidate, ...]) -> Candidate | None:
    """Return the first, and best, of the ranked candidates in a passage."""
    return next(
        (
            candidate
            for candidate in candidates
            if candidate.passage.document == passage.document
            and passage.start <= candidate.start
            and candidate.end <= passage.end
        ),
        None,
    )


def matched_words(question: str, passage: Passage) -> tuple[str, ...]:
    """Return the words of a question whose stems occur in a passage."""
    passage_terms = set(terms(passage.plain))
    words = dict.fromkeys(word[0] for word in WORD.finditer(question))
    return tuple(word for word in words if terms(word) and set(terms(word)) <= passage_terms)
