"""What a reader chose as an Answer: quotations with their places and notes, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.config import Config
from assistant.reader import Candidate, Selection
from assistant.types import Abstention, Answer, Citation, Evidence, SourceWork
from index.document.types import Document
from index.types import Passage

NOTHING_MATCHES = "Nothing in the document matches this question."
SHARED = 5  # candidates of each part that may be shared
NOT_SURE = "The document does not seem to say."


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was asked, what was found for it, and whether that is an answer."""

    question: str
    selection: Selection
    answered: bool

    @property
    def short_answer(self) -> str | None:
        """The words that answer it, as the sentence has them without its markers."""
        if not self.answered:
            return None
        best = self.selection.candidates[0]
        passage = best.passage
        return passage.text[best.answer_start - passage.start : best.answer_end - passage.start]


def from_one_sentence(parts: Sequence[Part]) -> list[Part]:
    """Parts with the sentence first that all of them found, if there is one among the best of each."""
    found = [{candidate.start: at for at, candidate in enumerate(part.selection.candidates[:SHARED])} for part in parts]
    common = set.intersection(*(set(one) for one in found))
    if not common:
        return list(parts)
    start = min(common, key=lambda start: (sum(one[start] for one in found), start))
    return [replace(part, selection=part.selection.first(places[start])) for part, places in zip(parts, found)]


def to_answer(
    question: str, standalone: str, parts: Sequence[Part], documents: Mapping[str, Document], config: Config
) -> Answer:
    """The answer to a question in one or more parts.

    The quotations that each answered part needs come first. Parts that the same sentence answers share it.
    """
    answered = [part for part in parts if part.answered]
    best = max(parts, key=lambda part: part.selection.confidence).selection
    confidence = round(min((part.selection.confidence for part in answered), default=best.confidence), 4)
    if not answered:
        nearest = tuple(cite(one, documents) for one in best.candidates[: config.quotations])
        return Answer(question, standalone, False, confidence, "none", None, (), 0, (), abstain(best, nearest), {})
    needed = merge([one for part in answered for one in part.selection.candidates[: part.selection.needed]])
    rest = [one for part in answered for one in part.selection.candidates[part.selection.needed :]]
    chosen = merge([*needed, *rest], keep=True)[: max(config.quotations, len(needed))]
    evidence = tuple(cite(one, documents) for one in chosen)
    firsts = [place_of(part.selection.candidates[0], needed) for part in answered]
    short = "; ".join(short_answer(evidence[at]) for at in dict.fromkeys(firsts))
    missing = tuple(part.question for part in parts if not part.answered)
    certainty = config.certainty(confidence)
    return Answer(question, standalone, True, confidence, certainty, short, evidence, len(needed), missing, None, {})


def merge(candidates: Sequence[Candidate], keep: bool = False) -> list[Candidate]:
    """Candidates, each sentence once: one that answers two parts reaches over both short answers.

    With `keep` the first one's short answer stays as it is.
    """
    merged: dict[tuple[str, int], Candidate] = {}
    for one in candidates:
        key = (one.passage.document, one.start)
        before = merged.get(key)
        if before is None:
            merged[key] = one
        elif not keep:
            start, end = min(before.answer_start, one.answer_start), max(before.answer_end, one.answer_end)
            merged[key] = replace(before, end=max(before.end, one.end), answer_start=start, answer_end=end)
    return list(merged.values())


def place_of(candidate: Candidate, candidates: Sequence[Candidate]) -> int:
    """Which of some candidates is the one's sentence."""
    return next(
        at
        for at, one in enumerate(candidates)
        if (one.passage.document, one.start) == (candidate.passage.document, candidate.start)
    )


def short_answer(evidence: Evidence) -> str:
    """The short answer in a quotation."""
    return evidence.quote[evidence.answer_start - evidence.start : evidence.answer_end - evidence.start]


def abstain(selection: Selection, nearest: tuple[Evidence, ...]) -> Abstention:
    """Why there is no answer, and what was looked at."""
    if selection.confidence == 0:
        return Abstention("no_match", NOTHING_MATCHES, nearest)
    if not selection.missing:
        return Abstention("low_confidence", NOT_SURE, nearest)
    words = join_words([f"“{word}”" for word in selection.missing])
    return Abstention("low_confidence", f"{NOT_SURE} The nearest sentence has nothing on {words}.", nearest)


def join_words(words: Sequence[str]) -> str:
    """Words as they are listed: "a, b or c"."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def cite(candidate: Candidate, documents: Mapping[str, Document]) -> Evidence:
    """A candidate as evidence: the quotation, its place, and the notes behind it."""
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
    """The number of the note that a passage is of."""
    return None if passage.note is None else document.footnotes[passage.note].number


def make_citation(document: Document, position: int) -> Citation:
    """A note of a document, as an answer shows it."""
    note = document.footnotes[position]
    sources = tuple(SourceWork(work.number, work.text, work.start, work.end) for work in note.sources)
    return Citation(note.number, note.text, note.start, note.end, sources, note.via, note.unfollowed)
