"""Reading: windows, spans, what is joined, and what is asked for; with a network that knows a few answers by heart."""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import Assistant
from assistant.config import Config
from assistant.reader.answer_span import extend, short_answer
from assistant.reader.cited import cited_part, titled_work
from assistant.reader.combine import Combination, Linear, Listwise, add_comparisons, rank_by_score, sigmoid
from assistant.reader.features import (
    Claim,
    SentenceFeatures,
    best_span,
    code_coverage,
    coverage_scores,
    find_claims,
    find_sentences,
    read_pieces,
)
from assistant.reader.load import load_reader
from assistant.reader.network import MAX_CONTEXT_TOKENS, TokenScores, join_turns
from assistant.reader.question import asks_for_source, is_misfit
from assistant.reader.source_question import source_chance
from assistant.reader.span import SpanReader, distinct, plain_offsets, with_claim
from assistant.reader.squad_model import scores_from_span
from assistant.reader.term_coverage import term_coverage
from assistant.reader.windows import WINDOW, Piece, Window, cut_pieces, cut_windows, make_windows
from index.document.sentences import plain_characters
from index.document.types import Document, Sentence
from index.errors import ReaderError
from index.retriever import Place
from index.store import make_index
from index.types import Passage
from tests.conftest import HashEncoder, parse_text, source

HARBOUR = """The Harbour

The council spent $3,200 on\nnew boats.[1] It bought 12 boats, of which two sank.[2] Nobody was blamed.

The mayor defended the purchase.[3] Fishermen had asked for nets.

Notes

[1] Ada Brook, “Boats for Nothing,” Coast Gazette, May 3, 2011.

[2] Personal interview, harbour master, June 2011.

[3] Ibid. The speech was not recorded.
"""
TOKEN = re.compile(r"\w+|[^\w\s]")


def linear(**weights: float) -> Combination:
    """A combination whose network does what its linear model does; no answer at all is worth 0."""
    size = len(weights)
    member = {
        "own": np.zeros((size, 1)), "own_bias": np.zeros(1), "list": np.zeros((2, 1)), "list_bias": np.zeros(1),
        "out": np.zeros(1), "out_bias": np.zeros(()), "direct": np.array(list(weights.values())),
        "none": np.zeros(2), "none_bias": np.zeros(()),
    }  # fmt: skip
    return Combination(Linear(weights, 0.0), Listwise(tuple(weights), np.zeros(size), np.ones(size), (member,)))


SPAN_ONLY = linear(span=1.0)
SOURCES_TOO = linear(span=1.0, claim=2.0, work=3.0)


class RoteNetwork:
    """Knows the answers to a few questions: their words get high scores wherever they stand."""

    fingerprint = "rote"

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.seen: list[str] = []
        self.turns: tuple[str, ...] = ()

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        self.seen, self.turns = list(windows), tuple(turns)
        return [self.reading(question, window) for window in windows]

    def reading(self, question: str, window: str) -> TokenScores:
        offsets = np.array([match.span() for match in TOKEN.finditer(window)])
        start, end = np.full(len(offsets), -5.0), np.full(len(offsets), -5.0)
        answer = next((a for key, a in self.answers.items() if key in question.casefold()), None)
        at = window.find(answer) if answer else -1
        if answer and at >= 0:
            start[np.searchsorted(offsets[:, 0], at)] = 5.0
            end[np.searchsorted(offsets[:, 1], at + len(answer))] = 5.0
        begins, ends = window.rfind(". ", 0, max(at, 0)) + 1, window.find(".", max(at, 0)) % (len(window) + 1)
        there = (at >= 0) & (offsets[:, 0] >= begins) & (offsets[:, 1] <= ends + 1)
        return TokenScores(offsets, start, end, 0.0, 3.0 if at >= 0 else -3.0, np.where(there, 3.0, -3.0))


