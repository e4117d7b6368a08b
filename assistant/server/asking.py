"""A question as every route asks it: put into the queue, given up when its caller leaves, told to the log."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from assistant.feedback import FeedbackStore
from assistant.server.auth import caller_of
from assistant.server.documents import Documents, View
from assistant.server.problems import note
from assistant.server.queue import Pending, Queue
from assistant.server.quota import Quota
from assistant.server.schema import AskRequest
from assistant.server.tokens import TokenFile
from assistant.server.uploads import Uploads
from assistant.settings import Settings
from assistant.types import Answer, Turn
from assistant.unanswered import UnansweredStore

T = TypeVar("T")
Work = Callable[[View], T]


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


def visible(request: Request, services: Services) -> View:
    """The documents that a caller may read now; a wiki may have to be asked, so not in the event loop."""
    return services.documents.read_by(caller_of(request))


def answer(asked: AskRequest) -> Work[Answer]:
    """What is done for a question."""
    history = [turn if isinstance(turn, str) else Turn(**turn.model_dump()) for turn in asked.history]
    return lambda seen: seen.asked(asked.document, asked.collection).ask(asked.question, history, asked.complete)


async def put(request: Request, services: Services, work: Work[T], question: str = "") -> Pending[T]:
    """Work on the documents that a caller may read, put into the queue; once more decided when it is its turn.

    The `question` that it answers is for the log, where that may hold it.
    """
    if services.settings.log_questions and question:
        note(request, question=question)
    await run_in_threadpool(visible, request, services)  # a slow wiki is waited for before the queue
    return Pending(services.queue, lambda progress: work(visible(request, services)))


async def take(request: Request, services: Services, work: Work[T], question: str = "") -> T | None:
    """What such work gives when it is its turn, None where its caller has left; raises Refusal or QuothError."""
    pending = await put(request, services, work, question)
    async with leaving(request, pending):
        given = await pending.answer()
    if isinstance(given, Answer):
        note_answer(request, given)
    return given


@asynccontextmanager
async def leaving(request: Request, pending: Pending[Any]) -> AsyncIterator[None]:
    """Meanwhile, give a question up when its client leaves."""

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
    """Have what came of a question written into the request's line of the log."""
    outcome = answer.abstention.reason if answer.abstention else "answered"
    note(request, outcome=outcome, confidence=answer.confidence)
