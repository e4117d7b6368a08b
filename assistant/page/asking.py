"""A question that is sent on the page: its way through the queue, and what is shown meanwhile."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from fastapi.concurrency import run_in_threadpool

from assistant.assistant import Assistant
from assistant.explain import explain
from assistant.feedback import FeedbackStore, make_record
from assistant.page.answers import Exchange, turn_html
from assistant.page.explanation import explanations_html
from assistant.page.start import count
from assistant.server.documents import Documents
from assistant.server.problems import Refusal
from assistant.server.queue import Job, Pending, Queue, Stage
from assistant.types import Answer
from index.errors import QuothError

DOING = {"retrieve": "Searching {} passages", "read": "Reading the {} nearest passages"}
Patch = dict[str, Any]


class OpenPages:
    """The questions that each open page waits for."""

    def __init__(self) -> None:
        self._pending: dict[str, set[Pending]] = {}

    @contextmanager
    def waiting(self, page: gr.Request, question: Pending) -> Iterator[None]:
        """Meanwhile, a page waits for a question; it is given up where that ends before its answer."""
        session = str(page.session_hash)
        self._pending.setdefault(session, set()).add(question)
        try:
            yield
        finally:
            question.give_up()
            left = self._pending.get(session, set())
            left.discard(question)
            if not left:
                self._pending.pop(session, None)

    async def leave(self, page: gr.Request) -> None:
        """Give up what a page waits for that was closed."""
        for question in tuple(self._pending.get(str(page.session_hash), ())):
            question.give_up()


@dataclass(frozen=True, slots=True)
class Asking:
    """What answers a question that is sent; without a feedback store nothing is kept of it."""

    documents: Documents
    queue: Queue
    open_pages: OpenPages
    feedback: FeedbackStore | None

    async def ask(
        self, exchanges: list[Exchange], event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[tuple[Any, Patch]]:
        """The conversation and a patch of the page: at once what is being done, then the answer or what is wrong.

        A question sent as an earlier turn takes the place of that turn and of all after it.
        """
        question, turn, complete, asked = read_event(event)
        before = exchanges[: turn - 1] if turn else exchanges
        exchange, why, said, quoth = Exchange(question), "", set[str](), self.documents.quoth
        pending = Pending(self.queue, job(quoth, question, before, complete))
        try:
            with self.open_pages.waiting(request, pending):
                async for step in pending:
                    if isinstance(step, Answer):
                        why = explanations_html(explain(step, quoth), quoth.index.documents)
                        exchange = Exchange(question, replace(step, trace=None))
                        await run_in_threadpool(self.keep, quoth, step, exchange)
                    elif (doing := in_words(step)) and doing not in said:
                        said.add(doing)
                        exchange = Exchange(question, doing=doing)
                        yield gr.skip(), self.patch(quoth, len(before) + 1, exchange, asked)
        except (QuothError, Refusal) as error:
            exchange = Exchange(question, error=str(error))
        yield [*before, exchange], self.patch(quoth, len(before) + 1, exchange, asked, why)

    def patch(self, quoth: Assistant, number: int, exchange: Exchange, asked: Any, why: str = "") -> Patch:
        """The turn as it is now; `asked` is the number that the script has given the question."""
        html = turn_html(number, exchange, quoth.index.documents, self.feedback is not None, why)
        cited = (
            [*answer.evidence, *(answer.abstention.nearest if answer.abstention else ())]
            if (answer := exchange.answer)
            else []
        )
        versions = {one.document: quoth.index.documents[one.document].sha256 for one in cited}
        return {"turn": number, "html": html, "number": asked, "versions": versions, "made": time.monotonic_ns()}

    def keep(self, quoth: Assistant, answer: Answer, exchange: Exchange) -> None:
        """Record a question that was answered, where that was asked for; an answer is not lost for a full disk."""
        if self.feedback and self.feedback.record_questions:
            try:
                self.feedback.save(make_record(answer, quoth, exchange.id))
            except QuothError as error:
                logging.getLogger("quoth").warning("%s", error)


def job(quoth: Assistant, question: str, before: list[Exchange], complete: bool) -> Job:
    """What a worker does for a question, after the turns before it."""
    history = [exchange.answer.to_turn() for exchange in before if exchange.answer]

    def answer(say: Callable[[str], None]) -> Answer:
        return quoth.ask(question, history, complete, lambda stage, n: say(DOING[stage].format(n)))

    return answer


def in_words(stage: Stage) -> str:
    """A stage as the page shows it; empty where there is nothing to say."""
    if stage.name == "queued" and stage.ahead:
        return f"Waiting behind {count(stage.ahead, 'other question')}"
    return stage.doing


def read_event(event: gr.EventData) -> tuple[str, int, bool, Any]:
    """What was sent: the question, the turn whose place it takes (0: none), whether it may be completed, its number."""
    sent = event._data if isinstance(event._data, dict) else {}
    question, turn = sent.get("question"), sent.get("turn")
    return (
        question if isinstance(question, str) else "",
        turn if isinstance(turn, int) and turn > 0 else 0,
        sent.get("complete") is not False,
        sent.get("number"),
    )
