"""Who may read a wiki's pages: the wiki is asked as the caller, and its word is kept for a short time.

What it does not say, and what it does not say in time, may not be read.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from assistant.server.auth import Caller
from assistant.server.rights import PageRights, Rights
from assistant.settings import Settings
from assistant.sync.types import Caller as AsWhom
from assistant.sync.types import Wiki
from assistant.sync.wikis import Wikis
from index.errors import WikiError
from index.tables import Entry

WAIT = 5.0  # seconds that a caller waits for a wiki's word; what comes later counts for their next question
SIDE_BY_SIDE = 8  # callers about whom a wiki is asked at once
CALLERS = 1000  # whose rights are kept


@dataclass(slots=True)
class Asked:
    """What a wiki was asked about one caller: which pages, when, and what it says."""

    pages: frozenset[str]
    began: float
    readable: Future[frozenset[str]]

    def covers(self, pages: frozenset[str], since: float) -> bool:
        """Whether these pages were asked about, not before a time."""
        return pages <= self.pages and self.began >= since


class WikiRights:
    """The rights of one wiki's pages, which are the documents of the collection of its name."""

    def __init__(
        self,
        name: str,
        open_wiki: Callable[[], Wiki],
        seconds: float,
        as_caller: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Its word is kept for some seconds; unless `as_caller`, it is asked what a visitor may read."""
        self.name, self.open_wiki, self.seconds, self.as_caller, self.clock = (
            name, open_wiki, seconds, as_caller, clock,
        )  # fmt: skip
        self._asked: OrderedDict[str, Asked] = OrderedDict()
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE, f"rights-{name}")

    def pages(self, documents: Iterable[Entry]) -> Mapping[str, str]:
        """The documents in its collection, by their ids its names for them."""
        return {document.id: document.page or "" for document in documents if is_in(document, self.name)}

    def readable(self, caller: Caller, pages: Mapping[str, str]) -> frozenset[str]:
        """Those pages that the wiki says the caller may read."""
        named = frozenset(pages.values()) - {""}
        if not named:
            return frozenset()
        asked = self.ask(caller, named)
        try:
            allowed = asked.readable.result(max(0.0, asked.began + WAIT - self.clock()))
        except (TimeoutError, CancelledError):
            return frozenset()
        return frozenset(document for document, page in pages.items() if page in allowed)

    def ask(self, caller: Caller, pages: frozenset[str]) -> Asked:
        """What the wiki was asked about a caller not long ago, or is asked now."""
        whom = as_whom(caller) if self.as_caller else AsWhom()
        key = key_of(whom)
        with self._lock:
            now = self.clock()
            kept = self._asked.get(key)
            if kept is None or not kept.covers(pages, now - self.seconds):
                kept = self._asked[key] = Asked(pages, now, self._threads.submit(self.ask_wiki, pages, whom))
            self._asked.move_to_end(key)
            while len(self._asked) > CALLERS:
                self._asked.popitem(last=False)
        return kept

    def ask_wiki(self, pages: frozenset[str], whom: AsWhom) -> frozenset[str]:
        """What the wiki says; nothing where it cannot be asked."""
        try:
            return self.open_wiki().readable(pages, whom)
        except WikiError:
            return frozenset()


@dataclass(frozen=True, slots=True)
class Strays:
    """Pages that lie where no wiki keeps its own, such as a copy of its folder among the sources: nobody's."""

    wikis: tuple[str, ...]

    def pages(self, documents: Iterable[Entry]) -> Mapping[str, str]:
        """The documents that call themselves a wiki's page, and are in no wiki's collection."""
        return {
            document.id: ""
            for document in documents
            if document.page and not any(is_in(document, w) for w in self.wikis)
        }

    def readable(self, caller: Caller, pages: Mapping[str, str]) -> frozenset[str]:
        """None: there is nobody to ask."""
        return frozenset()


def make_rights(settings: Settings, wikis: Wikis) -> Rights:
    """Who may read what, by the settings."""
    asked: list[PageRights] = [
        WikiRights(wiki.name, lambda wiki=wiki: wikis.open(wiki), settings.rights_seconds, wiki.rights == "caller")  # type: ignore[misc]
        for wiki in settings.wikis
        if wiki.rights != "everyone"
    ]
    strays = Strays(tuple(wiki.name for wiki in settings.wikis))
    return Rights(settings.groups, [*asked, strays] if asked else [])


def is_in(document: Entry, collection: str) -> bool:
    """Whether a document lies in a collection, or in a folder of it."""
    return document.collection == collection or (document.collection or "").startswith(f"{collection}/")


def as_whom(caller: Caller) -> AsWhom:
    """A caller as a wiki knows them; somebody without name and cookie is a visitor."""
    return AsWhom(caller.wiki_user or None, caller.cookie or None)


def key_of(whom: AsWhom) -> str:
    """Return a hash that is different for every caller, and does not hold their cookies."""
    identity = f"{len(whom.user or '')}:{whom.user or ''}:{whom.cookie or ''}"
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
