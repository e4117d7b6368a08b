"""What a reader is given: windows of whole sentences, and where each of their characters stands.

The body is read in runs of sentences as the reader was trained on. A note is read behind the sentence that it
belongs to, and so are the works it leads to: "… Kidal. Interview, Bamako, May 2013." answers what either
alone does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.retriever import Index, Place
from index.types import Hit, Passage

WINDOW = 640  # characters, as in training
LONGEST_CONTEXT = 200  # characters of each sentence that another is read behind


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, or a part of a very long one: `plain[start:end]` of the place's sentence."""

    place: Place
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words as they are read."""
        return self.place.sentence.plain[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces that are read together; the first `context` of them are not asked for an answer."""

    pieces: tuple[Piece, ...]
    context: int = 0

    @property
    def text(self) -> str:
        """What the reader sees."""
        return " ".join(piece.text for piece in self.pieces)

    def spans(self) -> Iterator[tuple[Piece, int, int]]:
        """Each piece with where it begins and ends in the text."""
        start = 0
        for piece in self.pieces:
            yield piece, start, start + len(piece.text)
            start += len(piece.text) + 1


def make_windows(hits: Sequence[Hit], index: Index) -> list[Window]:
    """The windows of some hits and their notes, body first, each sentence at least once."""
    body: list[Window] = []
    notes: dict[tuple[str, int], None] = {}
    for passage in index.with_notes(hits):
        if passage.note is None:
            body.extend(cut_windows(pieces_of(passage)))
        else:
            notes.setdefault((passage.document, passage.note))
    return body + [window for document, note in notes for window in note_windows(document, note, index)]


def pieces_of(passage: Passage) -> list[Piece]:
    """The sentences of a passage as pieces of at most a window."""
    return [piece for sentence in passage.sentences for piece in cut_pieces(Place(sentence, passage))]


def cut_pieces(place: Place) -> Iterator[Piece]:
    """A sentence whole, or cut at white space where it is longer than a window."""
    plain, start = place.sentence.plain, 0
    while len(plain) - start > WINDOW:
        cut = plain.rfind(" ", start + 1, start + WINDOW)
        end = cut if cut > start else start + WINDOW
        yield Piece(place, start, end)
        start = end + (cut > start)
    yield Piece(place, start, len(plain))


def cut_windows(pieces: Sequence[Piece], context: Sequence[Piece] = ()) -> Iterator[Window]:
    """Runs of pieces that fit a window, each beginning with the last of the run before, or with the context.

    What a sentence is read behind (see `Sentence.context`) stands in its window, as context where the run has it not.
    """
    run: list[Piece] = []
    before = (*context, *led_by(pieces[0])) if pieces else ()
    fresh = 0
    for piece in pieces:
        lacking = not {one.place.sentence.start for one in led_by(piece)} <= starts((*before, *run))
        if run and (lacking or size((*before, *run)) + len(piece.text) > WINDOW):
            yield Window((*before, *run), len(before))
            before = (*context, *led_by(piece))
            run = run[-1:] if not lacking and size((*before, *run[-1:])) + len(piece.text) <= WINDOW else []
            before = tuple(one for one in before if one.place.sentence.start not in starts(run))
            fresh = 0
        run.append(piece)
        fresh += 1
    if fresh:
        yield Window((*before, *run), len(before))


def size(pieces: Sequence[Piece]) -> int:
    """The characters of some pieces, a space behind each."""
    return sum(len(piece.text) + 1 for piece in pieces)


def starts(pieces: Sequence[Piece]) -> set[int]:
    """Where the sentences of some pieces begin."""
    return {piece.place.sentence.start for piece in pieces}


def led_by(piece: Piece) -> tuple[Piece, ...]:
    """What a piece's sentence is read behind, the end of what is long."""
    return tuple(
        Piece(Place(one, piece.place.passage), max(len(one.plain) - LONGEST_CONTEXT, 0), len(one.plain))
        for one in piece.place.sentence.context
    )


def note_windows(document: str, note: int, index: Index) -> Iterator[Window]:
    """The windows of a note and of the works it leads to, behind the sentence that it belongs to."""
    anchor = index.anchor(document, note)
    context = [] if anchor is None else list(cut_pieces(anchor))[-1:]
    pieces = [piece for place in index.led_to(document, note) for piece in cut_pieces(place)]
    yield from cut_windows(pieces, context)
