"""The routes under /v1, in OpenAI's form: a chat whose replies are quotations with their citations, as Markdown.

The whole answer stands beside them, as `quoth`. What is said of sampling, tools and the like has no meaning here.
"""

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from assistant.bibliography import reply_markdown, short_answer_in
from assistant.config import MAX_QUESTION
from assistant.server.asking import Services, take
from assistant.server.auth import caller_of
from assistant.server.documents import View
from assistant.server.problems import ALWAYS, Refusal, responses
from assistant.server.queue import Progress
from assistant.types import Answer, Turn

EVERYTHING = "quoth"  # the model that is asked of all documents; behind a slash stands a collection
GONE = 499
NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
Chunk = dict[str, Any]
STREAMED = {
    "description": "The reply; with `stream` its chunks, as server-sent events, the last of which has the whole answer",
    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": "data: {…}\n\ndata: [DONE]\n\n"}},
}


class ChatPart(BaseModel):
    """A part of a message; pictures and the like have no text."""

    model_config = ConfigDict(frozen=True)
    text: str = ""


class ChatMessage(BaseModel):
    """A message; those of the user and the assistant are the conversation."""

    model_config = ConfigDict(frozen=True)
    role: str
    content: str | tuple[ChatPart, ...] | None = None

    @property
    def text(self) -> str:
        """Its words."""
        parts = self.content or ""
        return parts if isinstance(parts, str) else "\n".join(part.text for part in parts if part.text)


class StreamOptions(BaseModel):
    """How a stream ends."""

    model_config = ConfigDict(frozen=True)
    include_usage: bool = False


class ChatRequest(BaseModel):
    """What is asked in OpenAI's form; other keys are left alone, as its clients send many."""

    model_config = ConfigDict(frozen=True)
    model: str = Field(EVERYTHING, max_length=400)
    messages: tuple[ChatMessage, ...] = Field(min_length=1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None


class Model(BaseModel):
    """A model: what is asked, all documents or a collection."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "quoth"


class ModelList(BaseModel):
    """The models that there are."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]


class Reply(BaseModel):
    """The quotation with its citation, as Markdown; or why there is none."""

    role: Literal["assistant"]
    content: str
    refusal: None


class Choice(BaseModel):
    """The one reply."""

    index: Literal[0]
    message: Reply
    finish_reason: Literal["stop"]
    logprobs: None


class Usage(BaseModel):
    """Tokens, of which none are counted."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    """A reply in OpenAI's form, and beside it the whole answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: tuple[Choice]
    usage: Usage
    quoth: Answer


def make_completions(services: Services) -> APIRouter:
    """The routes."""
    completions = APIRouter(prefix="/v1")

    def names_for(request: Request) -> tuple[str, ...]:
        return model_names(services.documents.read_by(caller_of(request)))

    @completions.get(
        "/models", summary="The models: everything, and each collection", responses=responses(*ALWAYS, openai=True)
    )
    async def models(request: Request) -> ModelList:
        names = await run_in_threadpool(names_for, request)
        return ModelList(data=tuple(Model(id=name) for name in names))

    @completions.get(
        "/models/{name:path}", summary="A model", responses=responses(*ALWAYS, "no_model", "invalid", openai=True)
    )
    async def model(name: str, request: Request) -> Model:
        if name not in await run_in_threadpool(names_for, request):
            raise Refusal("no_model")
        return Model(id=name)

    @completions.post(
        "/chat/completions",
        summary="Ask a question in OpenAI's form",
        response_model=Completion,
        responses={
            200: STREAMED,
            **responses(*ALWAYS, "invalid", "quota", "bad_question", "no_model", "busy", openai=True),
        },
    )
    async def complete(asked: ChatRequest, request: Request) -> Response:
        question, history = conversation(asked.messages)
        reply = ""

        def work(seen: View, say: Progress) -> Answer:
            nonlocal reply
            quoth = seen.asked(None, collection_of(asked.model, seen))
            answer = quoth.ask(question, history)
            reply = reply_markdown(answer, quoth.index.documents)
            return answer

        answer = await take(services, request, work, question)
        if answer is None:
            return Response(status_code=GONE)
        if asked.stream:
            usage = bool(asked.stream_options and asked.stream_options.include_usage)
            events = to_events(to_chunks(asked.model, answer, reply, usage))
            return StreamingResponse(events, media_type="text/event-stream")
        return JSONResponse(to_completion(asked.model, answer, reply))

    return completions


def conversation(messages: Sequence[ChatMessage]) -> tuple[str, tuple[Turn, ...]]:
    """The question that messages end with, and the turns before it; one that could not be asked is left out."""
    spoken = [message for message in messages if message.role in ("user", "assistant")]
    if not spoken or spoken[-1].role != "user":
        raise Refusal("invalid", "messages: the last one has to be the user's, with the question.")
    turns: list[Turn] = []
    for message in spoken[:-1]:
        if message.role == "assistant" and turns:
            turns[-1] = replace(turns[-1], answer=short_answer_in(message.text))
        elif message.role == "user" and 0 < len(message.text.strip()) <= MAX_QUESTION:
            turns.append(Turn(message.text))
    return spoken[-1].text, tuple(turns)


def model_names(seen: View) -> tuple[str, ...]:
    """Return the models' names: one for all documents, and one for each collection and its parents."""
    inside = {entry.collection for entry in seen.entries if entry.collection}
    around = {str(folder) for name in inside for folder in (PurePosixPath(name), *PurePosixPath(name).parents)} - {"."}
    return EVERYTHING, *(f"{EVERYTHING}/{name}" for name in sorted(around))


def collection_of(model: str, seen: View) -> str | None:
    """The collection that a model names, None for everything; raises Refusal if there is no such model."""
    if model == EVERYTHING:
        return None
    if model not in model_names(seen):
        raise Refusal("no_model")
    return model.removeprefix(f"{EVERYTHING}/")


def head(model: str, kind: str) -> dict[str, Any]:
    """Return the fields that a completion and its chunks share."""
    identity = f"chatcmpl-{secrets.token_hex(12)}"
    return {"id": identity, "object": kind, "created": int(time.time()), "model": model}


def to_completion(model: str, answer: Answer, reply: str) -> dict[str, Any]:
    """An answer as a completion."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": reply, "refusal": None},
        "finish_reason": "stop",
        "logprobs": None,
    }
    return {**head(model, "chat.completion"), "choices": [choice], "usage": NO_USAGE, "quoth": answer.to_dict()}


def to_chunks(model: str, answer: Answer, reply: str, usage: bool) -> Iterator[Chunk]:
    """An answer as a completion's chunks: the role, the reply by its paragraphs, the end with the whole answer."""
    begin = head(model, "chat.completion.chunk")

    def chunk(delta: dict[str, str], finish: str | None = None) -> Chunk:
        return {**begin, "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}

    yield chunk({"role": "assistant", "content": ""})
    for number, paragraph in enumerate(reply.split("\n\n")):
        yield chunk({"content": paragraph if not number else f"\n\n{paragraph}"})
    yield {**chunk({}, "stop"), "quoth": answer.to_dict()}
    if usage:
        yield {**begin, "choices": [], "usage": NO_USAGE}


def to_events(chunks: Iterator[Chunk]) -> Iterator[str]:
    """Yield chunks as server-sent events, then the end marker."""
    for chunk in chunks:
        yield f"data: {json.dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"
