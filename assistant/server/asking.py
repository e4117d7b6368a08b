"""How every surface asks: on what the caller may read, through the queue, given up when they disconnect."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from assistant.feedback import FeedbackStore
from assistant.server.auth import Caller, caller_of
from assistant.server.documents import Documents, View
from assistant.server.problems import note
from assistant.server.queue import Pending, Progress, Queue
from assistant.server.quota import Quota
from assistant.server.schema import AskRequest
from assistant.server.tokens import TokenFile
from assistant.server.uploads import Uploads
from assistant.settings import Settings
from assistant.types import Answer, Turn
from assistant.unanswered import UnansweredStore

T = TypeVar("T")
Work = Callable[[View, Progress], T]  # on what a caller may read, saying what is being done


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with; `tokens` is None without --auth, the stores where nothing is kept."""

    settings: Settings
    documents: Documents
    queue: Queue
    quota: Quota
    tokens: TokenFile | None
    feedback: FeedbackStore | None
    unanswered: UnansweredStore | None = None
    uploads: Uploads | None = None


def answer(asked: AskRequest) -> Work[Answer]:
    """Return the work that answers a request's question."""
    history = [turn if isinstance(turn, str) else Turn(**turn.model_dump()) for turn in asked.history]
    return lambda seen, say: seen.asked(asked.document, asked.collection).ask(asked.question, history, asked.complete)


async def put(services: Services, caller: Caller, work: Work[T]) -> Pending[T]:
    """Queue work on the documents that a caller may read.

    What they may read is decided when the work begins. It is looked up before too, so that a slow wiki holds no worker.
    """
    await run_in_threadpool(services.documents.read_by, caller)
    return Pending(services.queue, lambda say: work(services.documents.read_by(caller), say))


async def put_question(services: Services, request: Request, work: Work[T], question: str) -> Pending[T]:
    """Queue the work for a request's question; the question is logged if the settings say so."""
    if services.settings.log_questions and question:
        note(request, question=question)
    return await put(services, caller_of(request), work)


async def take(services: Services, request: Request, work: Work[T], question: str = "") -> T | None:
    """Queue work and return its result, None if the caller disconnects; raises Refusal or QuothError."""
    pending = await put_question(services, request, work, question)
    async with leaving(request, pending):
        given = await pending.answer()
    if isinstance(given, Answer):
        note_answer(request, given)
    return given


@asynccontextmanager
async def leaving(request: Request, pending: Pending[Any]) -> AsyncIterator[None]:
    """Give a question up if its client disconnects before the body of the `with` is done."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        pending.give_up()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        pending.give_up()


def note_answer(request: Request, answer: Answer) -> None:
    """Add an answer's outcome and confidence to the request's log line."""
    outcome = answer.abstention.reason if answer.abstention else "answered"
    note(request, outcome=outcome, confidence=answer.confidence)
