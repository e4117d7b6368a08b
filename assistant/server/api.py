"""The routes under /api: ask, read the documents, say what an answer was worth, mint an embed's token."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, format_sse_event

from assistant.server.asking import Services, answer, leaving, note_answer, put, take
from assistant.server.auth import Caller, caller_of
from assistant.server.documents import detail, passage_detail, summary
from assistant.server.origins import is_own
from assistant.server.problems import ALWAYS, Refusal, as_refusal, not_kept, note, responses
from assistant.server.queue import Pending
from assistant.server.schema import (
    AskRequest,
    DocumentDetail,
    DocumentList,
    EmbedToken,
    EmbedTokenRequest,
    FeedbackRequest,
    PassageDetail,
    Suggestions,
    UnansweredRequest,
)
from assistant.server.tokens import EmbedPass, TokenFile
from assistant.types import Answer
from assistant.unanswered import make_unanswered
from index.errors import QuothError, StoreError

EVENTS = "text/event-stream"
GONE = 499  # for the log: nobody is there to read it
SUGGESTED = 4
POSTED = (*ALWAYS, "invalid", "quota", "not_shared")
STREAMED = {
    "description": "The answer; with Accept: text/event-stream its stages: queued, reading, then answer or problem",
    "content": {EVENTS: {"schema": {"type": "string"}, "example": 'event: queued\ndata: {"ahead": 0}\n\n'}},
}


def make_api(services: Services) -> APIRouter:
    """The routes."""
    api = APIRouter(prefix="/api")
    add_asking(api, services)
    add_documents(api, services)
    add_feedback(api, services)
    add_unanswered(api, services)
    add_embed_tokens(api, services)
    return api


def add_asking(api: APIRouter, services: Services) -> None:
    """POST /api/ask"""

    @api.post(
        "/ask",
        summary="Ask a question",
        response_model=Answer,
        responses={200: STREAMED, **responses(*POSTED, "bad_question", "not_found", "busy", "away")},
    )
    async def ask(asked: AskRequest, request: Request) -> Response:
        work = answer(asked)
        if EVENTS in request.headers.get("accept", ""):
            events = stream(await put(request, services, work, asked.question), request)
            first = await anext(events)  # a full queue is a 503, not a broken stream
            return EventSourceResponse(chained(first, events))
        given = await take(request, services, work, asked.question)
        return Response(status_code=GONE) if given is None else JSONResponse(given.to_dict())


async def stream(pending: Pending[Answer], request: Request) -> AsyncIterator[bytes]:
    """The stages of an answer as server-sent events, then the answer or a problem; raises Refusal before the first."""
    begun = False
    try:
        async with leaving(request, pending):
            async for event in pending:
                if isinstance(event, Answer):
                    note_answer(request, event)
                    yield to_event("answer", event.to_dict())
                elif not event.doing:
                    yield to_event(event.name, {"ahead": event.ahead} if event.name == "queued" else {})
                begun = True
    except (Refusal, QuothError) as error:
        refusal = as_refusal(error)
        if not begun:
            raise refusal from None
        note(request, refused=refusal.kind, **({"why": refusal.why} if refusal.why else {}))
        yield to_event("problem", json.loads(bytes(refusal.response().body)))


async def chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """An iterator whose first value was taken already."""
    yield first
    async for event in rest:
        yield event


def to_event(name: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    # FastAPI encodes the events that a route yields itself; this route streams only where it is asked to.
    return format_sse_event(event=name, data_str=json.dumps(data))


def add_documents(api: APIRouter, services: Services) -> None:
    """GET /api/documents and what stands under it."""
    problems = responses(*ALWAYS, "not_found", "invalid")

    # Not coroutines: to learn what a caller may read, a wiki may have to be asked.
    @api.get("/documents", summary="The documents", responses=responses(*ALWAYS))
    def documents(request: Request) -> DocumentList:
        readable = services.documents.read_by(caller_of(request)).documents
        listed = tuple(summary(document) for document in readable.values())
        kept = services.unanswered is not None
        return DocumentList(documents=listed, feedback=services.feedback is not None, unanswered=kept)

    @api.get("/documents/{document}", summary="A document's structure", responses=problems)
    def document(document: str, request: Request) -> DocumentDetail:
        view = services.documents.read_by(caller_of(request))
        return detail(view.find(document), view.passages(document))

    @api.get("/documents/{document}/passages/{passage}", summary="A passage, by its id", responses=problems)
    def passage(document: str, passage: str, request: Request) -> PassageDetail:
        view = services.documents.read_by(caller_of(request))
        source = view.find(document)
        for candidate in view.passages(document):
            if candidate.id == passage:
                return passage_detail(candidate, source)
        raise Refusal("not_found", "There is no such passage. GET /api/documents/{document} lists those there are.")

    @api.get("/suggestions", summary="Questions that the documents answer", responses=problems)
    def suggestions(request: Request, document: str | None = None, collection: str | None = None) -> Suggestions:
        quoth = services.documents.read_by(caller_of(request)).asked(document, collection)
        return Suggestions(suggestions=quoth.suggest(SUGGESTED))


def add_feedback(api: APIRouter, services: Services) -> None:
    """POST /api/feedback"""

    @api.post(
        "/feedback",
        summary="Say what an answer was worth",
        status_code=204,
        responses=responses(*POSTED, "not_found", "not_kept"),
    )
    def feedback(given: FeedbackRequest, request: Request) -> None:
        if services.feedback is None:
            raise Refusal("not_found", "This server keeps no feedback.")
        try:
            services.feedback.save(services.documents.read_by(caller_of(request)).rated(given))
        except StoreError as error:
            raise not_kept(error) from error


def add_unanswered(api: APIRouter, services: Services) -> None:
    """POST /api/unanswered"""

    @api.post(
        "/unanswered",
        summary="Have a person answer a question",
        status_code=204,
        responses=responses(*POSTED, "bad_question", "not_found", "not_kept"),
    )
    async def unanswered(given: UnansweredRequest) -> None:
        if services.unanswered is None:
            raise Refusal("not_found", "This server keeps no questions.")
        kept = make_unanswered(given.question, given.address, given.consent, given.contact)
        try:
            await run_in_threadpool(services.unanswered.save, kept)
        except StoreError as error:
            raise not_kept(error) from error


def add_embed_tokens(api: APIRouter, services: Services) -> None:
    """POST /api/embed-token"""

    @api.post(
        "/embed-token",
        summary="Mint a token for an embed, as a wiki's own server or a proxy's user",
        responses=responses(*POSTED, "not_found"),
    )
    async def embed_token(wanted: EmbedTokenRequest, request: Request) -> EmbedToken:
        caller = caller_of(request)
        if services.tokens is None:
            raise Refusal("not_found", "This server asks nobody who they are; an embed needs no token.")
        if caller.kind not in ("site", "user"):
            raise Refusal("forbidden", "Only a site's token (quoth token add --site) or a proxy's user may mint.")
        if wanted.origin not in services.settings.allow_origin and not is_own(wanted.origin, request):
            raise Refusal("origin_not_allowed", why="a token for an origin that is not on the list")
        granted = grant(wanted, caller, services.tokens)
        return EmbedToken(token=services.tokens.mint(granted), expires_in=services.settings.embed_minutes * 60)


def grant(wanted: EmbedTokenRequest, caller: Caller, tokens: TokenFile) -> EmbedPass:
    """What an embed's token is to say: a proxy's user has it for themselves, a site for whom it names.

    Raises Refusal where a site gives a group that its own token does not have.
    """
    if caller.kind == "user":
        return EmbedPass(by="", user=caller.name, origin=wanted.origin, groups=tuple(sorted(caller.groups)))
    site = tokens.read().site(caller.site, datetime.now(UTC))
    if site is None or not set(wanted.groups) <= set(site.groups):
        raise Refusal("forbidden", "A site's token gives the groups that it has (quoth token add --group), no others.")
    return EmbedPass(by=caller.site, user=wanted.user, origin=wanted.origin, groups=wanted.groups)
