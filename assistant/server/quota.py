"""Quotas: how often a caller, and an address, may ask: of this process, or of all that share a store."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.server.auth import Caller
from assistant.server.paths import UPLOAD, route_path
from assistant.server.problems import Refusal, as_refusal, refuse
from assistant.server.proxies import address_of
from assistant.settings import Settings
from assistant.shared import SharedStore
from index.errors import QuothError

COUNTED = (
    "/api/ask", "/api/unanswered", "/api/feedback", "/api/embed-token", "/v1/chat/completions",
    "/gradio_api/queue/join", "/gradio_api/component_server/",
    UPLOAD,
)  # fmt: skip


Counter = tuple[RateLimitItem, str, str]  # a rate, and the kind and the name that it is counted under
Exceeded = tuple[RateLimitItem, str, float]  # a rate, the kind, and in how many seconds there is room again
TIME = "DOUBLE PRECISION NOT NULL"  # in seconds
TABLE = (
    f"CREATE TABLE IF NOT EXISTS quota (name TEXT NOT NULL, at {TIME}, ends {TIME})",
    "CREATE INDEX IF NOT EXISTS quota_names ON quota (name, at)",
    "CREATE INDEX IF NOT EXISTS quota_ends ON quota (ends)",
)
SWEPT = 60  # seconds between two times that a process forgets what counts no more


class OwnCounts:
    """How often each has asked this process."""

    def __init__(self) -> None:
        self.window = MovingWindowRateLimiter(MemoryStorage())

    def count(self, counters: Iterable[Counter]) -> Exceeded | None:
        """Count a request under each; returns the first rate of which it is one too many."""
        for rate, kind, name in counters:
            if not self.window.hit(rate, kind, name):
                return rate, kind, self.window.get_window_stats(rate, kind, name).reset_time - time.time()
        return None


class SharedCounts:
    """How often each has asked any of the processes that share a store, in the same moving windows.

    The store holds a hash of each name, with the times at which it asked, as long as they count.
    """

    def __init__(self, store: SharedStore) -> None:
        self.store, self.swept = store, -math.inf
        with store.open(TABLE):
            pass

    def count(self, counters: Iterable[Counter]) -> Exceeded | None:
        """The same, for all processes; raises SharedStoreError."""
        for rate, kind, name in counters:
            key = blake2b(rate.key_for(kind, name).encode("utf-8", "replace"), digest_size=16).hexdigest()
            with self.store.open(TABLE, lock=key) as run:
                now, seconds = self.store.now(run), rate.get_expiry()
                counted = "SELECT count(*) AS hits, min(at) AS first FROM quota WHERE name = :name AND at > :since"
                [found] = run(counted, name=key, since=now - seconds)
                if found["hits"] >= rate.amount:
                    return rate, kind, found["first"] + seconds - now
                run("INSERT INTO quota VALUES (:name, :at, :ends)", name=key, at=now, ends=now + seconds)
            self.sweep()
        return None

    def sweep(self) -> None:
        """Forget what counts no more, from time to time."""
        if time.monotonic() >= self.swept + SWEPT:
            self.swept = time.monotonic()
            with self.store.open(TABLE, lock="sweep") as run:
                run("DELETE FROM quota WHERE ends < :now", now=self.store.now(run))


class Quota:
    """How often each caller and each address has asked; raises Refusal where that is as often as they may."""

    def __init__(self, settings: Settings, shared: SharedStore | None = None) -> None:
        self.message = settings.quota_message
        self.of_caller, self.of_address = rates(settings.quota), rates(settings.quota_address)
        self.counts = SharedCounts(shared) if shared else OwnCounts()

    async def count(self, scope: Scope) -> None:
        """Count one request; raises Refusal, with how long to wait, where it is one too many, or QuothError."""
        counters = self.counters(scope["quoth.caller"], network(address_of(scope)))
        if exceeded := await run_in_threadpool(self.counts.count, counters):
            rate, kind, seconds = exceeded
            raise Refusal("quota", self.message, f"{rate} by {kind}", {"Retry-After": str(max(1, math.ceil(seconds)))})

    def counters(self, caller: Caller, address: str) -> Iterator[Counter]:
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
                await self.quota.count(scope)
            except (Refusal, QuothError) as error:
                await refuse(Request(scope), as_refusal(error))(scope, receive, send)
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
