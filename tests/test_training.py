"""Training data: windows, near misses, tokens; the schedule, the batches and the losses by hand."""

import gzip
import json
import math
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from assistant.reader.combine import LISTWISE_DEPTH, Combination, Linear, Listwise
from assistant.reader.network import UPPER, OnnxNetwork, TokenScores
from eval.documents import load_documents
from eval.squad import read_squad
from index.minilm import packaged_model
from training import listwise
from training.ablate import ablate
from training.arrays import MAX_TOKENS, Arrays, encode, make_arrays
from training.average import average
from training.batches import batches, collate
from training.cases import (
    Case,
    CaseQuestion,
    balanced_weights,
    load_cases,
    paragraphs_alone,
    save_cases,
    source_questions,
)
from training.distill import soft_loss
from training.examples import WINDOW, Example, make_example, make_examples, read_evidence, without_answer
from training.exit import split
from training.export import calibrate, reader_weights, save_reader
from training.fit import (
    calibrate_confidence,
    cross_validate,
    cross_validate_calibrated,
    excerpt,
    fit_listwise,
    unscale,
)
from training.graph import reader_model, to_int8
from training.judge import overlap_f1
from training.listwise import ListwiseNetwork, fit_listwise_network
from training.model import ReaderNetwork, best_spans, sentence_scores, shared_cross_entropy, smooth_cross_entropy
from training.negatives import Negative, hard_negatives, misleading
from training.outcomes import Outcome, find_threshold, judge_folds, report, thresholds_without
from training.prepare import write_squad
from training.rows import Row, read_rows
from training.source_question import fit as fit_source_question
from training.train import draw, schedule, share
from training.wording import wording_auroc
from training.written import WrittenQuestion, answer_turns, make_written, read_written, remove_answer
from training.written_documents import group_by_source, join_passages

RAIN = "Rain fell in May 1999. " + "The river rose by nine metres. " * 30 + "Snow fell in June."


def row(question: str, context: str, *answers: str, article: str = "a/1") -> Row:
    return Row(question, context, tuple((context.index(a), context.index(a) + len(a)) for a in answers), "a", article)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["May 1999", "Snow fell in June."]))
def test_a_window_has_whole_sentences_and_the_answer(seed: int, answer: str) -> None:
    asked = row("When?", RAIN, answer)
    example = make_example(asked, asked.answers[0], "own", random.Random(seed))
    assert example is not None
    assert len(example.window) <= WINDOW
    assert example.window in RAIN
    assert example.answer is not None
    assert example.window[slice(*example.answer)] == answer
    assert [example.window[a:b] for a, b in example.sentences] == [
        s.strip() for s in example.window.replace(". ", ".|").split("|")
    ]
    (only,) = example.evidence
    assert answer in example.window[slice(*example.sentences[only])]


def test_windows_differ_in_where_the_answer_stands() -> None:
    middle = "It rained. " * 80 + "The mayor was Ms. Roe. " + "It snowed. " * 80
    asked = row("Who?", middle, "Ms. Roe")
    examples = [make_example(asked, asked.answers[0], "own", random.Random(seed)) for seed in range(30)]
    places = [example.answer[0] for example in examples if example and example.answer]
    assert max(places) - min(places) > WINDOW / 3


def test_hard_negatives_are_of_the_same_article_alike_and_without_the_answer() -> None:
    rows = [
        row("When did rain fall?", "Rain fell in May.", "May"),
        row("When did hail fall?", "Hail fell in May on rain.", "Hail"),
        row("When did snow fall?", "Rain and snow fell in June.", "June"),
        row("What is tea?", "Tea is a drink.", "drink", article="a/2"),
    ]
    negatives = hard_negatives(rows, rows, random.Random(1))
    assert negatives[0] == [Negative("Rain and snow fell in June.")]  # not the hail, which has May in it
    assert negatives[2][0].context != rows[2].context
    assert negatives[3][0].context != rows[3].context
    examples = list(make_examples(rows, 2))
    kinds = Counter(example.kind for example in examples)
    assert kinds["own"] == 4
    assert kinds["hard"] >= 3  # an article of one passage gets one of any other, which may be its own
    assert {example.group for example in examples if example.kind == "hard"} <= {
        example.group for example in examples if example.kind == "own"
    }


class SureOf:
    """A network that is as sure of a window as it says, and finds the answer in its last word."""

    fingerprint = "sure"

    def __init__(self, **sure: float) -> None:
        self.sure = sure

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        asked = []
        for window in windows:
            places = np.array([word.span() for word in re.finditer(r"\w+", window)])
            score = np.arange(len(places), dtype=float)
            answer = self.sure[window.split()[0]]
            asked.append(TokenScores(places, score, score, 0.0, answer, score))
        return asked


