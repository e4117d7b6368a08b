"""DokuWiki by its remote API: JSON-RPC where that has the `core` methods (2024 and later), else XML-RPC (2022).

Rendered HTML, in which `((…))` notes are linked. https://www.dokuwiki.org/devel:jsonrpc, devel:xmlrpc
"""

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import quote
from xmlrpc import client as xmlrpc

import lxml.html
from lxml.etree import LxmlError

from assistant.sync.site import Site, nothing_on_error
from assistant.sync.types import Caller, ListedPage, Page, WikiSettings
from index.errors import WikiError

HINT = "Give the address of its doku.php without that, and set `remote` and `remoteuser` in its configuration manager."
DEEPEST = 1000  # namespaces in each other; 0 would list only what DokuWiki's search index has
READ = 1  # DokuWiki's AUTH_READ
PARALLEL_REQUESTS = 4  # requests about one caller's rights
RIGHTS_SECONDS = 5  # for all of them; what is not answered by then counts as no
NO_CHANGES = 321
SETTLED = 2  # seconds after an edit, from which the next one has another revision: these are seconds
UNSETTLED = "?"  # behind the version of a page that was edited just now: it is read once more


def version_of(edited: int) -> str:
    """Return a page's version, from when it was edited."""
    return f"{edited}{UNSETTLED}" if time.time() - edited < SETTLED else str(edited)


class Remote(Protocol):
    """The calls that are needed, of either protocol."""

    def signed_in(self) -> bool:
        """Return whether the account is the one that calls."""

    def pages(self, namespace: str) -> list[dict[str, Any]]:
        """Return the pages of a namespace and of those in it, each with `id` and `rev`."""

    def changes(self, since: int) -> list[dict[str, Any]]:
        """Return what changed since a time in seconds, each with `id` and `rev`; not what is gone."""

    def html(self, page: str) -> str:
        """Return a page rendered; empty where there is none."""

    def right(self, page: str, user: str | None) -> object:
        """Return what a user may do with a page, None for whoever calls; 1 and more is reading it."""


class DokuWiki:
    """A DokuWiki, read by an account of its own, or as anyone may."""

    def __init__(self, settings: WikiSettings, secret: str) -> None:
        self.settings = settings
        self.secret = secret
        bearer = {"Authorization": f"Bearer {secret}"} if secret and not settings.user else {}
        auth = (settings.user, secret) if settings.user else None
        self.account = (auth, bearer)
        self.site = Site(settings, HINT, *self.account)

    @cached_property
    def remote(self) -> Remote:
        """Find the protocol that this wiki speaks, once."""
        return find_remote(self.site, self.settings, self.secret)

    def close(self) -> None:
        """End its connections."""
        self.site.close()

    def list_pages(self) -> Mapping[str, ListedPage]:
        """Return every page of the namespaces that the account may read."""
        if self.secret and not self.remote.signed_in():
            raise self.site.refused("not signed in")
        pages: dict[str, ListedPage] = {}
        for namespace in self.settings.namespaces or ("",):
            pages |= self.read_listing(lambda: self.remote.pages(namespace.strip(":")))  # noqa: B023
        self.site.check_count(len(pages))
        return pages

    def list_changed(self, since: datetime) -> Mapping[str, ListedPage]:
        """Return the pages among the recent changes."""
        changed = self.read_listing(lambda: self.remote.changes(int(since.timestamp())))
        prefixes = tuple(f"{name.strip(':')}:" for name in self.settings.namespaces)
        return {name: page for name, page in changed.items() if not prefixes or name.startswith(prefixes)}

    def read_listing(self, ask: Callable[[], list[dict[str, Any]]]) -> dict[str, ListedPage]:
        """Return pages as an answer lists them; raises WikiError where it is none."""
        try:
            edits = [(str(page["id"]), int(page["rev"])) for page in ask()]
            return {name: ListedPage(name, name, version_of(edited), day(edited)) for name, edited in edits}
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            raise self.site.error(f"lists its pages in a form that is not known. {HINT}") from None

    def fetch(self, page: ListedPage) -> Page | None:
        """Return the page as its readers see it, with its first heading as title."""
        html, revision = self.remote.html(page.id), page.version.removesuffix(UNSETTLED)
        if not html.strip():
            return None
        base = self.settings.public_address or self.settings.address
        url = f"{base}/doku.php?id={quote(page.id, safe=':')}&rev={revision}"
        return Page(page.id, first_heading(html) or page.id, html, url, revision, page.date)

    def readable(self, pages: Collection[str], caller: Caller) -> frozenset[str]:
        """Ask for the access rules of the caller's name; a caller without one is whoever asks without an account.

        A page that is gone has the rules of its namespace.
        """
        return nothing_on_error(lambda: self.ask_rights(sorted(set(pages) - {""}), caller.user or None))

    def ask_rights(self, pages: Sequence[str], user: str | None) -> frozenset[str]:
        """Return those pages that a user may read, a few asked at once; after the first failure no more are."""
        if user is not None and not self.secret:
            raise self.site.refused("rights")
        account = self.account if user is not None else (None, {})
        with closing(Site(self.settings, HINT, *account, wait=RIGHTS_SECONDS)) as site:
            remote = find_remote(site, self.settings, self.secret)
            deadline = time.monotonic() + RIGHTS_SECONDS
            failed: list[WikiError] = []

            def may_read(page: str) -> bool:
                if failed or time.monotonic() > deadline:
                    return False
                try:
                    right = remote.right(page, user)
                    return type(right) is int and right >= READ
                except WikiError as error:
                    failed.append(error)
                    return False

            with ThreadPoolExecutor(PARALLEL_REQUESTS) as threads:
                return frozenset(page for page, may in zip(pages, threads.map(may_read, pages)) if may)


