"""The routes under /api: ask, read the documents, say what an answer was worth, mint an embed's token."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from anyio import CancelScope
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse

from assistant.feedback import FeedbackStore
from assistant.server.documents import Documents, detail, passage_detail, summary
from assistant.server.metrics import Metrics
from assistant.server.origins import is_own
from assistant.server.problems import ALWAYS, Refusal, note, responses
from assistant.server.queue import Queue
from assistant.server.schema import (
    AskRequest,
    DocumentDetail,
    DocumentList,
    EmbedToken,
    EmbedTokenRequest,
    FeedbackRequest,
    PassageDetail,
    Suggestions,
)
from assistant.server.settings import Settings
from assistant.server.tokens import EmbedPass, TokenFile
from assistant.types import Answer, Turn
from index.errors import QuothError, StoreError

Say = Callable[[str, dict[str, Any]], None]
EVENTS = "text/event-stream"
GONE = 499  # for the log: nobody is there to read it
SUGGESTED = 4
POSTED = (*ALWAYS, "invalid", "quota")
STREAMED = {
    "description": "The answer; with Accept: text/event-stream its stages: queued, reading, then answer or problem",
    "content": {EVENTS: {"schema": {"type": "string"}, "example": 'event: queued\ndata: {"ahead": 0}\n\n'}},
}


@dataclass(frozen=True, slots=True)
class Room:
    """What the routes work with."""

    settings: Settings
    documents: Documents
    queue: Queue
    metrics: Metrics
    tokens: TokenFile | None
    feedback: FeedbackStore | None


def make_api(room: Room) -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/api")
    add_asking(api, room)
    add_documents(api, room)
    add_the_rest(api, room)
    return api


def add_asking(api: APIRouter, room: Room) -> None:
    """POST /api/ask"""

    @api.post(
        "/ask",
        summary="Ask a question",
        response_model=Answer,
        responses={200: STREAMED, **responses(*POSTED, "bad_question", "not_found", "busy")},
    )
    async def ask(asked: AskRequest, request: Request) -> Response:
        if room.settings.log_questions:
            note(request, question=asked.question)
        if EVENTS in request.headers.get("accept", ""):
            stages = stream(asked, request, room)
            first = await anext(stages)  # a full queue is a 503, not a broken stream
            return StreamingResponse(chained(first, stages), media_type=EVENTS)
        found = await attend(asked, request, room)
        return JSONResponse(found.to_dict()) if found else Response(status_code=GONE)


async def attend(asked: AskRequest, request: Request, room: Room, say: Say = lambda name, data: None) -> Answer | None:
    """The answer once it is its turn, its stages told meanwhile; None if the client has left."""
    with CancelScope() as scope:
        leaving = asyncio.create_task(leave(request, scope))
        try:
            async with room.queue.place() as ahead:
                say("queued", {"ahead": ahead})
                async with room.queue.turn():
                    say("reading", {})
                    return await answer(asked, request, room)
        finally:
            leaving.cancel()
    return None


async def leave(request: Request, scope: CancelScope) -> None:
    """Give up what is done for a client when it leaves; a thread at work is waited for."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def answer(asked: AskRequest, request: Request, room: Room) -> Answer:
    """The answer to a request whose turn it is."""
    quoth = room.documents.asked(asked.document)
    history = [turn if isinstance(turn, str) else Turn(**turn.model_dump()) for turn in asked.history]
    began = time.perf_counter()
    found = await room.queue.do(lambda: quoth.ask(asked.question, history, asked.complete))
    room.metrics.seconds.observe(time.perf_counter() - began)
    outcome = found.abstention.reason if found.abstention else "answered"
    room.metrics.answers.labels(outcome).inc()
    note(request, outcome=outcome, confidence=found.confidence)
    return found