def test_what_misleads_a_reader_comes_first_unless_it_is_nearly_sure() -> None:
    network = SureOf(Rain=-2.0, Hail=1.0, Snow=3.0)
    asked = row("When?", "In May.", "May")
    chosen = misleading(asked, ["Rain fell soon.", "Hail fell late.", "Snow fell in June."], network)
    assert chosen == [Negative("Hail fell late.", (10, 14)), Negative("Rain fell soon.", (10, 14))]


def test_only_a_share_of_the_answered_becomes_examples() -> None:
    rows = [row(f"Question {i}?", f"Answer {i} stands here. Rain fell.", f"Answer {i}") for i in range(200)]
    examples = Counter(example.kind for example in make_examples([*rows, row("What?", "Nothing.")], 1, share=0.25))
    assert 30 < examples["own"] < 70
    assert examples["natural"] == 1


def test_a_passage_without_its_answers_sentence_no_longer_answers() -> None:
    asked = row("When did rain fall?", "It was warm. Rain fell in July. Snow fell in June.", "July")
    assert without_answer(asked) == "It was warm. Snow fell in June."
    assert without_answer(row("When did rain fall?", "Rain fell in July. July was warm.", "July")) is None
    assert without_answer(row("When did rain fall?", "Rain fell in July.", "July")) is None


