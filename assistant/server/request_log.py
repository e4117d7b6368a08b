"""The outermost middleware: a request id, one line in the log, the headers that every answer carries."""

import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.server.logs import log
from assistant.server.metrics import Metrics
from assistant.server.problems import Refusal, refuse
from assistant.server.proxies import address_of

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
ALWAYS = {
    "Content-Security-Policy": CLOSED,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class RequestLog:
    """Middleware that sees every request in and its answer out."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an error that nobody caught becomes a problem, its traceback a line in the log."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        shown = Headers(scope=scope).get("x-request-id", "")
        line: dict[str, Any] = {"request_id": shown if REQUEST_ID.fullmatch(shown) else secrets.token_hex(8)}
        line |= {"method": scope["method"], "path": scope["path"][:200]}
        scope["quoth.log"] = line

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                line["status"] = message["status"]
                finish(MutableHeaders(scope=message), line["request_id"])
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            log("error", 40, error, request_id=line["request_id"])
            if "status" in line:
                raise
            await refuse(Request(scope), Refusal("broken"))(scope, receive, sending)
        finally:
            line["ms"] = round(1000 * (time.perf_counter() - began), 1)
            line["address"] = address_of(scope)
            log("request", 30 if "refused" in line else 20, **line)
            self.count(scope, line)

    def count(self, scope: Scope, line: MutableMapping[str, Any]) -> None:
        """Count a request; its path only where it is a route's, so that callers cannot make series without end."""
        route = getattr(scope.get("route"), "path", "other")
        self.metrics.requests.labels(route, line.get("status", 499)).inc()
        if "refused" in line:
            self.metrics.refusals.labels(line["refused"]).inc()


def finish(headers: MutableHeaders, request_id: str) -> None:
    """Give an answer the headers that every one carries, unless its route has set them otherwise."""
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    if "frame-ancestors 'none'" not in headers["content-security-policy"]:
        del headers["x-frame-options"]
    headers["X-Request-Id"] = request_id
