"""Resolving "Ibid." and short citations to the works they refer to, through chains.

Notes are read in order; each reference is looked up among the works cited before it. Titles are compared fuzzily,
since citations are often misspelt, and names by surname.
"""

from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from index.document.author_year import FORM
from index.document.citations import (
    FINITE_VERB,
    IBID,
    LONGEST_SHORT,
    NOTE,
    Reference,
    read_dated,
    read_listed,
)
from index.document.forms import NoteBlock
from index.document.sentences import plain_characters
from index.document.types import Sentence, Source, Span, WorkParts
from index.document.work_parts import read_parts
from index.document.works import read_references
from index.folding import fold

TITLE_ALIKE = 92  # rapidfuzz's partial ratio, of 100
TITLE_ALIKE_WITH_NAME = 85
LONG_TITLE = 20  # characters


@dataclass(frozen=True, slots=True)
class Resolution:
    """The works a note refers to, the notes in between, and the references that could not be resolved.

    `within` are the works that another one quotes in brackets; a later "Ibid." does not refer to them.
    """

    sources: tuple[Source, ...] = ()
    via: tuple[int, ...] = ()
    unfollowed: tuple[str, ...] = ()
    within: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A work cited in full, which later short forms can refer to."""

    source: Source
    names: tuple[str, ...]
    title: str


def follow_notes(notes: list[NoteBlock], sentences: list[tuple[Sentence, ...]]) -> list[Resolution]:
    """Resolve the references of each note, in order."""
    references = [read_note(note, parts) for note, parts in zip(notes, sentences)]
    resolutions: list[Resolution] = []
    works: list[Work] = []
    for position, _note in enumerate(notes):
        note_works: list[Work] = []
        resolution = Resolution()
        for reference in references[position]:
            resolved = resolve(reference, position, notes, resolutions, works + note_works)
            if reference.kind == "full" or (reference.kind == "law" and is_itself(resolved, reference)):
                note_works.append(Work(resolved.sources[0], *reference.readings[0]))
            if reference.within:
                resolved = replace(resolved, within=resolved.sources)
            if reference.kind == "ibid" and resolution.sources:
                resolved = Resolution()
            resolution = merge(resolution, resolved)
        works.extend(note_works)
        resolutions.append(resolution)
    return resolutions


def read_note(note: NoteBlock, sentences: tuple[Sentence, ...]) -> tuple[Reference, ...]:
    """Parse the references in a note's plain text, and map them to document offsets."""
    words: list[str] = []
    places: list[int] = []
    plain: list[Span] = []
    for sentence in sentences:
        characters = list(plain_characters(sentence))
        if words:
            words.append(" ")
            places.append(places[-1])
        start = len(words)
        words += [character for character, _ in characters]
        places += [place for _, place in characters]
        plain.append(Span(start, len(words), "".join(words[start:])))

    def to_document(part: Span | None) -> Span | None:
        if part is None:
            return None
        start, end = places[part.start], places[part.end - 1] + 1
        return Span(start, end, note.body.text[start - note.body.start : end - note.body.start])

    whole = Span(0, len(words), "".join(words))
    located = []
    for reference in read_entry(whole) if note.form == FORM else read_references(whole, tuple(plain)):
        parts = read_parts(reference) if reference.kind in ("full", "law") else WorkParts()
        mapped = WorkParts(
            to_document(parts.authors), to_document(parts.title), to_document(parts.container), to_document(parts.date)
        )
        located.append(replace(reference, place=to_document(reference.place) or note.body, parts=mapped))
    return tuple(located)


def read_entry(entry: Span) -> tuple[Reference, ...]:
    """Parse an entry of a reference list, which names one work."""
    if listed := read_listed(entry):
        return (listed,)
    dated = read_dated(entry, entry.text.rstrip(" ."))
    parts = read_parts(Reference(entry, "full"))
    title = parts.title.text if parts.title else entry.text
    return (replace(dated, place=entry) if dated else Reference(entry, "full", (((), title),)),)


def merge(first: Resolution, second: Resolution) -> Resolution:
    """Merge two resolutions of one note; sources are sorted and unique."""
    sources = sorted({*first.sources, *second.sources}, key=lambda source: (source.number, source.start))
    via = tuple(dict.fromkeys(first.via + second.via))
    return Resolution(tuple(sources), via, first.unfollowed + second.unfollowed, first.within + second.within)