def test_reading_rows_and_evidence_refuses_the_reserved(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    item = {
        "question": "When? ",
        "context": "In May.",
        "answers": [{"text": "May", "start": 3}],
        "source": "s",
        "article": "s/1",
    }
    path.write_bytes(gzip.compress(json.dumps(item).encode()))
    assert read_rows(path) == [Row("When?", "In May.", ((3, 6),), "s", "s/1")]
    path.write_bytes(gzip.compress(json.dumps({**item, "article": "squad2dev/Normans"}).encode()))
    with pytest.raises(ValueError, match="reserved article"):
        read_rows(path)
    asked = {
        "question": "Why?",
        "sentences": ["It rained.", "So it rose."],
        "relevant": [1],
        "source": "s",
        "article": "1",
    }
    path.write_bytes(gzip.compress(json.dumps(asked).encode()))
    (example,) = read_evidence(path, random.Random(1))
    assert (example.window, example.evidence, example.answerable, example.span_known) == (
        "It rained. So it rose.",
        (1,),
        True,
        False,
    )


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    drawn = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    drawn.no_padding()
    drawn.no_truncation()
    return drawn


@pytest.fixture
def examples() -> list[Example]:
    rng = random.Random(1)
    rows = [row("When did rain fall?", "It was dry. Rain fell in May 1999.", "May 1999"), row("Who?", "Nobody knows.")]
    examples = [make_example(row, row.answers[0] if row.answers else None, "own", rng) for row in rows]
    return [example for example in examples if example]


def test_tokens_carry_their_sentence_and_the_answers_place(
    tokenizer: Tokenizer, examples: list[Example], tmp_path: Path
) -> None:
    tokens, sentence, span = encode(examples[0], tokenizer) or ([], [], (0, 0))
    words = [tokenizer.id_to_token(int(token)) for token in tokens]
    assert " ".join(words) == "[CLS] when did rain fall ? [SEP] it was dry . rain fell in may 1999 . [SEP]"
    assert list(sentence) == [0] * 7 + [1] * 4 + [2] * 6 + [0]
    assert words[span[0] : span[1] + 1] == ["may", "1999"]
    arrays = make_arrays(examples, tokenizer)
    assert (arrays.evidence.tolist(), arrays.flags.tolist(), arrays.span.tolist()) == (
        [2, 0],
        [3, 2],
        [[14, 15], [0, 0]],
    )
    arrays.save(tmp_path / "a.npz")
    again = Arrays.load(tmp_path / "a.npz")
    assert again.tokens.tolist() == arrays.tokens.tolist()
    long = Example("Q?", "word " * 400 + "May.", ((0, 2004),), (2000, 2003), (0,), True, True, "own", "a")
    assert encode(long, tokenizer) is None  # its answer lies behind the last token that fits
    assert MAX_TOKENS == 256


def test_earlier_questions_stand_before_the_question(tokenizer: Tokenizer, examples: list[Example]) -> None:
    tokens, sentence, span = encode(replace(examples[0], turns=("Was it dry? yes",)), tokenizer) or ([], [], (0, 0))
    words = " ".join(tokenizer.id_to_token(int(token)) for token in tokens)
    assert words.startswith("[CLS] was it dry ? yes [SEP] when did rain fall ? [SEP] it was dry .")
    assert sentence.tolist().index(1) == 13
    assert tokenizer.id_to_token(int(tokens[span[0]])) == "may"


def test_batches_hold_every_example_once_and_pad(tokenizer: Tokenizer, examples: list[Example]) -> None:
    arrays = make_arrays(examples * 20, tokenizer)
    drawn = batches(arrays, np.arange(40), 120, random.Random(1))
    assert sorted(i for batch in drawn for i in batch.tolist()) == list(range(40))
    batch = collate(arrays, np.array([0, 1]), "cpu")
    assert batch["mask"].sum(1).tolist() == [18, 8]
    assert batch["tokens"].shape == (2, 32)
    grouped = make_arrays(
        [replace(example, group=n // 2 % 5 + 1) for n, example in enumerate(examples * 10)], tokenizer
    )
    for rows in batches(grouped, np.arange(20), 150, random.Random(1)):
        together = set(grouped.groups[rows].tolist())
        assert all(set(np.flatnonzero(grouped.groups == group)) <= set(rows) for group in together)
    assert batch["evidence"][:, :3].tolist() == [[0, 1, 0], [0, 0, 0]]
    assert batch["answerable"].tolist() == [True, False]


def test_the_schedule_rises_and_falls() -> None:
    shares = [schedule(step, 100, 0.1) for step in range(101)]
    assert (shares[0], shares[9], shares[10], shares[55], shares[100]) == (0.1, 1.0, 1.0, 0.5, 0.0)
    assert all(before >= other for before, other in pairwise(shares[10:]))


def test_losses_and_spans_by_hand() -> None:
    logits = torch.tensor([[2.0, 0.0, -1e4]])
    expected = -torch.log_softmax(torch.tensor([2.0, 0.0]), 0)
    assert torch.allclose(smooth_cross_entropy(logits, torch.tensor([0]), 0.0), expected[:1], atol=1e-5)
    assert torch.allclose(
        smooth_cross_entropy(logits, torch.tensor([0]), 0.5), 0.5 * expected[0] + 0.5 * expected.mean(), atol=1e-5
    )
    row = torch.tensor([[1.0, 2.0], [0.0, 9.0], [5.0, 5.0]])
    right = torch.tensor([[True, False], [False, False], [False, False]])
    there = torch.tensor([[True, True], [True, False], [True, True]])
    shared = shared_cross_entropy(row, right, there, torch.tensor([0, 0, 1]))  # the third row's group has no right one
    assert torch.allclose(shared, -torch.log_softmax(torch.tensor([1.0, 2.0, 0.0]), 0)[0], atol=1e-5)
    scores = sentence_scores(torch.tensor([[9.0, 1.0, 3.0, 5.0]]), torch.tensor([[0, 1, 1, 2]]), 2)
    assert scores.tolist() == [[2.0, 5.0]]
    start, end = torch.tensor([[5.0, 1.0, 0.0, 3.0]]), torch.tensor([[5.0, 0.0, 4.0, 1.0]])
    first, last, score, null = best_spans(start, end)
    assert [tensor.tolist() for tensor in (first, last, score, null)] == [[1], [2], [5.0], [10.0]]
    assert [overlap_f1((1, 2), (2, 3)), overlap_f1((1, 1), (2, 2)), overlap_f1((1, 4), (1, 4))] == [0.5, 0.0, 1.0]


def test_soft_answers_pull_towards_the_teacher_over_the_windows_of_a_question() -> None:
    batch = {"sentence": torch.tensor([[0, 1, 2], [0, 1, 1]]), "group": torch.tensor([0, 0])}
    same = (torch.tensor([[0.0, 1.0, 2.0], [0.0, 1.0, 0.0]]),) * 2 + (torch.zeros(2), torch.zeros(2, 3))
    alike = soft_loss(same, same, batch)
    assert {name: round(float(alike[name]), 4) for name in ("span", "shared_sentence", "shared_words")} == {
        "span": 0.0, "shared_sentence": 0.0, "shared_words": 0.0,
    }  # fmt: skip
    assert float(alike["answer"]) == pytest.approx(math.log(2)), "an undecided teacher's entropy"
    taught = (*same[:3], torch.tensor([[0.0, 4.0, 0.0], [0.0, 0.0, 0.0]]))
    log_p = torch.log_softmax(torch.tensor([2.0, 0.0, 0.0]), 0)  # three sentences of two windows, at temperature 2
    expected = 4 * float((log_p.exp() * (log_p - math.log(1 / 3))).sum())
    assert float(soft_loss(same, taught, batch)["shared_sentence"]) == pytest.approx(expected, abs=1e-4)


def test_words_that_ask_for_a_source_are_learnt() -> None:
    asking, other = ["who says so?", "who says that?"], ["who left first?", "who left that?"]
    weights = fit_source_question(asking, other, ["where is it?"])
    assert sorted(weights, key=lambda term: -weights[term])[:2] == ["says", "who says"]
    assert weights["says"] > 0.5 > abs(weights["that"]), "what stands on both sides says little"
    assert weights["left"] < -0.5
    assert "first" not in weights, "it occurs once"


def test_an_epoch_has_each_kind_as_often_as_its_share_says(tokenizer: Tokenizer, examples: list[Example]) -> None:
    drawn = [
        replace(examples[0], kind=kind, group=number + 1 if kind != "natural" else 0)
        for number in range(400)
        for kind in ("own", "hard", "natural", "gone")
    ]
    arrays = make_arrays(drawn, tokenizer)
    chosen = draw(arrays, {"hard": 0.5, "natural": 2.0, "own": 0.5, "gone": 0.0}, np.random.default_rng(1))
    kinds = arrays.names[arrays.kinds[chosen]]
    counts = Counter(kinds.tolist())
    assert (counts["natural"], counts["gone"]) == (800, 0)
    assert 150 < counts["own"] < 250
    of = {kind: set(arrays.groups[chosen[kinds == kind]].tolist()) for kind in ("own", "hard")}
    assert of["own"] == of["hard"]  # a question's windows are drawn together
    assert share("hard=0.5") == ("hard", 0.5)


PASSAGE = "It was dry. Rain fell in May. Snow fell in June."


def written(question: str, answer: str | None, context: str = PASSAGE, kind: str = "date", turns: tuple[str, ...] = ()
            ) -> WrittenQuestion:  # fmt: skip
    relevant = tuple((s.start(), s.end()) for s in re.finditer(r"[^ .][^.]*\.", context) if answer and answer in s[0])
    answers = ((context.index(answer), context.index(answer) + len(answer)),) if answer else ()
    return WrittenQuestion(Row(question, context, answers, "written", "a/1", turns), relevant, kind, "p1")


def test_written_questions_stand_on_both_sides() -> None:
    asked = [written("When did rain fall?", "May"), written("When did hail fall?", None, kind="no-near")]
    twin = written("When did hail fall?", "July", PASSAGE + " Hail fell in July.", "twin-no-near")
    alone = written("Why did the sun drown?", None, kind="no-false")
    examples = list(make_written([*asked, alone], [twin], 1, 1))
    sides = Counter((example.question, example.answerable) for example in examples if "hard" not in example.kind)
    assert sides == {
        ("When did rain fall?", True): 1,
        ("When did rain fall?", False): 1,
        ("When did hail fall?", True): 1,
        ("When did hail fall?", False): 1,
        ("Why did the sun drown?", False): 1,
    }
    assert remove_answer(asked[0]) == ("It was dry. Snow fell in June.", 12)
    windows = {example.kind: example.window for example in examples if "hard" not in example.kind}
    assert windows["written-removed"] == "It was dry. Snow fell in June."
    assert windows["twin-no-near"] == PASSAGE + " Hail fell in July."
    assert "no-false-alone" in windows


def test_earlier_turns_get_their_short_answers(tmp_path: Path) -> None:
    class Knows:
        fingerprint = "test"

        def read(self, question: str, windows: Sequence[str]) -> list[TokenScores]:
            place = np.array([[12, 16], [25, 28]])
            return [TokenScores(place, np.array([0.0, 9.0]), np.array([0.0, 9.0]), 1.0, 1.0, np.zeros(2))]

    asked = [written("And snow?", "June", kind="follow", turns=(f"When did {n} fall?",)) for n in range(20)]
    turns = [answer_turn.row.turns for answer_turn in answer_turns([*asked, *asked], Knows(), 1)]
    assert turns[:20] == turns[20:]
    assert {turn.partition("?")[2] for (turn,) in turns} == {"", " May"}


def test_written_files_are_read(tmp_path: Path) -> None:
    line = {
        "question": "When? ", "turns": ["So?"], "context": PASSAGE, "sentences": [[0, 11], [12, 29], [30, 48]],
        "relevant": [1], "answers": [{"text": "May", "start": 25}], "kind": "date", "article": "a/1", "passage": "p1",
    }  # fmt: skip
    path = tmp_path / "written.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(line).encode()))
    (only,) = read_written(path)
    assert only == WrittenQuestion(
        Row("When?", PASSAGE, ((25, 28),), "written", "a/1", ("So?",)), ((12, 29),), "date", "p1"
    )


def test_a_question_that_stands_on_both_sides_tells_nothing_by_its_words() -> None:
    both = [
        written(f"When did {word} fall?", "May")
        for word in ["rain", "snow", "hail", "ash", "dust", "leaves", "fruit", "rocks"]
    ]
    pairs = list(make_written(both, [], 1, 1))
    assert wording_auroc(pairs, pairs) == pytest.approx(0.5)
    asked = [replace(pair, answerable="rain" in pair.question or "ash" in pair.question) for pair in pairs]
    assert wording_auroc(asked, asked) > 0.9  # the check sees it where words do tell


def test_held_out_rows_make_a_squad_file(tmp_path: Path) -> None:
    rows = [row("When?", "It rained in May.", "May"), row("Who?", "It rained in May.")]
    write_squad(rows, tmp_path / "squad.json")
    questions = read_squad(tmp_path / "squad.json")
    assert [(q.question, q.context, q.answers) for q in questions] == [
        ("When?", "It rained in May.", ("May",)),
        ("Who?", "It rained in May.", ()),
    ]


def test_passages_make_a_document_of_their_questions() -> None:
    first, second = written("When did rain fall?", "May"), written("When was hail?", "July", "Hail fell in July.")
    text, questions = join_passages("written/x-0", [[first, written("When did it hail?", None)], [second]])
    assert text == f"{PASSAGE}\n\nHail fell in July."
    assert [[text[start:end] for start, end in question.spans] for question in questions] == [
        ["Rain fell in May."],
        [],
        ["Hail fell in July."],
    ]
    assert [question.id for question in questions] == ["written/x-0-0", "written/x-0-1", "written/x-0-2"]


def test_a_passage_stands_alone_with_its_questions() -> None:
    first, other, twin = written("When?", "May"), written("Who?", None), written("Who?", "July", "Hail fell in July.")
    assert group_by_source([first, twin, other]) == {first.row.article.split("/")[0]: [[first, other], [twin]]}


def test_a_paragraph_is_a_text_of_its_own_with_its_questions() -> None:
    rows = [row("When?", "It rained in May.", "May"), row("Where?", "Snow fell in Oslo.", "Oslo"),
            row("Who?", "It rained in May.")]  # fmt: skip
    alone = list(paragraphs_alone(rows))
    assert [text for text, _ in alone] == ["It rained in May.", "Snow fell in Oslo."]
    assert [[(q.document, q.question, q.spans) for q in questions] for _, questions in alone] == [
        [("a/1 alone", "When?", ((13, 16),)), ("a/1 alone", "Who?", ())],
        [("a/1 alone", "Where?", ((13, 17),))],
    ]


def test_questions_for_sources_are_asked_of_other_documents_too(tmp_path: Path) -> None:
    for name in ("boats", "yaks"):
        (tmp_path / f"{name}.txt").write_text(f"The {name.title()}\n\nThe {name} came in May.\n")
        lines = [
            {"id": f"{name}-1", "question": f"Which newspaper is cited on the {name}?"},
            {"id": f"{name}-2", "question": f"When did the {name} come?"},
        ]
        quoted = {"kind": "fact", "answerable": True, "quotes": [f"The {name} came in May."]}
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line | quoted) + "\n" for line in lines))
    documents = load_documents(tmp_path)
    assert [question.id for question in source_questions(documents, "boats")] == ["yaks-1"]


