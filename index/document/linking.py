"""Which marker belongs to which note; what does not fit is reported as an Oddity, never dropped."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from index.document.forms import Marker, NoteBlock
from index.document.types import Footnote, Oddity


def link_markers(markers: Sequence[Marker], notes: Sequence[NoteBlock]) -> dict[int, tuple[int, ...]]:
    """Link markers to notes of the same form: marker start -> positions in `notes`."""
    links: dict[int, tuple[int, ...]] = {}
    for name in dict.fromkeys(marker.form for marker in markers):
        places = [position for position, note in enumerate(notes) if note.form == name]
        form_markers = [marker for marker in markers if marker.form == name]
        for start, note_positions in link_form_markers(form_markers, [notes[position] for position in places]).items():
            links[start] = tuple(places[position] for position in note_positions)
    return links


def link_form_markers(markers: Sequence[Marker], notes: Sequence[NoteBlock]) -> dict[int, tuple[int, ...]]:
    """Link markers to notes of one form.

    If several notes have a number, a marker refers to the first one after it, else to the last one before it, so that
    numbering may restart in each chapter. If the markers' numbering restarts without a note in between, the second run
    of markers refers to the second run of notes, and so on.
    """
    places: dict[int, list[int]] = {}
    for position, note in enumerate(notes):
        places.setdefault(note.number, []).append(position)

    starts = [note.label.start for note in notes]
    links = {}
    run, passed, before = 0, 0, 0
    for marker in markers:
        now = bisect_left(starts, marker.start)
        if now > passed:
            run, passed, before = 0, now, 0
        first = marker.numbers[0] if marker.numbers else 0
        run += first < before and len(places.get(first, ())) > 1
        before = first

        def place(number: int, run: int = run, passed: int = passed) -> int:
            following = [p for p in places[number] if p >= passed]
            return following[min(run, len(following) - 1)] if following else places[number][-1]

        links[marker.start] = tuple(place(number) for number in marker.numbers if number in places)
    return links


def find_oddities(
    markers: Sequence[Marker], notes: Sequence[NoteBlock], links: dict[int, tuple[int, ...]]
) -> list[Oddity]:
    """Report markers without a note, notes without a marker, and numbers used twice."""
    known = {(note.form, note.number) for note in notes}
    link_counts = Counter(position for positions in links.values() for position in positions)
    number_counts = Counter((note.form, note.number) for note in notes)
    odd = []
    for marker in markers:
        for number in marker.numbers:
            if (marker.form, number) not in known:
                message = f"The marker {marker.text} names note {number}, which does not exist."
                odd.append(Oddity(marker.start, marker.end, marker.text, "marker-without-note", number, message))
    for position, note in enumerate(notes):
        place = (note.label.start, note.label.end, note.label.text)
        if not link_counts[position]:
            message = f"Note {note.number} has no marker in the text."
            odd.append(Oddity(*place, "note-without-marker", note.number, message))
        elif link_counts[position] > 1:
            message = f"Note {note.number} is marked {link_counts[position]} times."
            odd.append(Oddity(*place, "number-marked-twice", note.number, message))
        if number_counts[note.form, note.number] > 1:
            message = f"The number {note.number} is used for {number_counts[note.form, note.number]} notes."
            odd.append(Oddity(*place, "number-used-twice", note.number, message))
    return odd


def report_unfollowed(note: Footnote) -> list[Oddity]:
    """Report the references of a note that could not be resolved."""
    return [
        Oddity(
            note.start,
            note.end,
            note.text,
            "reference-not-followed",
            note.number,
            f"Note {note.number} refers to {reference!r}, which leads to no work named before it.",
        )
        for reference in note.unfollowed
    ]