@pytest.fixture
def rote(encoder: HashEncoder) -> Callable[..., Assistant]:
    """An assistant over texts whose reader knows the answers given."""

    def make(*texts: str, **answers: str) -> Assistant:
        files = [source(text, f"doc{number}") for number, text in enumerate(texts, 1)]
        reader = SpanReader("rote", RoteNetwork(**answers), SOURCES_TOO)
        return Assistant(make_index(files, encoder), Config(threshold=0.5), reader)

    return make


def place(plain: str, start: int = 0) -> Place:
    sentence = Sentence(start, start + len(plain), plain, plain)
    passage = Passage(start, start + len(plain), plain, "d#1", "d", None, None, (sentence,), (1,), (), plain)
    return Place(sentence, passage)


def found(plain: str, start: int = 0, **scores: float) -> SentenceFeatures:
    return SentenceFeatures(place(plain, start), 0, len(plain), {"span": 0.0, "evidence": 0.0, "work": 0.0, **scores})


def test_plain_text_leads_back_to_the_document() -> None:
    document = parse_text("Rain\nfell[1] on 12 [2], roofs.\n\nNotes\n\n[1] One.\n\n[2] Two.\n")
    sentence = document.paragraphs[0].sentences[0]
    assert sentence.plain == "Rain fell on 12, roofs."
    offsets = [at for _, at in plain_characters(sentence)]
    assert [document.text[at] for at in offsets] == list("Rain\nfell on 12, roofs.")


@given(st.text(alphabet="ab1 .,[]\n“”", max_size=80))
def test_every_plain_character_stands_where_it_is_said_to(text: str) -> None:
    document = parse_text(f"Start {text} end.\n\nNotes\n\n[1] One.\n\n[2] Two [1].\n")
    for sentence in sentences(document):
        characters = list(plain_characters(sentence))
        offsets = [at for _, at in characters]
        assert offsets == sorted(offsets if sentence.cells else set(offsets))  # "; " stands where its cell begins
        assert list(plain_offsets(sentence)) == offsets
        assert "".join(character for character, _ in characters) == sentence.plain
        assert all(character in (document.text[at], " ") for character, at in characters if not sentence.cells)
        assert not offsets or (sentence.start <= offsets[0] and offsets[-1] < sentence.end)


def sentences(document: Document) -> list[Sentence]:
    return [s for part in [*document.paragraphs, *document.footnotes] for s in part.sentences]


def test_windows_of_body_and_notes(rote: Callable[..., Assistant]) -> None:
    quoth = rote(HARBOUR)
    windows = make_windows(quoth.index.search("boats", 10), quoth.index)
    body = [window.text for window in windows if not window.context]
    assert body == [
        "The Harbour The council spent $3,200 on new boats. It bought 12 boats, of which two sank. Nobody was blamed. "
        "The mayor defended the purchase. Fishermen had asked for nets.",
        "Notes",
    ]
    notes = {window.pieces[0].text: [piece.text for piece in window.pieces[1:]] for window in windows if window.context}
    assert notes == {
        "The council spent $3,200 on new boats.": ["Ada Brook, “Boats for Nothing,” Coast Gazette, May 3, 2011."],
        "It bought 12 boats, of which two sank.": ["Personal interview, harbour master, June 2011."],
        "The mayor defended the purchase.": [
            "Ibid.", "The speech was not recorded.", "Personal interview, harbour master, June 2011.",
        ],
    }  # fmt: skip


def test_runs_of_sentences_fit_a_window_and_overlap_by_one() -> None:
    pieces = [Piece(place(letter * 250), 0, 250) for letter in "abcd"]
    windows = [window.text for window in cut_windows(pieces)]
    assert windows == ["a" * 250 + " " + "b" * 250, "b" * 250 + " " + "c" * 250, "c" * 250 + " " + "d" * 250]


