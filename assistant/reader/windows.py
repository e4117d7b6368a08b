"""The reader's input: windows of whole sentences, with the offsets of their characters.

The body is read in runs of sentences, as in training. A note, and the works it refers to, are read after the sentence
that the note belongs to: "… Kidal. Interview, Bamako, May 2013." answers what neither does alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.retriever import Index, Place
from index.types import Hit, Passage

WINDOW = 640  # characters, as in training
LONGEST_CONTEXT = 200  # characters of each sentence of context


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, or a part of a very long one: `plain[start:end]` of the place's sentence."""

    place: Place
    start: int
    end: int

    @property
    def text(self) -> str:
        """The text that is read."""
        return self.place.sentence.plain[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces that are read together; the first `context` of them cannot answer."""

    pieces: tuple[Piece, ...]
    context: int = 0

    @property
    def text(self) -> str:
        """The text that is read."""
        return " ".join(piece.text for piece in self.pieces)

    def spans(self) -> Iterator[tuple[Piece, int, int]]:
        """Yield each piece with its start and end in the text."""
        start = 0
        for piece in self.pieces:
            yield piece, start, start + len(piece.text)
            start += len(piece.text) + 1


def make_windows(hits: Sequence[Hit], index: Index) -> list[Window]:
    """Make the windows of hits and their notes, body first, each sentence in at least one."""
    body: list[Window] = []
    notes: dict[tuple[str, int], None] = {}
    for passage in index.with_notes(hits):
        if passage.note is None:
            body.extend(cut_windows(pieces_of(passage)))
        else:
            notes.setdefault((passage.document, passage.note))
    return body + [window for document, note in notes for window in note_windows(document, note, index)]


def pieces_of(passage: Passage) -> list[Piece]:
    """Cut the sentences of a passage into pieces of at most a window."""
    return [piece for sentence in passage.sentences for piece in cut_pieces(Place(sentence, passage))]


def cut_pieces(place: Place) -> Iterator[Piece]:
    """Yield a whole sentence, or its parts, cut at white space, if it is longer than a window."""
    plain, start = place.sentence.plain, 0
    while len(plain) - start > WINDOW:
        cut = plain.rfind(" ", start + 1, start + WINDOW)
        end = cut if cut > start else start + WINDOW
        yield Piece(place, start, end)
        start = end + (cut > start)
    yield Piece(place, start, len(plain))


def cut_windows(pieces: Sequence[Piece], context: Sequence[Piece] = ()) -> Iterator[Window]:
    """Yield runs of pieces that fit a window, with one piece of overlap if it fits, each after the context.

    The context of a sentence (`Sentence.context`) is put before the run if it is not in the run itself.
    """
    run: list[Piece] = []
    lead = (*context, *context_of(pieces[0])) if pieces else ()
    added = 0
    for piece in pieces:
        lacking = not {part.place.sentence.start for part in context_of(piece)} <= starts((*lead, *run))
        if run and (lacking or total_length((*lead, *run)) + len(piece.text) > WINDOW):
            yield Window((*lead, *run), len(lead))
            lead = (*context, *context_of(piece))
            run = run[-1:] if not lacking and total_length((*lead, *run[-1:])) + len(piece.text) <= WINDOW else []
            lead = tuple(part for part in lead if part.place.sentence.start not in starts(run))
            added = 0
        run.append(piece)
        added += 1
    if added:
        yield Window((*lead, *run), len(lead))


def total_length(pieces: Sequence[Piece]) -> int:
    """Return the number of characters of some pieces, with a space after each."""
    return sum(len(piece.text) + 1 for piece in pieces)


def starts(pieces: Sequence[Piece]) -> set[int]:
    """Return the starts of some pieces' sentences."""
    return {piece.place.sentence.start for piece in pieces}


def context_of(piece: Piece) -> tuple[Piece, ...]:
    """Return the context of a piece's sentence, cut to the last LONGEST_CONTEXT characters of each."""
    return tuple(
        Piece(Place(sentence, piece.place.passage), max(len(sentence.plain) - LONGEST_CONTEXT, 0), len(sentence.plain))
        for sentence in piece.place.sentence.context
    )


def note_windows(document: str, note: int, index: Index) -> Iterator[Window]:
    """Yield the windows of a note and the works it refers to, after the sentence that the note belongs to."""
    anchor = index.anchor(document, note)
    context = [] if anchor is None else list(cut_pieces(anchor))[-1:]
    pieces = [piece for place in index.led_to(document, note) for piece in cut_pieces(place)]
    yield from cut_windows(pieces, context)