def is_itself(resolution: Resolution, reference: Reference) -> bool:
    """Whether a reference resolves to itself."""
    return bool(resolution.sources) and resolution.sources[0].start == reference.place.start


def resolve(
    reference: Reference, position: int, notes: list[NoteBlock], resolutions: list[Resolution], works: list[Work]
) -> Resolution:
    """Resolve one reference of the note at `position`, given the notes before it."""
    place, number = reference.place, notes[position].number
    if reference.kind == "full":
        return Resolution((Source(place.start, place.end, place.text, number, reference.parts),))
    if reference.kind == "ibid":
        return resolve_note(position - 1, notes, resolutions, place.text)
    if reference.kind == "note":
        resolution = Resolution()
        for note_number in reference.notes:
            earlier = [p for p in range(position) if notes[p].number == note_number]
            resolution = merge(resolution, resolve_note(earlier[-1] if earlier else -1, notes, resolutions, place.text))
        return narrow(resolution, reference, works)
    for names, title in reference.readings:
        if work := find_work(names, title, works):
            return Resolution((work.source,))
    if reference.kind == "law":
        return Resolution((Source(place.start, place.end, place.text, number, reference.parts),))
    return Resolution(unfollowed=(place.text,)) if reference.is_certain else Resolution()


def narrow(resolution: Resolution, reference: Reference, works: list[Work]) -> Resolution:
    """Keep the works by whom a reference names: "Lee, supra note 1"; all if none is by them."""
    names = [name for people, _ in reference.readings for name in people]
    named = {w.source for w in works if all(any(same_person(name, other) for other in w.names) for name in names)}
    kept = tuple(source for source in resolution.sources if source in named)
    return replace(resolution, sources=kept) if names and kept else resolution


def resolve_note(target: int, notes: list[NoteBlock], resolutions: list[Resolution], text: str) -> Resolution:
    """Resolve a reference to the note at position `target`, which is added to `via` unless it cites a work itself."""
    resolution = resolutions[target] if target >= 0 else Resolution()
    if target >= 0 and names_something(notes[target].body, resolution):
        body = notes[target].body
        return Resolution((Source(body.start, body.end, body.text, notes[target].number),))
    if not resolution.sources:
        return Resolution(unfollowed=(text,))
    number = notes[target].number
    sources = tuple(source for source in resolution.sources if source not in resolution.within) or resolution.sources
    is_named_there = any(source.number == number for source in sources)
    return Resolution(sources, resolution.via if is_named_there else (*resolution.via, number))


def names_something(note: Span, resolution: Resolution) -> bool:
    """Whether a note without a citation is no prose, and so names what "Ibid." refers to: "Town Archive, box 3."."""
    words = note.text.split()
    unread = not resolution.sources and not any(IBID.match(text) or NOTE.search(text) for text in resolution.unfollowed)
    return unread and 0 < len(words) <= LONGEST_SHORT and not FINITE_VERB.search(note.text)


def find_work(names: tuple[str, ...], title: str, works: list[Work]) -> Work | None:
    """Find the work that a short form refers to: by names, and by title or year if it has one.

    Of several, the most similar title is best, then exactly these names, then the last one cited.
    """
    best: tuple[float, bool, int] | None = None
    for position, work in enumerate(works):
        if not all(any(same_person(name, other) for other in work.names) for name in names):
            continue
        similarity = title_similarity(title, work, bool(names)) if title else float(bool(names))
        rank = (similarity, len(names) == len(work.names), position)
        if similarity and (best is None or rank > best):
            best = rank
    return works[best[2]] if best else None


def same_person(name: str, other: str) -> bool:
    """Whether two names can be the same person's: equal surnames, and equal initials if both are given."""
    (surname, _, initial), (other_surname, _, other_initial) = fold(name).partition(", "), fold(other).partition(", ")
    return surname == other_surname and (not initial or not other_initial or initial == other_initial)


def title_similarity(title: str, work: Work, names_agree: bool) -> float:
    """Return the similarity of a title, or a year, to a work's; 0 below a threshold, which is lower if names agree."""
    if title.isdigit():
        return float(title in work.source.text)
    short, whole = fold(title), fold(work.title)
    similarity = fuzz.partial_ratio(short, whole)
    threshold = TITLE_ALIKE_WITH_NAME if names_agree and len(short) >= LONG_TITLE else TITLE_ALIKE
    return similarity if similarity >= threshold and len(short) <= 1.5 * len(whole) else 0.0
