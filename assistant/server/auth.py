"""Who asks: by a token, by a trusted proxy's word, or by an embed's short-lived token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.server.origins import EMBEDDED, is_own
from assistant.server.paths import route_path
from assistant.server.problems import Refusal, note, refuse
from assistant.server.tokens import TokenFile
from assistant.settings import Settings
from index.errors import QuothError

OPEN = ("/healthz", "/readyz", "/embed", "/embed.js", "/embed.css", "/widget.js")  # what an embed needs, and health
MAX_USER = 200
MAX_GROUPS = 8_000  # characters of the header that names them
COOKIE = "X-Forwarded-Cookie"  # in which a trusted proxy passes on the cookies that a caller has of the wiki


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `kind`: anyone, token, site, user (of a proxy) or embed; `site` is the identity of a site's token.

    `groups` are those that a token, or a trusted proxy, says they are in; `cookie` is what they show the wiki, kept for
    as long as their request and written nowhere.
    """

    kind: str
    name: str
    site: str = ""
    groups: frozenset[str] = frozenset()
    cookie: str = field(default="", repr=False)

    @property
    def key(self) -> str:
        """A string that is different for every caller."""
        return f"{self.kind}:{self.site}:{self.name}"

    @property
    def wiki_user(self) -> str:
        """Who they are to a wiki; empty for nobody whom a proxy, or the wiki's own token, has named."""
        if self.kind == "user" or (self.kind == "embed" and not self.site):
            return unquote(self.name)  # the proxy has it percent-encoded
        return self.name if self.kind == "embed" else ""


def caller_of(request: Any) -> Caller:
    """Return the caller of a Starlette or Gradio request; raises Refusal if the Auth middleware has not seen it."""
    scope: Mapping[str, Any] = getattr(getattr(request, "request", None) or request, "scope", {})
    caller = scope.get("quoth.caller")
    if not isinstance(caller, Caller):
        raise unknown("a request that Auth has not seen")
    return caller


class Auth:
    """Middleware that knows who asks, under --auth."""

    def __init__(self, app: ASGIApp, settings: Settings, tokens: TokenFile | None) -> None:
        self.app, self.settings, self.tokens = app, settings, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on with its caller."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        path = route_path(scope)
        try:
            known = identify(request, path, self.settings, self.tokens)
            caller = scope["quoth.caller"] = replace(known, cookie=take_cookie(scope))
        except Refusal as refusal:
            await self.turn_away(request, path, refusal)(scope, receive, send)
            return
        note(request, caller=f"{caller.kind}:{caller.name}" if caller.name else caller.kind)
        await self.app(scope, receive, send)

    def turn_away(self, request: Request, path: str, refusal: Refusal) -> Response:
        """The problem; to a person who opens the page unknown, the way to where they sign in."""
        problem = refuse(request, refusal)
        if refusal.kind == "unauthorized" and request.method == "GET" and path == "/" and self.settings.sign_in:
            return RedirectResponse(self.settings.sign_in, 303)
        return problem


def identify(request: Request, path: str, settings: Settings, tokens: TokenFile | None) -> Caller:
    """Who asks; raises Refusal where --auth needs to know and does not, or the caller may not have this."""
    if tokens is None or path in OPEN:
        return Caller("anyone", "")
    shown = request.headers.getlist("authorization")
    if shown:
        return by_token(request, path, shown, settings, tokens)
    users = request.headers.getlist(settings.user_header)
    if len(users) == 1 and 0 < len(users[0]) <= MAX_USER and users[0].isprintable():
        # Believed: Proxies drops these headers where no trusted proxy sent them.
        return Caller("user", users[0], groups=read_groups(request.headers.getlist(settings.groups_header)))
    raise unknown("no token, and no user named by a trusted proxy")


def by_token(request: Request, path: str, shown: Sequence[str], settings: Settings, tokens: TokenFile) -> Caller:
    """The caller that a bearer token tells of."""
    scheme, _, secret = shown[0].partition(" ")
    if len(shown) > 1 or scheme.lower() != "bearer":
        raise unknown("the Authorization header is no single bearer token")
    now = datetime.now(UTC)
    try:
        token = tokens.read().find(secret, now)
        granted = None if token else tokens.check(secret, settings.embed_minutes * 60, now)
    except QuothError as error:
        raise Refusal("broken", why=str(error)) from error
    if token:
        # A site is no reader: its groups are those that it may give to its embeds' readers.
        kind, groups = ("site", ()) if token.site else ("token", token.groups)
        return Caller(kind, token.name, token.identity, frozenset(groups))
    if granted is None:
        raise unknown("the token is unknown, revoked or expired")
    origin = request.headers.get("origin")
    if origin and origin != granted.origin and not is_own(origin, request):
        raise unknown(f"an embed's token for {granted.origin!r}, shown by {origin!r}")
    if not path.startswith(EMBEDDED):
        raise Refusal("forbidden", why=f"an embed's token, for {path}")
    return Caller("embed", granted.user, granted.by, frozenset(granted.groups))


def unknown(why: str) -> Refusal:
    """The refusal of a caller who is not known."""
    return Refusal("unauthorized", why=why, headers={"WWW-Authenticate": 'Bearer realm="Quoth"'})


def read_groups(sent: Sequence[str]) -> frozenset[str]:
    """The groups that a proxy names, between commas; none where the header came twice, or is too long to be one."""
    if len(sent) != 1 or len(sent[0]) > MAX_GROUPS or not sent[0].isprintable():
        return frozenset()
    return frozenset(name for group in sent[0].split(",") if (name := group.strip()))


def take_cookie(scope: Scope) -> str:
    """The wiki's cookies that a trusted proxy has passed on, taken out of the headers: nothing else is to see them."""
    headers = MutableHeaders(scope=scope)
    sent = headers.getlist(COOKIE)
    if sent:
        del headers[COOKIE]
    return sent[0] if len(sent) == 1 and sent[0].isprintable() else ""
