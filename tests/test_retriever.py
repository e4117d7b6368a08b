"""Matching folds what people type differently; fusion adds reciprocal ranks."""

import itertools

import pytest

from assistant import Assistant
from index.bm25 import Bm25
from index.folding import fold, terms
from index.ranking import reciprocal_rank_fusion


@pytest.mark.parametrize(
    ("one", "other"),
    [("Toure", "Touré"), ("al-Qaida", "al-Qa`ida"), ("al Qaida", "al-Qa’ida"), ("Mali's", "Mali’s"), ("US", "U.S."),
     ("11200", "11,200"), ("troop", "troops"), ("Hérodote", "HERODOTE"), ("Déby", "De\u0301by")],
)  # fmt: skip
def test_words_that_meet(one: str, other: str) -> None:
    assert terms(one) == terms(other)


def test_folding_keeps_what_tells_words_apart() -> None:
    assert fold("Straße Łódź") == "strasse lodz"
    assert terms("2012") != terms("2013")
    assert terms("What is the") == []


def test_fusion_by_hand() -> None:
    fused = reciprocal_rank_fusion([["a", "b"], ["b", "c"]], k=60)  # type: ignore[list-item]
    assert fused == {"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62}


def test_bm25_by_hand_and_never_negative() -> None:
    bm25 = Bm25.of(["rain rain", "rain sun"])
    # idf = ln(1 + 0.5 / 2.5); both have the mean length, so the norm is k1 = 1.5
    idf = 0.1823215567939546
    assert bm25.scores("rain").tolist() == pytest.approx([idf * 2 * 2.5 / 3.5, idf * 1 * 2.5 / 2.5])
    assert bm25.scores("snow").tolist() == [0, 0]


def test_search_ranks_and_scores(quoth: Assistant) -> None:
    hits = quoth.index.search("How many troops and police will the UN peacekeeping mission have?", 5)
    assert 4 in hits[0].passage.paragraphs
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert all(one.score >= other.score for one, other in itertools.pairwise(hits))
    first = hits[0]
    assert first.score == pytest.approx(sum(1 / (60 + r) for r in (first.bm25_rank, first.dense_rank) if r))
    assert quoth.index.search("How many troops and police will the UN peacekeeping mission have?", 5) == hits


def test_a_note_is_found_by_a_word_that_stands_only_in_it(quoth: Assistant) -> None:
    hits = quoth.index.search("How much of the $450 million was disbursed?", 3)
    assert hits[0].passage.id == "stabilizing-mali#n18"