class XmlRpc:
    """The calls as DokuWiki 2022 has them."""

    def __init__(self, site: Site, settings: WikiSettings, secret: str) -> None:
        self.site, self.settings, self.secret = site, settings, secret
        self.url = f"{settings.address}/lib/exe/xmlrpc.php"

    def call(self, method: str, *values: Any) -> Any:
        """Return what a method answers. Raises WikiError; Fault where the wiki says that something is wrong."""
        body = xmlrpc.dumps(values, method, allow_none=True)
        data = self.site.ask("POST", self.url, content=body.encode(), headers={"Content-Type": "text/xml"})
        try:
            return xmlrpc.loads(data)[0][0]  # its dates are not of the form that Python's are made of: they stay words
        except xmlrpc.Fault:
            raise
        except Exception:  # expat's errors and those of its values have no common class
            raise self.site.error(f"does not answer as expected at {self.url}. {HINT}") from None

    def ask(self, method: str, *values: Any) -> Any:
        """Return what a method answers; raises a fault as WikiError."""
        try:
            return self.call(method, *values)
        except xmlrpc.Fault as fault:
            raise self.site.error(f"says {fault.faultString[:300]!r} ({fault.faultCode}). {HINT}") from None

    def signed_in(self) -> bool:
        """Sign in."""
        return not self.settings.user or bool(self.ask("dokuwiki.login", self.settings.user, self.secret))

    def pages(self, namespace: str) -> list[dict[str, Any]]:
        """List the files of pages."""
        return list(self.ask("dokuwiki.getPagelist", namespace, {"depth": 0}))

    def changes(self, since: int) -> list[dict[str, Any]]:
        """Ask for the changes; that there are none is a fault of its own."""
        try:
            changes = self.call("wiki.getRecentChanges", since)
        except xmlrpc.Fault as fault:
            if fault.faultCode == NO_CHANGES:
                return []
            raise self.site.error(f"says {fault.faultString[:300]!r} ({fault.faultCode}). {HINT}") from None
        return [{"id": page["name"], "rev": page["version"]} for page in changes if page.get("size")]

    def html(self, page: str) -> str:
        """Return a page rendered, or from DokuWiki's cache."""
        return str(self.ask("wiki.getPageHTML", page) or "")

    def right(self, page: str, user: str | None) -> object:
        """Ask for DokuWiki's access rules."""
        return self.ask("wiki.aclCheck", page, *(() if user is None else (user,)))


class JsonRpc:
    """The calls as DokuWiki has them since 2024."""

    def __init__(self, site: Site, settings: WikiSettings) -> None:
        self.site, self.settings = site, settings
        self.url = f"{settings.address}/lib/exe/jsonrpc.php"

    def ask(self, method: str, **values: Any) -> Any:
        """Return what a method answers; raises WikiError."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": values})
        kind = {"Content-Type": "application/json"}
        answer = self.site.ask_json("POST", self.url, content=body.encode(), headers=kind)
        if error := answer.get("error"):
            raise self.site.error(f"says {str(error)[:300]}. {HINT}")
        if "result" not in answer:
            raise self.site.error(f"does not answer as expected at {self.url}. {HINT}")
        return answer["result"]

    def signed_in(self) -> bool:
        """Ask whether it has a name for the account."""
        return bool(self.ask("core.whoAmI").get("login"))

    def pages(self, namespace: str) -> list[dict[str, Any]]:
        """List the files of pages."""
        pages = self.ask("core.listPages", namespace=namespace, depth=DEEPEST)
        return [{"id": page["id"], "rev": page["revision"]} for page in pages]

    def changes(self, since: int) -> list[dict[str, Any]]:
        """Ask for the changes, and leave out deletions."""
        changes = self.ask("core.getRecentPageChanges", timestamp=since)
        return [{"id": page["id"], "rev": page["revision"]} for page in changes if page.get("type") != "D"]

    def html(self, page: str) -> str:
        """Return a page rendered, or from DokuWiki's cache."""
        return str(self.ask("core.getPageHTML", page=page) or "")

    def right(self, page: str, user: str | None) -> object:
        """Ask for DokuWiki's access rules; an empty user would be the account that calls, and is never sent."""
        return self.ask("core.aclCheck", page=page, **({} if user is None else {"user": user}))


def find_remote(site: Site, settings: WikiSettings, secret: str) -> Remote:
    """Return JSON-RPC where it has the methods needed, else XML-RPC; raises WikiError where neither answers."""
    newer, older = JsonRpc(site, settings), XmlRpc(site, settings, secret)
    try:
        newer.ask("core.getAPIVersion")
        return newer
    except WikiError:
        older.ask("dokuwiki.getXMLRPCAPIVersion")
        return older


def day(seconds: int) -> str:
    """Return the day of a time in seconds."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def first_heading(html: str) -> str | None:
    """Return the words of a page's first heading."""
    try:
        headings = lxml.html.fragment_fromstring(html, create_parent="div").xpath("(//h1|//h2|//h3|//h4|//h5)[1]")
    except (LxmlError, ValueError):
        return None
    return " ".join(headings[0].text_content().split()) or None if headings else None