def test_a_very_long_sentence_is_read_in_parts() -> None:
    words = " ".join(["word"] * 300)
    parts = list(cut_pieces(place(words)))
    assert [len(part.text) <= WINDOW for part in parts] == [True, True, True]
    assert " ".join(part.text for part in parts) == words
    assert [len(part.text) for part in cut_pieces(place("x" * 1500))] == [640, 640, 220]


def test_the_best_span_ends_where_or_after_it_starts() -> None:
    start, end = np.array([1.0, 0.0, 5.0]), np.array([4.0, 3.0, 0.0])
    assert best_span(start, end) == (0, 0, 5.0)
    assert best_span(np.array([0.0, 2.0, 1.0]), np.array([1.0, 0.0, 2.0])) == (1, 2, 4.0)


def test_a_span_stays_inside_its_sentence() -> None:
    window = Window((Piece(place("One two."), 0, 8), Piece(place("Three four.", 9), 0, 11)))
    offsets = np.array([(0, 3), (4, 7), (7, 8), (9, 14), (15, 19), (19, 20)])
    start = np.array([0.0, 9.0, 0.0, 1.0, 0.0, 0.0])
    end = np.array([0.0, 1.0, 0.0, 0.0, 9.0, 0.0])
    reading = TokenScores(offsets, start, end, 2.0, 1.0, np.arange(6.0))
    read = [(piece.text, span, evidence) for piece, span, evidence in read_pieces(window, reading)]
    assert read == [("One two.", (4, 7, 8.0), 1.0), ("Three four.", (0, 10, 8.0), 4.0)]
    behind = Window(window.pieces, context=1)
    assert [piece.text for piece, *_ in read_pieces(behind, reading)] == ["Three four."]


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("It sent 11,200 troops.", "200 troops.", "11,200 troops"),
        ("It cost $450 million.", "450", "$450 million"),
        ("Only 3.5% came.", "3.5", "3.5%"),
        ("He wrote “Rain” once.", "“Rain", "“Rain”"),
        ("The north (Gao) fell.", "Gao) fell", "(Gao) fell"),
        ("Twenty-one, he said.", "one,", "Twenty-one"),
        ("Touré’s men fled.", "Touré", "Touré’s"),
        (", ", ",", ","),
    ],
)
def test_short_answers_are_whole(text: str, span: str, expected: str) -> None:
    at = text.find(span)
    start, end = extend(text, at, at + len(span))
    assert text[start:end] == expected


