"""The ledger of a load test: what was asked and what came of it; an answer is checked before it is entered."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence

from tests.load.asking import PROBLEM, Case, Reply, Truth, read

FAULTS = ("wrong", "mixed", "lost")


def judge(case: Case, truth: Truth, request_id: str, reply: Reply, truths: Sequence[Truth]) -> str:
    """What a reply to a case is: answered, busy, broken, or one of the faults.

    Busy is a refusal as it is documented; mixed is what another was to get; lost is an answer that ends before
    it tells anything.
    """
    if not reply.status:
        return "broken"
    if reply.headers.get("x-request-id") != request_id:
        return "mixed"
    told = read(reply)
    if told is None:
        return "lost"
    if told == truth:
        return "answered"
    if reply.status == 503 and reply.headers.get("content-type") == PROBLEM and retry_after(reply):
        return "busy"
    if told in truths or told.told.get("question", case.question) != case.question:
        return "mixed"
    return "wrong"


def retry_after(reply: Reply) -> int:
    """How many seconds a reply says to wait; 0 where it says nothing."""
    response = reply.headers.get("retry-after", "")
    return int(response) if response.isdigit() else 0


class Ledger:
    """What was asked of a server and what came of it."""

    def __init__(self, cases: Sequence[Case], truths: Sequence[Truth]) -> None:
        self.cases, self.truths = cases, truths
        self.counts: Counter[str] = Counter()
        self.faults: dict[str, list[str]] = {fault: [] for fault in FAULTS}
        self.open: dict[str, str] = {}
        self.rated: set[str] = set()
        self.away: list[tuple[float, float]] = []  # from when until when the server was not there

    def enter(self, number: int, request_id: str, reply: Reply, began: float) -> str:
        """Enter the reply to a case that was sent at a time; returns what it is."""
        case = self.cases[number]
        verdict = judge(case, self.truths[number], request_id, reply, self.truths)
        if verdict == "broken" and not self.was_away(began):
            verdict = "lost"
        self.counts[verdict] += 1
        if verdict in FAULTS:
            truth = reply.body.decode(errors="replace")[:300]
            self.faults[verdict].append(f"{case.body!r:.200} ({request_id}) got {reply.status}: {truth}")
        return verdict

    def was_away(self, since: float) -> bool:
        """Whether the server was away at some time since then."""
        return any(until > since for _, until in self.away)

    def ask_until_answered(
        self, number: int, send: Callable[[Case, str], Reply], wait: Callable[[str, int], bool]
    ) -> tuple[Reply, float] | None:
        """Ask a case until it is answered; returns the answer and the seconds it took.

        `wait` is told why and how long the server asks to wait, and says whether to ask again. A question that is
        given up stays open, and is lost in the end; None for it and for a fault.
        """
        asked = uuid.uuid4().hex
        self.open[asked] = self.cases[number].question
        self.counts["asked"] += 1
        while True:
            request_id, began = uuid.uuid4().hex, time.monotonic()
            reply = send(self.cases[number], request_id)
            took = time.monotonic() - began
            verdict = self.enter(number, request_id, reply, began)
            if verdict in ("busy", "broken"):
                if not wait(verdict, retry_after(reply)):
                    return None
                continue
            self.open.pop(asked)
            return (reply, took) if verdict == "answered" else None

    def enter_rating(self, mark: str, reply: Reply, began: float) -> None:
        """Enter the reply to a rating that carries a mark."""
        if reply.status == 204:
            self.rated.add(mark)
        elif reply.status or not self.was_away(began):
            self.faults["lost"].append(f"the rating {mark} got {reply.status}: {reply.body.decode()[:300]}")

    def close(self, kept: frozenset[str]) -> None:
        """At the end: questions that are still open are lost, and ratings that were taken and not kept."""
        self.faults["lost"] += [f"{question!r} was never answered" for question in self.open.values()]
        self.faults["lost"] += [f"the rating {mark} was taken and is not kept" for mark in self.rated - kept]
        self.open.clear()
