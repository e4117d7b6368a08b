"""From a reader's selection to an Answer: quotations with their places and notes, or an abstention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.config import Config
from assistant.reader import Candidate, Selection
from assistant.types import Abstention, Answer, Citation, Evidence, SourceWork
from index.document.types import Document
from index.types import Passage

NOTHING_MATCHES = "Nothing in the document matches this question."
SHARED_DEPTH = 5  # candidates of each part that may be shared
NOT_SURE = "The document does not seem to say."


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """A part of a question, the reader's selection for it, and whether that is confident enough to be an answer."""

    question: str
    selection: Selection
    answered: bool

    @property
    def short_answer(self) -> str | None:
        """The short answer, in the passage's text without note markers; None if unanswered."""
        if not self.answered:
            return None
        best = self.selection.candidates[0]
        passage = best.passage
        return passage.text[best.answer_start - passage.start : best.answer_end - passage.start]


def prefer_shared_sentence(parts: Sequence[AnswerPart]) -> list[AnswerPart]:
    """Move the sentence that all parts have among their best SHARED_DEPTH candidates to the front, if there is one."""
    ranks = [
        {candidate.start: rank for rank, candidate in enumerate(part.selection.candidates[:SHARED_DEPTH])}
        for part in parts
    ]
    common = set.intersection(*(set(part_ranks) for part_ranks in ranks))
    if not common:
        return list(parts)
    start = min(common, key=lambda start: (sum(part_ranks[start] for part_ranks in ranks), start))
    return [
        replace(part, selection=part.selection.with_first(part_ranks[start])) for part, part_ranks in zip(parts, ranks)
    ]


def to_answer(
    question: str, standalone: str, parts: Sequence[AnswerPart], documents: Mapping[str, Document], config: Config
) -> Answer:
    """Make the answer to a question of one or more parts.

    The quotations that each answered part needs come first; a sentence that answers several parts occurs once.
    """
    answered = [part for part in parts if part.answered]
    best = max(parts, key=lambda part: part.selection.confidence).selection
    confidence = round(min((part.selection.confidence for part in answered), default=best.confidence), 4)
    if not answered:
        nearest = tuple(cite(candidate, documents) for candidate in best.candidates[: config.quotations])
        return Answer(question, standalone, False, confidence, "none", None, (), 0, (), abstain(best, nearest), {})
    needed = merge([candidate for part in answered for candidate in part.selection.candidates[: part.selection.needed]])
    rest = [candidate for part in answered for candidate in part.selection.candidates[part.selection.needed :]]
    chosen = merge([*needed, *rest], keep=True)[: max(config.quotations, len(needed))]
    evidence = tuple(cite(candidate, documents) for candidate in chosen)
    firsts = [index_of(part.selection.candidates[0], needed) for part in answered]
    short = "; ".join(short_answer(evidence[i]) for i in dict.fromkeys(firsts))
    missing = tuple(part.question for part in parts if not part.answered)
    certainty = config.certainty(confidence)
    return Answer(question, standalone, True, confidence, certainty, short, evidence, len(needed), missing, None, {})


def merge(candidates: Sequence[Candidate], keep: bool = False) -> list[Candidate]:
    """Merge candidates of the same sentence; the merged short answer covers both.

    With `keep` the first one's short answer stays as it is.
    """
    merged: dict[tuple[str, int], Candidate] = {}
    for candidate in candidates:
        key = (candidate.passage.document, candidate.start)
        earlier = merged.get(key)
        if earlier is None:
            merged[key] = candidate
        elif not keep:
            start, end = (
                min(earlier.answer_start, candidate.answer_start),
                max(earlier.answer_end, candidate.answer_end),
            )
            merged[key] = replace(earlier, end=max(earlier.end, candidate.end), answer_start=start, answer_end=end)
    return list(merged.values())


def index_of(candidate: Candidate, candidates: Sequence[Candidate]) -> int:
    """Return the position of the candidate with the same sentence."""
    return next(
        i
        for i, other in enumerate(candidates)
        if (other.passage.document, other.start) == (candidate.passage.document, candidate.start)
    )


def short_answer(evidence: Evidence) -> str:
    """Return the short answer of a quotation."""
    return evidence.quote[evidence.answer_start - evidence.start : evidence.answer_end - evidence.start]


def abstain(selection: Selection, nearest: tuple[Evidence, ...]) -> Abstention:
    """Explain why there is no answer."""
    if selection.confidence == 0:
        return Abstention("no_match", NOTHING_MATCHES, nearest)
    if not selection.missing:
        return Abstention("low_confidence", NOT_SURE, nearest)
    words = join_words([f"“{word}”" for word in selection.missing])
    return Abstention("low_confidence", f"{NOT_SURE} The nearest sentence has nothing on {words}.", nearest)


def join_words(words: Sequence[str]) -> str:
    """Join words as "a, b or c"."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def cite(candidate: Candidate, documents: Mapping[str, Document]) -> Evidence:
    """Convert a candidate to evidence: the quotation, its place, and its notes."""
    passage = candidate.passage
    document = documents[passage.document]
    inside = [i for i, s in enumerate(passage.sentences) if s.start < candidate.end and candidate.start < s.end]
    notes = dict.fromkeys(position for i in inside for position in passage.sentences[i].notes)
    paragraph = passage.paragraphs[inside[0]]
    return Evidence(
        quote=document.text[candidate.start : candidate.end],
        start=candidate.start,
        end=candidate.end,
        answer_start=candidate.answer_start,
        answer_end=candidate.answer_end,
        document=document.id,
        passage=passage.id,
        section=passage.section,
        paragraph=paragraph or None,
        footnote=note_number(passage, document),
        score=round(candidate.score, 6),
        footnotes=tuple(make_citation(document, position) for position in notes),
        page=document.page_at(candidate.start),
        link=document.link_at(candidate.start),
        headings=document.headings_at(candidate.start),
        collection=document.collection,
        url=document.url_at(candidate.start),
    )


def note_number(passage: Passage, document: Document) -> int | None:
    """Return the number of a passage's note, None in the body."""
    return None if passage.note is None else document.footnotes[passage.note].number


def make_citation(document: Document, position: int) -> Citation:
    """Make the citation of a document's note."""
    note = document.footnotes[position]
    sources = tuple(SourceWork(work.number, work.text, work.start, work.end) for work in note.sources)
    return Citation(note.number, note.text, note.start, note.end, sources, note.via, note.unfollowed)
