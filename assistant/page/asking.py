"""A question that is sent on the page: its way through the queue, and what is shown meanwhile."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
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
from assistant.server.auth import Caller, caller_of
from assistant.server.documents import Documents
from assistant.server.problems import Refusal, as_refusal
from assistant.server.queue import Pending, Queue, Stage
from assistant.server.uploads import Upload, Uploads, owner_of
from assistant.types import Answer
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
        """Meanwhile, a page waits for a question; it is given up where that ends before its answer."""
        key = (str(page.session_hash), number)
        self._pending[key] = question
        try:
            yield
        finally:
            question.give_up()
            self._pending.pop(key, None)

    def has_stopped(self, page: gr.Request, number: Any) -> bool:
        """Whether a page wants no answer any more to its question with this number."""
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
        """Give up what a page waits for that was closed."""
        session = str(page.session_hash)
        self._stopped = {key for key in self._stopped if key[0] != session}
        for key, question in tuple(self._pending.items()):
            if key[0] == session:
                question.give_up()


@dataclass(frozen=True, slots=True)
class Asking:
    """What answers a question that is sent; without a feedback store nothing is kept of it.

    With `asks_back`, one without an answer may be left for a person.
    """

    documents: Documents
    queue: Queue
    open_pages: OpenPages
    feedback: FeedbackStore | None
    asks_back: bool = False
    uploads: Uploads | None = None

    async def ask(
        self, exchanges: list[Exchange], event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[tuple[Any, Patch]]:
        """The conversation and a patch of the page: at once what is being done, then the answer or what is wrong.

        A question sent as an earlier turn takes the place of that turn and of all after it.
        """
        question, turn, complete, asked, upload = read_event(event)
        before = exchanges[: turn - 1] if turn else exchanges
        exchange, why, said = Exchange(question), "", set[str]()
        caller = caller_of(request)
        await run_in_threadpool(self.documents.read_by, caller)  # a slow wiki is waited for before the queue
        try:
            held = self.uploads.find(owner_of(request), upload) if self.uploads and upload else None
            exchange = Exchange(question, upload=held.name if held else "")
            asking = Asked(self.documents, caller, exchange, tuple(before), complete, held)
            pending = Pending(self.queue, asking.answer)
            with self.open_pages.waiting(request, asked, pending):
                async for step in pending:
                    if isinstance(step, Answer):
                        why = explanations_html(explain(step, asking.quoth), asking.quoth.index.documents)
                        exchange = replace(exchange, answer=replace(step, trace=None), by=caller.key)
                        await run_in_threadpool(self.keep, asking.quoth, step, exchange)
                    elif (doing := in_words(step)) and doing not in said:
                        said.add(doing)
                        exchange = replace(exchange, doing=doing)
                        yield gr.skip(), self.patch({}, len(before) + 1, exchange, asked)
        except UnavailableError as error:
            logging.getLogger("quoth").warning("%s", error)
            exchange = replace(exchange, error=as_refusal(error).detail)
        except (QuothError, Refusal) as error:
            exchange = replace(exchange, error=str(error))
        if self.open_pages.has_stopped(request, asked):
            return
        documents = asking.quoth.index.documents if exchange.answer else {}
        yield [*before, exchange], self.patch(documents, len(before) + 1, exchange, asked, why)

    def patch(
        self, documents: Mapping[str, Document], number: int, exchange: Exchange, asked: Any, why: str = ""
    ) -> Patch:
        """The turn as it is now; `asked` is the number that the script has given the question."""
        html = turn_html(number, exchange, documents, self.feedback is not None, why, self.asks_back)
        versions = {name: documents[name].sha256 for name in cited_documents(exchange.answer)}
        return {"turn": number, "html": html, "number": asked, "versions": versions, "made": time.monotonic_ns()}

    def keep(self, quoth: Assistant, answer: Answer, exchange: Exchange) -> None:
        """Record a question that was answered, where that was asked for; an answer is not lost for a full disk."""
        if self.feedback and self.feedback.record_questions and not exchange.upload:
            try:
                self.feedback.save(make_record(answer, quoth, exchange.id))
            except QuothError as error:
                logging.getLogger("quoth").warning("%s", error)


class Asked:
    """A question of one caller, after the turns before it; what they may read is decided when it is answered."""

    def __init__(
        self,
        documents: Documents,
        caller: Caller,
        asked: Exchange,
        before: Sequence[Exchange],
        complete: bool,
        upload: Upload | None = None,
    ) -> None:
        """An `upload` is asked alone. Turns of somebody else in this page, or about another upload, are left out."""
        self.documents, self.caller, self.question, self.complete = documents, caller, asked.question, complete
        self.upload = upload
        before = [one for one in before if (one.by, one.upload) == (caller.key, asked.upload)]
        self.history = [one.answer.to_turn() for one in before if one.answer]
        self.quoth: Assistant  # the one that has answered

    def answer(self, say: Callable[[str], None]) -> Answer:
        """What a worker does for it."""
        self.quoth = (self.upload and self.upload.quoth) or self.documents.read_by(self.caller).quoth
        return self.quoth.ask(self.question, self.history, self.complete, lambda stage, n: say(DOING[stage].format(n)))


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
    """What was sent: the question, the turn whose place it takes (0: none), whether it may be completed, its number.

    Last the id of the upload that is asked, if one is.
    """
    sent = event._data if isinstance(event._data, dict) else {}
    question, turn = sent.get("question"), sent.get("turn")
    return (
        question if isinstance(question, str) else "",
        turn if isinstance(turn, int) and turn > 0 else 0,
        sent.get("complete") is not False,
        sent.get("number"),
        sent.get("upload"),
    )
