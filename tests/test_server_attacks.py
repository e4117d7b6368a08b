"""What an attacker would try, each refused or harmless: paths, hosts, origins, headers, markup, sizes, encodings."""

import gzip
import hashlib
import io
import json
import pickle
import re
import shutil
import socket
import sqlite3
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.config import Config
from assistant.known import Known
from assistant.reader.sentence import SentenceReader
from assistant.server.page import policy
from assistant.understand.vocabulary import Vocabulary
from index.document.sources import find_files, read_all
from index.errors import QuothError, SourceError, StoreError
from index.generation import generations
from index.store import open_index
from index.types import IndexConfig
from tests.conftest import HashEncoder
from tests.serving import QUESTION, Log, client, logged, serving

WIKI = "https://wiki.test"
ASKED = {"question": QUESTION}


@pytest.fixture
def log() -> Iterator[Log]:
    with logged() as log:
        yield log


@pytest.fixture(scope="module")
def plain(quoth: Assistant) -> TestClient:
    return client(quoth, quota="", quota_address="")


@pytest.fixture(scope="module")
def embedding(quoth: Assistant) -> TestClient:
    return client(quoth, allow_origin=(WIKI,), quota="", quota_address="")


# Hosts


@pytest.mark.parametrize(
    "host",
    ["evil.test", "localhost.evil.test", "localhost:7860@evil.test", "evil.test/localhost", "", "0.0.0.0", "[::]",
     "localhost:x", "127.1", "2130706433", "localhost,evil.test", "[::1", "localhost#", "localhost\\evil.test"],
)  # fmt: skip
def test_another_host_name_is_refused_and_the_log_says_why(plain: TestClient, log: Log, host: str) -> None:
    response = plain.post("/api/ask", json=ASKED, headers={"Host": host})
    assert (response.status_code, response.json()["type"]) == (400, "urn:quoth:host_not_allowed")
    assert "--allow-host" in log.last(refused="host_not_allowed")["why"]


def test_hosts_that_are_allowed(quoth: Assistant, plain: TestClient) -> None:
    for host in ("localhost:7860", "127.0.0.1", "[::1]:7860", "LOCALHOST"):
        assert plain.get("/healthz", headers={"Host": host}).status_code == 200
    named = client(quoth, host="0.0.0.0", auth=False, allow_host=("quoth.test",))
    assert named.get("/healthz", headers={"Host": "quoth.test"}).status_code == 200
    for host in ("localhost", "127.0.0.1", "0.0.0.0"):
        assert named.get("/healthz", headers={"Host": host}).status_code == 400


