"""Metrics against values worked out by hand."""

import math

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import abstention, statistics
from eval.metrics.answer import exact_match, figures, normalize, strict_match, token_f1
from eval.metrics.evidence import covers, hit_at_k, overlaps, set_precision, set_recall
from eval.metrics.retrieval import score_retrieval
from eval.metrics.squad import Prediction, squad_figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  U.S. army!", "us army"),
        ("A", ""),
        ("an apple, the pear", "apple pear"),
        ("“Mali’s”", "“mali’s”"),
        ("3.5%", "35"),
    ],
)
def test_squad_normalisation(text: str, expected: str) -> None:
    assert normalize(text) == expected


@pytest.mark.parametrize(
    ("given_", "gold", "em", "f1"),
    [
        ("1,440", "1440", 1, 1),
        ("1,440 police", "1,440", 0, 2 / 3),
        ("the", "", 1, 1),
        ("", "x", 0, 0),
        ("rain rain", "rain", 0, 2 / 3),
        ("a b c", "d e", 0, 0),
        ("b c d", "c d e f", 0, 4 / 7),
    ],
)
def test_exact_match_and_f1(given_: str, gold: str, em: float, f1: float) -> None:
    assert exact_match(given_, gold) == em
    assert token_f1(given_, gold) == pytest.approx(f1)


def test_the_strict_form_tells_apart_what_squad_takes_for_the_same() -> None:
    assert exact_match("3.5%", "35") == 1
    assert strict_match("3.5%", "35") == 0
    assert strict_match("some 1,440 police", "1440") == 1
    assert strict_match("11,200 troops and 1,440 police", "1,440") == 0
    assert strict_match("on March 3, 2013", "3 March 2013") == 1
    assert strict_match("April 3, 2013", "March 3, 2013") == 0
    assert strict_match("$1.5 million", "$1.5 billion") == 0
    assert strict_match("5 per cent", "5%") == 1
    assert figures("it may be $450 million") == {"$450million": 1}


def test_overlap_hits_and_cover() -> None:
    gold = [(10, 20), (50, 60)]
    assert [overlaps((0, 10), (10, 20)), overlaps((0, 11), (10, 20))] == [False, True]
    assert [hit_at_k([(0, 5), (19, 30)], gold, k) for k in (1, 3)] == [0, 1]
    assert [covers([(12, 13)], gold), covers([(12, 13), (40, 70)], gold)] == [0, 1]


def test_citation_sets() -> None:
    assert [set_precision([], []), set_precision([4], []), set_precision([], [4]), set_precision([4, 5], [4])] == [
        1,
        0,
        0,
        0.5,
    ]
    assert [set_recall([4], []), set_recall([4], [4, 5]), set_recall([4], [4, 5], any_suffices=True)] == [None, 0.5, 1]


RELEVANT = {"q1": ["a", "b"], "q2": ["c"], "q3": []}
RANKED = {"q1": ["x", "a", "y", "b"], "q3": ["a"]}


def test_retrieval_by_hand() -> None:
    scores = score_retrieval(RELEVANT, RANKED)
    assert set(scores) == {"q1", "q2"}  # q3 has nothing to find; q2 has no run
    assert set(scores["q2"].values()) == {0}
    q1 = scores["q1"]
    assert (q1["recall@5"], q1["success@1"], q1["success@5"], q1["mrr"]) == (1, 0, 1, 0.5)
    ideal = 1 + 1 / math.log2(3)
    assert q1["ndcg@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)


def test_our_own_order_breaks_ties() -> None:
    scores = score_retrieval({"q": ["a"]}, {"q": ["z", "a"]})
    assert scores["q"]["mrr"] == 0.5
    assert score_retrieval({"q": ["z"]}, {"q": ["z", "a"]})["q"]["mrr"] == 1


@given(st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_pytrec_eval_gets_our_numbers(ranked: list[str], relevant: set[str]) -> None:
    ours = score_retrieval({"q": sorted(relevant)}, {"q": ranked})["q"]
    evaluator = pytrec_eval.RelevanceEvaluator(
        {"q": dict.fromkeys(relevant, 1)}, {"recip_rank", "ndcg_cut_10", "recall_5"}
    )
    theirs = evaluator.evaluate({"q": {p: 1.0 / r for r, p in enumerate(ranked, 1)}})["q"]
    assert ours["mrr"] == pytest.approx(theirs["recip_rank"])
    assert ours["ndcg@10"] == pytest.approx(theirs["ndcg_cut_10"])
    assert ours["recall@5"] == pytest.approx(theirs["recall_5"])


def test_risk_and_coverage_by_hand() -> None:
    confidence, right = [0.9, 0.8, 0.7, 0.6], [True, False, True, True]
    coverage, risk, generalised = abstention.risk_coverage(confidence, right)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert risk.tolist() == pytest.approx([0, 0.5, 1 / 3, 0.25])
    assert generalised.tolist() == [0, 0.25, 0.25, 0.25]
    assert abstention.augrc(confidence, right) == pytest.approx(0.25 * (0 + 0.125 + 0.25 + 0.25))
    assert abstention.augrc(confidence, [True] * 4) == 0


def test_augrc_is_its_closed_form() -> None:
    # Traub et al. 2024: (1 - AUROC of right over wrong) * accuracy * (1 - accuracy) + (1 - accuracy)^2 / 2
    confidence, right = [0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False]
    accuracy, auroc_right = 3 / 5, 5 / 6
    expected = (1 - auroc_right) * accuracy * (1 - accuracy) + (1 - accuracy) ** 2 / 2
    assert abstention.augrc(confidence, right) == pytest.approx(expected)


def test_abstention_figures_by_hand() -> None:
    assert abstention.auroc([0.9, 0.4, 0.5], [True, True, False]) == 0.5
    assert abstention.auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False]) == 3.5 / 4  # a tie counts half
    assert abstention.auroc([0.9], [True]) is None
    confidence, right, answerable = [0.9, 0.8, 0.7, 0.2], [True, True, False, True], [True, True, False, True]
    assert abstention.coverage_at_accuracy(confidence, right, answerable) == pytest.approx(2 / 3)
    assert abstention.coverage_at_accuracy(confidence, right, answerable, accuracy=0.75) == 1
    assert abstention.brier([0.9, 0.2], [True, False]) == pytest.approx((0.01 + 0.04) / 2)
    assert abstention.calibration([0.1, 0.15, 1.0], [False, True, True]) == [
        {"from": 0.0, "to": 0.2, "n": 2, "confidence": pytest.approx(0.125), "right": 0.5},
        {"from": 0.8, "to": 1.0, "n": 1, "confidence": 1.0, "right": 1.0},
    ]


