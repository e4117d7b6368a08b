"""Clients that ask and leave, or ask and never read: their places in the queue are given back."""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from assistant import Assistant
from assistant.types import Answer
from tests.serving import QUESTION, logged, serving

UNREAD = 200  # documents asked for and not read: more than the buffers between two programs hold


class Held(Assistant):
    """An assistant that answers when it is let, and notes what it was asked."""

    def __init__(self, quoth: Assistant) -> None:
        super().__init__(quoth.index, quoth.config, quoth.reader)
        self.let, self.asked = threading.Event(), list[str]()

    def ask(self, question: str, *more: Any) -> Answer:
        self.asked.append(question)
        self.let.wait(20)
        return super().ask(question, *more)


@pytest.fixture
def held(quoth: Assistant) -> Held:
    return Held(quoth)


def request(method: str, path: str, body: object = None, accept: str = "*/*") -> bytes:
    """A request as it goes over the wire."""
    sent = json.dumps(body).encode() if body else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(sent)}\r\n\r\n".encode() + sent


def send(address: str, sent: bytes) -> socket.socket:
    """A connection on which something was sent and nothing is read."""
    line = socket.create_connection((urlsplit(address).hostname, urlsplit(address).port))
    line.sendall(sent)
    return line


def waiting(address: str) -> int:
    """How many questions wait or are being answered."""
    return int(float(httpx.get(f"{address}/metrics").text.split("\nquoth_questions_waiting ")[1].split("\n")[0]))


def comes_true(condition: Callable[[], object], seconds: float = 5) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream"])
def test_who_leaves_while_waiting_gives_the_place_back_and_is_not_answered(held: Held, accept: str) -> None:
    with logged() as log, serving(held, queue=3, metrics=True, quota="", quota_address="") as address:
        first = send(address, request("POST", "/api/ask", {"question": QUESTION}, accept))
        assert comes_true(lambda: held.asked)
        left = [send(address, request("POST", "/api/ask", {"question": f"{QUESTION} {n}"}, accept)) for n in range(3)]
        assert comes_true(lambda: waiting(address) == 4)
        assert httpx.post(f"{address}/api/ask", json={"question": "Full?"}).status_code == 503
        for line in left:
            line.close()
        assert comes_true(lambda: waiting(address) == 1)
        assert httpx.get(f"{address}/readyz").status_code == 200
        held.let.set()
        assert comes_true(lambda: waiting(address) == 0)
        assert held.asked == [QUESTION]
        assert log.last(path="/api/ask", status=499 if accept == "*/*" else 200)  # a stream had begun
        first.close()


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream"])
def test_who_leaves_while_being_answered_holds_the_worker_until_it_is_done(held: Held, accept: str) -> None:
    with serving(held, metrics=True) as address:
        line = send(address, request("POST", "/api/ask", {"question": QUESTION}, accept))
        assert comes_true(lambda: held.asked)
        line.close()
        time.sleep(0.3)
        assert waiting(address) == 1  # the thread cannot be stopped, and the next must not run beside it
        held.let.set()
        assert comes_true(lambda: waiting(address) == 0)
        assert httpx.post(f"{address}/api/ask", json={"question": QUESTION}).json()["answered"]


@pytest.mark.slow
def test_who_never_reads_holds_no_place_and_is_cut_off(held: Held) -> None:
    held.let.set()
    document = request("GET", "/api/documents/stabilizing-mali")
    asked = request("POST", "/api/ask", {"question": QUESTION}, "text/event-stream")
    with serving(held, queue=1, metrics=True, quota="", quota_address="", unread_seconds=4) as address:
        with socket.socket() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect((urlsplit(address).hostname, urlsplit(address).port))
            line.sendall((document + asked) * UNREAD)
            assert comes_true(lambda: stands_still(lambda: len(held.asked)), 30)
            assert 0 < len(held.asked) < UNREAD
            assert waiting(address) == 0
            time.sleep(4)
            assert 0 < read_all(line).count(b"HTTP/1.1 200 OK") < 2 * UNREAD  # it ends, though much was not answered
            assert len(held.asked) < UNREAD
        assert httpx.get(f"{address}/readyz").status_code == 200


@pytest.mark.slow
def test_who_reads_slowly_gets_everything(quoth: Assistant) -> None:
    document = request("GET", "/api/documents/stabilizing-mali")
    with serving(quoth, unread_seconds=0.5) as address, send(address, document * UNREAD) as line:
        began, read = time.monotonic(), bytearray()
        while read.count(b"HTTP/1.1 200 OK") < UNREAD and (part := line.recv(100_000)):
            read += part
            time.sleep(0.02)
        assert read.count(b"HTTP/1.1 200 OK") == UNREAD
        assert time.monotonic() - began > 2  # more than the server waits for one who reads nothing


def stands_still(count: Callable[[], int]) -> bool:
    """Whether a number has been the same for a second."""
    before = count()
    time.sleep(1)
    return count() == before


def read_all(line: socket.socket) -> bytes:
    """Everything that is sent on a connection until it is closed."""
    read = bytearray()
    line.settimeout(10)
    while True:
        try:
            part = line.recv(1_000_000)
        except ConnectionResetError:
            part = b""
        if not part:
            return bytes(read)
        read += part
