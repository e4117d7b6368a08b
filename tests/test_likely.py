"""Which windows are read, with scores of retrieval given by hand."""

import pytest

from assistant.reader.likely import likely_windows
from assistant.reader.windows import Window, make_windows
from index.retriever import Index, SentenceScore
from index.store import make_index
from index.types import Hit
from tests.conftest import HashEncoder, source

HARBOUR = """The Harbour

The council bought new boats.[1] Nobody was blamed.

The mayor defended the purchase.[2]

Notes

[1] Ada Brook, “Boats for Nothing,” Coast Gazette, May 3, 2011.

[2] Personal interview, harbour master, June 2011.
"""


@pytest.fixture
def index(encoder: HashEncoder) -> Index:
    return make_index([source(HARBOUR)], encoder)


def read(question: str, index: Index, *passages: str, **nearness: float) -> list[str]:
    """The last words of each window that is read; `nearness` is that of the sentences that have a word."""
    hits = [Hit(passage, n, 1.0, 1.0, 0.0, n, n) for n, passage in enumerate(index.passages, 1)
            if any(word in passage.text for word in passages)]  # fmt: skip
    windows = make_windows(hits, index)
    places = {piece.place.key: piece.place for window in windows for piece in window.pieces}
    scores = {
        key: SentenceScore(place, 0.0, max((v for w, v in nearness.items() if w in place.sentence.plain), default=0.0))
        for key, place in places.items()
    }
    return [last_word(window) for window in likely_windows(question, windows, hits, scores)]


def last_word(window: Window) -> str:
    return window.text.split()[-1]


def test_notes_that_were_not_found_are_read_where_a_source_is_asked_for(index: Index) -> None:
    assert read("Who was blamed?", index, "council") == ["purchase."]
    assert read("Which source says so?", index, "council") == ["purchase.", "2011.", "2011."]
    assert read("Who was blamed?", index, "council", "interview") == ["purchase.", "2011."]


def test_the_nearest_are_read_in_their_order(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.reader.likely.MOST_WINDOWS", 1)
    assert read("Which source says so?", index, "council", Brook=0.9, blamed=0.5) == ["2011."]
    assert read("Which source says so?", index, "council", Brook=0.4, blamed=0.5) == ["purchase."]
