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
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assistant.settings_sources import read_settings
from assistant.sync.folder import Synced
from assistant.sync.types import Caller
from assistant.sync.wikis import Wikis
from tests.browsing import SENTENCE, ask, expect_marked, turn
from tests.serving import QUESTION, soon
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


def expect_answer(page: "Page", title: str = "") -> None:
    """The question's answer stands in the widget; its citation opens the passage, and the note."""
    from playwright.sync_api import expect

    ask(page, QUESTION)
    widget = page.locator("quoth-assistant")
    expect(widget.locator("blockquote").first).to_have_text(SENTENCE)
    expect(widget.locator("blockquote strong").first).to_have_text("11,200 troops")
    citation = widget.locator(".cite").first
    expect(citation).to_have_text(f"[1] {title}Uncertainty Amid Troop Drawdown, paragraph 4 · note 4")
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
    expect_answer(page, "Stabilizing Mali, ")  # beside it stand the wiki's own pages
    assert soon(lambda: callers(wiki, "/quoth/api/ask")[-1] == f"user:{wiki.kind.user}")


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
    response = httpx.post(f"{wiki.url}/quoth/api/ask", **asked)  # type: ignore[arg-type]
    assert (response.status_code, response.headers["content-type"]) == (401, "application/problem+json")
    assert httpx.get(f"{wiki.url}/quoth-whoami").status_code == 404
    wiki.sign_in(page)
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    response = httpx.post(f"{wiki.url}/quoth/api/ask", cookies=cookies, **asked)  # type: ignore[arg-type]
    assert response.json()["evidence"][0]["quote"] == SENTENCE
    assert soon(lambda: callers(wiki, "/quoth/api/ask")[-1] == f"user:{wiki.kind.user}")


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
    assert [headers.get_all("X-Forwarded-User") for headers in seen] == [[wiki.kind.user], None]
    groups = {"mediawiki": "bureaucrat", "dokuwiki": "admin"}[wiki.kind.name]
    assert [groups in str(headers.get("X-Forwarded-Groups", "")).split(",") for headers in seen] == [True, False]
    forwarded = [value for headers in seen for name, value in headers.items() if name.lower().startswith("x-forwarded")]
    assert "boss" not in str(forwarded)
    assert [headers.get_all("Cookie") for headers in seen] == [None, None]
    passed_on = [str(headers.get("X-Forwarded-Cookie", "")) for headers in seen]
    assert [all(value in one for value in cookies.values()) for one in passed_on] == [
        wiki.kind.name == "mediawiki",
        False,
    ]
    assert passed_on[1] == ""
    assert [headers.get_all("X-Forwarded-For") for headers in seen] == [["127.0.0.1"], ["127.0.0.1"]]


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
    headers = {name: first.get_attribute(name) for name in ("document", "mode", "theme", "label", "question")}
    assert headers == {
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


NOTED = {
    "mediawiki": (
        "Opening words.\n\n== Boats ==\nThe ferry to {town} leaves at nine.<ref>Harbour office, ''Timetable'', {year}.</ref>\n"
    ),
    "dokuwiki": (
        "====== {title} ======\n\nOpening words.\n\n===== Boats =====\n"
        "The ferry to {town} leaves at nine.((Harbour office, //Timetable//, {year}.))\n"
    ),
}
SECTION = {"mediawiki": "#Boats", "dokuwiki": "#boats"}
FERRY = "When does the ferry leave?"


def markup(wiki: Wiki, town: str, year: int, title: str = "Harbour") -> str:
    return NOTED[wiki.kind.name].format(town=town, year=year, title=title)


def answered(wiki: Wiki, page: "Page", words: str) -> dict[str, Any]:
    """The answer of the Quoth beside the wiki, once its first quotation has these words, a minute later at most."""
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    deadline = time.monotonic() + 60
    while True:
        asked = {"question": FERRY, "collection": "wiki"}
        answer = httpx.post(f"{wiki.url}/quoth/api/ask", json=asked, cookies=cookies, timeout=60).json()
        response = answer["evidence"] or [*(answer["abstention"] or {}).get("nearest", []), {"quote": ""}]
        if (words in response[0]["quote"]) if words else not any("ferry" in value["quote"] for value in response):
            return response[0]
        assert time.monotonic() < deadline, (answer, wiki.quoth_log.read_text()[-2000:])
        time.sleep(1)


def read_log(wiki: Wiki) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in wiki.quoth_log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "wiki read"]


