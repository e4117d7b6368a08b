"""Following "Ibid." and short citations to the works they mean, through chains.

Notes are read in order; each reference is looked up among the works named before it. A title is compared
folded and fuzzily, for citations misspell; a name by its surname.
"""

from dataclasses import dataclass

from rapidfuzz import fuzz

from index.document.notes import NoteBlock
from index.document.types import Sentence, Source
from index.document.works import Reference, read_references
from index.folding import fold

TITLE_ALIKE = 92  # rapidfuzz's partial ratio, of 100
TITLE_ALIKE_WITH_NAME = 85
LONG_TITLE = 20  # characters


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a note leads: works, the notes between, and what could not be followed."""

    sources: tuple[Source, ...] = ()
    via: tuple[int, ...] = ()
    unfollowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A work named in full, as a later short form can mean it."""

    source: Source
    names: tuple[str, ...]
    title: str


def follow_notes(notes: list[NoteBlock], sentences: list[tuple[Sentence, ...]]) -> list[Lead]:
    """Where each note leads, in the order of the notes."""
    references = [read_references(note.body, parts) for note, parts in zip(notes, sentences)]
    leads: list[Lead] = []
    named: list[Work] = []
    for position, _note in enumerate(notes):
        own: list[Work] = []
        lead = Lead()
        for reference in references[position]:
            step = follow(reference, position, notes, leads, named + own)
            if reference.kind == "full":
                own.append(Work(step.sources[0], *reference.readings[0]))
            if reference.kind == "ibid" and lead.sources:
                step = Lead()
            lead = join(lead, step)
        named.extend(own)
        leads.append(lead)
    return leads


def join(one: Lead, other: Lead) -> Lead:
    """Two leads of one note as one: sources by note and place, each once."""
    sources = sorted({*one.sources, *other.sources}, key=lambda source: (source.number, source.start))
    via = tuple(dict.fromkeys(one.via + other.via))
    return Lead(tuple(sources), via, one.unfollowed + other.unfollowed)


def follow(reference: Reference, position: int, notes: list[NoteBlock], leads: list[Lead], named: list[Work]) -> Lead:
    """Where one reference in the note at `position` leads, given the notes before it."""
    place, number = reference.place, notes[position].number
    if reference.kind == "full":
        return Lead((Source(place.start, place.end, place.text, number),))
    if reference.kind == "ibid":
        return through(position - 1, notes, leads, place.text)
    if reference.kind == "note":
        lead = Lead()
        for wanted in reference.notes:
            earlier = [p for p in range(position) if notes[p].number == wanted]
            lead = join(lead, through(earlier[-1] if earlier else -1, notes, leads, place.text))
        return lead
    for names, title in reference.readings:
        if work := find_work(names, title, named):
            return Lead((work.source,))
    return Lead(unfollowed=(place.text,)) if reference.sure else Lead()


def through(target: int, notes: list[NoteBlock], leads: list[Lead], text: str) -> Lead:
    """Where the note at position `target` leads; it is on the way unless a work stands in it."""
    if target < 0 or not leads[target].sources:
        return Lead(unfollowed=(text,))
    lead = leads[target]
    number = notes[target].number
    named_there = any(source.number == number for source in lead.sources)
    return Lead(lead.sources, lead.via if named_there else (*lead.via, number))


def find_work(names: tuple[str, ...], title: str, named: list[Work]) -> Work | None:
    """The work that a short form means: by names, and by title or year where it has one.

    Of several, the one most alike in title, then the one with just these names, then the last named.
    """
    best: tuple[float, bool, int] | None = None
    for position, work in enumerate(named):
        if not all(any(same_person(name, other) for other in work.names) for name in names):
            continue
        alike = likeness(title, work, bool(names)) if title else float(bool(names))
        rank = (alike, len(names) == len(work.names), position)
        if alike and (best is None or rank > best):
            best = rank
    return named[best[2]] if best else None


def same_person(name: str, other: str) -> bool:
    """Whether two names can be one person's: the surnames are the same, and so are the initials, if given."""
    (surname, _, initial), (other_surname, _, other_initial) = fold(name).partition(", "), fold(other).partition(", ")
    return surname == other_surname and (not initial or not other_initial or initial == other_initial)


def likeness(title: str, work: Work, named: bool) -> float:
    """How alike a title, or a year, is to a work's; 0 if not enough, less being enough where names agree."""
    if title.isdigit():
        return float(title in work.source.text)
    short, whole = fold(title), fold(work.title)
    alike = fuzz.partial_ratio(short, whole)
    enough = TITLE_ALIKE_WITH_NAME if named and len(short) >= LONG_TITLE else TITLE_ALIKE
    return alike if alike >= enough and len(short) <= 1.5 * len(whole) else 0.0
