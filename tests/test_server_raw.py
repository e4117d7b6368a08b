"""Requests that no schema draws: broken bodies, odd headers, odd paths, straight into the application.

What comes back is always one of the statuses that are described, never a 5xx, and a refusal is a problem of one
clear sentence; nothing of it is in the log as an error.
"""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import Assistant
from assistant.feedback import FeedbackStore
from assistant.server.problems import PROBLEMS
from assistant.server.tokens import TokenFile
from tests.serving import QUESTION, application, logged

EXAMPLES = [100, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
POSTED = ("/api/ask", "/api/feedback", "/api/embed-token")
READ = (
    "/api/documents", "/api/documents/stabilizing-mali", "/api/documents/stabilizing-mali/passages/stabilizing-mali%234",
    "/api/suggestions", "/api/suggestions?document=stabilizing-mali", "/healthz", "/readyz", "/openapi.json",
)  # fmt: skip
GOOD = {"question": QUESTION}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


class Server:
    """An application in an event loop of its own, asked as uvicorn would ask it, with whatever bytes there are."""

    def __init__(self, app: FastAPI, peer: str = "127.0.0.1") -> None:
        self.app, self.peer, self.loop = app, peer, asyncio.new_event_loop()
        self.statuses = described(app)
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def ask(self, method: str, target: bytes, headers: list[tuple[bytes, bytes]], *body: bytes) -> Told:
        """One request; the parts of its body come one after the other."""
        self.last = method, target, headers, body
        asking = self._ask(method, target, headers, list(body) or [b""])
        return asyncio.run_coroutine_threadsafe(asking, self.loop).result(60)

    async def _ask(self, method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: list[bytes]) -> Told:
        path, _, query = target.partition(b"?")
        sent = headers if any(name.lower() == b"host" for name, _ in headers) else [(b"host", b"localhost"), *headers]
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": unquote(path.decode("ascii")), "raw_path": path, "query_string": query,
            "root_path": "", "headers": [(name.lower(), value) for name, value in sent],
            "client": (self.peer, 50000), "server": ("127.0.0.1", 7860), "state": {},
        }  # fmt: skip
        parts = iter(body)
        left = len(body)
        got: list[Any] = []

        async def receive() -> dict[str, Any]:
            nonlocal left
            left -= 1
            if left < 0:
                await asyncio.sleep(30)
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": next(parts), "more_body": left > 0}

        async def send(message: Any) -> None:
            got.append(message)

        await self.app(scope, receive, send)
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in got[0]["headers"]}
        return Told(got[0]["status"], told, b"".join(message.get("body", b"") for message in got[1:]))

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


def described(app: FastAPI) -> dict[tuple[str, str], set[int]]:
    """The statuses that each route is described with."""
    return {
        (method.upper(), path): {int(status) for status in event["responses"]}
        for path, methods in app.openapi()["paths"].items()
        for method, event in methods.items()
    }


