"""The web application of one assistant, and the process that serves it."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from importlib.util import find_spec

import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from assistant.assistant import Assistant
from assistant.feedback import FeedbackStore
from assistant.server import metrics as prometheus
from assistant.server.api import make_api
from assistant.server.asking import Services
from assistant.server.auth import Auth
from assistant.server.bodies import Bodies
from assistant.server.completions import make_completions
from assistant.server.documents import Documents
from assistant.server.embed import make_embeds
from assistant.server.logs import log, start_logging
from assistant.server.metrics import Metrics
from assistant.server.origins import Origins
from assistant.server.page import mount_page
from assistant.server.problems import ALWAYS, Problem, add_handlers, responses
from assistant.server.protocol import impatient
from assistant.server.proxies import Proxies
from assistant.server.queue import Queue
from assistant.server.quota import Quota, Quotas
from assistant.server.request_log import RequestLog
from assistant.server.syncing import keep_in_step
from assistant.server.tokens import TokenFile
from assistant.server.uploads import Uploads, make_uploads
from assistant.server.watching import keep_up
from assistant.server.wiki_rights import make_rights
from assistant.settings import Settings
from assistant.shared import SharedStore, kept_in
from assistant.sync.wikis import Wikis
from assistant.unanswered import UnansweredStore
from index.sessions import count_cores

ABOUT = "Questions about documents, answered in the documents' own words, with their place and the notes behind them."


def make_app(
    quoth: Assistant,
    settings: Settings = Settings(),
    feedback: FeedbackStore | None = None,
    watch: bool = False,
    wikis: Wikis | None = None,
    shared: SharedStore | None = None,
) -> FastAPI:
    """The application; `feedback` keeps what is said of answers, None where nothing is kept.

    In `shared` quotas are counted for all processes that have it.

    With `watch` the documents are read again when their files change, and `wikis` are asked what changed in them.
    """
    documents = Documents(quoth, make_rights(settings, wikis or Wikis(settings, os.environ)))
    tokens = TokenFile(settings.tokens) if settings.auth else None
    metrics = Metrics(lambda: queue.taken)
    queue = Queue(settings.workers or count_cores(), settings.queue, metrics.observe)
    app = FastAPI(
        title="Quoth", description=ABOUT, version="1", docs_url=None, redoc_url=None, 
        lifespan=partial(living, documents=documents, settings=settings, watch=watch, wikis=wikis),
        openapi_url="/openapi.json", redirect_slashes=False,
    )  # fmt: skip
    add_handlers(app)
    quota = Quota(settings, shared)
    unanswered = UnansweredStore(feedback.place) if feedback and settings.keep_unanswered else None
    uploads = Uploads(settings) if settings.allow_upload else None
    services = Services(settings, documents, queue, quota, tokens, feedback, unanswered, uploads)
    app.include_router(make_api(services))
    app.include_router(make_completions(services))
    add_mcp(app, services)
    app.include_router(make_embeds(settings))
    if uploads:
        app.include_router(make_uploads(uploads))
    add_health(app, queue, tokens, documents, shared)
    if settings.metrics:
        add_metrics(app, metrics)
    describe(app)
    mount_page(app, services)
    # The last one added is the first that a request meets.
    app.add_middleware(Bodies, settings=settings)
    app.add_middleware(Quotas, quota=quota)
    app.add_middleware(Auth, settings=settings, tokens=tokens)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.allow_origin,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After", "X-Request-Id"],
    )
    app.add_middleware(Origins, settings=settings)
    app.add_middleware(Proxies, settings=settings)
    app.add_middleware(RequestLog, metrics=metrics)
    return app


@asynccontextmanager
async def living(
    app: FastAPI, documents: Documents, settings: Settings, watch: bool, wikis: Wikis | None
) -> AsyncIterator[None]:
    """Write the beginning and the end into the log; serve agents meanwhile, with `watch` keep up with the sources."""
    log("started")
    meanwhile = [asyncio.create_task(keep_up(documents))] if watch else []
    if watch and wikis and settings.wikis and settings.sync_seconds:
        meanwhile.append(asyncio.create_task(keep_in_step(wikis, settings.sync_seconds)))
    agents = app.state.agents.running() if app.state.agents else nullcontext()
    try:
        async with agents:
            yield
    finally:
        for task in meanwhile:
            task.cancel()
        if wikis:
            wikis.close()
        log("stopped")


def add_mcp(app: FastAPI, services: Services) -> None:
    """/mcp, where the extra for it is installed; it runs while the application does."""
    app.state.agents = None
    if find_spec("mcp"):
        from assistant.server.mcp_http import Mcp

        app.state.agents = Mcp(services)
        app.router.routes.append(Route("/mcp", endpoint=app.state.agents, methods=["POST"]))


def add_health(
    app: FastAPI, queue: Queue, tokens: TokenFile | None, documents: Documents, shared: SharedStore | None
) -> None:
    """/healthz: the process is there. /readyz: it takes questions now."""

    @app.get("/healthz", summary="Whether the process is there", responses=responses(*ALWAYS))
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get(
        "/readyz", summary="Whether it takes questions now", responses=responses(*ALWAYS, "busy", "away", "not_shared")
    )
    async def readyz() -> dict[str, str]:
        if tokens:
            tokens.read()
        if shared:
            await run_in_threadpool(shared.check)
        await run_in_threadpool(documents.quoth.index.ranking.check)
        async with queue.place():
            return {"status": "ready"}


def add_metrics(app: FastAPI, metrics: Metrics) -> None:
    """/metrics"""

    @app.get("/metrics", include_in_schema=False)
    async def figures() -> Response:
        return Response(metrics.text(), media_type=prometheus.MEDIA_TYPE)


def describe(app: FastAPI) -> None:
    """Add to the OpenAPI description the problem that every error is, and the tokens that --auth asks for."""
    generate = app.openapi

    def openapi() -> dict[str, object]:
        if not app.openapi_schema:
            description = generate()
            schemas = description["components"]["schemas"]
            schemas["Problem"] = Problem.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            description["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            description["security"] = [{}, {"token": []}]
        return app.openapi_schema or description

    app.openapi = openapi  # type: ignore[method-assign]


class Server(uvicorn.Server):
    """uvicorn, which tells open pages that it ends: they hold a connection each, and the end would wait for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, finish what is under way, end."""
        self.config.app.state.end_pages()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def make_server(app: FastAPI, settings: Settings) -> Server:
    """uvicorn, as it serves the application: no name in its answers; proxies are a middleware's affair."""
    config = uvicorn.Config(
        app,
        http=impatient(settings.receive_seconds, settings.unread_seconds),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=settings.grace_seconds,
        h11_max_incomplete_event_size=16384,
    )
    return Server(config)


def serve(quoth: Assistant, settings: Settings, listening: socket.socket, wikis: Wikis | None = None) -> None:
    """Serve the application on a socket until it is interrupted, then finish the answers under way."""
    start_logging()
    if settings.auth:
        TokenFile(settings.tokens).ensure_key()
    host, port = listening.getsockname()[:2]
    kept = kept_in(settings)
    feedback = None if settings.no_feedback else FeedbackStore(kept, settings.record_questions)
    shared = kept if isinstance(kept, SharedStore) else None
    server = make_server(make_app(quoth, settings, feedback, not settings.no_watch, wikis, shared), settings)
    print(f"Quoth answers at http://{f'[{host}]' if ':' in host else host}:{port}{settings.root_path}", file=sys.stderr)
    server.run(sockets=[listening])
