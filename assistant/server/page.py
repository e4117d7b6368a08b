"""The Gradio page, mounted so that of Gradio's own routes only those the page needs are open."""

import base64
import hashlib
import json
import os
import re
from collections.abc import MutableMapping, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.server.asking import Services
from assistant.server.bodies import replaying
from assistant.server.paths import route_path
from assistant.server.problems import Refusal, refuse

OPEN = re.compile(
    r"(?:GET|HEAD) (?:/|/config|/theme\.css|/favicon\.ico|/manifest\.json|/(?:assets|static)(?:/[\w@-][\w.@-]*)+"
    r"|/gradio_api/(?:heartbeat/\w+|queue/data|startup-events|app_id))"
    r"|POST /gradio_api/(?:queue/join|cancel|reset)"
)
CALL = "POST /gradio_api/component_server/"
SERVER_FUNCTIONS = ("read_start", "read_document")  # the page's, in assistant/page/app.py
SCRIPT = re.compile(rb"<script(?P<how>[^>]*)>(?P<code>.*?)</script>", re.S | re.I)


def mount_page(app: FastAPI, services: Services) -> None:
    """Mount the page at the root of the application, behind everything else."""
    # Before gradio is imported, which asks for its version and sends statistics otherwise.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from assistant.page.app import make_page, page_head, page_theme

    page = make_page(services)
    gr.mount_gradio_app(
        app,
        page.queue(default_concurrency_limit=None),  # questions wait in our queue, with the API's
        path="/",
        root_path=services.settings.root_path or None,
        theme=page_theme(),
        head=page_head(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        show_error=False,
    )
    mounted = app.routes[-1]
    assert isinstance(mounted, Mount)
    app.state.end_pages = mounted.app.stop_event.set  # type: ignore[attr-defined]
    mounted.app = AllowedRoutes(mounted.app, app.routes[:-1], frozenset(page.blocks))


class AllowedRoutes:
    """Middleware that lets through the requests that the page makes, and gives the page its content security policy."""

    def __init__(self, app: ASGIApp, before: Sequence[BaseRoute], components: frozenset[int]) -> None:
        self.app, self.before, self.components = app, before, components

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on to Gradio."""
        request = Request(scope, receive)
        path = route_path(scope)
        if f"{request.method} {path}" == CALL and (page := self.calling(body := await request.body())):
            scope["quoth.page"] = page
            await self.app(scope, replaying(body, receive), send)
        elif not OPEN.fullmatch(f"{request.method} {path}"):
            await refuse(request, self.refusal(scope))(scope, receive, send)
        elif path == "/":
            await (await self.page(scope, receive))(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def calling(self, body: bytes) -> str:
        """The page's session, if a body calls one of the page's own functions as its script does; else nothing."""
        try:
            call = json.loads(body)
        except (ValueError, RecursionError):
            return ""
        is_call = (
            isinstance(call, dict)
            and call.get("fn_name") in SERVER_FUNCTIONS
            and isinstance(call.get("session_hash"), str)
            and isinstance(call.get("component_id"), int)
            and call["component_id"] in self.components
            and "data" in call
        )
        return call["session_hash"] if is_call else ""

    def refusal(self, scope: Scope) -> Refusal:
        """Why something is not here: there is nothing, or a route before this one takes it another way."""
        outer = {**scope, "root_path": scope.get("app_root_path", "")}
        others = [route for route in self.before if route.matches(outer)[0] is Match.PARTIAL]
        allowed = sorted({method for route in others for method in getattr(route, "methods", None) or ()})
        return Refusal("method_not_allowed", headers={"Allow": ", ".join(allowed)}) if others else Refusal("not_found")

    async def page(self, scope: Scope, receive: Receive) -> Response:
        """The page, under a policy that names each script it begins with."""
        start: dict[str, object] = {}
        parts: list[bytes] = []

        async def collect(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            parts.append(message.get("body", b""))

        await self.app({**scope, "method": "GET"}, receive, collect)
        body = b"".join(parts)
        response = Response(body, int(str(start["status"])), media_type="text/html")
        response.headers["Content-Security-Policy"] = policy(body)
        return response


def policy(page: bytes) -> str:
    """The page's content security policy.

    Gradio builds functions from the scripts of its HTML components and its events, which needs
    'unsafe-eval', and sets styles on elements, which needs 'unsafe-inline' for styles. The scripts that stand
    in the page are named by their hashes, so that markup injected later runs nothing.
    """
    scripts = [s["code"] for s in SCRIPT.finditer(page) if b"src=" not in s["how"] and s["code"]]
    hashes = dict.fromkeys(base64.b64encode(hashlib.sha256(code).digest()).decode() for code in scripts)
    named = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {named}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
        "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
    )
