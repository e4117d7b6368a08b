"""The tools for agents over HTTP: /mcp, under the tokens, lists, quotas and the queue of every other route."""

from typing import cast

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.routing import Route

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
                self.services.quota.count(request.scope)
            given = await take(request, self.services, work, question)
        except (Refusal, QuothError) as error:
            refusal = error if isinstance(error, Refusal) else as_refusal(error)
            note(request, refused=refusal.kind, **({"why": refusal.why} if refusal.why else {}))
            raise ToolError(refusal.detail) from refusal
        if given is None:
            raise ToolError("The caller has left.")
        return given


def make_mcp(services: Services, path: str) -> tuple[Route, StreamableHTTPSessionManager]:
    """The route, and what has to run as long as it is there.

    Without sessions, and JSON alone: nothing is held open. Hosts, origins and bodies are looked at before it.
    """
    tools = make_tools(Served(services))
    app = tools.streamable_http_app(streamable_http_path=path, json_response=True, stateless_http=True, host="")
    [route] = app.routes
    assert isinstance(route, Route)
    return Route(path, endpoint=route.endpoint, methods=["POST"]), tools.session_manager
