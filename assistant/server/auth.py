"""Who asks: by a token, by a trusted proxy's word, or by an embed's short-lived token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

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


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `kind`: anyone, token, site, user (of a proxy) or embed; `site` is the identity of a site's token."""

    kind: str
    name: str
    site: str = ""


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
            caller = scope["quoth.caller"] = identify(request, path, self.settings, self.tokens)
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
        return Caller("user", users[0])  # believed: Proxies drops this header where no trusted proxy sent it
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
        return Caller("site" if token.site else "token", token.name, token.identity)
    if granted is None:
        raise unknown("the token is unknown, revoked or expired")
    origin = request.headers.get("origin")
    if origin and origin != granted.origin and not is_own(origin, request):
        raise unknown(f"an embed's token for {granted.origin!r}, shown by {origin!r}")
    if not path.startswith(EMBEDDED):
        raise Refusal("forbidden", why=f"an embed's token, for {path}")
    return Caller("embed", granted.user, granted.by)


def unknown(why: str) -> Refusal:
    """The refusal of a caller who is not known."""
    return Refusal("unauthorized", why=why, headers={"WWW-Authenticate": 'Bearer realm="Quoth"'})
