"""BookStack by its REST API. Written from its manual and tried against answers written down, not against a BookStack.

https://demo.bookstackapp.com/api/docs
"""

from collections.abc import Collection, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.sync.site import NotFoundError, Site, nothing_on_error
from assistant.sync.types import Caller, ListedPage, Page, WikiSettings

HINT = "Give the address of BookStack's home page."
BATCH_SIZE = 500
RIGHTS_SECONDS = 5


class BookStack:
    """A BookStack, read with an API token: `user` is its id, the variable holds its secret."""

    def __init__(self, settings: WikiSettings, secret: str) -> None:
        self.settings = settings
        self.url = f"{settings.address}/api/pages"
        token = {"Authorization": f"Token {settings.user}:{secret}"} if secret else {}
        self.site = Site(settings, HINT, headers=token)

    def close(self) -> None:
        """End its connections."""
        self.site.close()

    def list_pages(self) -> Mapping[str, ListedPage]:
        """Return every page of the books that the account may read, without drafts and templates."""
        return self.read_listing(self.site, {})

    def list_changed(self, since: datetime) -> Mapping[str, ListedPage]:
        """Return what changed since a day before `since`: the times that are compared may be of another zone."""
        from_then = since.astimezone(UTC) - timedelta(days=1)
        return self.read_listing(self.site, {"filter[updated_at:gte]": f"{from_then:%Y-%m-%d %H:%M:%S}"})

    def read_listing(self, site: Site, filters: dict[str, str]) -> dict[str, ListedPage]:
        """Return the pages that a site lists; raises WikiError where they change meanwhile and one may be missed."""
        pages: dict[str, dict[str, Any]] = {}
        totals: set[int] = set()
        while True:
            parameters = {"count": str(BATCH_SIZE), "offset": str(len(pages)), "sort": "+id", **filters}
            answer = site.ask_json("GET", self.url, params=parameters)
            try:
                batch = {str(int(page["id"])): page for page in answer["data"]}
                totals.add(int(answer["total"]))
                pages |= batch
                site.check_count(len(pages))
                if len(totals) > 1 or (not batch and len(pages) < max(totals)):
                    raise site.error("changed while its pages were listed. It is asked again next time.")
                if len(pages) >= max(totals):
                    return {name: to_listed(page) for name, page in pages.items() if self.is_wanted(page)}
            except (KeyError, TypeError, ValueError):
                raise site.error(f"lists its pages in a form that is not known. {HINT}") from None

    def is_wanted(self, page: Mapping[str, Any]) -> bool:
        """Return whether a page is one to read, of the books named."""
        books = self.settings.namespaces
        in_book = not books or str(page.get("book_slug")) in books or str(page.get("book_id")) in books
        return in_book and not page.get("draft") and not page.get("template")

    def fetch(self, page: ListedPage) -> Page | None:
        """Return the page as its readers see it; its address is that of the page as it is now."""
        try:
            answer = self.site.ask_json("GET", f"{self.url}/{page.id}")
        except NotFoundError:
            return None
        if not isinstance(answer.get("html"), str):
            raise self.site.error(f"sends the page {page.title!r} in a form that is not known. {HINT}")
        base = self.settings.public_address or self.settings.address
        revision, title = str(answer.get("revision_count", "")), str(answer.get("name") or page.title)
        return Page(page.id, title, answer["html"], f"{base}/link/{page.id}", revision, page.date, "bkmrk-page-title")

    def readable(self, pages: Collection[str], caller: Caller) -> frozenset[str]:
        """Return what BookStack lists for the caller's own session, which needs the right to use the API."""
        if not caller.cookie:
            return frozenset()
        with closing(Site(self.settings, HINT, headers={"Cookie": caller.cookie}, wait=RIGHTS_SECONDS)) as site:
            return nothing_on_error(lambda: frozenset(self.read_listing(site, {})).intersection(pages))


def to_listed(page: Mapping[str, Any]) -> ListedPage:
    """Return a page of a listing."""
    edited = str(page["updated_at"])
    return ListedPage(str(page["id"]), str(page["name"]), f"{page.get('revision_count', '')}:{edited}", edited[:10])
