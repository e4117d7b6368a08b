"""The load test's checks: what they must notice, out of a running server that answers rightly or not; a short run."""

import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant import Answer, Assistant
from assistant.feedback import FeedbackStore, Record, read_feedback
from tests.conftest import ROOT
from tests.load.asking import Case, Reply, Truth, ask, post, read
from tests.load.ledger import FAULTS, Ledger, judge
from tests.serving import QUESTION, serving

CASES = (
    Case({"question": QUESTION}),
    Case({"question": "Who leads Ansar Eddine?"}, stream=True),
    Case({"question": "And how many police?", "history": [QUESTION]}),
    Case({"question": "When did it rain on the moon?"}),
    Case({"question": " "}, stream=True),
    Case({"question": "a", "unknown": True}),
)


class Changed(Assistant):
    """An assistant whose answers are changed, by its first one and this one."""

    def __init__(self, quoth: Assistant, change: Any) -> None:
        super().__init__(quoth.index, quoth.config, quoth.reader)
        self.change, self.first = change, None

    def ask(self, *asked: Any) -> Answer:
        answer = super().ask(*asked)
        changed = self.change(self.first, answer)
        self.first = self.first or answer
        return changed


@pytest.fixture(scope="module")
def truths(quoth: Assistant) -> tuple[Truth, ...]:
    with serving(quoth) as address:
        found = [read(ask(host(address), case, "one")) for case in CASES]
    assert [truth and truth.status for truth in found] == [200, 200, 200, 200, 400, 422]
    return tuple(truth for truth in found if truth)


def host(address: str) -> str:
    return address.removeprefix("http://")


def give_up(why: str, seconds: int) -> bool:
    return False


def ask_all(quoth: Assistant, truths: Sequence[Truth], **given: Any) -> Ledger:
    """What the ledger has once every case was asked three times, by as many clients at once."""
    ledger = Ledger(CASES, truths)
    with serving(quoth, quota="", quota_address="", **given) as address:

        def again(why: str, seconds: int) -> bool:
            assert (why, seconds >= 1) == ("busy", True)
            time.sleep(0.02)
            return True

        def client() -> None:
            for number in range(len(CASES)):
                ledger.ask_until_answered(number, lambda case, id: ask(host(address), case, id), again)

        clients = [threading.Thread(target=client) for _ in range(3)]
        for one in clients:
            one.start()
        for one in clients:
            one.join(30)
    ledger.close(frozenset())
    return ledger


def test_right_answers_are_right_also_when_the_queue_is_full(quoth: Assistant, truths: Sequence[Truth]) -> None:
    def slowly(first: Answer | None, answer: Answer) -> Answer:
        time.sleep(0.1)
        return answer

    ledger = ask_all(Changed(quoth, slowly), truths, queue=1)
    assert ledger.faults == {"wrong": [], "mixed": [], "lost": []}
    assert (ledger.counts["asked"], ledger.counts["answered"]) == (18, 18)
    assert ledger.counts["busy"] > 0


def test_a_wrong_answer_is_noticed(quoth: Assistant, truths: Sequence[Truth]) -> None:
    ledger = ask_all(Changed(quoth, lambda first, answer: replace(answer, confidence=0.123)), truths)
    assert {fault: len(told) for fault, told in ledger.faults.items()} == {"wrong": 12, "mixed": 0, "lost": 0}
    assert "0.123" in ledger.faults["wrong"][0]


def test_a_mixed_answer_is_noticed(quoth: Assistant, truths: Sequence[Truth]) -> None:
    ledger = ask_all(Changed(quoth, lambda first, answer: first or answer), truths)
    assert {fault: len(told) for fault, told in ledger.faults.items()} == {"wrong": 0, "mixed": 9, "lost": 0}


def test_another_request_s_id_is_mixed_and_an_answer_that_ends_before_it_tells_is_lost(truths: Sequence[Truth]) -> None:
    case, truth = CASES[0], truths[0]
    given = {"content-type": "text/event-stream", "x-request-id": "mine"}
    assert judge(case, truth, "mine", Reply(200, given, b'event: queued\ndata: {"ahead": 0}\n\n'), truths) == "lost"
    assert judge(case, truth, "other", Reply(200, given, b""), truths) == "mixed"


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({"content-type": "application/problem+json", "retry-after": "2"}, "busy"),
        ({"content-type": "application/problem+json"}, "wrong"),
        ({"content-type": "text/plain", "retry-after": "2"}, "wrong"),
    ],
)
def test_a_refusal_is_only_what_is_documented(headers: dict[str, str], verdict: str, truths: Sequence[Truth]) -> None:
    reply = Reply(503, {"x-request-id": "one", **headers}, b'{"status": 503}')
    assert judge(CASES[0], truths[0], "one", reply, truths) == verdict


def test_a_broken_connection_is_lost_unless_the_server_was_away(truths: Sequence[Truth]) -> None:
    ledger = Ledger(CASES, truths)
    began = time.monotonic()
    assert ledger.enter(0, "one", Reply(0), began) == "lost"
    ledger.away.append((began - 2, began - 1))
    assert ledger.enter(0, "one", Reply(0), began) == "lost"
    assert ledger.enter(0, "one", Reply(0), began - 1.5) == "broken"
    assert len(ledger.faults["lost"]) == 2


def test_a_question_that_is_given_up_is_lost(truths: Sequence[Truth]) -> None:
    ledger = Ledger(CASES, truths)
    ledger.away.append((0, float("inf")))
    assert ledger.ask_until_answered(0, lambda case, id: Reply(0), give_up) is None
    ledger.close(frozenset())
    assert ledger.faults["lost"] == [f"{QUESTION!r} was never answered"]


class Forgetful(FeedbackStore):
    """A store that keeps every second record alone."""

    saved = 0

    def save(self, record: Record) -> None:
        self.saved += 1
        if self.saved % 2:
            super().save(record)


def test_a_rating_that_was_taken_and_is_not_kept_is_lost(
    quoth: Assistant, truths: Sequence[Truth], tmp_path: Path
) -> None:
    ledger, store = Ledger(CASES, truths), Forgetful(tmp_path / "feedback.sqlite")
    with serving(quoth, store) as address:
        for mark in ("first", "second", "third"):
            given = {"question": QUESTION, "standalone_question": mark, "helpful": True}
            ledger.enter_rating(mark, post(host(address), "/api/feedback", given, mark), time.monotonic())
    ledger.close(frozenset(record.standalone_question for record in read_feedback(store.place)))
    assert ledger.faults["lost"] == ["the rating second was taken and is not kept"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_short_run_with_a_kill_finds_no_fault() -> None:
    if importlib.util.find_spec("locust") is None:
        pytest.skip("Locust is not installed: make .venv/.installed.load")
    short = ["--seconds", "20", "--questions", "8"]
    told = subprocess.run([sys.executable, "-m", "tests.load", *short], cwd=ROOT, capture_output=True, text=True)
    assert (told.returncode, told.stderr.count("\n" + "wrong:")) == (0, 0), told.stderr
    rows = [line.strip("|").split("|") for line in told.stdout.splitlines()]
    found = {name.strip(): value.strip() for name, value in rows}
    assert found["wrong / mixed / lost"] == " / ".join("0" for _ in FAULTS)
    assert found["answered"] == found["asked"] != "0"
    assert int(found["broken by the kill and asked again"].replace(",", "")) > 0
