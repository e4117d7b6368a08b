"""A question as every route asks it: put into the queue, given up when its caller leaves, told to the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request

from assistant.feedback import FeedbackStore
from assistant.server.documents import Documents
from assistant.server.problems import note
from assistant.server.queue import Job, Pending, Progress, Queue
from assistant.server.quota import Quota
from assistant.server.schema import AskRequest
from assistant.server.tokens import TokenFile
from assistant.settings import Settings
from assistant.types import Answer, Turn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with; `tokens` is None without --auth, `feedback` where none is kept."""

    settings: Settings
    documents: Documents
    queue: Queue
    quota: Quota
    tokens: TokenFile | None
    feedback: FeedbackStore | None


def to_job(documents: Documents, asked: AskRequest) -> Job[Answer]:
    """What a worker does for a question."""
    history = [turn if isinstance(turn, str) else Turn(**turn.model_dump()) for turn in asked.history]

    def answer(progress: Progress) -> Answer:
        return documents.asked(asked.document, asked.collection).ask(asked.question, history, asked.complete)

    return answer


async def take(request: Request, services: Services, job: Job[T], question: str = "") -> T | None:
    """What a job gives when it is its turn, None where its caller has left; raises Refusal or QuothError.

    The `question` that it answers is for the log, where that may hold it.
    """
    note_question(request, services.settings, question)
    pending = Pending(services.queue, job)
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


def note_question(request: Request, settings: Settings, question: str) -> None:
    """Have a question written into the request's line of the log, where that was asked for."""
    if settings.log_questions and question:
        note(request, question=question)


def note_answer(request: Request, answer: Answer) -> None:
    """Have what came of a question written into the request's line of the log."""
    outcome = answer.abstention.reason if answer.abstention else "answered"
    note(request, outcome=outcome, confidence=answer.confidence)