async def stream(asked: AskRequest, request: Request, room: Room) -> AsyncIterator[str]:
    """The stages of an answer as server-sent events; who does not read them holds up nobody."""
    told: asyncio.Queue[str | Refusal | None] = asyncio.Queue()

    async def work() -> None:
        try:
            if found := await attend(asked, request, room, lambda name, data: told.put_nowait(event(name, data))):
                told.put_nowait(event("answer", found.to_dict()))
        except (Refusal, QuothError) as error:
            told.put_nowait(error if isinstance(error, Refusal) else Refusal("bad_question", str(error)))
        finally:
            told.put_nowait(None)

    working, begun = asyncio.create_task(work()), False
    while one := await told.get():
        if isinstance(one, Refusal):
            if not begun:
                raise one
            note(request, refused=one.kind)
            one = event("problem", json.loads(bytes(one.response().body)))
        yield one
        begun = True
    await working  # an error that nobody expected


async def chained(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    """An iterator whose first value was taken already."""
    yield first
    async for one in rest:
        yield one


def event(name: str, data: dict[str, Any]) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def add_documents(api: APIRouter, room: Room) -> None:
    """GET /api/documents and what stands under it."""
    told = responses(*ALWAYS, "not_found", "invalid")

    @api.get("/documents", summary="The documents", responses=responses(*ALWAYS))
    async def documents() -> DocumentList:
        listed = tuple(summary(document) for document in room.documents.quoth.index.documents.values())
        return DocumentList(documents=listed, feedback=room.feedback is not None)

    @api.get("/documents/{document}", summary="A document's structure", responses=told)
    async def document(document: str) -> DocumentDetail:
        return detail(room.documents.find(document), room.documents.passages(document))

    @api.get("/documents/{document}/passages/{passage}", summary="A passage, by its id", responses=told)
    async def passage(document: str, passage: str) -> PassageDetail:
        found = room.documents.find(document)
        for one in room.documents.passages(document):
            if one.id == passage:
                return passage_detail(one, found)
        raise Refusal("not_found", "There is no such passage. GET /api/documents/{document} lists those there are.")

    @api.get("/suggestions", summary="Questions that the documents answer", responses=told)
    async def suggestions(document: str | None = None) -> Suggestions:
        quoth = room.documents.asked(document)
        return Suggestions(suggestions=await run_in_threadpool(quoth.suggest, SUGGESTED))


def add_the_rest(api: APIRouter, room: Room) -> None:
    """POST /api/feedback and /api/embed-token"""

    @api.post(
        "/feedback",
        summary="Say what an answer was worth",
        status_code=204,
        responses=responses(*POSTED, "not_found", "not_kept"),
    )
    async def feedback(given: FeedbackRequest) -> None:
        if room.feedback is None:
            raise Refusal("not_found", "This server keeps no feedback.")
        try:
            await run_in_threadpool(room.feedback.save, room.documents.rated(given))
        except StoreError as error:
            raise Refusal("not_kept", why=str(error)) from error

    @api.post(
        "/embed-token",
        summary="Mint a token for an embed, as a wiki's own server or a proxy's user",
        responses=responses(*POSTED, "not_found"),
    )
    async def embed_token(wanted: EmbedTokenRequest, request: Request) -> EmbedToken:
        caller = request.scope["quoth.caller"]
        if room.tokens is None:
            raise Refusal("not_found", "This server asks nobody who they are; an embed needs no token.")
        if caller.kind not in ("site", "user"):
            raise Refusal("forbidden", "Only a site's token (quoth token add --site) or a proxy's user may mint.")
        if wanted.origin not in room.settings.allow_origin and not is_own(wanted.origin, request):
            raise Refusal("origin_not_allowed", why="a token for an origin that is not on the list")
        user = caller.name if caller.kind == "user" else wanted.user
        granted = EmbedPass(by=caller.site, user=user, origin=wanted.origin)
        return EmbedToken(token=room.tokens.mint(granted), expires_in=room.settings.embed_minutes * 60)
