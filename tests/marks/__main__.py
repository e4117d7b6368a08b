"""Count the marks in files' own markup, those that were found, and those whose note is joined to the right sentence.

    python -m tests.marks FILE ...          a file of its own markup
    python -m tests.marks FILE=OTHER ...    a PDF, whose marks are those of another file of the same content

A mark is joined rightly where the sentence that a note was joined to holds the words before the mark, and the note
begins with those of the mark's note, half of them each (words that a macro makes are not in the source). With `-v` those that are not are shown.
"""

import sys
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from index.document.parse import parse
from index.document.sources import read_source
from index.document.types import Document, Section, Sentence
from tests.marks.markup import Mark, marks_of, words

ENOUGH = 0.5  # of the words before the mark that have to stand in the sentence, and of those the note begins with
SURE = 2.0  # likeness of a mark all of whose words are found, which is looked for no further
AROUND = 50  # marks before and behind the last one, among which the next is looked for first
NEAR = 12  # words of a note among which these have to be


def joined(document: Document) -> list[tuple[list[str], list[str]]]:
    """Each mark that was found, in order: the words of its sentence, and those of its note."""
    sentences = [
        sentence
        for section in document.sections
        for sentence in (*([section.heading_line] if section.heading_line else []), *paragraph_sentences(section))
    ] + [sentence for note in document.footnotes for sentence in note.sentences]
    sentences.sort(key=lambda sentence: sentence.start)
    starts = [sentence.start for sentence in sentences]
    anchors = sorted((anchor.start, words(note.text)) for note in document.footnotes for anchor in note.anchors)
    return [(words(" ".join(sentences_at(sentences, starts, at))), said) for at, said in anchors]


def sentences_at(sentences: Sequence[Sentence], starts: Sequence[int], at: int) -> Iterator[str]:
    """The words of the sentences around a place, or that end at it; they are in order, and none holds another."""
    last = bisect_right(starts, at)
    return (item.plain for item in sentences[max(last - 2, 0) : last] if at <= item.end + 1)


def paragraph_sentences(section: Section) -> Iterator[Sentence]:
    return (sentence for paragraph in section.paragraphs for sentence in paragraph.sentences)


def likeness(mark: Mark, sentence: Sequence[str], note: Sequence[str]) -> float:
    """How like a mark is to one that was found, by its words; 0 where it is another."""
    short, long = sorted((mark.before, sentence), key=len)
    shares = share(short, long), share(mark.note, note[:NEAR])
    return sum(shares) if min(shares) >= ENOUGH else 0.0


def share(some: Sequence[str], others: Sequence[str]) -> float:
    """How many of some words are among others; all of none."""
    return sum(word in others for word in some) / len(some) if some else 1.0


def check(path: Path, own: Path, verbose: bool) -> str:
    """A row of the table."""
    marks = marks_of(own)
    began = time.perf_counter()
    document = parse(read_source(path))
    seconds = time.perf_counter() - began
    left = joined(document)
    found, right, place = len(left), 0, 0
    for mark in marks:
        near = max(place - AROUND, 0)
        likes = [likeness(mark, *item) for item in left[near : place + AROUND]]
        if max(likes, default=0.0) < SURE:
            near, likes = 0, [likeness(mark, *item) for item in left]
        if likes and (best := max(likes)):
            place = near + likes.index(best)
            left.pop(place)
            right += 1
        elif verbose:
            print("  not joined:", " ".join(mark.before), "|", " ".join(mark.note))
    if verbose:
        for sentence, note in left:
            print("  other:", " ".join(sentence[-9:]), "|", " ".join(note[:6]))
    return f"| {path.name} | {len(marks)} | {found} | {right} | {len(document.footnotes)} | {seconds:.1f} s |"


def main(arguments: list[str]) -> None:
    print("| file | marks | found | joined rightly | notes | read in |\n|---|---|---|---|---|---|")
    for item in arguments:
        if item != "-v":
            path, _, own = item.partition("=")
            print(check(Path(path), Path(own or path), "-v" in arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
