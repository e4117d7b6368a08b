"""Quoth in real wikis: Debian's packages, set up by the scripts that ship, asked in Chromium; make test-wiki."""

import http.server
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.browsing import SENTENCE, ask, expect_marked, turn
from tests.serving import QUESTION
from tests.wikis import KINDS, QUOTH, MissingPackages, Wiki, free_port, running, served_wiki

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.model]
NOTE = (
    "[4] Flavia Krause-Jackson, “UN Security Council Approves 11,200 Troops to Stabilize Mali,” "
    "Bloomberg, April 25, 2013."
)


@pytest.fixture(scope="module", params=KINDS)
def wiki(request: pytest.FixtureRequest) -> Iterator[Wiki]:
    try:
        with served_wiki(KINDS[request.param]) as served:
            yield served
    except MissingPackages as missing:
        pytest.skip(str(missing))


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    context = browser.new_context()
    page = context.new_page()
    page.errors = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.errors.append(str(error)))  # type: ignore[attr-defined]
    yield page
    context.close()
    assert page.errors == []  # type: ignore[attr-defined]


def expect_answer(page: "Page") -> None:
    """The question's answer stands in the widget; its citation opens the passage, and the note."""
    from playwright.sync_api import expect

    ask(page, QUESTION)
    widget = page.locator("quoth-assistant")
    expect(widget.locator("blockquote").first).to_have_text(SENTENCE)
    expect(widget.locator("blockquote strong").first).to_have_text("11,200")
    citation = widget.locator(".cite").first
    expect(citation).to_have_text("[1] Uncertainty Amid Troop Drawdown, paragraph 4 · note 4")
    citation.click()
    expect(widget.locator(".source mark").first).to_have_text(SENTENCE)
    expect(widget.locator(".notes li").first).to_have_text(NOTE)


def callers(wiki: Wiki, path: str) -> list[str]:
    """Who asked for a path, as Quoth's log has it; nobody where it was refused."""
    lines = [json.loads(line) for line in wiki.quoth_log.read_text().splitlines() if line.startswith("{")]
    return [line.get("caller", "") for line in lines if line.get("path") == path]


def test_the_wikis_page_answers_whom_the_wiki_knows(wiki: Wiki, page: "Page") -> None:
    from playwright.sync_api import expect

    wiki.open(page, wiki.kind.ask)
    expect(page.locator("quoth-assistant")).to_have_text("Sign in to ask here, then load this page again.")
    wiki.sign_in(page)
    wiki.open(page, wiki.kind.ask)
    expect_answer(page)
    assert callers(wiki, "/quoth/api/ask")[-1] == f"user:{wiki.kind.user}"


def test_the_whole_page_stands_under_the_sub_path(wiki: Wiki, page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto(f"{wiki.url}/quoth")
    expect(page.locator(wiki.kind.sign_in_fields[0])).to_be_visible()  # sent to the wiki's own login
    wiki.sign_in(page)
    page.goto(f"{wiki.url}/quoth?q=Who+is+Wolfram+Lacher%3F")
    expect(turn(page, 1)).to_be_visible()
    assert "Wolfram Lacher" in turn(page, 1).locator("blockquote").first.inner_text()
    ask(page, QUESTION)
    turn(page, 2).locator("a.q-cite, button.q-cite, .q-cite").first.click()
    expect_marked(page, SENTENCE)
    assert set(callers(wiki, "/quoth/gradio_api/queue/join")) == {f"user:{wiki.kind.user}"}


def test_nobody_passes_for_another(wiki: Wiki, page: "Page") -> None:
    asked = {"json": {"question": QUESTION}, "headers": {"X-Forwarded-User": "boss", "X-Wiki-User": "boss"}}
    told = httpx.post(f"{wiki.url}/quoth/api/ask", **asked)  # type: ignore[arg-type]
    assert (told.status_code, told.headers["content-type"]) == (401, "application/problem+json")
    assert httpx.get(f"{wiki.url}/quoth-whoami").status_code == 404
    wiki.sign_in(page)
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    told = httpx.post(f"{wiki.url}/quoth/api/ask", cookies=cookies, **asked)  # type: ignore[arg-type]
    assert told.json()["evidence"][0]["quote"] == SENTENCE
    assert callers(wiki, "/quoth/api/ask")[-1] == f"user:{wiki.kind.user}"


def test_the_wikis_session_stays_with_the_wiki(wiki: Wiki, page: "Page") -> None:
    """What reaches Quoth, seen by a server in its place: the name and groups of who is signed in, and no cookie.

    MediaWiki's recipe passes its cookies on under a name of their own, by which Quoth asks it for rights alone.
    """
    wiki.sign_in(page)
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert cookies
    with in_quoths_place(wiki) as seen:
        forged = {"X-Forwarded-User": "boss", "X-Forwarded-Groups": "boss", "X-Wiki-Groups": "boss",
                  "X-Forwarded-Cookie": "a=boss"}  # fmt: skip
        httpx.get(f"{wiki.url}/quoth/api/documents", cookies=cookies, headers=forged)
        httpx.get(f"{wiki.url}/quoth/api/documents", headers={**forged, "X-Forwarded-For": "6.6.6.6"})
    assert [told.get_all("X-Forwarded-User") for told in seen] == [[wiki.kind.user], None]
    groups = {"mediawiki": "bureaucrat", "dokuwiki": "admin"}[wiki.kind.name]
    assert [groups in str(told.get("X-Forwarded-Groups", "")).split(",") for told in seen] == [True, False]
    forwarded = [value for told in seen for name, value in told.items() if name.lower().startswith("x-forwarded")]
    assert "boss" not in str(forwarded)
    assert [told.get_all("Cookie") for told in seen] == [None, None]
    passed_on = [str(told.get("X-Forwarded-Cookie", "")) for told in seen]
    assert [all(value in one for value in cookies.values()) for one in passed_on] == [wiki.kind.name == "mediawiki", False]
    assert passed_on[1] == ""
    assert [told.get_all("X-Forwarded-For") for told in seen] == [["127.0.0.1"], ["127.0.0.1"]]


@contextmanager
def in_quoths_place(wiki: Wiki) -> Iterator[list[Message]]:
    """The headers of what nginx passes on, while another server stands where Quoth does."""
    seen: list[Message] = []

    class Seeing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers)
            self.send_response(204)
            self.end_headers()

    def go_to(text: str) -> None:
        site.write_text(text)
        os.kill(int((wiki.folder / "nginx.pid").read_text()), signal.SIGHUP)
        time.sleep(1)  # nginx starts new workers, and lets the old ones end

    site = wiki.folder / "site.conf"
    text = site.read_text()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Seeing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        go_to(re.sub(r"server 127\.0\.0\.1:\d+;", f"server 127.0.0.1:{server.server_port};", text))
        yield seen
        go_to(text)
        server.shutdown()


