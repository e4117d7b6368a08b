"""MediaWiki by its action API (1.39 and later): rendered HTML, in which `<ref>` notes are linked.

https://www.mediawiki.org/wiki/API:Main_page
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from assistant.sync.site import Site, nothing_on_error
from assistant.sync.types import Caller, ListedPage, Page, WikiSettings
from index.errors import WikiError

HINT = "Give the address of its api.php, such as https://wiki.example/w."
FORM = {"format": "json", "formatversion": "2"}
PAGE_INFO = {"prop": "info|revisions", "rvprop": "ids|timestamp", "intestactions": "read"}
GONE = ("nosuchpageid", "missingtitle", "permissiondenied", "protectednamespace", "cantread", "missingcontent-revid")
BATCH_SIZE = 50  # pages that an ordinary account may ask the rights of in one request
PARALLEL_REQUESTS = 4  # requests about one caller's rights
RIGHTS_SECONDS = 5  # for each of them; what is not answered by then counts as no

Parameters = dict[str, str]


class MediaWiki:
    """A MediaWiki, read by an account of its own, or as anyone may."""

    def __init__(self, settings: WikiSettings, secret: str) -> None:
        self.settings = settings
        self.secret = secret
        path = urlsplit(settings.address).path
        self.api = settings.address if path.endswith(".php") else f"{settings.address}/api.php"
        bearer = {"Authorization": f"Bearer {secret}"} if secret and not settings.user else {}
        self.site = Site(settings, HINT, headers=bearer)

    def close(self) -> None:
        """End its connections."""
        self.site.close()

    def list_pages(self) -> Mapping[str, ListedPage]:
        """Return every page of the namespaces that the account may read, without redirects."""
        pages: dict[str, ListedPage] = {}
        for namespace in self.namespaces():
            parameters = {"generator": "allpages", "gapnamespace": namespace, "gaplimit": "max"}
            for page in self.pages({**parameters, "gapfilterredir": "nonredirects"}):
                pages[str(page["pageid"])] = to_listed(page)
                self.site.check_count(len(pages))
        return pages

    def list_changed(self, since: datetime) -> Mapping[str, ListedPage]:
        """Return the pages among the recent changes."""
        parameters = {"generator": "recentchanges", "grctype": "edit|new", "grclimit": "max", "grctoponly": "1"}
        parameters |= {
            "grcend": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "grcnamespace": "|".join(self.namespaces()),
        }
        return {str(page["pageid"]): to_listed(page) for page in self.pages(parameters) if not page.get("redirect")}

    def pages(self, parameters: Parameters) -> Iterator[dict[str, Any]]:
        """Yield the pages of a generator that exist and may be read; raises WikiError where the wiki does not tell."""
        pages: dict[int, dict[str, Any]] = {}
        for answer in self.query({**parameters, **PAGE_INFO}):
            for page in answer.get("pages", []):
                pages.setdefault(page.get("pageid", 0), {}).update(page)
        for number, page in pages.items():
            if not number or page.get("missing") or page.get("invalid"):
                continue
            if "lastrevid" not in page or "read" not in page.get("actions", {}):
                raise self.site.error(f"does not tell of the page {page.get('title')!r}. It is asked again next time.")
            if page["actions"]["read"] is True:
                yield page

    def fetch(self, page: ListedPage) -> Page | None:
        """Return the page as its readers see it; the heading is what the skin writes above it."""
        parameters = {"action": "parse", "pageid": page.id, "prop": "text|revid", "disableeditsection": "1"}
        answer = self.call({**parameters, "disablelimitreport": "1"}, GONE)
        if "error" in answer:
            return None
        try:
            parsed = answer["parse"]
            title, revision, text = str(parsed["title"]), str(int(parsed["revid"])), str(parsed["text"])
        except (KeyError, TypeError, ValueError):
            raise self.site.error(f"sends the page {page.title!r} in a form that is not known. {HINT}") from None
        return Page(page.id, title, text, self.address(title, revision), revision, page.date, "firstHeading")

    def address(self, title: str, revision: str) -> str:
        """Return where a revision is read: the wiki's own index.php."""
        base = self.settings.public_address or self.api.rpartition("/")[0]
        script = base if base.endswith(".php") else f"{base}/index.php"
        return f"{script}?title={quote(title.replace(' ', '_'), safe='/:')}&oldid={revision}"

    def readable(self, pages: Collection[str], caller: Caller) -> frozenset[str]:
        """Ask as the caller, with their cookies and no others; to a wiki a caller without any is anybody."""
        numbers = sorted({page for page in pages if page.isascii() and page.isdecimal()})
        parts = [numbers[at : at + BATCH_SIZE] for at in range(0, len(numbers), BATCH_SIZE)]
        cookie = {"Cookie": caller.cookie} if caller.cookie else {}
        site = Site(self.settings, HINT, headers=cookie, wait=RIGHTS_SECONDS)
        with closing(site), ThreadPoolExecutor(PARALLEL_REQUESTS) as threads:
            readable = list(threads.map(lambda part: nothing_on_error(lambda: self.readable_part(site, part)), parts))
        return frozenset().union(*readable)

    def readable_part(self, site: Site, numbers: Sequence[str]) -> frozenset[str]:
        """Return those of up to 50 pages that a site says may be read; raises where it says something else."""
        parameters = {"action": "query", "prop": "info", "intestactions": "read", "pageids": "|".join(numbers)}
        answer = site.ask_json("GET", self.api, params={**FORM, **parameters})
        pages = answer["query"]["pages"]
        allowed = {str(page["pageid"]) for page in pages if page.get("actions", {}).get("read") is True}
        return frozenset(allowed.intersection(numbers))

    def namespaces(self) -> tuple[str, ...]:
        """Return the numbers of the namespaces to read: those named, or those that hold the wiki's content."""
        answer = self.call({"action": "query", "meta": "siteinfo", "siprop": "namespaces|namespacealiases"})
        try:
            info = answer["query"]
            spaces = {str(space["id"]): space for space in info["namespaces"].values() if space["id"] >= 0}
            names = {str(alias["alias"]).lower(): str(alias["id"]) for alias in info.get("namespacealiases", [])}
        except (KeyError, TypeError, AttributeError):
            raise self.site.error(f"does not answer as expected at {self.api}. {HINT}") from None
        if not self.settings.namespaces:
            return tuple(number for number, space in spaces.items() if space.get("content"))
        for number, space in spaces.items():
            names |= {number: number, space["name"].lower(): number, str(space.get("canonical", "")).lower(): number}
        names["main"] = names["(main)"] = "0"
        unknown = next((name for name in self.settings.namespaces if name.lower() not in names), None)
        if unknown is not None:
            known = ", ".join(space["name"] or "(main)" for space in spaces.values())
            raise self.site.error(f"has no namespace {unknown!r}. There are {known}.")
        return tuple(dict.fromkeys(names[name.lower()] for name in self.settings.namespaces))

    def query(self, parameters: Parameters) -> Iterator[dict[str, Any]]:
        """Yield every part of the answer to a query, as many as it comes in."""
        continuation: Parameters = {}
        while True:
            answer = self.call({"action": "query", **parameters, **continuation})
            yield answer.get("query", {})
            if "continue" not in answer:
                return
            if answer["continue"] == continuation:
                raise self.site.error("answers the same again and again. It is asked again next time.")
            continuation = answer["continue"]

    def call(self, parameters: Parameters, allowed: Collection[str] = ()) -> dict[str, Any]:
        """Return one answer, signed in where an account is named; raises its error unless that is one of `may_say`."""
        answer = self.post(parameters)
        if answer.get("error", {}).get("code") in ("assertuserfailed", "assertnameduserfailed") and self.settings.user:
            self.sign_in()
            answer = self.post(parameters)
        if (error := answer.get("error")) and error.get("code") not in allowed:
            raise self.api_error(error)
        return answer

    def post(self, parameters: Parameters) -> dict[str, Any]:
        """Return one answer, whatever it is; an account that is named must be signed in."""
        assertion = {"assert": "user"} if self.secret else {}
        return self.site.ask_json("POST", self.api, data={**FORM, **assertion, **parameters})

    def sign_in(self) -> None:
        """Sign in; raises WikiError where that is refused."""
        parameters = {"action": "query", "meta": "tokens", "type": "login"}
        answer = self.site.ask_json("POST", self.api, data={**FORM, **parameters})
        token = answer.get("query", {}).get("tokens", {}).get("logintoken", "")
        account = {"lgname": self.settings.user, "lgpassword": self.secret, "lgtoken": token}
        answer = self.site.ask_json("POST", self.api, data={**FORM, "action": "login", **account})
        if (result := answer.get("login", {}).get("result")) != "Success":
            raise self.site.refused(str(result))

    def api_error(self, error: Mapping[str, Any]) -> WikiError:
        """Return an error of the API, as a sentence."""
        code = str(error.get("code"))[:100]
        if code in ("readapidenied", "assertuserfailed", "assertnameduserfailed", "mwoauth-invalid-authorization"):
            return self.site.refused(code)
        return self.site.error(f"says {str(error.get('info', code))[:300]!r} ({code}). It is asked again next time.")


def to_listed(page: Mapping[str, Any]) -> ListedPage:
    """Return a page of a listing; `touched` also tells that something changed that it includes."""
    dates = [str(revision["timestamp"])[:10] for revision in page.get("revisions", []) if "timestamp" in revision]
    return ListedPage(
        str(page["pageid"]), str(page["title"]), f"{page['lastrevid']}:{page['touched']}", next(iter(dates), None)
    )
