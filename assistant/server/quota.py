"""Quotas: how often a caller, and an address, may ask."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.server.auth import Caller
from assistant.server.paths import UPLOAD, route_path
from assistant.server.problems import Refusal, refuse
from assistant.server.proxies import address_of
from assistant.settings import Settings

COUNTED = (
    "/api/ask", "/api/unanswered", "/api/feedback", "/api/embed-token", "/v1/chat/completions",
    "/gradio_api/queue/join", "/gradio_api/component_server/",
    UPLOAD,
)  # fmt: skip


class Quota:
    """How often each caller and each address has asked; raises Refusal where that is as often as they may."""

    def __init__(self, settings: Settings) -> None:
        self.message = settings.quota_message
        self.of_caller, self.of_address = rates(settings.quota), rates(settings.quota_address)
        self.window = MovingWindowRateLimiter(MemoryStorage())

    def count(self, scope: Scope) -> None:
        """Count one request; raises Refusal, with how long to wait, where it is one too many."""
        for rate, kind, name in self.counters(scope["quoth.caller"], network(address_of(scope))):
            if not self.window.hit(rate, kind, name):
                reset = self.window.get_window_stats(rate, kind, name).reset_time
                wait = max(1, round(reset - datetime.now(UTC).timestamp()))
                raise Refusal("quota", self.message, f"{rate} by {kind}", {"Retry-After": str(wait)})

    def counters(self, caller: Caller, address: str) -> Iterator[tuple[RateLimitItem, str, str]]:
        """The rates that hold for a request, each with what it is counted under."""
        yield from ((rate, "address", address) for rate in self.of_address)
        name = address if caller.kind == "anyone" else f"{caller.site}/{caller.name}"
        yield from ((rate, caller.kind, name) for rate in self.of_caller)


class Quotas:
    """Middleware that counts what is posted; what agents call by /mcp is counted call by call, where it is done."""

    def __init__(self, app: ASGIApp, quota: Quota) -> None:
        self.app, self.quota = app, quota

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on."""
        if scope["type"] == "http" and scope["method"] == "POST" and route_path(scope) in COUNTED:
            try:
                self.quota.count(scope)
            except Refusal as refusal:
                await refuse(Request(scope), refusal)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def rates(quota: str) -> Sequence[RateLimitItem]:
    """The rates of a quota such as "60/minute;2000/day"."""
    return parse_many(quota) if quota else ()


def network(address: str) -> str:
    """What an address is counted under: itself, or for IPv6 the 64 bits that one customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped) if parsed.ipv4_mapped else f"{int(parsed) >> 64:x}::/64"
    return address
