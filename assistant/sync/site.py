"""A wiki's address, asked over HTTP: with timeouts, a bound on what an answer holds, and no redirect followed."""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import httpx

from assistant.sync.types import WikiSettings
from index.errors import WikiError

MAX_RESPONSE_BYTES = 32 << 20  # bytes
SECONDS = 60  # for a whole answer
WAIT = 20  # seconds for a connection, and for the next piece of an answer
AGENT = "Quoth (reads wiki pages to quote them)"


@cache
def ssl_context() -> ssl.SSLContext:
    """Load the trusted certificates, once."""
    return httpx.create_ssl_context()


class NotFoundError(WikiError):
    """There is nothing at an address."""


class Site:
    """What a wiki answers at its address; cookies that it sets are kept for this site's own later requests.

    `hint` ends the sentence where something else answers there than this kind of wiki.
    """

    def __init__(
        self,
        settings: WikiSettings,
        hint: str,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        wait: float = WAIT,
    ) -> None:
        self.settings = settings
        self.hint = hint
        self.client = httpx.Client(
            auth=auth, headers={"User-Agent": AGENT, **(headers or {})}, timeout=wait, verify=ssl_context()
        )

    def ask(self, method: str, url: str, **request: Any) -> bytes:
        """Return the body of an answer; raises WikiError for none or an unsuccessful one, NotFoundError for a 404."""
        deadline = time.monotonic() + SECONDS
        try:
            with self.client.stream(method, url, **request) as response:
                data = bytearray()
                for part in response.iter_bytes():
                    data += part
                    if len(data) > MAX_RESPONSE_BYTES:
                        raise self.error(
                            f"sends more than {MAX_RESPONSE_BYTES >> 20} MB at once. Make that page smaller."
                        )
                    if time.monotonic() > deadline:
                        raise httpx.ReadTimeout("it is too slow")
        except httpx.TimeoutException as error:
            raise self.error(f"does not answer in time at {url}. It is asked again next time.") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self.error(f"cannot be reached at {url} ({error}). Check its address, and that it runs.") from error
        self.check(response, url)
        return bytes(data)

    def close(self) -> None:
        """End its connections."""
        self.client.close()

    def check(self, response: httpx.Response, url: str) -> None:
        """Raise WikiError for an answer that is no success."""
        status = response.status_code
        if response.is_redirect:
            raise self.error(f"leads from {url} to {response.headers.get('location', '')!r}. Give that address.")
        if status in (401, 403):
            raise self.refused(str(status))
        if status in (429, 503):
            raise self.error(f"is busy ({status}). It is asked again next time.")
        if status == 404:
            raise NotFoundError(str(self.error(f"has nothing at {url} (404). {self.hint}")))
        if not response.is_success:
            raise self.error(f"answers {url} with an error ({status}). Look into the wiki's own log.")

    def ask_json(self, method: str, url: str, **what: Any) -> dict[str, Any]:
        """Return an answer that is a JSON object; raises as `ask`, and WikiError for another answer."""
        data = self.ask(method, url, **what)
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise self.error(f"does not answer as expected at {url}. {self.hint}")
        return answer

    def check_count(self, count: int) -> None:
        """Raise WikiError for more pages than the settings allow."""
        limit = self.settings.most_pages
        if count > limit:
            raise self.error(f"has more than {limit:,} pages. Name fewer namespaces, or raise most_pages.")

    def error(self, problem: str) -> WikiError:
        """Return an error with a sentence about this wiki."""
        return WikiError(f"The wiki {self.settings.name!r} {problem}")

    def refused(self, why: str) -> WikiError:
        """Return the error of an account that is not let in."""
        settings = self.settings
        if not settings.password_env:
            return self.error(
                f"lets nobody in unnamed ({why}). Give user and password_env of an account that may read."
            )
        account = f"the account {settings.user!r}" if settings.user else "the token"
        return self.error(f"refuses {account} ({why}). Check it, and the variable {settings.password_env}.")


def nothing_on_error(ask: Callable[[], frozenset[str]]) -> frozenset[str]:
    """Return an answer about rights; nothing where it failed, or is not of the form that it should be."""
    try:
        return ask()
    except (WikiError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return frozenset()
