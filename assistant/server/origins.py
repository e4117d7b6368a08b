"""The host, the path and the origin of a request, each refused unless a setting allows it."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.server.paths import route_path, set_root
from assistant.server.problems import Refusal, refuse
from assistant.settings import ORIGIN, Settings, strip_default_port

# What an embed may ask for.
EMBEDDED = ("/api/ask", "/api/documents", "/api/suggestions", "/api/feedback", "/api/unanswered")
FRAMED = "/embed"
HOST_HEADER = re.compile(r"(?P<name>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


class Origins:
    """Middleware that lets through what the lists of hosts and origins allow."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on, its path made plain."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there is no WebSocket here
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        set_root(scope, self.settings.root_path)
        try:
            check_host(request, self.settings)
            check_path(request)
            check_origin(request, self.settings)
        except Refusal as refusal:
            await refuse(request, refusal)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def hostname(netloc: str) -> str:
    """The host of `host:port`, lower case; empty where it is none."""
    match = HOST_HEADER.fullmatch(netloc.lower())
    return match["name"].strip("[]") if match else ""


def check_host(request: Request, settings: Settings) -> None:
    """Refuse a host that is not on the list: another name for this address may be an attacker's."""
    # Starlette's TrustedHostMiddleware refuses in plain text, takes the first of several Host headers for all of them,
    # and does not look at X-Forwarded-Host, from which Gradio makes the page's addresses.
    named = request.headers.getlist("host")
    if len(named) != 1 or hostname(named[0]) not in settings.hosts:
        raise Refusal("host_not_allowed", why=f"{', '.join(named)!r} is not on the list; --allow-host adds it")
    for forwarded in request.headers.getlist("x-forwarded-host"):
        if any(hostname(host.strip()) not in settings.hosts for host in forwarded.split(",")):
            raise Refusal("host_not_allowed", why=f"the proxy's {forwarded!r} is not on the list; --allow-host adds it")


def check_path(request: Request) -> None:
    """Refuse a path that could mean another one."""
    path = request.scope["path"]
    parts = path.split("/")
    if ".." in parts or "." in parts or "\\" in path or any(ord(c) < 32 or ord(c) == 127 for c in path):
        raise Refusal("not_found", why="the path climbs or holds control characters")


def is_own(origin: str, request: Request) -> bool:
    """Whether an origin is this server's own, by the host that was asked for; a proxy may have ended the TLS."""
    host = (request.headers.get("x-forwarded-host") or request.headers.get("host", "")).lower()
    return origin in {strip_default_port(f"{scheme}://{host}") for scheme in ("http", "https")}


def check_origin(request: Request, settings: Settings) -> None:
    """Refuse what another origin's page asks, unless it is on the list and asks for what embeds need."""
    path = route_path(request.scope)
    sent = request.headers.getlist("origin")
    for origin in sent:
        own = len(sent) == 1 and bool(ORIGIN.fullmatch(origin)) and is_own(origin, request)
        listed = len(sent) == 1 and origin in settings.allow_origin
        if not own and not (listed and path.startswith((*EMBEDDED, "/widget.js"))):
            why = f"is not for {path}" if listed else "is not on the list; --allow-origin adds it"
            raise Refusal("origin_not_allowed", why=f"{origin!r} {why}")
    if path.startswith(FRAMED):
        check_frame(request, settings)


def check_frame(request: Request, settings: Settings) -> None:
    """Refuse to be framed by a page that is not on the list, as far as the request tells; the policy does the rest."""
    named = request.query_params.get("origin")
    if named is not None and named not in settings.allow_origin and not is_own(named, request):
        raise Refusal("origin_not_allowed", why=f"{named!r} is not on the list; --allow-origin adds it")
    if request.headers.get("sec-fetch-site") != "cross-site" or request.headers.get("sec-fetch-dest") == "document":
        return
    sent = request.headers.get("referer", "")
    try:
        referer = urlsplit(sent)
        host = f"{referer.scheme}://{referer.netloc}".lower() if referer.netloc else ""
    except ValueError:  # what is no address is on no list
        host = sent[:200]
    if (host and host not in settings.allow_origin) or not settings.allow_origin:
        raise Refusal("origin_not_allowed", why=f"a frame on {host or 'another site'!r}; --allow-origin adds it")
