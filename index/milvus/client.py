"""A Milvus that is asked with a time limit; whatever goes wrong is one sentence with its address and what to do."""

import logging
import os
import re
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from index.errors import StoreError, UnavailableError
from index.milvus.address import PUBLIC_CAS, TLS, TOKEN, Address

OLDEST, OLDEST_FILE = (2, 5), (3, 0)
VERSION = re.compile(r"(\d+)\.(\d+)")
BACK_SOON = {"grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 1000}  # else two minutes
NOT_LOADED = 101
# Milvus's own codes as gRPC would say them.
CODES = {
    2: "UNAVAILABLE",
    **dict.fromkeys((3, 4, 7, 8, 9), "RESOURCE_EXHAUSTED"),
    10: "UNIMPLEMENTED",
    100: "collection not found",
    1400: "UNAUTHENTICATED",
    1401: "PERMISSION_DENIED",
}
# What a failure is, by what Milvus and gRPC say of it, the first that fits; and what to do then.
FAILURES = (
    (
        r"DEADLINE_EXCEEDED|timed? ?out|deadline",
        "did not answer within {seconds:g} s. See whether it is overloaded, or give it longer with --store-seconds",
    ),
    (
        r"UNAUTHENTICATED|PERMISSION_DENIED|auth check|privilege",
        f"does not take the token. Put one that it knows into {TOKEN}",
    ),
    (
        r"RESOURCE_EXHAUSTED|quota|no space left|rate limit|insufficient (?:memory|disk)|memory limit",
        "is full or has too much to do. Make room in it, or try again later",
    ),
    (r"UNIMPLEMENTED", "is of a version that cannot do this. Use Milvus {oldest} or newer"),
    (
        r"UNAVAILABLE|fail connecting|connection refused|closed channel",
        f"cannot be reached. Start it, see that {TLS} is as it wants, or name another with --store",
    ),
    (
        r"collection not found|can't find collection|collection not exist",
        "has not, or no longer, what was indexed. Run quoth index to send it again",
    ),
)


class Client:
    """Asks one Milvus; several threads may use it, and it finds a server again that was away."""

    def __init__(self, address: Address, seconds: float) -> None:
        """Connects; `seconds` is how long a call may take. Raises UnavailableError, StoreError."""
        self.address, self.seconds = address, seconds
        self._client = self._connect()
        self._check_version(str(self.do("get_server_version")))

    def do(self, call: str, *arguments: Any, seconds: float | None = None, **options: Any) -> Any:
        """What a call of MilvusClient's gives; raises UnavailableError."""
        limit = seconds or self.seconds
        ask = partial(getattr(self._client, call), *arguments, timeout=limit, **options)
        try:
            try:
                return ask()
            except load_pymilvus().MilvusException as error:
                if error.code != NOT_LOADED:
                    raise
            self._client.load_collection(arguments[0], timeout=limit)  # it was started again
            return ask()
        except Exception as error:  # pymilvus lets through those of gRPC, too
            raise self._explain(error, limit) from error

    def _connect(self) -> Any:
        address = self.address
        if address.is_file:
            check_path(Path(address.uri))
        milvus = load_pymilvus()
        tls = {"server_pem_path": address.tls} if address.tls not in ("", PUBLIC_CAS) else {}
        if tls and not Path(address.tls).is_file():
            raise StoreError(f"{TLS} names {address.tls}, which is no file. Name one with certificates, or say on.")
        try:
            named = {"token": address.token, "timeout": self.seconds, "grpc_options": BACK_SOON, **tls}
            return milvus.MilvusClient(address.uri, **named)
        except Exception as error:
            if address.is_file:
                raise UnavailableError(
                    f"The store {address.given} cannot be opened: another process has it open, or it is damaged. "
                    "End that process, or name another with --store."
                ) from error
            raise self._explain(error, self.seconds) from error

    def _check_version(self, version: str) -> None:
        """Raise UnavailableError if this Milvus is too old."""
        oldest = OLDEST_FILE if version.startswith("milvus_lite") else OLDEST
        match = VERSION.search(version)
        if match and (int(match[1]), int(match[2])) < oldest:
            raise UnavailableError(
                f"The store at {self.address.given} is Milvus {match[0]}. Use {'.'.join(map(str, oldest))} or newer."
            )

    def _explain(self, error: Exception, seconds: float) -> UnavailableError:
        """What to say of a failure."""
        code: Any = getattr(error, "code", "")
        code = code() if callable(code) else code
        message = str(getattr(error, "message", "") or error)
        name = CODES.get(code) or getattr(code, "name", type(error).__name__)
        for pattern, fix in FAILURES:
            if re.search(pattern, f"{name} {message}", re.I):
                problem = fix.format(seconds=seconds, oldest=".".join(map(str, OLDEST)))
                return UnavailableError(f"The store at {self.address.given} {problem}.")
        first = (message.splitlines() or [""])[0][:200].rstrip(".") or type(error).__name__
        return UnavailableError(f"The store at {self.address.given} failed ({first}). Its log may say more.")


@lru_cache(maxsize=4)
def connect(address: Address, seconds: float) -> Client:
    """The client of a store, one for each in a process; raises UnavailableError, StoreError."""
    return Client(address, seconds)


def check_path(path: Path) -> None:
    """Raise StoreError if no store can be kept there."""
    if not path.parent.is_dir():
        raise StoreError(
            f"The store {path} cannot be made: there is no folder {path.parent}. Make it, or name another."
        )
    if path.is_file():
        raise StoreError(f"The store {path} is of a version before 3, or no store. Name another with --store.")


def load_pymilvus() -> Any:
    """The package that speaks to Milvus, which stays silent; raises StoreError if it is not installed."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        import milvus_lite  # noqa: F401 (a .db is opened by it)
        import pymilvus
    except ImportError as error:
        raise StoreError("--store needs Quoth's extra: pip install 'quoth[milvus]'.") from error
    for name in ("pymilvus", "milvus_lite"):  # what they log is raised too, and told in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return pymilvus