@pytest.fixture(scope="module")
def server(quoth: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    store = FeedbackStore(tmp_path_factory.mktemp("kept") / "feedback.sqlite")
    server = Server(application(quoth, store, quota="", quota_address=""))
    yield server
    server.close()


@pytest.fixture(scope="module")
def behind(quoth: Assistant) -> Iterator[Server]:
    """A server behind a proxy, whose headers it believes, and which a wiki embeds."""
    given = {"trusted_proxy": ("10.0.0.5",), "allow_origin": ("https://wiki.test",), "quota": "", "quota_address": ""}
    server = Server(application(quoth, **given), "10.0.0.5")
    yield server
    server.close()


@pytest.fixture(scope="module")
def guarded(quoth: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    tokens = TokenFile(tmp_path_factory.mktemp("kept") / "tokens.json")
    tokens.ensure_key()
    server = Server(application(quoth, auth=True, tokens=str(tokens.path), trusted_proxy=("10.0.0.5",), quota=""))
    yield server
    server.close()


def check(headers: Told, method: str, path: str, server: Server) -> None:
    """Raise AssertionError unless an answer is a described one, and a refusal a problem of one clear sentence."""
    assert headers.status < 500, (server.last, headers)
    assert b"Traceback" not in headers.body
    assert REQUEST_ID.fullmatch(headers.headers["x-request-id"])
    assert headers.headers["x-content-type-options"] == "nosniff"
    statuses = server.statuses.get((method, path))
    if statuses is not None:
        assert headers.status in statuses, (server.last, headers)
    if headers.status >= 400:
        if headers.headers["content-type"] == "text/plain; charset=utf-8":  # a preflight's
            assert method == "OPTIONS"
            return
        assert headers.headers["content-type"] == "application/problem+json", headers
        check_problem(json.loads(headers.body) if method != "HEAD" else {}, headers.status, method)
    elif headers.headers.get("content-type", "").startswith("text/event-stream"):
        check_stream(headers.body)


def check_problem(problem: dict[str, Any], status: int, method: str = "GET") -> None:
    """Raise AssertionError unless a problem is one of those there are, in one plain sentence."""
    if method == "HEAD" and not problem:
        return
    assert set(problem) == {"type", "title", "status", "detail"}
    kind = problem["type"].removeprefix("urn:quoth:")
    assert PROBLEMS[kind][:2] == (status, problem["title"])
    assert problem["status"] == status
    detail = problem["detail"]
    assert detail.isprintable(), detail
    assert re.fullmatch(r"\S.{5,400}[.?!]", detail), detail


def check_stream(body: bytes) -> None:
    """Raise AssertionError unless a stream is whole events, the last of them an answer or a problem."""
    events = body.decode("utf-8").split("\n\n")
    assert events.pop() == ""
    headers = [re.fullmatch(r"event: ([a-z]+)\ndata: ([^\n]*)", event) for event in events]
    assert all(headers)
    names = [event[1] for event in headers if event]
    assert names in (["queued", "reading", "answer"], ["queued", "reading", "problem"])
    last = headers[-1]
    assert last is not None
    data = json.loads(last[2])
    if names[-1] == "problem":
        check_problem(data, data["status"])
    else:
        assert {"question", "answered", "evidence"} <= set(data)


# Bodies


def nested(depth: int, opening: str, inside: str, closing: str) -> str:
    return opening * depth + inside + closing * depth


SURROGATES = ["\\ud800", "\\udfff", "\\ud83d\\ude00", "\\ude00\\ud83d", "a\\udc00b", "\\u0000", "\\u202e", "\\uffff"]
STRINGS = st.one_of(
    st.text(max_size=40).map(json.dumps),
    st.sampled_from(SURROGATES).map(lambda text: f'"{text} who leads?"'),
    st.sampled_from(['""', '" "', f'"{QUESTION}"', '"\\u200b"', '"' + "a" * 3000 + '"', '"' + "é " * 900 + '?"', '"\\x"', '"\n"']),
)  # fmt: skip
NUMBERS = st.sampled_from(
    ["0", "-0", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1" * 5000, "0." + "1" * 5000, "1e-400", "01", "0x1", "1.0",
     "9007199254740993", "-1", "1e2", "18446744073709551616", "+1", ".5", "1_000"]
)  # fmt: skip
DEPTHS = st.sampled_from([1, 10, 100, 1000, 20_000])
NESTED = st.one_of(
    DEPTHS.map(lambda depth: nested(depth, "[", "", "]")),
    DEPTHS.map(lambda depth: nested(depth, '{"question":', '"a"', "}")),
    DEPTHS.map(lambda depth: "[" * depth),
    DEPTHS.map(lambda depth: nested(depth, '[{"a":', "1", "}]")),
)
VALUES = st.one_of(STRINGS, NUMBERS, NESTED, st.sampled_from(["null", "true", "false", "[]", "{}", "", "undefined"]))
KEYS = st.one_of(
    st.sampled_from(
        ["question", "history", "complete", "document", "helpful", "reason", "start", "end", "confidence", "standalone_question",
         "user", "origin", "answer", "__proto__", "question\\u0000", "\\ud800", "a" * 2000]
    ).map(lambda key: f'"{key}"'),
    STRINGS,
)  # fmt: skip
LISTS = st.lists(VALUES, max_size=4).map(lambda values: f"[{','.join(values)}]")
TURNS = st.tuples(STRINGS, VALUES).map(lambda turn: f'[{{"question":{turn[0]},"answer":{turn[1]}}}]')
OBJECTS = st.lists(st.tuples(KEYS, st.one_of(VALUES, LISTS, TURNS)), max_size=6).map(
    lambda pairs: "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"
)
NEAR = st.tuples(st.lists(st.tuples(KEYS, st.one_of(VALUES, LISTS, TURNS)), max_size=3), st.booleans()).map(
    lambda drawn: '{"question":"Who leads Ansar Eddine?"' + (',"question":"Who?"' if drawn[1] else "") + "".join(f",{k}:{v}" for k, v in drawn[0]) + "}"
)  # fmt: skip
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp037", "utf-7"])
ASKED = st.fixed_dictionaries(
    {"question": STRINGS},
    optional={
        "history": st.lists(
            st.one_of(STRINGS, st.tuples(STRINGS, STRINGS).map(lambda t: f'{{"question":{t[0]},"answer":{t[1]}}}')),
            max_size=3,
        ).map(lambda turns: f"[{','.join(turns)}]"),
        "complete": st.sampled_from(["true", "false"]),
        "document": st.one_of(st.sampled_from(["null", '"stabilizing-mali"']), STRINGS),
    },
)
RATED = st.fixed_dictionaries(
    {"question": STRINGS, "helpful": st.sampled_from(["true", "false"])},
    optional={
        "standalone_question": STRINGS,
        "reason": st.sampled_from(["null", '"wrong_words"', '"wrong_place"', '"x"']),
        "confidence": st.one_of(st.sampled_from(["0", "0.5", "1"]), NUMBERS),
        "document": st.sampled_from(["null", '"stabilizing-mali"', '"x"']),
        "start": st.one_of(st.integers(-1, 30_000).map(str), NUMBERS),
        "end": st.one_of(st.integers(-1, 30_000).map(str), NUMBERS),
    },
)
LIKELY = st.one_of(ASKED, RATED).map(
    lambda given: "{" + ",".join(f'"{key}":{value}' for key, value in given.items()) + "}"
)
JSON_TEXTS = st.one_of(LIKELY, LIKELY, OBJECTS, NEAR, NEAR, LISTS, VALUES)
BODIES = st.one_of(
    st.binary(max_size=200),
    JSON_TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    LIKELY.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.tuples(JSON_TEXTS, ENCODINGS).map(lambda drawn: drawn[0].encode(drawn[1], "replace")),
    st.tuples(NEAR, st.binary(min_size=1, max_size=4), st.floats(0, 1)).map(
        lambda drawn: drawn[0].encode()[: int(len(drawn[0]) * drawn[2])] + drawn[1] + drawn[0].encode()[int(len(drawn[0]) * drawn[2]) :]
    ),
    st.tuples(NEAR, st.floats(0, 1)).map(lambda drawn: drawn[0].encode()[: int(len(drawn[0]) * drawn[1])]),
    st.sampled_from([b"", b"\xef\xbb\xbf", b'{"question": "\xed\xa0\x80?"}', b'{"question": "\xff"}', b"question=Who", b"null",
                     b'{"question": "Who?"}{"question": "Who?"}', b'{"question": "Who?"} x', b" " * 200_000 + b"{}", b"x" * 262_145]),
)  # fmt: skip

# Headers


CONTENT_TYPES = [
    "application/json", "application/json; charset=utf-8", "application/json; charset=utf-16", "APPLICATION/JSON", "text/json",
    "application/problem+json", "application/vnd.api+json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded", "", ";", "application/json;;;", "a" * 5000, "application/json, text/plain", "*/*",
]  # fmt: skip
ACCEPTS = ["*/*", "application/json", "text/event-stream", "text/event-stream;q=0", "TEXT/EVENT-STREAM", "text/event-stream, */*", "", "x" * 3000, "text/html;q=a", ",,,"]  # fmt: skip
HOSTS = ["localhost", "localhost:7860", "127.0.0.1", "[::1]", "evil.test", "", "localhost:99999", "localhost, localhost", "[", "@", "local host", "x" * 3000]  # fmt: skip
OTHERS = {
    "x-request-id": ["abc", "a" * 64, "a" * 65, "", "a b", "\x00", "../..", "é", "<b>", "a\tb"],
    "authorization": ["Bearer", "Bearer ", "Bearer x", "Bearer quoth_" + "a" * 43, "Basic YTpi", "bearer é", "Bearer a.b.c", "Bearer " + "x" * 9000, ""],
    "content-length": ["0", "-1", "1e3", "９", "²", "99999999999999999999999", "", "1, 1", "+5", " 3"],
    "content-encoding": ["identity", "gzip", "br", "", "IDENTITY", "identity, gzip"],
    "x-forwarded-proto": ["https", "x", "https, http"],
    "user": ["anna", "é", ""],
    "origin": ["https://wiki.test", "null", "http://localhost", "http://localhost:7860", "https://evil.test", "", "http://[", "http://localhost:7860:7860"],
    "referer": ["http://[", "https://evil.test/x", "http://localhost:abc/", "", "javascript:1"],
    "cookie": ["a=b", "a" * 4000, "=;=;", "\x80"],
    "forwarded": ["for=1.2.3.4;host=evil.test", "for=\"[", ""],
    "x-forwarded-for": ["1.2.3.4", "a, b", "", "1.2.3.4, 10.0.0.5", "%", "::1"],
    "x-forwarded-host": ["evil.test", "localhost", ""],
    "sec-fetch-site": ["cross-site", "cross-site", "x"],
    "access-control-request-method": ["POST", "DELETE", "é", ""],
    "access-control-request-headers": ["authorization, content-type", "x" * 2000, ","],
    "if-none-match": ["*", '"x"', "W/"],
    "range": ["bytes=0-1", "bytes=9-1", "x"],
    "transfer-encoding": ["chunked", "x"],
    "expect": ["100-continue"],
    "x-http-method-override": ["DELETE"],
}  # fmt: skip


def header(name: str, values: list[str]) -> st.SearchStrategy[tuple[bytes, bytes]]:
    spelled = st.sampled_from([name, name.upper(), name.title()])
    bytes_of = st.one_of(st.sampled_from(values).map(lambda v: v.encode("utf-8")), st.binary(max_size=20))
    clean = bytes_of.map(lambda value: re.sub(rb"[\r\n\0]", b"", value))  # uvicorn takes no such header
    return st.tuples(spelled.map(str.encode), clean)


HEADERS = st.lists(
    st.one_of(
        header("content-type", CONTENT_TYPES),
        header("accept", ACCEPTS),
        header("host", HOSTS),
        *(header(name, values) for name, values in OTHERS.items()),
    ),
    max_size=5,
)
JSON_HEADERS = st.tuples(
    st.sampled_from([b"application/json", b"application/json; charset=utf-8"]),
    st.sampled_from([b"*/*", b"*/*", b"text/event-stream", b"application/json, text/event-stream"]),
).map(lambda drawn: [(b"content-type", drawn[0]), (b"accept", drawn[1])])

# Paths

SEGMENTS = st.one_of(
    st.sampled_from(
        ["api", "ask", "documents", "stabilizing-mali", "passages", "stabilizing-mali%234", "..", ".", "", "%2e%2e", "%2f", "%5c",
         "%00", "%0a", "%0d%0aSet-Cookie:a", "%ff", "%c3%28", "%ed%a0%80", "%", "%zz", "a" * 3000, "embed", "widget.js", "healthz",
         "%E2%80%AE", ";x=1", "{document}", "*", "'", "%22", "<b>", "openapi.json", "feedback", "suggestions"]
    ),
    st.text(min_size=1, max_size=8).map(lambda text: quote(text.encode("utf-8", "replace"))),
)  # fmt: skip
QUERIES = st.one_of(
    st.just(""),
    st.sampled_from(["?", "?document=", "?document=x", "?document=a&document=b", "?document=%ff", "?%00", "?origin=null", "?q=%", "?a[]=1", "?" + "a" * 5000]),
    st.text(max_size=20).map(lambda text: "?document=" + quote(text.encode("utf-8", "replace"))),
)  # fmt: skip
PATHS = st.one_of(
    st.lists(SEGMENTS, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts)),
    SEGMENTS.map(lambda part: f"/api/documents/{part}"),
    st.tuples(SEGMENTS, SEGMENTS).map(lambda parts: f"/api/documents/{parts[0]}/passages/{parts[1]}"),
    st.sampled_from([*POSTED, *READ]),
)
# A page is no part of the API: its own routes have tests of their own.
OURS = st.tuples(PATHS, QUERIES).map(
    lambda drawn: (drawn[0] + ("" if "?" in drawn[0] else drawn[1])).encode("ascii", "replace")
)
METHODS = st.sampled_from(["GET", "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "get"])


def fuzz(examples: int) -> Any:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("path", POSTED)
def test_any_body_gets_a_described_answer(server: Server, path: str, examples: int) -> None:
    @fuzz(examples)
    @given(body=BODIES, headers=JSON_HEADERS, cut=st.integers(0, 50))
    def ask(body: bytes, headers: list[tuple[bytes, bytes]], cut: int) -> None:
        check(server.ask("POST", path.encode(), headers, body[:cut], body[cut:]), "POST", path, server)

    with logged() as log:
        ask()
    assert [line for line in log.lines if line["level"] == "error"] == []


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("where", ["server", "behind", "guarded"])
def test_any_headers_get_a_described_answer(request: pytest.FixtureRequest, where: str, examples: int) -> None:
    asked: Server = request.getfixturevalue(where)
    targets = st.sampled_from(
        [
            ("POST", "/api/ask"),
            ("POST", "/api/embed-token"),
            ("GET", "/api/documents"),
            ("GET", "/embed"),
            ("GET", "/embed"),
            ("OPTIONS", "/api/ask"),
        ]
    )

    @fuzz(examples)
    @given(target=targets, headers=HEADERS, good=st.booleans())
    def ask(target: tuple[str, str], headers: list[tuple[bytes, bytes]], good: bool) -> None:
        given = [(b"content-type", b"application/json"), *headers] if good else headers
        body = json.dumps(GOOD).encode() if target[0] == "POST" else b""
        check(asked.ask(target[0], target[1].encode(), given, body), *target, asked)

    with logged() as log:
        ask()
    assert [line for line in log.lines if line["level"] == "error"] == []


@pytest.mark.parametrize("length", ["²", "９", "-1", "1e3", "", "1, 1"])
def test_a_length_that_is_no_number(server: Server, length: str) -> None:
    response = server.ask("POST", b"/api/ask", [(b"content-length", length.encode("latin-1", "replace"))], b"{}")
    assert (response.status, json.loads(response.body)["detail"]) == (400, "The Content-Length is no number of bytes.")


@pytest.mark.parametrize("examples", EXAMPLES)
def test_any_path_and_method_get_a_described_answer(server: Server, examples: int) -> None:
    @fuzz(examples)
    @given(method=METHODS, target=OURS, headers=HEADERS)
    def ask(method: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        check(server.ask(method, target, headers), method, target.decode().partition("?")[0], server)

    with logged() as log:
        ask()
    assert [line for line in log.lines if line["level"] == "error"] == []
