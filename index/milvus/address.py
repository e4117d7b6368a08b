"""Where a store is: milvus://HOST:PORT/COLLECTION, or PATH.db for the engine that runs in this process."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

SERVER = re.compile(r"milvus://([A-Za-z0-9._-]+:([0-9]{1,5}))/([A-Za-z_][A-Za-z0-9_]{0,199})")
FORM = "milvus://HOST:PORT/COLLECTION, or PATH.db"
COLLECTION = "quoth"  # in a file
TOKEN, TLS = "QUOTH_STORE_TOKEN", "QUOTH_STORE_TLS"
ENVIRONMENT = (TOKEN, TLS)
PUBLIC_CAS = "on"


@dataclass(frozen=True, slots=True)
class Address:
    """A store as it was named, where that is, and the name under which its collections stand.

    `token` is what it wants to know a caller by. `tls` is empty for none, "on", or a file with the certificates that
    are trusted.
    """

    given: str
    uri: str
    collection: str
    token: str = ""
    tls: str = ""

    @property
    def is_file(self) -> bool:
        """Whether the engine runs in this process."""
        return self.uri == self.given


def read_address(store: str, environment: Mapping[str, str]) -> Address:
    """A store's address, with what the environment says of it; raises ValueError if it is none."""
    if store.endswith(".db") and "://" not in store:
        return Address(store, store, COLLECTION)
    match = SERVER.fullmatch(store)
    if not match or not 0 < int(match[2]) < 65536:
        raise ValueError(f"{store!r} is no store; write it like {FORM}")
    tls = environment.get(TLS, "")
    return Address(store, f"{'https' if tls else 'http'}://{match[1]}", match[3], environment.get(TOKEN, ""), tls)
