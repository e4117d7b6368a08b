"""Confluence by its REST API. Written from its manual and tried against answers written down, not against a Confluence.

https://developer.atlassian.com/server/confluence/rest/
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from assistant.sync.site import NotFoundError, Site, nothing_on_error
from assistant.sync.types import Caller, ListedPage, Page, WikiSettings
from index.errors import WikiError

HINT = "Give the address before /rest, such as https://team.atlassian.net/wiki."
BATCH_SIZE = "100"
RIGHTS_SECONDS = 5
MAX_RESPONSES = 100_000  # of one listing, so that one that goes round in circles ends


class Confluence:
    """A Confluence, read by an account (in the cloud with an API token as password), or with an access token."""

    def __init__(self, settings: WikiSettings, secret: str) -> None:
        self.settings = settings
        self.url = f"{settings.address}/rest/api/content"
        bearer = {"Authorization": f"Bearer {secret}"} if secret and not settings.user else {}
        self.site = Site(settings, HINT, (settings.user, secret) if settings.user else None, bearer)

    def close(self) -> None:
        """End its connections."""
        self.site.close()

    def list_pages(self) -> Mapping[str, ListedPage]:
        """Return every current page of the spaces that the account may read."""
        pages: dict[str, ListedPage] = {}
        parameters = {"type": "page", "status": "current", "expand": "version", "limit": BATCH_SIZE}
        for space in [{"spaceKey": space} for space in self.settings.namespaces] or [{}]:
            pages |= self.read_listing(self.url, {**parameters, **space})
        self.site.check_count(len(pages))
        return pages

    def list_changed(self, since: datetime) -> Mapping[str, ListedPage]:
        """Return what changed since a day before `since`: days are compared, of the account's time zone."""
        from_then = since.astimezone(UTC) - timedelta(days=1)
        query = f'type=page and lastmodified >= "{from_then:%Y/%m/%d}"'
        if spaces := ", ".join(f'"{space}"' for space in self.settings.namespaces):
            query += f" and space in ({spaces})"
        return self.read_listing(f"{self.url}/search", {"cql": query, "expand": "version", "limit": BATCH_SIZE})

    def read_listing(self, url: str, parameters: dict[str, str]) -> dict[str, ListedPage]:
        """Return the pages of a listing, to its end."""
        try:
            pages = {}
            for page in self.results(url, parameters):
                pages[str(page["id"])] = to_listed(page)
                self.site.check_count(len(pages))
            return pages
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self.site.error(f"lists its pages in a form that is not known. {HINT}") from None

    def results(self, url: str, parameters: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Yield what an answer holds, and those that follow it."""
        answer = self.site.ask_json("GET", url, params=parameters)
        for _ in range(MAX_RESPONSES):
            yield from answer["results"]
            next_path = answer.get("_links", {}).get("next")
            if not next_path:
                return
            answer = self.site.ask_json("GET", self.address(str(next_path)))
        raise self.site.error("does not come to the end of its list. It is asked again next time.")

    def address(self, path: str) -> str:
        """Return the address of a path that Confluence names; raises WikiError for another host's."""
        context = urlsplit(self.settings.address).path
        if not path.startswith("/rest/") and not path.startswith(f"{context}/rest/"):
            raise self.site.error(f"leads to {path[:200]!r} for more pages, which is not part of it. {HINT}")
        return self.settings.address + path.removeprefix(context)

    def fetch(self, page: ListedPage) -> Page | None:
        """Return the page as its readers see it; its address is that of the page as it is now."""
        try:
            answer = self.site.ask_json("GET", f"{self.url}/{page.id}", params={"expand": "body.view,version"})
        except NotFoundError:
            return None
        try:
            title, revision = str(answer["title"]), str(int(answer["version"]["number"]))
            html = str(answer["body"]["view"]["value"])
        except (KeyError, TypeError, ValueError):
            raise self.site.error(f"sends the page {page.title!r} in a form that is not known. {HINT}") from None
        base = self.settings.public_address or self.settings.address
        url = f"{base}/pages/viewpage.action?pageId={page.id}"
        return Page(page.id, title, html, url, revision, page.date, "title-text")

    def readable(self, pages: Collection[str], caller: Caller) -> frozenset[str]:
        """Return the pages that the caller's own session opens; without one, those that the caller's name may read."""
        numbers = sorted({page for page in pages if page.isascii() and page.isdecimal()})
        if caller.cookie:
            with closing(Site(self.settings, HINT, headers={"Cookie": caller.cookie}, wait=RIGHTS_SECONDS)) as site:
                return nothing_on_error(lambda: self.until_failure(numbers, lambda page: self.opens(site, page)))
        if caller.user:
            user = caller.user
            return nothing_on_error(lambda: self.until_failure(numbers, lambda page: self.may_read(page, user)))
        return frozenset()

    def until_failure(self, pages: list[str], may_read: Any) -> frozenset[str]:
        """Return those of some pages that may be read; after the first question that fails no more are asked."""
        readable = []
        for page in pages:
            try:
                readable += [page] if may_read(page) else []
            except NotFoundError:
                continue
            except WikiError:
                break
        return frozenset(readable)

    def opens(self, site: Site, page: str) -> bool:
        """Return whether a session may read a page."""
        return str(site.ask_json("GET", f"{self.url}/{page}").get("id")) == page

    def may_read(self, page: str, user: str) -> bool:
        """Return whether an account, by its id in Confluence's cloud, may read a page."""
        request = {"subject": {"type": "user", "identifier": user}, "operation": "read"}
        return (
            self.site.ask_json("POST", f"{self.url}/{page}/permission/check", json=request).get("hasPermission") is True
        )


def to_listed(page: Mapping[str, Any]) -> ListedPage:
    """Return a page of a listing."""
    number, edited = int(page["version"]["number"]), str(page["version"].get("when") or "")[:10]
    return ListedPage(str(int(page["id"])), str(page["title"]), str(number), edited or None)
