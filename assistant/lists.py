"""Whole lists as quotations: where several things are asked for, and where the list's lead-in would be quoted alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.paragraphs import key_of, over_sentences
from assistant.reader import Candidate, Selection
from index.document.types import Document, Paragraph
from index.passages import NumberedSentence

LONGEST = 1000  # characters of a list that is quoted whole


def whole_list(selection: Selection, documents: Mapping[str, Document], several: bool) -> Selection:
    """The same selection, its best candidate widened to its list, if that is short.

    That is the list that it leads in, or, where `several` things are asked for, that it is an item of. The lead-in is
    quoted with it where it stands right before the items; these are the short answer.
    """
    if not selection.candidates or selection.needed != 1:
        return selection
    best, *others = selection.candidates
    widened = widen_to_list(best, documents[best.passage.document], several)
    apart = [other for other in others if not is_within(other, widened)]
    return replace(selection, candidates=(widened, *apart))


def widen_to_list(candidate: Candidate, document: Document, several: bool) -> Candidate:
    """A candidate that reaches over its list; one that is in no list, or in a long one, stays as it is."""
    _, note, number = key_of(candidate)
    if note is not None or not number:
        return candidate
    section = next(s.paragraphs for s in document.sections if any(p.number == number for p in s.paragraphs))
    at = next(i for i, paragraph in enumerate(section) if paragraph.number == number)
    is_item = section[at].kind == "item"
    lead_in, items = find_list(section, at if is_item else at + 1)
    leads_in = candidate.start in [sentence.start for sentence, _ in lead_in]
    if len(items) < 2 or not (several if is_item else leads_in):
        return candidate
    listed = [(sentence, item.number) for item in items for sentence in item.sentences]
    widened = over_sentences(candidate, document, [*lead_in, *listed])
    start, end = listed[0][0].start, listed[-1][0].end
    return replace(widened, answer_start=start, answer_end=end) if end - widened.start <= LONGEST else candidate


def find_list(section: Sequence[Paragraph], at: int) -> tuple[list[NumberedSentence], Sequence[Paragraph]]:
    """The lead-in and the items of the list that a paragraph of a section is an item of; none if it is no item."""
    if at == len(section) or section[at].kind != "item":
        return [], ()
    level, begin, end = section[at].level, at, at + 1
    while begin and section[begin - 1].kind == "item" and section[begin - 1].level >= level:
        begin -= 1
    while end < len(section) and section[end].kind == "item" and section[end].level >= level:
        end += 1
    items, before = section[begin:end], section[max(begin - 1, 0) : begin]
    context = {sentence.start for item in items for part in item.sentences for sentence in part.context}
    return [(s, p.number) for p in before for s in p.sentences[-1:] if s.start in context], items


def is_within(candidate: Candidate, other: Candidate) -> bool:
    """Whether a candidate is a part of another."""
    same = candidate.passage.document == other.passage.document
    return same and other.start <= candidate.start and candidate.end <= other.end
