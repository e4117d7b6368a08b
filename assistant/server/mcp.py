"""Tools for agents by the Model Context Protocol: ask, search and read; over standard input and output here.

Needs the extra `agents`; imported where it is used alone.
"""

import asyncio
import logging
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any, Protocol, TypeVar

from fastapi.concurrency import run_in_threadpool
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field, ValidationError

from assistant.config import MAX_HISTORY, MAX_QUESTION
from assistant.server import tools
from assistant.server.asking import Work, answer
from assistant.server.auth import Caller
from assistant.server.documents import Documents
from assistant.server.logs import log, start_logging
from assistant.server.problems import Refusal, not_as_described
from assistant.server.schema import AskRequest, HistoryTurn, Identity, Offset
from assistant.server.watching import keep_up
from index.errors import QuothError

T = TypeVar("T")
ABOUT = (
    "Answers questions about documents in their own words: quotations, each with its place and the notes behind it. "
    "Give them as they are. Where it abstains the documents do not say; do not answer in their place."
)
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
Question = Annotated[str, Field(min_length=1, max_length=MAX_QUESTION)]
ADocument = Annotated[Identity | None, Field(description="this document alone, by its id")]
ACollection = Annotated[Identity | None, Field(description="the documents of this folder of the sources alone")]
Earlier = Annotated[
    Sequence[HistoryTurn | Question],
    Field(max_length=MAX_HISTORY, description="the conversation so far, oldest question first"),
]


class Runner(Protocol):
    """Runs the work of a tool: here directly, over HTTP through the queue."""

    async def do(self, context: Context, work: Work[T], question: str = "") -> T:
        """Return the result of work; with a `question` it counts towards the quota. Raises ToolError."""
        ...


class Tools(MCPServer[Any]):
    """The SDK's server, whose errors are the sentences that every surface says."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; raises ToolError."""
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError as error:
            log("error", logging.ERROR, error.__cause__, tool=name)
            raise ToolError(Refusal("broken").detail) from None
        except ToolError as error:
            if isinstance(cause := error.__cause__, ValidationError):
                wrong = [{**problem, "loc": ("arguments", *problem["loc"])} for problem in cause.errors()]
                raise ToolError(not_as_described(wrong).detail) from None
            raise ToolError(str(cause or error)) from None


def make_tools(runner: Runner) -> MCPServer[Any]:
    """Make the server of the tools, whose work `runner` runs."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    server = Tools("quoth", title="Quoth", instructions=ABOUT, version=version("quoth"), subscriptions=False)
    root.handlers[:], root.level = handlers, level  # the SDK sets up the log of the whole process
    add_ask(server, runner)
    add_finding(server, runner)
    return server


def add_ask(server: MCPServer[Any], runner: Runner) -> None:
    """Add ask."""

    @server.tool(title="Ask the documents", annotations=READS)
    async def ask(
        context: Context,
        question: Question,
        document: ADocument = None,
        collection: ACollection = None,
        history: Earlier = (),
    ) -> Annotated[CallToolResult, tools.AnswerBody]:
        """The answer to a question as verbatim quotations, each with offsets, place, notes and sources; or why there
        is none.
        """
        asked = AskRequest(question=question, history=tuple(history), document=document, collection=collection)
        given = await runner.do(context, answer(asked), question)
        content = [TextContent(type="text", text=given.to_json())]
        return CallToolResult(content=content, structured_content=given.to_dict())


def add_finding(server: MCPServer[Any], runner: Runner) -> None:
    """Add search and read."""

    @server.tool(title="Search the documents", annotations=READS)
    async def search(
        context: Context,
        query: Question,
        document: ADocument = None,
        collection: ACollection = None,
        count: Annotated[int, Field(ge=1, le=20)] = 5,
    ) -> tools.Found:
        """The passages nearest to a query, the best first, each with its offsets, its notes and their sources."""
        return await runner.do(
            context, lambda seen, say: tools.search(seen.asked(document, collection), query, count), query
        )

    @server.tool(title="Read a document", annotations=READS)
    async def read(
        context: Context,
        document: Identity,
        start: Offset = 0,
        end: Annotated[Offset | None, Field(description=f"at most {tools.LONGEST:,} further on")] = None,
    ) -> tools.ReadText:
        """The text of a document by its id, or of a range of it in characters, with its notes and their sources."""
        return await runner.do(context, lambda seen, say: tools.read(seen, document, start, end))


class DirectRunner:
    """Runs work for whoever started this process: no queue, no quota, one call at a time."""

    def __init__(self, documents: Documents) -> None:
        self.documents, self._turn = documents, asyncio.Lock()

    async def do(self, context: Context, work: Work[T], question: str = "") -> T:
        """Return the result of work on the documents; raises ToolError."""
        try:
            async with self._turn:
                return await run_in_threadpool(work, self.documents.read_by(Caller("anyone", "")), lambda doing: None)
        except (Refusal, QuothError) as error:
            raise ToolError(str(error)) from error


async def serve_stdio(documents: Documents, watch: bool) -> None:
    """Serve the tools on standard input and output until it ends; meanwhile, with `watch`, keep up with the files."""
    start_logging()
    watching = asyncio.create_task(keep_up(documents)) if watch else None
    try:
        await make_tools(DirectRunner(documents)).run_stdio_async()
    finally:
        if watching:
            watching.cancel()
