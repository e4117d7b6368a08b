"""One question over HTTP, and what came back; no retry that nobody sees."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

EVENTS = "text/event-stream"
PROBLEM = "application/problem+json"
PATIENCE = 120  # seconds until a client gives an answer up for lost


@dataclass(frozen=True, slots=True)
class Case:
    """A body to send to /api/ask, and whether its stages are wanted."""

    body: Mapping[str, Any]
    stream: bool = False

    @property
    def question(self) -> str:
        """What is asked; empty where the body is none that can be answered."""
        return str(self.body.get("question", ""))


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status 0 where the connection broke, header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Truth:
    """A status and what was told with it, less its times."""

    status: int
    told: Mapping[str, Any]


def post(host: str, path: str, body: object, request_id: str, accept: str = "application/json") -> Reply:
    """Send a body to a host (name and port) on a connection of its own."""
    headers = {"Content-Type": "application/json", "Accept": accept, "X-Request-Id": request_id, "Connection": "close"}
    line = HTTPConnection(host, timeout=PATIENCE)
    try:
        line.request("POST", path, json.dumps(body), headers)
        answer = line.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    except (OSError, HTTPException):
        return Reply(0)
    finally:
        line.close()


def ask(host: str, case: Case, request_id: str) -> Reply:
    """Ask a case."""
    return post(host, "/api/ask", case.body, request_id, EVENTS if case.stream else "application/json")


def read(reply: Reply) -> Truth | None:
    """What a reply tells; None where it tells nothing."""
    status, body = reply.status, reply.body.decode()
    if reply.headers.get("content-type", "").startswith(EVENTS):
        last = re.search(r"event: (answer|problem)\ndata: (.*)\n\n\Z", body)
        if not last:
            return None
        body = last[2]
    try:
        payload = json.loads(body)
    except ValueError:
        return None
    if not isinstance(payload, dict):
        return None
    payload.pop("timings_ms", None)
    return Truth(int(payload.get("status", status)), payload)
