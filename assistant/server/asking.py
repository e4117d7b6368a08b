"""A question as every route asks it: put into the queue, given up when its caller leaves, told to the log."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request

from assistant.feedback import FeedbackStore
from assistant.server.documents import Documents
from assistant.server.problems import note
from assistant.server.queue import Pending, Queue
from assistant.server.quota import Quota
from assistant.server.schema import AskRequest
from assistant.server.tokens import TokenFile
from assistant.settings import Settings
from assistant.types import Answer, Turn
from assistant.unanswered import UnansweredStore

T = TypeVar("T")
Work = Callable[[Documents], T]


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with; `tokens` is None without --auth, `feedback` and `unanswered` where none are kept."""

    settings: Settings
    documents: Documents
    queue: Queue
    quota: Quota
    tokens: TokenFile | None
    feedback: FeedbackStore | None
    unanswered: UnansweredStore | None = None


def visible(request: Request, services: Services) -> Documents:
    """The documents that a caller may see; what any route tells of documents, it asks of these."""
    return services.documents


def answer(asked: AskRequest) -> Work[Answer]:
    """What is done for a question."""
    history = [turn if isinstance(turn, str) else Turn(**turn.model_dump()) for turn in asked.history]
    return lambda documents: documents.asked(asked.document, asked.collection).ask(
        asked.question, history, asked.complete
    )


def put(request: Request, services: Services, work: Work[T], question: str = "") -> Pending[T]:
    """Work on the documents that a caller may see, put into the queue.

    The `question` that it answers is for the log, where that may hold it.
    """
    if services.settings.log_questions and question:
        note(request, question=question)
    return Pending(services.queue, lambda progress: work(visible(request, services)))


async def take(request: Request, services: Services, work: Work[T], question: str = "") -> T | None:
    """What such work gives when it is its turn, None where its caller has left; raises Refusal or QuothError."""
    pending = put(request, services, work, question)
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