def test_the_listwise_fit_puts_right_rows_first() -> None:
    rng = np.random.default_rng(1)
    tables = [rng.normal(size=(5, 2)) for _ in range(40)]
    right = [np.arange(5) == int(table[:, 1].argmax()) for table in tables]
    noise, signal = fit_listwise(tables, right, [1.0] * 40)
    assert signal > 1 > abs(noise) * 3
    assert all(right[i][int((tables[i] @ [noise, signal]).argmax())] for i in range(40))


def case(document: str, right: Sequence[bool], way: str = "asked", answerable: bool = True, span: float = 1.0) -> Case:
    table = np.array([[span if good else -1.0, 0.0, 0.0, 0.0, 0.0, 0.0] for good in right])
    return Case(CaseQuestion(document, "q", "fact", way, answerable), SCORES, table, np.array(right))


SCORES = ("span", "evidence", "answer", "bm25", "dense", "support")


def by_span(lead: float = 0.0) -> Combination:
    """A combination that goes by the span's score, in which no answer at all is worth -lead."""
    sizes = {"own": (1, 1), "own_bias": 1, "list": (2, 1), "list_bias": 1, "out": 1, "out_bias": (), "none": 2}
    member = {name: np.zeros(size) for name, size in sizes.items()}
    member |= {"direct": np.ones(1), "none_bias": np.array(-lead)}
    return Combination(Linear({"span": 1.0}, 0.0), Listwise(("span",), np.zeros(1), np.ones(1), (member,)))


