"""A question that is sent on the page: its way through the queue, and what is shown meanwhile."""

import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from fastapi.concurrency import run_in_threadpool

from assistant.assistant import Assistant
from assistant.explain import explain
from assistant.feedback import make_record
from assistant.page.answers import Exchange, turn_html
from assistant.page.explanation import explanations_html
from assistant.page.start import count
from assistant.server.asking import Services, put
from assistant.server.auth import caller_of
from assistant.server.documents import View
from assistant.server.problems import Refusal, as_refusal
from assistant.server.queue import Pending, Progress, Stage
from assistant.server.uploads import Upload, owner_of
from assistant.types import Answer, Turn
from index.document.types import Document
from index.errors import QuothError, UnavailableError

DOING = {"retrieve": "Searching {} passages", "read": "Reading the {} nearest passages"}
Patch = dict[str, Any]


class OpenPages:
    """The questions that each open page waits for, by the numbers that the page gave them, and those it has stopped."""

    def __init__(self) -> None:
        self._pending: dict[tuple[str, Any], Pending[Any]] = {}
        self._stopped: set[tuple[str, Any]] = set()

    @contextmanager
    def waiting(self, page: gr.Request, number: Any, question: Pending[Any]) -> Iterator[None]:
        """Register a question while its page waits for it; give it up if the page stops waiting first."""
        key = (str(page.session_hash), number)
        self._pending[key] = question
        try:
            yield
        finally:
            question.give_up()
            self._pending.pop(key, None)

    def has_stopped(self, page: gr.Request, number: Any) -> bool:
        """Whether a page has stopped its question with this number."""
        return (str(page.session_hash), number) in self._stopped

    async def stop(self, event: gr.EventData, page: gr.Request) -> None:
        """Give up the question whose number the page sends, and no other: the next may be under way."""
        number = event._data.get("number") if isinstance(event._data, dict) else None
        if isinstance(number, int):
            key = (str(page.session_hash), number)
            self._stopped.add(key)
            if question := self._pending.get(key):
                question.give_up()

    async def leave(self, page: gr.Request) -> None:
        """Give up the questions of a page that was closed."""
        session = str(page.session_hash)
        self._stopped = {key for key in self._stopped if key[0] != session}
        for key, question in tuple(self._pending.items()):
            if key[0] == session:
                question.give_up()


@dataclass(frozen=True, slots=True)
class Asking:
    """The handler of questions sent by the page; without a feedback store none is saved."""

    services: Services
    open_pages: OpenPages

    async def ask(
        self, exchanges: list[Exchange], event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[tuple[Any, Patch]]:
        """The conversation and a patch of the page: at once what is being done, then the answer or what is wrong.

        A question sent as an earlier turn takes the place of that turn and of all after it.
        """
        question, turn, complete, number, upload = read_event(event)
        before = exchanges[: turn - 1] if turn else exchanges
        caller, exchange, why, said = caller_of(request), Exchange(question), "", set[str]()
        quoth: Assistant  # what answers: the upload's, or that of the documents which the caller may read at their turn

        def work(seen: View, say: Progress) -> Answer:
            nonlocal quoth
            quoth = (held and held.quoth) or seen.quoth
            return quoth.ask(question, history, complete, lambda stage, n: say(DOING[stage].format(n)))

        try:
            held = self.find_upload(request, upload)
            exchange = replace(exchange, upload=held.name if held else "")
            history = own_turns(before, caller.key, exchange.upload)
            pending = await put(self.services, caller, work)
            with self.open_pages.waiting(request, number, pending):
                async for step in pending:
                    if isinstance(step, Answer):
                        why = explanations_html(explain(step, quoth), quoth.index.documents)
                        exchange = replace(exchange, answer=replace(step, trace=None), by=caller.key)
                        await run_in_threadpool(self.keep, quoth, step, exchange)
                    elif (doing := in_words(step)) and doing not in said:
                        said.add(doing)
                        exchange = replace(exchange, doing=doing)
                        yield gr.skip(), self.patch({}, len(before) + 1, exchange, number)
        except (QuothError, Refusal) as error:
            exchange = replace(exchange, error=error_text(error))
        if self.open_pages.has_stopped(request, number):
            return
        documents = quoth.index.documents if exchange.answer else {}
        yield [*before, exchange], self.patch(documents, len(before) + 1, exchange, number, why)

    def find_upload(self, request: gr.Request, id: Any) -> Upload | None:
        """The file of this page that is asked, None where the documents are; raises Refusal if it is gone."""
        uploads = self.services.uploads
        return uploads.find(owner_of(request), id) if uploads and id else None

    def patch(
        self, documents: Mapping[str, Document], number: int, exchange: Exchange, asked: Any, why: str = ""
    ) -> Patch:
        """The turn as it is now; `asked` is the number that the script has given the question."""
        kept, asks_back = self.services.feedback is not None, self.services.unanswered is not None
        html = turn_html(number, exchange, documents, kept, why, asks_back)
        versions = {name: documents[name].sha256 for name in cited_documents(exchange.answer)}
        return {"turn": number, "html": html, "number": asked, "versions": versions, "made": time.monotonic_ns()}

    def keep(self, quoth: Assistant, answer: Answer, exchange: Exchange) -> None:
        """Record a question that was answered, where that was asked for; an answer is not lost for a full disk."""
        feedback = self.services.feedback
        if feedback and feedback.record_questions and not exchange.upload:
            try:
                feedback.save(make_record(answer, quoth, exchange.id))
            except QuothError as error:
                logging.getLogger("quoth").warning("%s", error)


def error_text(error: Exception) -> str:
    """Return what a person is told of an error; where a store is away, why is for the log alone."""
    if not isinstance(error, UnavailableError):
        return str(error)
    logging.getLogger("quoth").warning("%s", error)
    return as_refusal(error).detail


def own_turns(before: Sequence[Exchange], caller: str, upload: str) -> list[Turn]:
    """The conversation so far, without turns of somebody else in this page, or about another upload."""
    return [turn.answer.to_turn() for turn in before if turn.answer and (turn.by, turn.upload) == (caller, upload)]


def cited_documents(answer: Answer | None) -> set[str]:
    """The documents that an answer quotes, or that are nearest where it abstains."""
    nearest = answer.abstention.nearest if answer and answer.abstention else ()
    return {evidence.document for evidence in (*(answer.evidence if answer else ()), *nearest)}


def in_words(stage: Stage) -> str:
    """A stage as the page shows it; empty where there is nothing to say."""
    if stage.name == "queued" and stage.ahead:
        return f"Waiting behind {count(stage.ahead, 'other question')}"
    return stage.doing


def read_event(event: gr.EventData) -> tuple[str, int, bool, Any, Any]:
    """Return the question, the turn it replaces (0: none), whether to complete it, its number, the upload's id."""
    sent = event._data if isinstance(event._data, dict) else {}
    question, turn = sent.get("question"), sent.get("turn")
    return (
        question if isinstance(question, str) else "",
        turn if isinstance(turn, int) and turn > 0 else 0,
        sent.get("complete") is not False,
        sent.get("number"),
        sent.get("upload"),
    )