def test_an_edit_is_answered_from_with_its_new_note_and_a_deleted_page_no_more(wiki: Wiki, page: "Page") -> None:
    wiki.sign_in(page)
    wiki.write(page, "harbour", markup(wiki, "Orkney", 2001))
    headers = answered(wiki, page, "Orkney")
    assert headers["quote"] == "The ferry to Orkney leaves at nine."
    assert [note["text"] for note in headers["footnotes"]] == ["Harbour office, Timetable, 2001."]
    assert (headers["section"], headers["url"].endswith(SECTION[wiki.kind.name])) == ("Boats", True)
    before = headers["url"]
    wiki.write(page, "harbour", markup(wiki, "Shetland", 2026))
    headers = answered(wiki, page, "Shetland")
    assert [note["text"] for note in headers["footnotes"]] == ["Harbour office, Timetable, 2026."]
    assert read_log(wiki)[-1]["fetched"] == 1  # it alone
    page.goto(headers["url"])
    assert "Shetland" in page.locator("body").inner_text()
    page.goto(before)
    assert "Orkney" in page.locator("body").inner_text()  # the revision that was quoted
    wiki.delete(page, "harbour")
    answered(wiki, page, "")
    assert read_log(wiki)[-1]["removed"] == 1


def test_a_folder_follows_the_wiki(wiki: Wiki, page: "Page", tmp_path: Path) -> None:
    """Step by step: only what changed is fetched; a listing that fails removes nothing; a page that moved is one page."""
    settings = read_settings({"config": str(wiki.folder / "quoth.toml"), "index_dir": str(tmp_path)}, {})
    named, wikis = settings.wikis[0], Wikis(settings, wiki.secrets)
    wiki.sign_in(page)
    wiki.write(page, "harbour", markup(wiki, "Orkney", 2001))
    first = wikis.sync()[0]
    assert (first.fetched, first.removed, first.problems) == (first.pages, 0, ())
    assert wikis.sync()[0] == Synced("wiki", first.pages, 0, 0)
    time.sleep(1.1)  # DokuWiki's revisions are seconds: two edits in one are one
    wiki.write(page, "harbour", markup(wiki, "Shetland", 2026))
    assert wikis.sync()[0] == Synced("wiki", first.pages, 1, 0)
    changes = wikis.open(named).list_changed(datetime.now(UTC) - timedelta(minutes=5))
    assert [change.title.lower() for change in changes.values() if change.title.lower() == "harbour"] == ["harbour"]
    wiki.delete(page, "harbour")
    away = Wikis(settings.model_copy(update={"wikis": (named.model_copy(update={"user": "x", "password_env": "X"}),)}),
                 {"X": "wrong"})  # fmt: skip
    problems = away.sync(complete=True)[0].problems
    assert problems[0].startswith("The wiki 'wiki' refuses the account 'x' (")
    folder = settings.wiki_folder(named)
    assert len(list(folder.rglob("*.html"))) == first.pages
    assert wikis.sync(complete=True)[0] == Synced("wiki", first.pages - 1, 0, 1)
    assert len(list(folder.rglob("*.html"))) == first.pages - 1
    for each in (wikis, away):
        each.close()


def test_the_wiki_says_which_pages_a_caller_may_read(wiki: Wiki, page: "Page", tmp_path: Path) -> None:
    settings = read_settings({"config": str(wiki.folder / "quoth.toml"), "index_dir": str(tmp_path)}, {})
    wikis = Wikis(settings, wiki.secrets)
    opened = wikis.open(settings.wikis[0])
    wiki.sign_in(page)
    cookie = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in page.context.cookies())
    listed = opened.list_pages()
    pages, named = list(listed), next(name for name, page in listed.items() if page.title.lower() == "ask")
    assert opened.readable([*pages, "999999", "x:|"], Caller(wiki.kind.user, cookie)) >= set(pages)
    with hidden(wiki, "Ask"):
        assert named in opened.readable(pages, Caller(wiki.kind.user, cookie))
        assert named not in opened.readable(pages, Caller("nobody", None))
        assert named not in opened.readable(pages, Caller(None, "session=forged"))
    wikis.close()


@contextmanager
def hidden(wiki: Wiki, title: str) -> Iterator[None]:
    """A page that only administrators may read."""
    if wiki.kind.name == "dokuwiki":
        file = wiki.folder / "html" / "conf" / "acl.auth.php"
        more = f"{title.lower()}\t@ALL\t0\n{title.lower()}\tadmin\t1\n"
    else:
        file = wiki.folder / "LocalSettings.php"
        more = (
            "\n$wgHooks['getUserPermissionsErrors'][] = static function ( $title, $user, $action, &$result ) {\n"
            f"\tif ( $action !== 'read' || $title->getText() !== '{title}' || $user->isAllowed( 'delete' ) ) {{\n"
            "\t\treturn true;\n\t}\n\t$result = [ 'badaccess-group0' ];\n\treturn false;\n};\n"
        )
    before = file.read_text()
    file.write_text(before + more)
    time.sleep(3)  # PHP looks for changed files every two seconds
    try:
        yield
    finally:
        file.write_text(before)
        time.sleep(3)