def test_what_a_score_adds_is_what_is_lost_without_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    fitted = replace(by_span(), ranking=Linear({"span": 1.0, "bm25": 1.0}, 0.0))
    (tmp_path / "a" / "combination.json").write_text(fitted.as_json())
    cases = [case("a", [False, True, False, False]), case("a", [False, False], answerable=False, span=-1.0),
             case("a", [False, False], "lessened", answerable=False, span=-1.0), case("no-fold", [False, True])]  # fmt: skip
    header, _, whole, *without = ablate(cases, tmp_path).splitlines()
    assert header == "| without | first | three | auroc | pairs |"
    assert whole == "| all scores | 1.000 | 1.000 | 1.000 | 1.000 |"
    (spans,) = (row for row in without if row.startswith("| its spans |"))
    assert spans == "| its spans | 0.000 | 1.000 | 0.500 | 0.500 |"  # ties stand in their order


def test_cases_are_kept(tmp_path: Path) -> None:
    cases = [case("a", [True, False]), case("b", [False], "lessened", False)]
    save_cases(cases, tmp_path / "cases.npz")
    again = load_cases(tmp_path / "cases.npz")
    assert [case.question for case in again] == [case.question for case in cases]
    assert [case.table.tolist() for case in again] == [[[1.0, *[0.0] * 5], [-1.0, *[0.0] * 5]], [[-1.0, *[0.0] * 5]]]
    assert [case.right.tolist() for case in again] == [[True, False], [False]]