def test_wilson_and_bootstrap_intervals() -> None:
    share = statistics.estimate([1, 1, 1, 0], ["a", "b", "c", "d"])
    assert share is not None
    # Wilson, z = 1.95996: (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
    assert (share.mean, share.n) == (0.75, 4)
    assert (share.low, share.high) == (pytest.approx(0.3006, abs=1e-4), pytest.approx(0.9544, abs=1e-4))
    same = statistics.estimate([0.5, 0.5, 0.5], ["a", "a", "b"])
    assert same == statistics.Figure(0.5, 0.5, 0.5, 3)
    one_cluster = statistics.estimate([0, 1], ["a", "a"])
    assert one_cluster is not None
    assert (one_cluster.low, one_cluster.high) == (0.5, 0.5)  # a conversation is resampled whole
    assert statistics.estimate([], []) is None


def test_the_paired_randomisation_test() -> None:
    clusters = [str(n) for n in range(10)]
    better = statistics.compare([0] * 10, [1] * 10, clusters)
    assert (better.difference, better.wins, better.losses, better.ties) == (1, 10, 0, 0)
    assert better.p == pytest.approx(2 / 2**10)  # all signs alike, two of 1,024 ways
    mixed = statistics.compare([0, 1, 0, 1], [1, 0, 0, 1], list("abcd"))
    assert (mixed.difference, mixed.p, mixed.wins, mixed.losses, mixed.ties) == (0, 1, 1, 1, 2)
    assert statistics.compare([0, 0], [1, 1], ["a", "a"]).p == 1  # one conversation tells nothing


GOLD = {"has": ["May", "in May"], "has2": ["June"], "none": [], "missing": ["July"], "empty": ["the", "rain"]}
GIVEN = {
    "has": Prediction("In May", 0.1), "has2": Prediction("June", 0.9), "none": Prediction("snow", 0.8),
    "empty": Prediction("rain", 0.2),
}  # fmt: skip


def test_squad_figures_by_hand() -> None:
    figures = squad_figures(GOLD, GIVEN, threshold=0.5)
    # has 1; has2 withheld 0; none withheld 1; missing 0; empty 1 by its second gold answer
    assert (figures["exact"], figures["f1"], figures["total"]) == (60, 60, 5)
    assert (figures["HasAns_exact"], figures["HasAns_total"], figures["NoAns_exact"], figures["NoAns_total"]) == (
        50,
        4,
        100,
        1,
    )
    # answering has, empty and has2 but withholding none is impossible: none is surer. Best: has and empty, none withheld.
    assert (figures["best_exact"], figures["best_exact_thresh"]) == (60, 0.2)


def test_squad_best_threshold_answers_all_or_nothing_of_one_chance() -> None:
    gold = {"a": ["x"], "b": [], "c": []}
    given_ = {"a": Prediction("x", 0.3), "b": Prediction("y", 0.3), "c": Prediction("z", 0.6)}
    figures = squad_figures(gold, given_, 0.3)
    assert (figures["exact"], figures["best_exact"], figures["best_exact_thresh"]) == (
        pytest.approx(200 / 3),
        pytest.approx(200 / 3),
        0,
    )


def test_squad_11_has_no_noans_part() -> None:
    figures = squad_figures({"a": ["x"]}, {"a": Prediction("x y", 0)}, 1)
    assert "NoAns_exact" not in figures
    assert (figures["exact"], figures["f1"]) == (0, pytest.approx(200 / 3))
