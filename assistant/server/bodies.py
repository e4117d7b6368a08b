"""Bodies: how large one may be, how slowly it may come; nothing compressed is unpacked."""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.server.paths import UPLOAD, route_path
from assistant.server.problems import Refusal, refuse
from assistant.settings import Settings

UPLOAD_SECONDS = 60  # for a file to arrive


class Bodies:
    """Middleware that takes a body whole before anything reads it, or refuses it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on with the body it came with."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            body = await self.take(request, receive)
        except Refusal as refusal:
            await refuse(request, refusal)(scope, receive, send)
            return
        if body is not None:
            await self.app(scope, replaying(body, receive), send)

    async def take(self, request: Request, receive: Receive) -> bytes | None:
        """The whole body; None if the client has gone. Raises Refusal where it is too large, too slow or packed."""
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Refusal("unsupported_media", why="a Content-Encoding")
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Refusal("bad_request", "The Content-Length is no number of bytes.", headers={"Connection": "close"})
        upload = self.settings.allow_upload and route_path(request.scope) == UPLOAD
        largest = self.settings.upload_size if upload else self.settings.max_body
        if int(length[:18]) > largest:
            raise Refusal("too_large", limit(largest), headers={"Connection": "close"})
        body = bytearray()
        try:
            async with asyncio.timeout(UPLOAD_SECONDS if upload else self.settings.receive_seconds):
                while (message := await receive())["type"] == "http.request":
                    body += message.get("body", b"")
                    if len(body) > largest:
                        raise Refusal("too_large", limit(largest), headers={"Connection": "close"})
                    if not message.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            raise Refusal("too_slow", headers={"Connection": "close"}) from None
        return None


def limit(largest: int) -> str:
    """How much is taken, as a sentence."""
    return f"The body is larger than the {largest:,} bytes this server takes. Send less."


def replaying(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