def test_a_border_is_the_lowest_with_enough_right_every_document_counting_the_same() -> None:
    def judged(document: str, confidence: float, right: bool) -> Outcome:
        return Outcome(case(document, [right]), confidence, int(right))

    some = [judged("a", 0.9, True), judged("a", 0.8, False), judged("a", 0.7, True), judged("a", 0.6, False)]
    assert find_threshold(some, 0.9) == 0.9
    assert find_threshold(some, 0.66) == 0.7
    assert find_threshold(some, 0.5) == 0.6
    assert find_threshold([judged("a", 0.9, False)], 0.9) == 1.0
    # The one question of b weighs as much as the four of a.
    assert balanced_weights([outcome.case for outcome in [*some, judged("b", 0.5, True)]]) == [0.625] * 4 + [2.5]
    assert find_threshold([*some, judged("b", 0.5, True)], 0.75) == 0.5


def test_what_is_reported_of_questions_left_out() -> None:
    judged = [
        Outcome(case("a", [True]), 0.9, 1),
        Outcome(case("a", [True]), 0.3, 2),
        Outcome(case("a", [False], answerable=False), 0.2, 0),
        Outcome(case("a", [False], "lessened", False), 0.6, 0),
    ]
    asked = report(judged, {"a": (0.5, 0.8)})
    assert (asked["first"], asked["three"], asked["served"], asked["right"]) == (0.5, 1.0, 0.5, 1.0)
    assert (asked["sure"], asked["abstained"], asked["less"]) == (1.0, 1.0, 0.0)
    assert (asked["auroc"], asked["pairs"]) == (1.0, 0.5)


def test_a_document_left_out_is_judged_by_what_was_fitted_without_it() -> None:
    seen = []

    def fitted(cases: Sequence[Case]) -> Combination:
        seen.append({case.question.document for case in cases})
        return by_span()

    cases = [case("a", [False, True]), case("b", [True, False]), case("written/c-0", [True])]
    folds = list(cross_validate(cases, fitted))
    assert seen == [{"b", "written/c-0"}, {"a", "written/c-0"}], "made documents only teach"
    assert [(document, outcome.rank) for document, _, (outcome,) in folds] == [("a", 1), ("b", 1)]
    of_another_reading = [case("b", [False, False, True]), case("b", [False])]
    judged = judge_folds({document: combination for document, combination, _ in folds}, of_another_reading)
    assert [(outcome.case.question.document, outcome.rank) for outcome in judged] == [("b", 1), ("b", 0)]


