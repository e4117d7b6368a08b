"""A server for tests: in this process for most, on a real port where a browser or a slow client asks."""

import asyncio
import io
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest import mock

from fastapi import FastAPI
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.feedback import FeedbackStore
from assistant.server.app import make_app, make_server
from assistant.server.logs import start_logging
from assistant.settings import Settings
from assistant.settings_sources import read_settings
from assistant.shared import SharedStore
from assistant.sync.wikis import Wikis

T = TypeVar("T")
QUESTION = "How many troops will the UN mission have?"


def settings(**given: Any) -> Settings:
    """Settings as flags would give them; one question at a time where nothing else is said, on any machine."""
    return read_settings({"workers": 1, **given}, {})


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives, run in a thread of its own: in this one Playwright may have a loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def application(
    quoth: Assistant,
    feedback: FeedbackStore | None = None,
    watch: bool = False,
    wikis_kept: Wikis | None = None,
    shared: SharedStore | None = None,
    **given: Any,
) -> FastAPI:
    """The application with these settings, made inside an event loop: Gradio leaves several open where there is none."""
    from gradio import blocks  # not for tests that serve nothing: it takes seconds

    async def made() -> FastAPI:
        return make_app(quoth, settings(**given), feedback, watch, wikis_kept, shared)

    # Gradio makes an application for each step of describing a page, and drops it: only the one that is mounted counts.
    with mock.patch.object(blocks, "App"):
        return run_apart(made())


def client(
    quoth: Assistant, peer: str = "127.0.0.1", feedback: FeedbackStore | None = None, **given: Any
) -> TestClient:
    """A client of an application with these settings, asking from an address."""
    app = application(quoth, feedback, **given)
    return TestClient(app, base_url="http://localhost:7860", client=(peer, 50000), raise_server_exceptions=False)


class Log:
    """What the server has logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def last(self, **wanted: object) -> Mapping[str, Any]:
        """The newest line with these values, waited for a little: it is written once the answer is out."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            response = [line for line in self.lines if all(line.get(key) == value for key, value in wanted.items())]
            if response:
                return response[-1]
            time.sleep(0.02)
        raise AssertionError(f"no line of the log has {wanted}: {self.lines[-5:]}")


@contextmanager
def logged() -> Iterator[Log]:
    """The log, as it is written meanwhile."""
    log = Log()
    start_logging(log.stream)
    yield log


@contextmanager
def serving(
    quoth: Assistant, feedback: FeedbackStore | None = None, port: int = 0, watch: bool = False, **given: Any
) -> Iterator[str]:
    """The address of a running server."""
    server = make_server(application(quoth, feedback, watch, **given), settings(**given))
    server.config.port = port
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(15)


def soon(done: Callable[[], bool]) -> bool:
    """Whether something is so, now or in a few seconds: what another process does takes a moment."""
    for _ in range(180):
        if done():
            return True
        time.sleep(0.05)
    return False
