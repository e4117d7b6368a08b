"""Feedback: kept, listed, told, and turned into gold that somebody must check."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.cli import main
from assistant.feedback import FeedbackStore, Record, make_record, rate, read_feedback
from assistant.insights import insights_text
from eval.__main__ import main as eval_main
from eval.candidates import make_candidates
from eval.gold import GoldError, load_gold
from index.errors import QuestionError, StoreError

TROOPS = "How many troops and police will the UN peacekeeping mission have?"


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    return FeedbackStore(tmp_path / "kept" / "feedback.sqlite")


def record_of(quoth: Assistant, question: str = TROOPS) -> Record:
    return make_record(quoth.ask(question), quoth)


def test_a_record_has_the_offsets_and_the_versions(quoth: Assistant) -> None:
    kept = record_of(quoth)
    [quoted] = kept.quotations
    document = quoth.index.documents["stabilizing-mali"]
    assert (quoted.document, quoted.start, quoted.end, quoted.sha256) == (document.id, 3076, 3237, document.sha256)
    assert kept.versions == {
        "quoth": "0.1.0", "reader": "sentence: bm25 dense", "encoder": "hash", "threshold": "0.01"
    }  # fmt: skip
    assert (kept.helpful, kept.reason, kept.answered) == (None, None, True)


def test_an_abstentions_record_has_what_was_looked_at(ask_text) -> None:  # type: ignore[no-untyped-def]
    quoth = ask_text("Rain fell on Monday. Snow fell on Tuesday.", threshold=0.99)
    kept = record_of(quoth, "When did rain fall?")
    assert not kept.answered
    assert [(q.start, q.end) for q in kept.quotations] == [(0, 20), (21, 42)]


def test_a_follow_ups_record_can_be_understood_by_itself(ask_text) -> None:  # type: ignore[no-untyped-def]
    quoth = ask_text("Rain fell on Monday. Snow fell on Tuesday.")
    kept = make_record(quoth.ask("And snow?", ["When did rain fall?"]), quoth)
    assert (kept.question, kept.standalone_question) == ("And snow?", "When did rain fall? And snow?")


def test_what_is_saved_is_listed_and_a_second_opinion_takes_the_first_ones_place(
    store: FeedbackStore, quoth: Assistant
) -> None:
    first, second = record_of(quoth), record_of(quoth, "Who is Wolfram Lacher?")
    store.save(rate(first, False))
    store.save(rate(second, True))
    store.save(rate(first, False, "wrong_words"))
    assert sorted(store.list(), key=lambda one: one.question) == sorted(
        [rate(first, False, "wrong_words"), rate(second, True)], key=lambda one: one.question
    )


def test_the_file_has_no_column_for_who_asked(store: FeedbackStore) -> None:
    columns = [row[1] for row in sqlite3.connect(store.place).execute("PRAGMA table_info(feedback)")]
    assert columns == [
        "id", "asked", "question", "standalone_question", "answered", "confidence", "quotations", "versions",
        "helpful", "reason",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("helpful", "reason", "message"),
    [
        ("yes", None, "Helpful is true or false, not 'yes'."),
        (True, "wrong_words", "The reason is none where an answer was helpful, not 'wrong_words'."),
        (False, "dull", "The reason is one of wrong_place, wrong_words, should_have_abstained, should_have_answered"),
    ],
)
def test_what_cannot_be_said_of_an_answer(quoth: Assistant, helpful: object, reason: object, message: str) -> None:
    with pytest.raises(QuestionError) as error:
        rate(record_of(quoth), helpful, reason)
    assert message in str(error.value)


def test_a_file_that_keeps_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.sqlite").write_text("this is no database, whatever it is called")
    with pytest.raises(StoreError, match="Name another file with --feedback, or use --no-feedback"):
        FeedbackStore(tmp_path / "no.sqlite")
    with pytest.raises(StoreError, match="There is no feedback in"):
        read_feedback(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


def test_insights_tell_what_was_wrong_asked_and_unanswered(quoth: Assistant) -> None:
    records = [
        rate(record_of(quoth), False, "wrong_words"),
        rate(record_of(quoth, "Which penguins \x07 skate?"), False, "should_have_answered"),
        record_of(quoth, "Which penguins \x07 skate?"),
        rate(record_of(quoth, "Who is Wolfram Lacher?"), True),
    ]
    text = insights_text(records).plain
    day = records[0].asked[:10]
    assert text.startswith("4 questions kept, 3 rated: 1 helpful, 2 not.\n")
    assert f"\nWrong words (1)\n  {day}  {TROOPS}\n              quoted stabilizing-mali 3076–3237; " in text
    assert (
        f"\nShould have answered (1)\n  {day}  Which penguins � skate?\n              abstained, nearest stabilizing-mali "
        in text
    )
    assert "\nUnanswered (2)\n     2 × Which penguins � skate?\n" in text
    assert "\nAsked (4)\n     2 × Which penguins � skate?\n     1 × How many troops" in text


def test_the_insights_command(store: FeedbackStore, quoth: Assistant, capsys: pytest.CaptureFixture[str]) -> None:
    store.save(rate(record_of(quoth), False, "wrong_place"))
    assert main(["insights", "--feedback", str(store.place)]) == 0
    assert "Wrong place (1)" in capsys.readouterr().out
    assert main(["insights", "--feedback", str(store.place), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["question"], told["reason"], told["quotations"][0]["start"]) == (TROOPS, "wrong_place", 3076)
    assert main(["insights", "--feedback", str(store.place) + ".none"]) == 2
    assert "There is no feedback in" in capsys.readouterr().err


def test_keeping_questions_without_keeping_feedback_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--no-feedback", "--record-questions"]) == 2
    assert "Leave one of them out" in capsys.readouterr().err


def test_candidates_are_gold_but_for_the_check(
    store: FeedbackStore, quoth: Assistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, absent = rate(record_of(quoth), False, "wrong_words"), rate(record_of(quoth, "Which penguins skate?"), True)
    made_up = rate(record_of(quoth, "Who is Wolfram Lacher?"), False, "should_have_abstained")
    for record in (wrong, absent, made_up, record_of(quoth, "When did the revolt begin?")):
        store.save(record)
    out = tmp_path / "candidates.jsonl"
    assert eval_main(["candidates", "--feedback", str(store.place), "--out", str(out)]) == 0
    assert "3 answers were marked; 3 candidates to be checked." in capsys.readouterr().err
    lines = {line["question"]: line for line in map(json.loads, out.read_text(encoding="utf-8").splitlines())}
    troops = lines[TROOPS]
    [evidence] = troops["evidence"]
    assert (evidence["start"], evidence["suffix"][:3]) == (3076, "[4]")
    assert evidence["exact"].startswith("The French are anxious")
    assert evidence["exact"].endswith("11,200 troops and 1,440 police.")
    assert evidence["prefix"].endswith("and towns on the Niger River. ")
    assert (troops["answerable"], troops["footnotes"]) == (True, [4])
    assert troops["check"] == "The words were marked wrong: put the right ones in answers."
    assert (lines["Which penguins skate?"]["answerable"], lines["Which penguins skate?"]["evidence"]) == (False, [])
    assert lines["Who is Wolfram Lacher?"]["answerable"] is False

    with pytest.raises(GoldError, match="the field 'check' is unknown; take it out"):
        load_gold(out, quoth.index.documents)
    checked = [{name: value for name, value in line.items() if name != "check"} for line in lines.values()]
    out.write_text("\n".join(map(json.dumps, checked)), encoding="utf-8")
    assert [g.question.question for g in load_gold(out, quoth.index.documents)] == list(lines)


def test_the_last_mark_counts_and_other_versions_are_left_out(quoth: Assistant) -> None:
    documents = quoth.index.documents
    first = rate(record_of(quoth), False, "wrong_words")
    later = replace(rate(record_of(quoth), True), asked="2999-01-01T00:00:00+00:00")
    [candidate] = make_candidates([first, later], documents)
    assert candidate["check"] == "It was marked helpful: are words and place right?"
    old = replace(first, quotations=(replace(first.quotations[0], sha256="0" * 64),))
    assert make_candidates([old], documents) == []