def test_borders_are_chosen_without_the_document_they_judge() -> None:
    def judged(document: str, confidence: float, right: bool) -> Outcome:
        return Outcome(case(document, [right]), confidence, int(right))

    some = [judged("a", 0.9, True), judged("a", 0.5, False), judged("b", 0.4, True), judged("b", 0.3, False)]
    assert thresholds_without(some) == {"a": (0.4, 0.4), "b": (0.9, 0.9)}


def test_a_calibrated_confidence_is_the_share_that_is_right() -> None:
    judged = [Outcome(case("a", [right]), confidence, int(right))
              for confidence, right in [(0.9, True), (0.9, True), (0.9, False), (0.4, True), (0.4, False), (0.4, False)]
              ]  # fmt: skip
    listwise = calibrate_confidence(by_span(), judged).listwise
    for confidence, right in ((0.9, 2 / 3), (0.4, 1 / 3)):
        logit = np.log(confidence / (1 - confidence))
        assert 1 / (1 + np.exp(-(listwise.slope * logit + listwise.offset))) == pytest.approx(right, abs=0.01)


def test_a_document_left_out_is_calibrated_on_the_others() -> None:
    cases = [case(name, right) for name in "abc" for right in ([True, False], [False, True], [False, False])]
    folds = cross_validate_calibrated(cases, lambda _: by_span())
    assert list(folds) == ["a", "b", "c"]
    assert all([outcome.rank for outcome in judged] == [1, 1, 0] for _, judged in folds.values())


