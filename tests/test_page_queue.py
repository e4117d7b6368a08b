"""Questions asked on the page wait in the API's queue: --workers are answered at once, and who leaves frees the place."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from assistant import Assistant
from assistant.types import Answer
from tests.serving import QUESTION, serving
from tests.test_server_leaving import comes_true, waiting

OPEN = {"metrics": True, "quota": "", "quota_address": ""}


class Counting(Assistant):
    """An assistant that answers when it is let, and notes what it was asked and what it answers at once."""

    def __init__(self, quoth: Assistant) -> None:
        super().__init__(quoth.index, quoth.config, quoth.reader)
        self.let = threading.Event()
        self.asked: list[str] = []
        self.under_way: list[str] = []
        self.at_once: list[int] = []

    def ask(self, question: str, *more: Any, **named: Any) -> Answer:
        if not question.startswith(QUESTION):  # the page's first questions are tried before anybody asks
            return super().ask(question, *more, **named)
        self.asked.append(question)
        self.under_way.append(question)
        self.at_once.append(len(self.under_way))
        try:
            self.let.wait(20)
            return super().ask(question, *more, **named)
        finally:
            self.under_way.remove(question)


@pytest.fixture
def counting(quoth: Assistant) -> Iterator[Counting]:
    counting = Counting(quoth)
    yield counting
    counting.let.set()


def browser(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, timeout=30)


class Page:
    """An open page, as Gradio's own client would have it."""

    def __init__(self, http: httpx.Client, session: str) -> None:
        self.http, self.session = http, session
        functions = self.http.get("/config").json()["dependencies"]
        self.ask_function = next(f for f in functions if f["targets"] and f["targets"][0][1] == "ask")

    def ask(self, question: str) -> str:
        """Send a question; returns the event's id."""
        component = self.ask_function["targets"][0][0]
        sent = {
            "data": [None], "fn_index": self.ask_function["id"], "session_hash": self.session, "trigger_id": component,
            "event_data": {"question": question, "turn": 0, "complete": True, "number": 1},
        }  # fmt: skip
        return str(self.http.post("/gradio_api/queue/join", json=sent).raise_for_status().json()["event_id"])

    def stop(self, event: str) -> None:
        """What the page's stop button sends."""
        sent = {"session_hash": self.session, "fn_index": self.ask_function["id"], "event_id": event}
        self.http.post("/gradio_api/cancel", json=sent).raise_for_status()

    def shown(self) -> list[str]:
        """The HTML of the turn, each time that it is shown."""
        turns = []
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data: ")) if line else {}
                data = (message.get("output") or {}).get("data") or []
                turns += [str(patch) for patch in data[1:]]
                if message.get("msg") in ("process_completed", "close_stream"):
                    return turns
        return turns

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keep the page open, until it is left."""
        with self.http.stream("GET", f"/gradio_api/heartbeat/{self.session}") as stream:
            lines = stream.iter_lines()  # the connection ends with it
            assert next(lines) == "data: ALIVE"
            yield


@pytest.mark.parametrize("workers", [1, 2])
def test_as_many_questions_are_answered_at_once_as_workers_says(counting: Counting, workers: int) -> None:
    with serving(counting, workers=workers, **OPEN) as address, browser(address) as http:
        pages = [Page(http, f"page{number}") for number in range(4)]
        for number, page in enumerate(pages):
            page.ask(f"{QUESTION} {number}")
        answers: list[int] = []
        asked = {"json": {"question": f"{QUESTION} api"}, "timeout": 30}
        api = threading.Thread(target=lambda: answers.append(httpx.post(f"{address}/api/ask", **asked).status_code))
        api.start()
        assert comes_true(lambda: waiting(address) == 5, 20)
        assert comes_true(lambda: len(counting.under_way) == workers, 20)
        time.sleep(0.3)
        assert (len(counting.under_way), len(counting.asked)) == (workers, workers)
        counting.let.set()
        turns = [page.shown()[-1] for page in pages]
        api.join(20)
    assert all("11,200 troops" in turn for turn in turns)
    assert answers == [200]
    assert (max(counting.at_once), len(counting.asked)) == (workers, 5)


def test_a_question_that_waits_says_behind_how_many_and_a_full_queue_is_said_on_the_page(counting: Counting) -> None:
    with serving(counting, queue=1, **OPEN) as address, browser(address) as http:
        first, second, third = (Page(http, name) for name in ("first", "second", "third"))
        first.ask(QUESTION)
        assert comes_true(lambda: len(counting.under_way) == 1, 20)
        second.ask(QUESTION)
        assert comes_true(lambda: waiting(address) == 2, 20)
        third.ask(QUESTION)
        assert "Too many questions are waiting. Try again in a moment." in third.shown()[-1]
        counting.let.set()
        turns = second.shown()
    assert re.findall(r'q-doing\W+([^<]+)<', " ".join(turns)) == [
        "Waiting behind 1 other question …", "Searching 77 passages …", "Reading the 15 nearest passages …"
    ]  # fmt: skip
    assert "11,200 troops" in turns[-1]


def test_stop_frees_the_place_and_the_question_is_not_answered(counting: Counting) -> None:
    with serving(counting, **OPEN) as address, browser(address) as http:
        first, second = Page(http, "first"), Page(http, "second")
        first.ask(QUESTION)
        assert comes_true(lambda: len(counting.under_way) == 1, 20)
        event = second.ask(f"{QUESTION} 2")
        assert comes_true(lambda: waiting(address) == 2, 20)
        second.stop(event)
        assert comes_true(lambda: waiting(address) == 1, 20)
        counting.let.set()
        assert comes_true(lambda: waiting(address) == 0, 20)
    assert counting.asked == [QUESTION]


def test_a_page_that_is_left_frees_the_place(counting: Counting) -> None:
    with serving(counting, **OPEN) as address, browser(address) as http, ExitStack() as second_open:
        first, second = Page(http, "first"), Page(http, "second")
        first.ask(QUESTION)
        assert comes_true(lambda: len(counting.under_way) == 1, 20)
        second_open.enter_context(second.open())
        second.ask(f"{QUESTION} 2")
        assert comes_true(lambda: waiting(address) == 2, 20)
        second_open.close()
        assert comes_true(lambda: waiting(address) == 1, 20)
        counting.let.set()
        assert comes_true(lambda: waiting(address) == 0, 20)
    assert counting.asked == [QUESTION]
