"""Proxies: what a trusted one says of a request is believed, what anyone else says of it is dropped."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from assistant.settings import Settings

FORWARDED = (b"forwarded", b"x-forwarded-")


class Proxies:
    """Middleware around uvicorn's, which puts the client's address and scheme in the place of a trusted proxy's.

    uvicorn's leaves an untrusted peer's headers where they are; Gradio, and who asks, would be decided by them.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.naming = {settings.user_header.lower().encode(), settings.groups_header.lower().encode()}
        self.forwarding = ProxyHeadersMiddleware(app, trusted_hosts(settings.trusted_proxy))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http" and address_of(scope) not in self.forwarding.trusted_hosts:
            scope["headers"] = [(name, value) for name, value in scope["headers"] if not self.is_proxys(name)]
        await cast(ASGIApp, self.forwarding)(scope, receive, send)

    def is_proxys(self, name: bytes) -> bool:
        """Whether a header is one that only a proxy may send."""
        return name.startswith(FORWARDED) or name in self.naming


def trusted_hosts(networks: Sequence[IPv4Network | IPv6Network]) -> list[str]:
    """Networks as uvicorn takes them; IPv4 ones also as a socket for both families shows them (::ffff:10.0.0.5)."""
    mapped = [f"::ffff:{n.network_address}/{96 + n.prefixlen}" for n in networks if isinstance(n, IPv4Network)]
    return [*map(str, networks), *mapped]


def address_of(scope: Scope) -> str:
    """The address that a request comes from, cut to a length that a log line can hold."""
    return str((scope.get("client") or ("",))[0])[:64]
