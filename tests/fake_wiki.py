"""A small server in a wiki's place: it answers what a test says, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    """A request as it came: its path, what its query and form say, its headers in lower case, its body."""

    path: str
    values: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]


@dataclass
class FakeWiki:
    """`answer` gives a status, a body (JSON unless it is bytes), and headers."""

    answer: Callable[[Asked], Reply] = lambda asked: (404, {})
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def fake_wiki() -> Iterator[FakeWiki]:
    wiki = FakeWiki()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            form = body.decode() if self.headers.get_content_type() == "application/x-www-form-urlencoded" else ""
            values = dict(parse_qsl(parts.query) + parse_qsl(form))
            asked = Asked(parts.path, values, {name.lower(): value for name, value in self.headers.items()}, body)
            wiki.asked.append(asked)
            status, told, *more = wiki.answer(asked)
            data = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        wiki.url = f"http://127.0.0.1:{server.server_port}"
        yield wiki
        server.shutdown()