def test_a_forwarded_host_is_ignored_from_anyone_and_checked_from_a_proxy(quoth: Assistant, plain: TestClient) -> None:
    forged = {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.test"}
    response = plain.get("/", headers=forged)
    assert response.status_code == 200
    assert "evil.test" not in response.text
    through = client(quoth, peer="10.0.0.5", trusted_proxy=("10.0.0.5",), allow_host=("quoth.test",))
    assert through.get("/", headers=forged).status_code == 400
    assert '"root":"https://quoth.test"' in through.get("/", headers={**forged, "X-Forwarded-Host": "quoth.test"}).text


# Origins


BAD_ORIGINS = [
    "https://evil.test", "null", "", "*", "http://wiki.test", "https://wiki.test:444", "https://wiki.test.evil.test",
    "https://evilwiki.test", "https://wiki.test@evil.test", "https://wiki.test/", "HTTPS://WIKI.TEST", "file://",
    "http://localhost:9999", "https://wiki.test, https://evil.test", "https://wiki.test\t", "chrome-extension://abc",
]  # fmt: skip


@pytest.mark.parametrize("origin", BAD_ORIGINS)
def test_another_origin_reads_nothing_and_is_told_nothing(embedding: TestClient, log: Log, origin: str) -> None:
    for method, path in (
        ("POST", "/api/ask"), ("GET", "/api/documents"), ("OPTIONS", "/api/ask"), ("GET", "/"), ("GET", "/config"),
        ("POST", "/gradio_api/queue/join"), ("GET", "/openapi.json"), ("POST", "/api/feedback"), ("GET", "/healthz"),
    ):  # fmt: skip
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        response = embedding.request(method, path, headers=headers, json=ASKED if method == "POST" else None)
        assert (path, response.status_code) == (path, 403)
        assert not [name for name in response.headers if name.startswith("access-control-allow")]
    assert "is not on the list; --allow-origin adds it" in log.last(refused="origin_not_allowed")["why"]


def test_with_no_list_no_other_origin_is_let_in(plain: TestClient) -> None:
    for origin in (WIKI, "http://localhost:3000", "http://127.0.0.1:9999"):
        assert plain.post("/api/ask", json=ASKED, headers={"Origin": origin}).status_code == 403
    for origin in ("http://localhost:7860", "https://localhost:7860"):  # a proxy may have ended the TLS
        response = plain.post("/api/ask", json=ASKED, headers={"Origin": origin})
        assert response.status_code == 200
        assert "access-control-allow-origin" not in response.headers


def test_two_origins_are_no_origin(embedding: TestClient) -> None:
    response = embedding.post("/api/ask", json=ASKED, headers=[("Origin", WIKI), ("Origin", "https://evil.test")])
    assert response.status_code == 403


def test_a_listed_origin_gets_what_an_embed_needs_without_credentials(embedding: TestClient) -> None:
    preflight = embedding.options(
        "/api/ask",
        headers={
            "Origin": WIKI,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == WIKI
    response = embedding.post("/api/ask", json=ASKED, headers={"Origin": WIKI})
    assert response.headers["access-control-allow-origin"] == WIKI
    assert "Origin" in response.headers["vary"]
    for one in (preflight, response):
        assert "access-control-allow-credentials" not in one.headers
    for method, path in (("GET", "/"), ("POST", "/gradio_api/queue/join"), ("POST", "/api/embed-token")):
        assert (path, embedding.request(method, path, headers={"Origin": WIKI}).status_code) == (path, 403)
    methods = {"Origin": WIKI, "Access-Control-Request-Method": "DELETE"}
    assert embedding.options("/api/ask", headers=methods).status_code == 400


def test_a_form_or_a_text_that_needs_no_preflight_asks_nothing(plain: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        response = plain.post("/api/ask", content=json.dumps(ASKED), headers={"Content-Type": kind})
        assert (kind, response.status_code) == (kind, 422)


# Frames


def ancestors(response) -> str:  # type: ignore[no-untyped-def]
    return re.search(r"frame-ancestors ([^;]+)", response.headers["content-security-policy"])[1]  # type: ignore[index]


def test_only_the_embed_may_be_framed_and_only_by_the_list(plain: TestClient, embedding: TestClient) -> None:
    for path in ("/", "/healthz", "/api/documents", "/openapi.json", "/nothing", "/widget.js"):
        response = embedding.get(path)
        assert (path, ancestors(response), response.headers["x-frame-options"]) == (path, "'none'", "DENY")
    assert ancestors(embedding.get("/embed")) == f"'self' {WIKI}"
    assert ancestors(plain.get("/embed")) == "'self'"


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        (f"?origin={WIKI}", {}, 200),
        ("?origin=https://evil.test", {}, 403),
        ("?origin=*", {}, 403),
        ("?origin=", {}, 403),
        ("", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe", "Referer": f"{WIKI}/page"}, 200),
        ("", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe", "Referer": "https://evil.test/"}, 403),
        ("", {"Sec-Fetch-Site": "cross-site", "Referer": "http://["}, 403),
        ("", {"Sec-Fetch-Site": "cross-site", "Referer": "//[x]"}, 403),
        ("", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document", "Referer": "https://any.test/"}, 200),
    ],
)
def test_a_frame_on_another_page_is_refused_with_a_reason(
    embedding: TestClient, log: Log, query: str, headers: dict[str, str], status: int
) -> None:
    assert embedding.get(f"/embed{query}", headers=headers).status_code == status
    if status == 403:
        assert "--allow-origin adds it" in log.last(refused="origin_not_allowed")["why"]


def test_what_an_address_says_is_text_in_the_embed(plain: TestClient) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    response = plain.get("/embed", params={"doc": evil, "theme": evil, "q": evil})
    assert "<script>alert" not in response.text
    assert "<img" not in response.text
    assert '<body data-theme="auto">' in response.text


# Gradio's own routes


GRADIO = [
    ("POST", "/gradio_api/upload"), ("GET", "/gradio_api/upload_progress"), ("GET", "/gradio_api/file=/etc/passwd"),
    ("HEAD", "/gradio_api/file=/etc/passwd"), ("GET", "/gradio_api/file/etc/passwd"), ("GET", "/file=/etc/passwd"),
    ("GET", "/gradio_api/proxy=http://127.0.0.1:1/"), ("GET", "/proxy=http://127.0.0.1:1/"),
    ("GET", "/gradio_api/info"), ("GET", "/gradio_api/openapi.json"), ("GET", "/gradio_api/mcp/"),
    ("POST", "/gradio_api/mcp/"), ("GET", "/gradio_api/mcp/sse"), ("POST", "/gradio_api/mcp/http"),
    ("GET", "/gradio_api/mcp/schema"), ("POST", "/gradio_api/component_server"),
    ("POST", "/gradio_api/component_server/"), ("POST", "/gradio_api/run/ask"), ("POST", "/gradio_api/api/ask"),
    ("POST", "/gradio_api/call/ask"), ("POST", "/gradio_api/call/v2/ask"), ("GET", "/gradio_api/call/ask/1"),
    ("GET", "/gradio_api/deep_link"), ("GET", "/gradio_api/runs"), ("GET", "/runs"), ("POST", "/login"),
    ("POST", "/gradio_api/run-history/connect"), ("GET", "/gradio_api/run-history/buckets"),
    ("GET", "/gradio_api/run-history/records"), ("GET", "/monitoring"), ("GET", "/monitoring/summary"),
    ("GET", "/gradio_api/user"), ("GET", "/gradio_api/token"), ("GET", "/gradio_api/login_check"), ("GET", "/logout"),
    ("GET", "/gradio_api/dev/reload"), ("POST", "/gradio_api/stream/1"),
    ("POST", "/gradio_api/stream/1/close"), ("GET", "/gradio_api/stream/a/1/2/playlist.m3u8"),
    ("GET", "/gradio_api/custom_component/1/client/component/style.css"), ("POST", "/gradio_api/process_recording"),
    ("POST", "/gradio_api/vibe-edit"), ("POST", "/gradio_api/undo-vibe-edit"), ("GET", "/gradio_api/vibe-code"),
    ("POST", "/gradio_api/vibe-code"), ("POST", "/gradio_api/vibe-starter-queries"), ("GET", "/svelte/x"),
    ("GET", "/gradio_api/profiling/traces"), ("GET", "/gradio_api/profiling/summary"),
    ("POST", "/gradio_api/profiling/clear"), ("GET", "/pwa_icon"), ("GET", "/robots.txt"), ("GET", "/docs"),
    ("GET", "/redoc"), ("GET", "/__test__"), ("GET", "/gradio_api/queue/join"),
]  # fmt: skip


def test_gradios_routes_are_all_known_and_closed_but_for_those_the_page_needs(plain: TestClient) -> None:
    for method, path in GRADIO:
        response = plain.request(method, path, content=b"x" if method == "POST" else None)
        assert (method, path, response.status_code in (404, 405)) == (method, path, True)
        if method != "HEAD":
            assert response.headers["content-type"] == "application/problem+json"


def test_every_route_that_gradio_has_is_closed_or_on_the_pages_list(quoth: Assistant) -> None:
    """Whatever Gradio's next version adds is closed until somebody opens it."""
    from assistant.server.page import OPEN
    from tests.serving import application

    gradio = application(quoth).routes[-1].app.app  # type: ignore[attr-defined]
    opened = set()
    for route in routes(gradio):
        for method in route.methods or ():
            path = re.sub(r"\{\w+(:path)?\}", "x", route.path)
            if OPEN.fullmatch(f"{method} {path}"):
                opened.add(route.path.replace(":path", ""))
    assert opened == {
        "/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/assets/{path}", "/static/{path}",
        "/gradio_api/heartbeat/{session_hash}", "/gradio_api/queue/data", "/gradio_api/startup-events",
        "/gradio_api/queue/join", "/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/app_id",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [{"fn_name": "postprocess"}, {"fn_name": ["read_start"]}, {"component_id": 999}, {"component_id": True},
     {"component_id": "1"}, {"session_hash": 7}],
)  # fmt: skip
def test_only_the_pages_own_calls_pass(quoth: Assistant, changed: dict[str, object]) -> None:
    from assistant.server.page import SERVER_FUNCTIONS

    asking = client(quoth)
    mounted = asking.app.routes[-1].app  # type: ignore[attr-defined]
    blocks = mounted.app.get_blocks().blocks
    number, component = next((n, block) for n, block in blocks.items() if getattr(block, "server_fns", None))
    assert {f.__name__ for f in component.server_fns} >= set(SERVER_FUNCTIONS)
    call = {"data": "x", "component_id": number, "fn_name": "read_start", "session_hash": "a"}
    assert mounted.calling(json.dumps(call).encode())
    assert not mounted.calling(json.dumps({**call, **changed}).encode())
    assert asking.post("/gradio_api/component_server/", json={**call, **changed}).status_code == 404
    assert asking.post("/gradio_api/component_server/", content=b"[" * 5000).status_code == 404


def routes(app):  # type: ignore[no-untyped-def]
    """Gradio's routes; newer FastAPI keeps an included router whole, in the list of routes."""
    for route in app.routes:
        if hasattr(route, "methods"):
            yield route
    description = app.openapi()  # every path, however it was included
    for path, methods in description["paths"].items():
        for method in methods:
            yield type("Route", (), {"path": path, "methods": {method.upper()}})


def test_nothing_that_is_posted_is_stored(plain: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    response = plain.post("/gradio_api/upload", files={"files": ("x.txt", b"stored", "text/plain")})
    assert response.status_code == 404
    assert list(tmp_path.rglob("*")) == []


def test_mcp_stays_closed_when_the_environment_asks_for_it(quoth: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_MCP_SERVER", "True")
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert client(quoth).post("/gradio_api/mcp/", json=body).status_code == 404


def test_the_page_has_a_policy_that_names_its_scripts(plain: TestClient) -> None:
    response = plain.get("/")
    rules = dict(rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["form-action"] == "'none'"
    assert rules["script-src"].startswith("'self' 'unsafe-eval' 'sha256-")
    assert "unsafe-inline" not in rules["script-src"]
    assert rules["connect-src"] == "'self'"
    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in policy(b"<script>alert(1)</script>")
    assert "https:" not in response.headers["content-security-policy"]


def test_every_answer_carries_the_headers_that_close_it(plain: TestClient) -> None:
    for path in ("/", "/embed", "/widget.js", "/api/documents", "/nothing", "/config", "/theme.css"):
        response = plain.get(path)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "content-security-policy" in response.headers
        assert "set-cookie" not in response.headers
        assert "server" not in response.headers
    assert plain.get("/api/documents").headers["cross-origin-resource-policy"] == "same-origin"
    assert plain.get("/widget.js").headers["cross-origin-resource-policy"] == "cross-origin"


# Paths


@pytest.mark.parametrize(
    "path",
    ["/..%2f..%2fetc/passwd", "/assets/..%2f..%2f..%2fpyproject.toml", "/static/%2e%2e/%2e%2e/routes.py",
     "/assets/..%5c..%5croutes.py", "/widget.js/../../app.py", "/%2e%2e/widget/widget.js", "//etc/passwd",
     "/assets//etc/passwd", "/static/%00", "/api/documents/..%2f..%2fetc%2fpasswd", "/api/documents/%2e%2e",
     "/api/documents/stabilizing-mali%00", "/api/documents/stabilizing-mali/passages/..%2f..%2f..%2fetc%2fpasswd",
     "/api/documents/..%252f..%252fetc", "/embed/..%2fapi%2fdocuments", "/%0d%0aX-Evil:%201", "/assets/%ff%fe",
     "/healthz%2f..%2fapi%2fask", "/API/ASK", "/api/ask/", "/;/api/ask", "/api%2fask/x"],
)  # fmt: skip
def test_no_path_climbs_out(plain: TestClient, path: str) -> None:
    response = plain.get(path)
    assert (path, response.status_code) == (path, 404)
    assert response.headers["content-type"] == "application/problem+json"
    assert "x-evil" not in response.headers


def test_a_link_out_of_the_source_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("The password is swordfish.")
    (folder / "fine.txt").write_text("Rain fell in May.")
    (folder / "inside.txt").symlink_to(folder / "fine.txt")
    assert [file.path.name for file in find_files(folder).files] == ["fine.txt", "inside.txt"]
    (folder / "leak.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(SourceError, match=r"leak.txt is a link that leads out of the folder"):
        find_files(folder / "leak.txt")
    (folder / "fine.toml").symlink_to(tmp_path / "secret.txt")
    (folder / "sub").symlink_to(tmp_path)
    files, unread = read_all(folder)
    assert [file.path.name for file in files] == ["inside.txt"]
    assert [message.split("/")[-1] for message in unread] == [
        "fine.toml is a link that leads out of the folder. Put the file itself there.",
        "leak.txt is a link that leads out of the folder. Put the file itself there.",
    ]


# Sizes, encodings, time


def test_a_body_that_is_packed_is_not_unpacked(plain: TestClient) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    assert len(bomb) < 60_000
    for packed in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP"):
        headers = {"Content-Encoding": packed, "Content-Type": "application/json"}
        assert plain.post("/api/ask", content=bomb, headers=headers).status_code == 415


def test_a_body_without_a_length_is_cut_at_the_limit(quoth: Assistant) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 10_000
            yield b"x" * 10_000

    with serving(quoth) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(
                f"POST /api/ask HTTP/1.1\r\nHost: {host}:{port}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            )
            try:
                for part in endless():
                    line.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                answer = line.recv(100)
            except OSError:  # it hung up while more was sent
                answer = b""
    assert answer in (b"",) or answer.startswith(b"HTTP/1.1 413")
    if answer:
        assert b"413" in answer


@pytest.mark.parametrize(
    ("length", "status"), [("-1", 400), ("1e9", 400), ("0x10", 400), ("99999999999999999999", 413), ("262145", 413)]
)
def test_a_length_that_is_none_or_too_much(plain: TestClient, length: str, status: int) -> None:
    response = plain.post("/api/ask", content=b"{}", headers={"Content-Length": length})
    assert response.status_code == status


@pytest.mark.parametrize(
    "slowly",
    [
        b"",
        b"GET /healthz HT",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ",
        b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{",
    ],
)
def test_a_client_that_dawdles_is_cut_off(quoth: Assistant, slowly: bytes) -> None:
    with serving(quoth, receive_seconds=0.5) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            began = time.monotonic()
            line.sendall(slowly)
            try:
                for _ in range(30):  # a byte now and then does not buy more time
                    time.sleep(0.1)
                    line.sendall(b"a")
            except OSError:
                pass
            took = time.monotonic() - began
            line.settimeout(1)
            assert took < 2.5
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
        b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 300_000 + b"\r\n\r\n",  # more than is read at once
    ],
)
def test_malformed_http_is_refused_and_the_server_lives(raw_address: str, raw: bytes) -> None:
    host, port = raw_address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(raw)
        with suppress(OSError):  # it may be refused, and the connection closed, before all of it is sent
            line.shutdown(socket.SHUT_WR)
        answer = line.recv(4000)
    assert not answer or int(answer.split()[1]) in (400, 404, 413, 422, 431)
    assert b"Traceback" not in answer
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200")


@pytest.fixture(scope="module")
def raw_address(quoth: Assistant) -> Iterator[str]:
    with serving(quoth) as address:
        yield address


@pytest.mark.parametrize(
    "question",
    ["\x00\x01\x02\x1b[31m?", "\u202eevil\u202c\u2066?", "\ufeff\u200b\u200d", "a\u0301" * 900, "\ud83d\ude00" * 500,
     "\r\n\r\nHTTP/1.1 200 OK", "<script>alert(1)</script>", "'; DROP TABLE questions; --", "{{7*7}} ${7*7} #{7*7}",
     "%n%n%s%s", "../../etc/passwd", "=cmd|' /C calc'!A0", "a\u2028\u2029\u0085b", "null", "NaN"],
)  # fmt: skip
def test_a_strange_question_is_answered_or_not_and_comes_back_as_it_was(
    plain: TestClient, log: Log, question: str
) -> None:
    text = json.dumps({"question": question})  # surrogate pairs and controls escaped, as JSON has it
    response = plain.post("/api/ask", content=text, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json()["question"] == question.encode("utf-16", "surrogatepass").decode("utf-16").strip()
    assert log.stream.getvalue().isascii()


def test_half_a_surrogate_pair_is_refused(plain: TestClient) -> None:
    response = plain.post("/api/ask", content=b'{"question": "\\ud800"}', headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    response.json()["detail"].encode()


def test_controls_in_a_question_stay_escaped_in_the_log(quoth: Assistant, log: Log) -> None:
    evil = '\u202egnp.exe\r\n{"forged": true}\x1b[2J'
    client(quoth, log_questions=True).post("/api/ask", json={"question": evil})
    assert log.last(question=evil)
    assert log.stream.getvalue().isascii()
    assert not [line for line in log.lines if "forged" in line]


@pytest.mark.parametrize(
    "question",
    ["a" * 2000, "who the " * 250, "note " * 400, "what is this about " * 105, "section " * 250, "(" * 2000,
     "p. 1, " * 333, "and what about " * 133, "1" * 2000, "ibid. " * 333, "“" * 2000, "a-" * 1000, "note 1" + " " * 1990 + "x",
     "who is the author" + " " * 1900 + "x", "what is the " + "a" * 1900],
)  # fmt: skip
def test_no_question_makes_a_pattern_run_away(plain: TestClient, question: str) -> None:
    began = time.process_time()
    response = plain.post("/api/ask", json={"question": question[:2000], "history": [question[:2000]] * 10})
    assert response.status_code == 200
    assert time.process_time() - began < 5  # a pattern that runs away takes minutes


# The index on the disk


class Bomb:
    """A pickle that would write a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return Path.touch, (self.path,)


def huge_header() -> bytes:
    """A .npy file that claims more numbers than any machine holds."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 1 << 10)})
    return file.getvalue()


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x.npy", b"0" * 10_000_000)
    return file.getvalue()


@pytest.fixture
def kept(tmp_path: Path, encoder: HashEncoder) -> Path:
    """A folder with a document and its index."""
    (tmp_path / "doc.txt").write_text("Rain fell in May. Snow fell in June.")
    open_index(tmp_path / "doc.txt", tmp_path / "index", IndexConfig(), encoder)
    return tmp_path


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("kind", ["pickle", "object array", "huge", "zip", "wrong width", "nan", "text"])
def test_an_altered_index_is_made_anew_and_runs_nothing(
    kept: Path, encoder: HashEncoder, kind: str, signed: bool
) -> None:
    """`signed`: the attacker also put the new hash into the manifest."""
    mine = io.BytesIO()
    np.save(mine, np.array([Bomb(kept / "owned")], dtype=object), allow_pickle=True)
    wide, nan = io.BytesIO(), io.BytesIO()
    np.save(wide, np.ones((1, 7), dtype=np.float32))
    np.save(nan, np.full((1, encoder.dimensions), np.nan, dtype=np.float32))
    data = {
        "pickle": pickle.dumps(Bomb(kept / "owned")),
        "object array": mine.getvalue(),
        "huge": huge_header(),
        "zip": zip_bomb(),
        "wrong width": wide.getvalue(),
        "nan": nan.getvalue(),
        "text": b"not numbers",
    }[kind]
    generation = generations(next((kept / "index").iterdir()))[0]
    (generation / "passage_vectors.npy").write_bytes(data)
    if signed:
        sign(generation, "passage_vectors.npy")
    said: list[str] = []
    index = open_index(kept / "doc.txt", kept / "index", IndexConfig(), encoder, said.append)
    assert not (kept / "owned").exists()
    assert "is damaged" in said[0]
    assert index.search("When did snow fall?")[0].passage.text == "Rain fell in May. Snow fell in June."


@pytest.mark.parametrize(
    ("table", "column", "old", "new"),
    [
        ("documents", "text", "Rain fell in May. Snow", "Rain fell in Mai. Snow"),
        ("documents", "parse", '"text":"Roe, Rain, 2001."', '"text":"Doe, Rain, 2001."'),
        ("passages", "passage", '"text":"Rain fell in May. Snow', '"text":"Rain fell in Mai. Snow'),
    ],
)
def test_words_that_the_document_does_not_have_are_never_shown_even_with_a_fitting_hash(
    tmp_path: Path, encoder: HashEncoder, table: str, column: str, old: str, new: str
) -> None:
    (tmp_path / "doc.txt").write_text("Rain fell in May. Snow fell in June.[1]\n\n[1] Roe, Rain, 2001.\n")
    open_index(tmp_path / "doc.txt", tmp_path / "index", IndexConfig(), encoder)
    generation = generations(next((tmp_path / "index").iterdir()))[0]
    with sqlite3.connect(generation / "tables.sqlite") as tables:
        unpacked, packed = (bytes, bytes) if column == "text" else (zlib.decompress, zlib.compress)
        for row, data in tables.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
            changed = packed(unpacked(data).replace(old.encode(), new.encode()))
            tables.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, row))
    tables.close()
    sign(generation, "tables.sqlite")
    index = open_index(tmp_path / "doc.txt", tmp_path / "index", IndexConfig(), encoder)
    quoth = Assistant(index, Config(threshold=0.01), SentenceReader(), known=Known(Vocabulary.of([])))
    with pytest.raises(StoreError, match=r"The index is damaged .* Remove its folder, and it is made anew\."):
        quoth.ask("When did rain fall?")


def test_an_index_with_other_tables_is_made_anew(kept: Path, encoder: HashEncoder) -> None:
    generation = generations(next((kept / "index").iterdir()))[0]
    with sqlite3.connect(generation / "tables.sqlite") as tables:
        tables.execute("ALTER TABLE passages RENAME TO others")
        tables.execute("CREATE VIEW passages AS SELECT * FROM others")
    tables.close()
    sign(generation, "tables.sqlite")
    said: list[str] = []
    index = open_index(kept / "doc.txt", kept / "index", IndexConfig(), encoder, said.append)
    assert "tables.sqlite holds other tables" in said[0]
    assert index.passages[0].text == "Rain fell in May. Snow fell in June."


def sign(generation: Path, name: str) -> None:
    """Put the hash of a file as it is now into the manifest."""
    manifest = json.loads((generation / "manifest.json").read_text())
    manifest["files"][name]["sha256"] = hashlib.sha256((generation / name).read_bytes()).hexdigest()
    (generation / "manifest.json").write_text(json.dumps(manifest))


def test_a_foreign_index_is_not_taken(kept: Path, encoder: HashEncoder, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("The password is swordfish.")
    open_index(tmp_path / "other.txt", kept / "other", IndexConfig(), encoder)
    mine, theirs = (generations(next((kept / name).iterdir()))[0] for name in ("index", "other"))
    shutil.rmtree(mine)
    shutil.copytree(theirs, mine)
    index = open_index(kept / "doc.txt", kept / "index", IndexConfig(), encoder)
    assert list(index.documents) == ["doc"]


def test_nested_json_in_an_index_or_a_settings_file_is_refused(kept: Path, encoder: HashEncoder) -> None:
    from assistant.settings_sources import read_settings

    generation = generations(next((kept / "index").iterdir()))[0]
    (generation / "manifest.json").write_text("[" * 100_000)
    assert open_index(kept / "doc.txt", kept / "index", IndexConfig(), encoder).documents
    (kept / "settings.toml").write_text("host = " + "[" * 100_000)
    with pytest.raises(QuothError, match="not valid TOML"):
        read_settings({"config": str(kept / "settings.toml")}, {})