def test_what_anyone_may_fetch_of_the_wiki_holds_none_of_its_secrets(wiki: Wiki) -> None:
    for path in ("/LocalSettings.php", "/conf/users.auth.php", "/conf/local.php", "/data/pages/ask.txt", "/password",
                 "/includes/Setup.php", "/inc/init.php", "/maintenance/install.php", "/mw-config/index.php"):  # fmt: skip
        assert (path, httpx.get(wiki.url + path).status_code) == (path, 404)


@pytest.mark.parametrize("listed", [True, False])
def test_a_quoth_at_its_own_address(wiki: Wiki, page: "Page", listed: bool) -> None:
    """The wiki's administrator names it; it answers where the wiki's origin is on its list."""
    from playwright.sync_api import expect

    port = free_port()
    server = f"http://localhost:{port}"
    allowed = wiki.url if listed else "https://another.test"
    command = [QUOTH, "serve", "--port", str(port), "--allow-origin", allowed, "--no-feedback"]
    wiki.sign_in(page)
    name_server(wiki, page, server)
    try:
        with running(command, f"{server}/healthz", wiki.folder / "own.log"):
            wiki.open(page, wiki.kind.ask)
            if listed:
                expect_answer(page)
            else:
                with page.expect_console_message(lambda said: "Quoth shows nothing here" in said.text):
                    page.reload()
                expect(page.locator("quoth-assistant")).to_have_text("")
    finally:
        name_server(wiki, page, "/quoth/")


def name_server(wiki: Wiki, page: "Page", server: str) -> None:
    """Do in the browser what docs/wiki.md tells an administrator to."""
    if wiki.kind.name == "mediawiki":
        script = httpx.get(f"{wiki.url}/index.php?title=MediaWiki:Common.js&action=raw").text
        changed = re.sub(r"server = '[^']*'", f"server = '{server.rstrip('/')}/'", script)
        wiki.write(page, "MediaWiki:Common.js", changed)
    else:
        page.goto(f"{wiki.url}/doku.php?id=start&do=admin&page=config")
        page.locator("[name='config[plugin____quoth____server]']").fill(server.rstrip("/"))
        page.locator("#dw__configform button[type=submit], #config__manager button[type=submit]").first.click()
        page.wait_for_load_state()


MARKUP = {
    "mediawiki": (
        '<div class="quoth-assistant" data-document="stabilizing-mali" data-mode="launcher" data-theme="dark" '
        'data-label="Ask the &quot;desk&quot; &lt;img src=x onerror=alert(1)&gt;" data-question="{q}"></div>\n'
        '<div class="quoth-assistant" data-server="http://evil.test" data-onclick="alert(1)"></div>'
    ),
    "dokuwiki": (
        '{{{{quoth>stabilizing-mali?launcher&dark&q={q}|Ask the "desk" <img src=x onerror=alert(1)>}}}}\n\n'
        '{{{{quoth>?server=http://evil.test" onclick="alert(1)}}}}'
    ),
}


def test_an_editor_says_which_document_and_how(wiki: Wiki, page: "Page") -> None:
    """Every option reaches the assistant as text; nothing else that a page says does."""
    from playwright.sync_api import expect

    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    wiki.sign_in(page)
    wiki.write(page, "options", MARKUP[wiki.kind.name].format(q=QUESTION))
    wiki.open(page, "options")
    first, second = page.locator("quoth-assistant").all()
    label = 'Ask the "desk" <img src=x onerror=alert(1)>'
    told = {name: first.get_attribute(name) for name in ("document", "mode", "theme", "label", "question")}
    assert told == {
        "document": "stabilizing-mali",
        "mode": "launcher",
        "theme": "dark",
        "label": label,
        "question": QUESTION,
    }
    assert second.evaluate("e => e.getAttributeNames()") == []
    page.get_by_role("button", name=label).click()
    expect(first.locator("blockquote").first).to_have_text(SENTENCE)
    assert alerts == []
