"""The tools for agents over HTTP: /mcp, under the tokens, lists, quotas and the queue of every other route."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from assistant.server.asking import Services, T, Work, take
from assistant.server.mcp import make_tools
from assistant.server.problems import Refusal, as_refusal, note
from index.errors import QuothError


class Served:
    """The desk of this server's callers."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def do(self, context: Context, work: Work[T], question: str = "") -> T:
        """What some work on the documents that the caller may see gives; raises ToolError."""
        request = cast(Request, context.request_context.request)
        try:
            if question:
                await self.services.quota.count(request.scope)
            given = await take(request, self.services, work, question)
        except (Refusal, QuothError) as error:
            refusal = as_refusal(error)
            note(request, refused=refusal.kind, **({"why": refusal.why} if refusal.why else {}))
            raise ToolError(refusal.detail) from refusal
        if given is None:
            raise ToolError("The caller has left.")
        return given


class Mcp:
    """The application behind /mcp, while `running`: no sessions, JSON alone, so that nothing is held open.

    Hosts, origins and bodies are looked at before it.
    """

    def __init__(self, services: Services) -> None:
        self.tools = make_tools(Served(services))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Meanwhile, answer; what the SDK needs for that is made anew each time."""
        self.tools.streamable_http_app(json_response=True, stateless_http=True, host="")
        async with self.tools.session_manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.tools.session_manager.handle_request(scope, receive, send)
