"""Candidate gold questions from answers that people rated.

A candidate is a gold question with the extra field "check", which says what to review: `python -m eval check`
rejects the line until somebody has reviewed it and removed the field.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.feedback import Quoted, Record
from index.document.types import Document

AROUND = 32  # characters before and after a quotation, as in the gold
CHECKS = {
    "wrong_place": "The place was marked wrong: quote the right one.",
    "wrong_words": "The words were marked wrong: put the right ones in answers.",
    "should_have_abstained": "It should not have been answered: is it in none of the document?",
    "should_have_answered": "It should have been answered: quote the place that does; what is quoted here was nearest.",
    "helpful": "It was marked helpful: are words and place right?",
    "not_helpful": "It was marked not helpful, without a reason: what is right?",
}


def make_candidates(records: Sequence[Record], documents: Mapping[str, Document]) -> list[dict[str, Any]]:
    """Make a candidate from the last rating of each rated question.

    Records whose quotations are of other documents, or of other versions of them, are left out.
    """
    marked = {record.standalone_question: record for record in records if record.helpful is not None}
    candidates = [make_candidate(record, documents) for record in marked.values()]
    return [candidate for candidate in candidates if candidate is not None]


def make_candidate(record: Record, documents: Mapping[str, Document]) -> dict[str, Any] | None:
    """Make one candidate; None if a quoted document is missing or has changed."""
    current = [q for q in record.quotations if q.document in documents and documents[q.document].sha256 == q.sha256]
    if len(current) < len(record.quotations):
        return None
    answerable = is_answerable(record)
    shown = current if record.answered else current[:1]
    if answerable and not shown:
        return None
    document = documents[current[0].document] if current else next(iter(documents.values()))
    shown = [quoted for quoted in shown if quoted.document == document.id] if answerable else []
    return {
        "id": f"feedback-{record.id[:12]}",
        "document": document.id,
        "sha256": document.sha256,
        "question": record.standalone_question,
        "type": "factoid" if answerable else "near-miss",
        "split": "dev",
        "answerable": answerable,
        "answers": [{"text": document.text[q.answer_start : q.answer_end]} for q in shown],
        "evidence": [quote(q, document) for q in shown],
        "footnotes": sorted(notes_behind(shown, document)),
        "check": CHECKS[record.reason or ("helpful" if record.helpful else "not_helpful")],
    }


def is_answerable(record: Record) -> bool:
    """Whether the document has an answer, judged by the reason given, else by the answer and its rating."""
    if record.reason:
        return record.reason != "should_have_abstained"
    return record.answered or not record.helpful


def quote(quoted: Quoted, document: Document) -> dict[str, Any]:
    """Make a gold quotation with its prefix and suffix."""
    text = document.text
    return {
        "exact": text[quoted.start : quoted.end],
        "prefix": text[max(quoted.start - AROUND, 0) : quoted.start],
        "suffix": text[quoted.end : quoted.end + AROUND],
        "start": quoted.start,
    }


def notes_behind(quotations: Sequence[Quoted], document: Document) -> set[int]:
    """Return the numbers of the notes that some quotations carry."""
    return {
        document.footnotes[note].number
        for paragraph in document.paragraphs
        for sentence in paragraph.sentences
        if any(q.start < sentence.end and sentence.start < q.end for q in quotations)
        for note in sentence.notes
    }
