"""What a wiki is to the assistant: pages that are listed, fetched, and that callers may read or not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Kind = Literal["mediawiki", "dokuwiki", "bookstack", "confluence"]


class WikiSettings(BaseModel):
    """A wiki as the settings name it; its secret stands in the environment, under the name given here."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="the collection that its pages are")
    kind: Kind = Field(description="which wiki it is")
    address: str = Field(description="where Quoth reaches it, such as https://wiki.example/w")
    public_address: str = Field("", description="where readers reach it, if that is another")
    namespaces: tuple[str, ...] = Field(
        (), description="namespaces, of BookStack books, of Confluence spaces; empty for all that hold content"
    )
    user: str = Field("", description="the account that reads it; empty for a token, or where anyone may read")
    password_env: str = Field(
        "", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$", description="the variable that holds the password or token"
    )
    rights: Literal["visitor", "caller", "everyone"] = Field(
        "visitor",
        description="who is quoted its pages: everyone who may ask; each caller those that the wiki lets them read, by "
        "the cookie or the name that the proxy passes on; or what a visitor may read who is not signed in",
    )
    most_pages: int = Field(20_000, ge=1, le=1_000_000, description="a wiki with more pages is not read")

    @field_validator("address", "public_address")
    @classmethod
    def check_address(cls, address: str) -> str:
        """Refuse an address with name, password, query or fragment."""
        if not address:
            return address
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or not address.isascii() or " " in address:
            raise ValueError(f"{address!r} is not an address; write it like https://wiki.example/w")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("an address holds no name, password, query or fragment; give user and password_env")
        return address.rstrip("/")

    @model_validator(mode="after")
    def check_secret(self) -> "WikiSettings":
        """Refuse a user without a password, and QUOTH_ variables, which are settings."""
        if not self.address:
            raise ValueError("the address is empty; write it like https://wiki.example/w")
        if self.user and not self.password_env:
            raise ValueError(f"the user {self.user!r} has no password; name its variable with password_env")
        if self.password_env.upper().startswith("QUOTH_"):
            raise ValueError(f"{self.password_env} would be read as a setting; name the variable otherwise")
        return self


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page as its wiki lists it. `version` is another whenever the page may read otherwise; `date` is of its edit."""

    id: str
    title: str
    version: str
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was fetched: its rendered HTML, and the address at which that very revision is read.

    `heading` is the id of the heading that the wiki writes above what it renders; None where that has its own.
    """

    id: str
    title: str
    html: str
    url: str
    revision: str
    date: str | None = None
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the wiki knows them: the name by which they are signed in, and the cookies of that session."""

    user: str | None = None
    cookie: str | None = None


class Wiki(Protocol):
    """A wiki that pages are read of. Its methods raise WikiError where the wiki does not answer as it should."""

    def list_pages(self) -> Mapping[str, ListedPage]:
        """Return every page that may be read, by id; the listing is complete, or raises."""

    def list_changed(self, since: datetime) -> Mapping[str, ListedPage]:
        """Return the pages made or edited since then, as far as the wiki tells; never which are gone."""

    def fetch(self, page: ListedPage) -> Page | None:
        """Return a page as it is now; None where the wiki says that it is gone, or may not be read."""

    def readable(self, pages: Collection[str], caller: Caller) -> frozenset[str]:
        """Return those of some pages, by id, that the wiki says the caller may read.

        It never raises: a page that the wiki does not know, or an answer that does not come, is not among them.
        """

    def close(self) -> None:
        """End its connections, for good."""