@given(st.text(alphabet="ab1,.(“” )”", min_size=1, max_size=30), st.data())
def test_a_short_answer_never_leaves_its_sentence(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    grown = extend(text, start, end)
    assert 0 <= grown[0] < grown[1] <= len(text)


def test_an_answer_with_its_place_and_its_note(rote: Callable[..., Assistant]) -> None:
    quoth = rote(HARBOUR, cost="$3,200")
    answer = quoth.ask("What did the boats cost?")
    text = quoth.index.documents["doc1"].text
    assert (answer.answered, answer.answer, answer.needed) == (True, "$3,200", 1)
    first = answer.evidence[0]
    assert first.quote == "The council spent $3,200 on\nnew boats."
    assert text[first.answer_start : first.answer_end] == "$3,200"
    assert [note.number for note in first.footnotes] == [1]
    assert answer.confidence == round(float(sigmoid(10.0)), 4)


def test_a_question_about_a_source_is_answered_by_the_note_and_its_claim(rote: Callable[..., Assistant]) -> None:
    quoth = rote(HARBOUR, newspaper="Coast Gazette")
    answer = quoth.ask("Which newspaper is cited on the price of the boats?")
    assert (answer.answer, answer.needed) == ("Coast Gazette", 2)
    assert [evidence.quote for evidence in answer.evidence[:2]] == [
        "Ada Brook, “Boats for Nothing,” Coast Gazette, May 3, 2011.",
        "The council spent $3,200 on\nnew boats.",
    ]
    assert answer.evidence[0].footnote == 1
    assert [note.number for note in answer.evidence[1].footnotes] == [1]


def test_an_ibid_leads_to_the_work_it_means(rote: Callable[..., Assistant]) -> None:
    quoth = rote(HARBOUR, **{"source": "mayor defended the purchase"})
    answer = quoth.ask("Which source is cited for the mayor defending the purchase?")
    assert answer.needed == 2
    assert answer.evidence[0].quote == "Personal interview, harbour master, June 2011."
    assert answer.evidence[0].footnote == 2
    assert answer.evidence[1].quote == "The mayor defended the purchase."


def test_what_is_said_twice_is_quoted_once() -> None:
    ranked = [
        (found("The boats were sold in May 2011 by the council."), 3.0),
        (found("The boats were sold in May 2011 by the council!", 60), 2.0),
        (found("Fishermen had asked for nets.", 120), 1.0),
    ]
    assert [sentence.place.sentence.start for sentence, _ in distinct(ranked)] == [0, 120]


def test_abstaining_says_what_is_not_mentioned(rote: Callable[..., Assistant]) -> None:
    quoth = rote(HARBOUR)
    answer = quoth.ask("How many submarines did the council have, and how many “zeppelins”?")
    assert not answer.answered
    assert answer.abstention is not None
    assert answer.abstention.message == (
        "The document does not seem to say. The nearest sentence has nothing on “submarines”, “council” or “zeppelins”."
    )
    assert len(answer.abstention.nearest) == 3


@pytest.mark.parametrize(
    ("question", "sentence", "span", "margin", "expected"),
    [
        ("Why did they flee?", "They fled because the dam broke.", "They", -1.0, "because the dam broke"),
        ("Why did they flee?", "The dam broke, and hence they fled.", "they", -1.0, "The dam broke"),
        ("Why did they flee?", "Fear drove them over the hill.", "hill", -1.0, "Fear drove them over the hill"),
        ("Why did they flee?", "They fled because the dam broke.", "the dam broke", 2.0, "the dam broke"),
        ("Did they flee?", "The men fled at dawn.", "men", -1.0, "The men fled at dawn"),
        ("Who fled?", "The men fled at dawn.", "men", -1.0, "men"),
        ("Which towns fell?", "Gao, Kidal, and old Timbuktu were taken.", "Gao", 2.0, "Gao, Kidal, and old Timbuktu"),
        ("Which towns fell?", "They took Gao and Kidal.", "Gao", 2.0, "Gao and Kidal"),
        ("Which town fell?", "They took Gao and Kidal.", "Gao", 2.0, "Gao"),
    ],
)
def test_how_far_a_short_answer_reaches(question: str, sentence: str, span: str, margin: float, expected: str) -> None:
    at = sentence.find(span)
    start, end = short_answer(question, sentence, at, at + len(span), margin)
    assert sentence[start:end] == expected


ROE = "See Ann Roe, “Rain,” in Bo Lo and Cy Do eds., Weather Book (Paris: P, 2000), pp. 1-2."


@pytest.mark.parametrize(
    ("question", "note", "expected"),
    [
        ("Who is cited on rain?", "See Ann Roe, “Rain,” Press, 2001.", "Ann Roe"),
        ("Which newspaper is cited?", "See Ann Roe, “Rain,” Press, 2001.", "Press"),
        ("Which report is cited?", "See Ann Roe, “Rain,” Press, 2001.", "Rain"),
        ("Who is cited on rain?", "On rain, see “Rain in May,” U.S. Agency for Rain, 2009.", "U.S. Agency for Rain"),
        ("Which book does the author use?", "Roe, Rain and Snow (London: Press, 1990), 5.", "Rain and Snow"),
        ("Which book does the author use?", ROE, "Weather Book"),
        ("Which journal does the author use?", "“Rain”; Roe, “Snow.”", None),  # short forms that lead nowhere
        ("Which book does the author use?", "He left.", None),
    ],
)
def test_the_part_of_a_citation_that_is_asked_for(question: str, note: str, expected: str | None) -> None:
    document = parse_text(f"Rain fell.[1]\n\nNotes\n\n[1] {note}\n")
    (footnote,) = document.footnotes
    work = titled_work(footnote.sources)
    part = cited_part(question, work) if work else None
    assert (part and part.text) == expected


def test_joined_scores() -> None:
    features = {"span": np.array([2.0, 3.0]), "dense": np.array([0.5, 0.25]), "bm25": np.array([9.0, 9.0])}
    order, scores = rank_by_score(Linear({"span": 2.0, "dense": -2.0}, 0.5), features)
    assert (order.tolist(), scores.tolist()) == ([1, 0], [6.0, 3.5])
    assert sigmoid(np.array([0.0, -800.0, 800.0])).tolist() == [0.5, 0.0, 1.0]


def test_sentences_are_compared_with_one_another() -> None:
    rows = {name: np.array([2.0, 2.0, 5.0]) for name in ("span", "evidence", "answer", "bm25", "dense", "support")}
    compared = add_comparisons(rows)
    assert compared["span rank"].tolist() == [1 / 2, 1 / 3, 1]
    assert compared["evidence share"] == pytest.approx(np.array([1, 1, np.exp(3)]) / (2 + np.exp(3)))
    assert compared["answer chance"][0] == pytest.approx(1 / (1 + np.exp(-2)))
    assert compared["bm25"] is rows["bm25"]


def shown(**spans: float) -> dict[str, np.ndarray]:
    """The features of some sentences, every one the same."""
    names = ("span", "evidence", "answer", "bm25", "dense", "support")
    return {name: np.array(list(spans.values())) for name in names}


def test_confidence_is_the_lead_over_there_being_no_answer() -> None:
    order, scores, confidence = SPAN_ONLY.choose(shown(a=1.0, b=3.0))
    assert order.tolist() == [1, 0]
    assert scores == pytest.approx(np.array([3.0, 1.0]) - np.log(np.exp(3) + np.exp(1) + 1))
    assert confidence == pytest.approx(sigmoid(3.0))
    calibrated = replace(SPAN_ONLY, listwise=replace(SPAN_ONLY.listwise, slope=0.5, offset=-1.0))
    assert calibrated.choose(shown(a=1.0, b=3.0))[2] == pytest.approx(sigmoid(0.5))


def test_what_the_network_does_not_see_keeps_its_order_below() -> None:
    spans = {f"s{i}": float(-i) for i in range(20)}
    order, scores, _ = SPAN_ONLY.choose(shown(**spans))
    assert order.tolist() == list(range(20))
    assert (np.diff(scores) < 0).all()


def test_a_sentence_is_seen_beside_the_others() -> None:
    # One hidden unit: what is over 1 in the best sentence counts against all, and for none of them.
    member = {
        "own": np.ones((1, 1)), "own_bias": np.array([-1.0]), "list": np.array([[0.0], [-1.0]]),
        "list_bias": np.zeros(1), "out": np.ones(1), "out_bias": np.array(0.5), "direct": np.array([2.0]),
        "none": np.array([0.0, 1.0]), "none_bias": np.array(0.25),
    }  # fmt: skip
    network = Listwise(("span",), np.zeros(1), np.ones(1), (member,))
    assert network.logits(shown(a=1.0, b=3.0)).tolist() == [2.5, 6.5, 2.25]
    assert replace(network, ignored=frozenset({"span"})).logits(shown(a=1.0, b=3.0)).tolist() == [0.5, 0.5, 0.25]


def test_a_reader_blind_to_a_feature() -> None:
    blind = linear(span=1.0, evidence=2.0).without(["evidence"])
    order, scores = rank_by_score(blind.ranking, shown(a=1.0))
    assert (order.tolist(), scores.tolist()) == ([0], [1.0])
    assert blind.choose(shown(a=1.0))[2] == pytest.approx(sigmoid(1.0))


def test_coverage_in_two_numbers() -> None:
    assert coverage_scores({"Chad": 1.0, "tanks": 0.25}) == {"support": 0.625, "least": 0.25}
    assert coverage_scores({}) == {"support": 0.0, "least": 0.0}


def test_a_work_is_quoted_with_the_sentence_that_it_stands_behind() -> None:
    claim = found("The boats sank.", 60, evidence=2.0)
    work = replace(found("Ann Roe, “Boats,” Press, 2001.", work=1.0), claim=Claim(("d", 60), 2.0))
    other = found("It rained.", 90)
    assert with_claim([(work, 3.0), (other, 2.0), (claim, 1.0)]) == ([(work, 3.0), (claim, 1.0), (other, 2.0)], 2)
    unasked = replace(work, scores={**work.scores, "work": 0.0})
    assert with_claim([(unasked, 3.0), (claim, 1.0)]) == ([(unasked, 3.0), (claim, 1.0)], 1)
    assert with_claim([(work, 3.0), (other, 2.0)]) == ([(work, 3.0), (other, 2.0)], 1)


def test_notes_know_the_best_sentence_that_leads_to_them(encoder: HashEncoder) -> None:
    index = make_index([source(HARBOUR)], encoder)
    by_words = {place.sentence.plain: place for place in index.places}
    bought, mayor = (
        next(p for words, p in by_words.items() if words.startswith(w)) for w in ("It bought", "The mayor")
    )
    evidence = {place.key: -1.0 for place in index.places} | {bought.key: 1.0, mayor.key: 2.0}
    claims = find_claims(index.places, evidence, index)
    assert claims[by_words["Ibid."].key] == Claim(mayor.key, 2.0)
    assert claims[by_words["Personal interview, harbour master, June 2011."].key] == Claim(mayor.key, 2.0)  # by Ibid.
    assert by_words["Nobody was blamed."].key not in claims


def test_what_is_known_of_a_sentence_besides_its_words(encoder: HashEncoder) -> None:
    index = make_index([source(HARBOUR)], encoder)
    question = "What did the council buy?"
    network = RoteNetwork(boats="12 boats")
    scores = {
        found_sentence.place.sentence.plain: found_sentence.scores
        for found_sentence in find_sentences(question, index.search("boats council harbour"), index, network)
    }
    work = scores["Ada Brook, “Boats for Nothing,” Coast Gazette, May 3, 2011."]
    chance = source_chance(question)
    assert chance < 0.1
    assert (work["note"], work["reference"], work["work"], work["source"]) == (1, 1 - chance, chance, chance)
    speech = scores["The speech was not recorded."]
    assert (speech["note"], speech["reference"], speech["heading"]) == (1, 0, 0), "it names no work"
    assert scores["Nobody was blamed."]["length"] == pytest.approx(math.log(18))
    asked = find_sentences("Which newspaper is cited on boats?", index.search("boats"), index, network)
    compared = next(sentence.scores for sentence in asked if sentence.place.sentence.plain.startswith("Ada Brook"))
    chance = source_chance("Which newspaper is cited on boats?")
    assert chance > 0.9
    assert (compared["reference"], compared["work"], compared["source"]) == (1 - chance, chance, chance)


def test_numbers_and_codes_of_a_question_are_looked_for() -> None:
    assert code_coverage("What does E-105 mean?", place("E-104 means smoke.")) == 0.0
    assert code_coverage("What does E-104 mean?", place("E-104 means smoke.")) == 1.0
    assert code_coverage("What fell in 1999 and 2001?", place("Rain fell in 1999.")) == 0.5
    assert code_coverage("What fell?", place("Rain fell.")) == 1.0


def test_what_asks_is_no_answer(rote: Callable[..., Assistant]) -> None:
    quoth = rote("The Hall\n\nWhere can I park? Behind the hall.\n", park="park")
    assert quoth.ask("Where can I park?").abstention is not None


def test_earlier_questions_reach_the_network(encoder: HashEncoder) -> None:
    index = make_index([source(HARBOUR)], encoder)
    network = RoteNetwork(boats="12 boats")
    SpanReader("rote", network, SPAN_ONLY).read(
        "How many?", index.search("boats"), index, ["Who bought boats? council"]
    )
    assert network.turns == ("Who bought boats? council",)
    assert join_turns([[1] * 60, [2] * 40, [3]], 0) == [*[2] * 40, 0, 3]  # the earliest does not fit
    assert len(join_turns([[9] * 500], 0)) < MAX_CONTEXT_TOKENS


@pytest.mark.parametrize(
    ("question", "answer", "misfit"),
    [
        ("How many tanks were there?", "a dozen", False),
        ("How many tanks were there?", "of the army", True),
        ("When did it fall?", "after the storm", False),
        ("When did it fall?", "Kidal", True),
        ("What fell?", "nothing", False),  # asks for no kind that is known
        ("Who leads it?", "Iyad ag Ghaly", False),
        ("Who leads it?", "the transitional government", True),
        ("Who is cited on it?", "the transitional government", False),
    ],
)
def test_answers_of_another_kind(question: str, answer: str, misfit: bool) -> None:
    assert is_misfit(question, answer) is misfit


def test_a_combination_is_kept_as_json(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(SOURCES_TOO.as_json())
    assert json.loads(path.read_text())["ranking"]["weights"] == {"span": 1.0, "claim": 2.0, "work": 3.0}
    assert Combination.load(path).as_json() == SOURCES_TOO.as_json()
    rows = shown(a=1.0) | {"claim": np.ones(1), "work": np.ones(1)}
    assert Combination.load(path).choose(rows)[2] == SOURCES_TOO.choose(rows)[2]


@pytest.mark.parametrize(
    ("question", "about_sources"),
    [
        ("Which newspaper reported the flight?", True),
        ("What is the source for the claim about elections?", True),
        ("Who is cited on the drug trade?", True),
        ("In what journal did the quote appear?", True),
        ("What does the author base that on?", True),
        ("Where does the number of yaks come from?", True),
        ("Which statute sets the yak tax?", True),
        ("Where do the yaks come from?", False),
        ("What did the newspaper cost?", False),
        ("Who leads the movement?", False),
        ("How many troops are there?", False),
        ("Why did they leave the base?", False),
        ("Where do the rebels draw support from?", False),
    ],
)
def test_questions_about_sources(question: str, about_sources: bool) -> None:
    assert asks_for_source(question) is about_sources


def test_a_reading_from_spans_alone() -> None:
    reading = scores_from_span(np.array([(0, 3), (4, 7)]), np.array([1.0, 4.0]), np.array([0.0, 6.0]), 2.0)
    assert (reading.null, reading.answer) == (2.0, 4.0)
    assert reading.evidence.tolist() == [0.0, 9.0]


def test_a_reader_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "reader.onnx").write_bytes(b"no weights")
    with pytest.raises(ReaderError, match=r"reader\.onnx and tokenizer\.json"):
        load_reader(str(tmp_path))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ReaderError, match="neither quoth, sentence, a folder"):
        load_reader(str(empty))


def test_support_is_the_nearest_token_of_each_content_word(encoder: HashEncoder) -> None:
    texts = [rows for _, rows in encoder.encode_tokens(["Chad lost 30 men; the army fled.", ""])]
    said, nothing = term_coverage("How many tanks did Chad’s army lose?", texts, encoder)
    assert said == pytest.approx({"tanks": 0.0, "Chad’s": 0.5, "army": 1.0, "lose": 0.0})  # ’s is in no text
    assert nothing == {"tanks": 0.0, "Chad’s": 0.0, "army": 0.0, "lose": 0.0}
    assert term_coverage("Why?", texts[:1], encoder) == [{}]
