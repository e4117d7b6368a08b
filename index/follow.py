"""Following "Ibid." and short citations to the works they mean, through chains.

Notes are read in order; each reference is looked up among the works named before it. A title is compared
folded and fuzzily, for citations misspell; a name by its surname.
"""

from dataclasses import dataclass

from rapidfuzz import fuzz

from index.folding import fold
from index.footnotes import NoteBlock
from index.types import Sentence, Source
from index.works import Reference, read_references

TITLE_ALIKE = 90
TITLE_ALIKE_WITH_NAME = 75


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
        earlier = [p for p in range(position) if notes[p].number == reference.note]
        return through(earlier[-1] if earlier else -1, notes, leads, place.text)
    for names, title in reference.readings:
        if work := find_work(names, title, named):
            return Lead((work.source,))
    # A bare word that names nobody is prose ("Unknown."), not a lost citation.
    bare = all(len(names) <= 1 and not title for names, title in reference.readings)
    return Lead() if bare else Lead(unfollowed=(place.text,))


def through(target: int, notes: list[NoteBlock], leads: list[Lead], text: str) -> Lead:
    """Where the note at position `target` leads; it is on the way unless a work stands in it."""
    if target < 0 or not leads[target].sources:
        return Lead(unfollowed=(text,))
    lead = leads[target]
    number = notes[target].number
    named_there = any(source.number == number for source in lead.sources)
    return Lead(lead.sources, lead.via if named_there else (*lead.via, number))


def find_work(names: tuple[str, ...], title: str, named: list[Work]) -> Work | None:
    """The work that a short form means: by title and names where it has both, else by what it has.

    Of several, the one with just these names, then the last named.
    """
    wanted = {fold(name) for name in names}

    def fits(work: Work) -> bool:
        if not wanted <= {fold(name) for name in work.names}:
            return False
        if not title:
            return bool(wanted)
        short, whole = fold(title), fold(work.title)
        alike = fuzz.partial_ratio(short, whole) >= (TITLE_ALIKE_WITH_NAME if wanted else TITLE_ALIKE)
        return alike and len(short) <= 1.5 * len(whole)

    fitting = [work for work in named if fits(work)]
    exact = [work for work in fitting if {fold(name) for name in work.names} == wanted]
    return (exact or fitting)[-1] if fitting else None
