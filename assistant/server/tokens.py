"""Tokens: those made by `quoth token`, kept as hashes, and the short-lived ones that embeds carry.

The file holds no token. A made token is 256 random bits, so that its plain SHA-256 cannot be guessed back.
"""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.groups import FORM as GROUP_FORM
from assistant.groups import is_group
from index.errors import QuothError
from index.generation import sync

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FORM = re.compile(r"quoth_[A-Za-z0-9_-]{43}")
LOCK_SECONDS = 10


class Token(BaseModel):
    """A token as the file keeps it; `site` is a wiki's own, which may mint tokens for its embeds.

    `groups` are those that whoever shows it is in; a site may give them to its embeds' readers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    sha256: str
    site: bool
    made: datetime
    expires: datetime | None
    groups: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """A string that is different for a later token of the same name."""
        return self.sha256[:16]

    def holds(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires


class Tokens(BaseModel):
    """What the file holds: the tokens, and the key that signs embeds' tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str = Field(default_factory=lambda: secrets.token_urlsafe(32), min_length=32)
    tokens: tuple[Token, ...] = ()

    def find(self, secret: str, now: datetime) -> Token | None:
        """The token that a caller shows, unless it was revoked or has expired."""
        if not FORM.fullmatch(secret):
            return None
        shown = digest(secret)
        known = [token for token in self.tokens if hmac.compare_digest(token.sha256, shown)]
        return known[0] if known and known[0].holds(now) else None

    def site(self, identity: str, now: datetime) -> Token | None:
        """The site's token that an embed's token was minted with, if it still holds."""
        sites = (token for token in self.tokens if token.site and token.identity == identity)
        return next((token for token in sites if token.holds(now)), None)


class EmbedPass(BaseModel):
    """What an embed's token says: by whose word (a site's token's identity, "" for a proxy), for whom, and where.

    `groups` are those that its reader is in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    by: str
    user: str
    origin: str
    groups: tuple[str, ...] = ()


class TokenFile:
    """The file of tokens, read again when it has changed; each change is whole or not made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._tokens = Tokens()

    def read(self) -> Tokens:
        """The tokens as they are now; raises QuothError if the file is damaged. No file holds no token."""
        try:
            status = self.path.stat()
            stamp = status.st_mtime_ns, status.st_ino
            if stamp != self._stamp:
                self._tokens, self._stamp = Tokens.model_validate_json(self.path.read_bytes()), stamp
        except FileNotFoundError:
            if self._stamp:  # it was there: whoever removed it revoked them all
                self._tokens, self._stamp = Tokens(), None
        except OSError as error:
            raise QuothError(f"The tokens in {self.path} cannot be read ({error.strerror}).") from error
        except ValidationError:
            raise QuothError(f"{self.path} is no file of tokens. Move it away and make new ones.") from None
        return self._tokens

    def add(self, name: str, site: bool, days: int | None, now: datetime, groups: Sequence[str] = ()) -> str:
        """Make a token and return it; it is not kept and cannot be shown again."""
        if not NAME.fullmatch(name):
            raise QuothError(f"{name!r} is no name for a token. Use up to 64 letters, digits, dots and dashes.")
        if days is not None and not 1 <= days <= 36500:
            raise QuothError(f"A token cannot be good for {days} days. Give a number from 1 to 36500.")
        for group in groups:
            if not is_group(group):
                raise QuothError(f"{group!r} is no name for a group. {GROUP_FORM}")
        secret = f"quoth_{secrets.token_urlsafe(32)}"
        expires = now + timedelta(days=days) if days else None
        with self._changing() as tokens:
            if any(token.name == name for token in tokens.tokens):
                raise QuothError(f"There is a token {name!r} already. Revoke it first, or choose another name.")
            added = Token(name=name, sha256=digest(secret), site=site, made=now, expires=expires, groups=tuple(groups))
            self._write(tokens.model_copy(update={"tokens": (*tokens.tokens, added)}))
        return secret

    def revoke(self, name: str) -> None:
        """Forget a token; the embeds whose tokens it minted end with it."""
        with self._changing() as tokens:
            rest = tuple(token for token in tokens.tokens if token.name != name)
            if len(rest) == len(tokens.tokens):
                raise QuothError(f"There is no token {name!r}. quoth token list shows those there are.")
            self._write(tokens.model_copy(update={"tokens": rest}))

    def ensure_key(self) -> None:
        """Have a file with a key, so that embeds' tokens outlive a restart."""
        if not self.path.exists():
            with self._changing() as tokens:
                self._write(tokens)

    def mint(self, granted: EmbedPass) -> str:
        """A token for an embed, signed and stamped with the time."""
        return self._signer().dumps(granted.model_dump())

    def check(self, token: str, seconds: int, now: datetime) -> EmbedPass | None:
        """What an embed's token says; None if it was forged, is too old, or its site's token is gone."""
        try:
            granted = EmbedPass.model_validate(self._signer().loads(token, max_age=seconds))
        except (BadData, ValidationError):
            return None
        if not granted.by:
            return granted
        site = self.read().site(granted.by, now)
        held = tuple(group for group in granted.groups if site and group in site.groups)
        return granted.model_copy(update={"groups": held}) if site else None

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self.read().key, salt="quoth-embed", signer_kwargs={"digest_method": hashlib.sha256}
        )

    @contextmanager
    def _changing(self) -> Iterator[Tokens]:
        """The tokens, while nobody else changes them."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), timeout=LOCK_SECONDS):
                yield self.read()
        except OSError as error:
            reason = error.strerror or "it is locked"
            raise QuothError(f"The tokens in {self.path} cannot be changed ({reason}).") from error

    def _write(self, tokens: Tokens) -> None:
        """Put a new file in the old one's place, whole; what a killed change left beside it goes."""
        prefix = f".{self.path.name}-"
        for leftover in self.path.parent.glob(f"{prefix}*"):
            leftover.unlink(missing_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=prefix)  # readable by its owner alone
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(tokens.model_dump_json(indent=2))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync(self.path.parent)


def digest(secret: str) -> str:
    """A token's hash, as the file keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()
