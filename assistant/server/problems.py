"""Errors as `application/problem+json`, or in OpenAI's form: one sentence that says what is wrong and what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from assistant.feedback import NOT_KEPT
from assistant.server.paths import speaks_openai
from index.errors import QuestionError, QuothError, SharedStoreError, StoreError, UnavailableError

MEDIA_TYPE = "application/problem+json"
PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "bad_request": (400, "Bad request", "The body is not the JSON object that is asked for."),
    "bad_question": (400, "The question cannot be asked", "The question is empty. Ask something about the document."),
    "host_not_allowed": (400, "Host not allowed", "This server does not answer under that host name."),
    "unauthorized": (401, "Who asks is not known", "Send a token: Authorization: Bearer TOKEN."),
    "forbidden": (403, "Not for this caller", "An embed's token is good for asking alone."),
    "origin_not_allowed": (403, "Origin not allowed", "This server does not answer pages of that origin."),
    "not_found": (404, "Not found", "There is no such thing here."),
    "no_model": (404, "No such model", "There is no such model. GET /v1/models lists those there are."),
    "method_not_allowed": (405, "Method not allowed", "Ask with POST, read with GET."),
    "too_slow": (408, "Too slow", "The request took too long to arrive. Send it at once."),
    "too_large": (413, "Too large", "The body is larger than this server takes. Send less."),
    "unsupported_media": (415, "Unsupported media type", "Send plain JSON, neither compressed nor a form."),
    "invalid": (422, "Not as described", "question: a string is needed."),
    "quota": (429, "Over the quota", "That is as many questions as this server takes for now."),
    "broken": (500, "Something broke here", "The server failed at this. Its log says more, under the request's id."),
    "not_kept": (507, "Not kept", NOT_KEPT),
    "not_shared": (
        503,
        "The shared store is away",
        "What all processes share cannot be reached. Try again soon.",
    ),
    "busy": (503, "Busy", "Too many questions are waiting. Try again in a moment."),
    "away": (503, "Search is away", "What this server searches in does not answer now. Try again in a moment."),
}
AWAY_SECONDS = 5  # to come back after
# What OpenAI calls these.
OPENAI_CODES = {"unauthorized": "invalid_api_key", "quota": "rate_limit_exceeded", "no_model": "model_not_found"}
# What a request of any kind may be answered with: its host, origin, caller or body is looked at first.
ALWAYS = (
    "bad_request", "host_not_allowed", "origin_not_allowed", "unauthorized", "forbidden", "too_slow", "too_large",
    "unsupported_media", "broken",
)  # fmt: skip


class Problem(BaseModel):
    """What a refused request is answered with (RFC 9457)."""

    type: str = Field(description="which problem it is, the same for every occurrence")
    title: str
    status: int
    detail: str = Field(description="one sentence: what is wrong, and what to do")


class Refusal(Exception):
    """A request that is not served; `why` is for the log alone."""

    def __init__(self, kind: str, detail: str = "", why: str = "", headers: Mapping[str, str] = {}) -> None:
        self.kind, self.why, self.headers = kind, why, headers
        self.status, self.title, standard = PROBLEMS[kind]
        self.detail = detail or standard
        super().__init__(self.detail)

    def response(self) -> JSONResponse:
        """The refusal as it is sent."""
        problem = Problem(type=f"urn:quoth:{self.kind}", title=self.title, status=self.status, detail=self.detail)
        return JSONResponse(problem.model_dump(), self.status, dict(self.headers), MEDIA_TYPE)

    def openai_response(self) -> JSONResponse:
        """The refusal as OpenAI's clients read it."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        code = OPENAI_CODES.get(self.kind, self.kind)
        error = {"message": self.detail, "type": kind, "param": None, "code": code}
        return JSONResponse({"error": error}, self.status, dict(self.headers))


def as_refusal(error: QuothError | Refusal) -> Refusal:
    """An error as it is told outside; what is not about the question speaks to whoever runs the server."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, QuestionError):
        return Refusal("bad_question", str(error))
    if isinstance(error, SharedStoreError):
        return Refusal("not_shared", why=str(error), headers={"Retry-After": str(AWAY_SECONDS)})
    if isinstance(error, UnavailableError):
        return Refusal("away", why=str(error), headers={"Retry-After": str(AWAY_SECONDS)})
    return Refusal("broken", why=str(error))


def not_kept(error: StoreError) -> Refusal:
    """What is told of something that could not be kept."""
    return as_refusal(error) if isinstance(error, SharedStoreError) else Refusal("not_kept", why=str(error))


def responses(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """These problems, for a route's OpenAPI description."""
    described: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        status, title, detail = PROBLEMS[kind]
        example = Problem(type=f"urn:quoth:{kind}", title=title, status=status, detail=detail).model_dump()
        response = described.setdefault(status, {"description": title, "content": {MEDIA_TYPE: {"examples": {}}}})
        response["content"][MEDIA_TYPE]["schema"] = {"$ref": "#/components/schemas/Problem"}
        response["content"][MEDIA_TYPE]["examples"][kind] = {"value": example}
    return described


def note(request: Request, **fields: object) -> None:
    """Have fields written into the request's line of the log."""
    request.scope.setdefault("quoth.log", {}).update(fields)


def refuse(request: Request, refusal: Refusal) -> JSONResponse:
    """Answer with a refusal, and log it."""
    note(request, refused=refusal.kind, **({"why": refusal.why} if refusal.why else {}))
    return refusal.openai_response() if speaks_openai(request.scope) else refusal.response()


def add_handlers(app: FastAPI) -> None:
    """Every error that a route can end with becomes a problem."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> JSONResponse:
        return refuse(request, error)

    @app.exception_handler(QuothError)
    async def quoth_error(request: Request, error: QuothError) -> JSONResponse:
        return refuse(request, as_refusal(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return refuse(request, not_as_described(error.errors()))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        kinds = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media"}
        return refuse(request, Refusal(kinds.get(error.status_code, "bad_request"), headers=error.headers or {}))


def not_as_described(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """The first thing wrong with a request; nothing of what was sent is repeated."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return Refusal("bad_request", "The body is not JSON.")
    place = ".".join(str(part) for part in first["loc"][1:] if isinstance(part, int) or part.isidentifier())
    words = (
        "this is not a known key" if first["type"] == "extra_forbidden" else first["msg"][:1].lower() + first["msg"][1:]
    )
    return Refusal("invalid", f"{place[:100] or 'body'}: {words[:200]}.".encode("ascii", "replace").decode())