def test_an_excerpt_is_a_case_of_a_few_sentences_that_stand_together() -> None:
    names = ("span", "rank")
    table = np.array([[float(i), 1 / (1 + i // 5)] for i in range(20)])
    right = np.arange(20) == 7
    whole = Case(CaseQuestion("a", "q", "fact", "asked", True), names, table, right)
    kept = 0
    for seed in range(50):
        drawn = excerpt(whole, np.random.default_rng(seed))
        spans = drawn.table[:, 0].astype(int).tolist()
        assert 1 <= len(spans) <= 12
        assert spans == list(range(spans[0], spans[-1] + 1))
        assert drawn.right.tolist() == [span == 7 for span in spans]
        assert drawn.table[0, 1] == 1  # its first passage is the first there is
        kept += drawn.right.any()
    assert 20 < kept < 50
    assert whole.table[:, 1].tolist() == [1 / (1 + i // 5) for i in range(20)]


def test_the_listwise_network_says_what_is_served() -> None:
    network = ListwiseNetwork(np.array([1.0, -2.0])).eval()
    torch.nn.init.normal_(network.out.weight)
    table = np.random.default_rng(1).normal(size=(3, 2))
    served = Listwise(("span", "dense"), np.zeros(2), np.ones(2), (network.arrays(),))
    asked = served.logits({"span": table[:, 0], "dense": table[:, 1]})
    round_up = np.zeros((1, LISTWISE_DEPTH, 2), dtype=np.float32)
    round_up[0, :3] = table
    there = torch.arange(LISTWISE_DEPTH)[None] < 3
    with torch.inference_mode():
        wanted = network(torch.from_numpy(round_up), there)[0].numpy()
    assert asked == pytest.approx(wanted[[0, 1, 2, LISTWISE_DEPTH]], abs=1e-5)


def test_the_listwise_network_learns_what_only_a_comparison_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listwise, "MEMBERS", 1)
    # Right is the lower of two where they are near, and none where they are far: no linear model can say that.
    rng = np.random.default_rng(1)
    tables = [np.array([[0.0], [gap]]) for gap in rng.choice([1.0, 4.0], 300)]
    right = [np.array([table[1, 0] == 1.0, False]) for table in tables]
    fitted = fit_listwise_network(tables, right, [1.0] * 300, ("gap",), Linear({"gap": 0.0}, 0.0))
    near, far = (fitted.logits({"gap": np.array([0.0, gap])}) for gap in (1.0, 4.0))
    assert (near.argmax(), far.argmax()) == (0, 2)


def test_standardised_weights_come_back_in_their_own_units() -> None:
    fitted = unscale(("a", "b"), np.array([2.0, 3.0]), np.array([10.0, 0.0]), np.array([4.0, 1.0]), 1.0)
    assert (fitted.weights, fitted.intercept) == ({"a": 0.5, "b": 3.0}, -4.0)


@pytest.mark.model
def test_the_graph_says_what_the_network_says(tmp_path: Path) -> None:
    network = ReaderNetwork(packaged_model()).eval()
    weights = reader_weights(network.state_dict())
    save_reader(reader_model(weights), tmp_path / "fp32")
    tokens = [101, 2043, 102, 4542, 3062, 1012, 102]
    ids, window = torch.tensor([tokens]), torch.tensor([[0, 0, 0, 1, 1, 1, 0]])
    with torch.inference_mode():
        wanted = [output[0] for output in network(ids, torch.ones_like(ids), window)]
    asked = OnnxNetwork(tmp_path / "fp32").run(tokens, 3)
    assert np.allclose(asked[3:6, 0], wanted[0][3:6], atol=1e-4)
    assert np.allclose(asked[3:6, 1], wanted[1][3:6], atol=1e-4)
    assert asked[0, 3] == pytest.approx(float(wanted[2]), abs=1e-4)
    assert np.allclose(asked[:, 2], wanted[3], atol=1e-4)


@pytest.mark.model
def test_in_int8_the_reader_says_nearly_the_same(tmp_path: Path) -> None:
    weights = reader_weights(ReaderNetwork(packaged_model()).state_dict())
    rng = np.random.default_rng(1)
    ids = rng.integers(1000, 20000, (10, 40))
    arrays = Arrays(
        ids.reshape(-1).astype(np.uint16), np.tile([0] * 8 + [1] * 32, 10).astype(np.uint8), np.arange(11) * 40,
        np.zeros((10, 2), np.uint16), np.zeros(10, np.uint64), np.zeros(10, np.uint8), np.zeros(10, np.uint8),
        np.zeros(10, np.int32), np.array(["own"]),
    )  # fmt: skip
    save_reader(reader_model(weights), tmp_path / "fp32")
    save_reader(reader_model(weights, calibrate(weights, arrays)), tmp_path / "int8")
    full, small = (OnnxNetwork(tmp_path / name) for name in ("fp32", "int8"))
    tokens, begin = ids[0].tolist(), 8
    assert np.corrcoef(full.run(tokens, begin).ravel(), small.run(tokens, begin).ravel())[0, 1] > 0.995
    assert (tmp_path / "int8" / "reader.onnx").stat().st_size < 0.3 * (tmp_path / "fp32" / "reader.onnx").stat().st_size


@pytest.mark.model
def test_a_graph_that_is_left_early_says_the_same_at_its_end_and_what_its_heads_say_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = reader_model(reader_weights(ReaderNetwork(packaged_model()).state_dict()))
    save_reader(model, tmp_path / "whole")
    save_reader(model, tmp_path / "split")
    first, others = np.zeros((385, 4), np.float32), np.zeros((385, 4), np.float32)
    first[-1], others[-1] = [1, 2, 3, 4], [5, 6, 7, 8]  # nothing but their biases
    for name, part in zip(("reader.onnx", UPPER), split(model, (first, others)), strict=True):
        (tmp_path / "split" / name).write_bytes(part.SerializeToString())
    whole, parts = OnnxNetwork(tmp_path / "whole"), OnnxNetwork(tmp_path / "split")
    windows = ["Rain fell on Bamako.", "Chad withdrew."]
    for window_scores, other in zip(whole.read("Where?", windows), parts.read("Where?", windows), strict=True):
        assert np.allclose(window_scores.start, other.start, atol=1e-4)
        assert window_scores.answer == pytest.approx(other.answer, abs=1e-4)
    monkeypatch.setattr("assistant.reader.network.READ_WHOLE", 1)
    read = parts.read("Where?", windows)
    [early] = [scores for scores in read if scores.answer == 4]
    assert (early.start[0], early.end[0], early.null, early.evidence[0]) == (5, 6, 3, 7)


def test_rounding_to_int8() -> None:
    int8, scale = to_int8(np.array([[1.0, -10.0], [-2.0, 5.0]]), axis=0, largest=100)
    assert (int8.tolist(), scale.tolist()) == ([[50, -100], [-100, 50]], pytest.approx([0.02, 0.1]))
    assert to_int8(np.array([[4.0, 1.0]]), axis=1)[0].tolist() == [[127, 32]]


def test_the_mean_of_weights() -> None:
    before, other = {"a": torch.tensor([1.0, 3.0])}, {"a": torch.tensor([2.0, 5.0])}
    mean = average([before, other])["a"]
    assert (mean.dtype, mean.tolist()) == (torch.float16, [1.5, 4.0])
