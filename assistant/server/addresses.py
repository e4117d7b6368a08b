"""Where a request comes from, behind the proxies that are trusted."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

from assistant.settings import Settings


def network(address: str) -> str:
    """What an address is counted under: itself, or for IPv6 the 64 bits that one customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped) if parsed.ipv4_mapped else f"{int(parsed) >> 64:x}::/64"
    return address


def in_networks(address: str, settings: Settings) -> bool:
    """Whether an address is a trusted proxy's."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    parsed = parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
    return any(parsed in one for one in settings.trusted_proxy)


def is_proxy(scope: Scope, settings: Settings) -> bool:
    """Whether a request comes straight from a trusted proxy."""
    return in_networks((scope.get("client") or ("",))[0], settings)


def client_address(scope: Scope, headers: Sequence[tuple[bytes, bytes]], settings: Settings) -> str:
    """The address that asks: the peer's, or the last one that trusted proxies forwarded for."""
    address = str((scope.get("client") or ("",))[0])
    told = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
    forwarded = [part.strip() for part in told.split(",") if part.strip()]
    while forwarded and in_networks(address, settings):
        address = forwarded.pop()
    return address[:64]
