"""Two people of a real wiki: a page that one of them may not read is nowhere in what the other is told; make test-wiki."""

import asyncio
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import pytest
from mcp import Client as McpClient
from mcp.client.streamable_http import streamable_http_client

from tests.browsing import ask, turn
from tests.wikis import KINDS, Kind, MissingPackages, Wiki, served_wiki

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.model]
READER, PASSWORD = "bea", "reads-what-all-may-read"
SECRETS = ("Zanzibarium", "Quoxville", "Vault", "vault", "mine ", "Mining", "Plans", "plans")
HIDDEN = "When was the Zanzibarium mine sold?"
PAGES = {
    "mediawiki": {
        "Harbour": "The harbour at Ostrava was closed in March.<ref>Harbour office, ''Timetable'', 2001.</ref>\n",
        "Vault": "The Zanzibarium mine at Quoxville was sold in May.<ref>Mining Press, 2011.</ref>\n",
    },
    "dokuwiki": {
        "harbour": "====== Harbour ======\n\nThe harbour at Ostrava was closed in March.((Harbour office, 2001.))\n",
        "vault": "====== Vault ======\n\nThe Zanzibarium mine at Quoxville was sold in May.((Mining Press, 2011.))\n",
    },
}
# Whom the wiki lets read the page, besides the account that reads it for Quoth.
CLOSED = {
    "mediawiki": (
        "\n$wgHooks['getUserPermissionsErrors'][] = static function ( $title, $user, $action, &$result ) {\n"
        "\tif ( $action !== 'read' || $title->getText() !== 'Vault' || $user->getName() === 'Admin' ) {\n"
        "\t\treturn true;\n\t}\n\t$result = [ 'badaccess-group0' ];\n\treturn false;\n};\n"
    ),
    "dokuwiki": "vault\t@ALL\t0\nvault\tadmin\t1\nvault\tquoth\t1\n",
}
RULES = {"mediawiki": "LocalSettings.php", "dokuwiki": "html/conf/acl.auth.php"}
GROUP = {"mediawiki": "bureaucrat", "dokuwiki": "admin"}


def prepare(kind: Kind, folder: Path) -> None:
    """Two pages, one of them closed; a reader; files beside them, some for a group of the wiki's alone."""
    for title, text in PAGES[kind.name].items():
        write_page(kind, folder, title, text)
    if kind.name == "mediawiki":
        maintain(folder, "createAndPromote.php", READER.capitalize(), PASSWORD)
        (folder / "quoth-password").write_text((folder / "password").read_text())
    else:
        hashed = subprocess.run(["php", "-r", "echo password_hash($argv[1], PASSWORD_BCRYPT);", PASSWORD],
                                capture_output=True, text=True, check=True).stdout  # fmt: skip
        with (folder / "html/conf/users.auth.php").open("a") as users:
            users.write(f"{READER}:{hashed}:Bea:bea@localhost:user\n")
    with (folder / RULES[kind.name]).open("a") as rules:
        rules.write(CLOSED[kind.name])
    (folder / "docs" / "board").mkdir(parents=True)
    (folder / "docs" / "weather.txt").write_text("Rain fell in June, and snow in July.\n")
    (folder / "docs" / "board" / "plans.txt").write_text("The Zanzibarium tower will be built in Quoxville.\n")
    file = folder / "quoth.toml"
    told = f'source = "{folder}/docs"\nrights_seconds = 2\ngroups = {{ board = ["{GROUP[kind.name]}"] }}\n'
    account = 'user = "Admin"\npassword_env = "WIKI_PASSWORD"\n' if kind.name == "mediawiki" else ""
    file.write_text(told + file.read_text().rstrip() + f"\n{account}")
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "www-data:www-data", str(folder)], check=True)


def write_page(kind: Kind, folder: Path, title: str, text: str) -> None:
    if kind.name == "mediawiki":
        maintain(folder, "edit.php", "--user", "Admin", title, text=text)
    else:
        (folder / "html/data/pages" / f"{title}.txt").write_text(text)


def maintain(folder: Path, script: str, *arguments: str, text: str = "") -> None:
    """What an administrator does in MediaWiki's terminal."""
    environment = {**os.environ, "MW_CONFIG_FILE": str(folder / "LocalSettings.php")}
    command = ["php", f"/usr/share/mediawiki/maintenance/{script}", *arguments]
    subprocess.run(command, input=text, env=environment, text=True, capture_output=True, check=True)


@pytest.fixture(scope="module", params=KINDS)
def wiki(request: pytest.FixtureRequest) -> Iterator[Wiki]:
    kind = KINDS[request.param]
    try:
        with served_wiki(kind, partial(prepare, kind)) as served:
            yield served
    except MissingPackages as missing:
        pytest.skip(str(missing))


@contextmanager
def signed_in(browser: "Browser", wiki: Wiki, reader: bool) -> Iterator["Page"]:
    """A browser of the administrator's, or of the reader's."""
    context = browser.new_context()
    page = context.new_page()
    who = (READER, PASSWORD) if reader else (wiki.kind.user, wiki.password)
    page.goto(wiki.url + wiki.kind.sign_in)
    for field, value in zip(wiki.kind.sign_in_fields, who, strict=True):
        page.locator(field).fill(value)
    page.locator(wiki.kind.sign_in_button).click()
    page.wait_for_load_state()
    yield page
    context.close()


@contextmanager
def asking(browser: "Browser", wiki: Wiki, reader: bool) -> Iterator[httpx.Client]:
    """What asks Quoth with such a browser's cookies."""
    with signed_in(browser, wiki, reader) as page:
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        with httpx.Client(base_url=f"{wiki.url}/quoth", cookies=cookies, timeout=60) as client:
            yield client


def post(client: httpx.Client, question: str, **more: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/api/ask", json={"question": question, **more}).json()
    return answer


def listed(client: httpx.Client) -> Mapping[str, str]:
    return {document["title"]: document["id"] for document in client.get("/api/documents").json()["documents"]}


def holds_secrets(text: str, typed: str = "") -> list[str]:
    """The hidden words in a text, those left out that were typed: they may be said again."""
    return [secret for secret in SECRETS if secret in text and secret not in typed]


def test_a_page_that_one_may_not_read_is_nowhere_in_what_they_are_told(wiki: Wiki, browser: "Browser") -> None:
    with asking(browser, wiki, reader=False) as admin, asking(browser, wiki, reader=True) as reader:
        seen, text = listed(admin), listed(reader)
        assert {"Harbour", "Vault"} <= seen.keys()
        assert seen.keys() - text.keys() == {"Vault", next(title for title in seen if "lans" in title)}
        quoted = post(admin, HIDDEN)["evidence"][0]
        assert (quoted["quote"], quoted["document"]) == (
            "The Zanzibarium mine at Quoxville was sold in May.",
            seen["Vault"],
        )
        for question in (HIDDEN, "What is Zanzibariun?", "What will be built in Quoxvile?", "What was sold in May?"):
            assert holds_secrets(json.dumps(post(reader, question)), question) == []
        assert not holds_secrets(reader.get("/api/suggestions").text)
        for path in ("/api/documents/{}", "/api/documents/{}/passages/{}%231", "/api/suggestions?document={}"):
            hidden, missing = (reader.get(path.replace("{}", name)) for name in (seen["Vault"], "wiki:nothing"))
            assert (hidden.status_code, hidden.text) == (404, missing.text)
            assert admin.get(path.replace("{}", seen["Vault"])).status_code == 200
        assert holds_secrets(reader.post("/api/ask", json={"question": "When?", "collection": "board"}).text) == []
        assert post(reader, "When was the harbour at Ostrava closed?")["answer"] == "March"


ASKED = (HIDDEN, "What is Zanzibariun?", "What will be built in Quoxvile?", "mine sold in May", "Quoxville")


def agents_told(wiki: Wiki, client: httpx.Client, seen: Mapping[str, str]) -> dict[str, str]:
    """What MCP's tools and OpenAI's form tell a caller, each under what was typed for it."""
    told: dict[str, str] = {}

    async def calling() -> None:
        async with (
            httpx2.AsyncClient(cookies=dict(client.cookies), timeout=60) as http,
            McpClient(streamable_http_client(f"{wiki.url}/quoth/mcp", http_client=http)) as tools,
        ):
            for typed in ASKED:
                told[f"ask {typed}"] = (await tools.call_tool("ask", {"question": typed})).model_dump_json()
                found = await tools.call_tool("search", {"query": typed, "count": 20})
                told[f"search {typed}"] = found.model_dump_json()
            for typed in (seen["Vault"], "wiki:nothing"):
                for tool, given in (
                    ("read", {}),
                    ("search", {"query": "sold"}),
                    ("ask", {"question": "What was sold?"}),
                ):
                    answer = await tools.call_tool(tool, {**given, "document": typed})
                    told[f"{tool} in {typed}"] = answer.model_dump_json()
            for tool, given in (("search", {"query": "sold"}), ("ask", {"question": "What was sold?"})):
                told[f"{tool} of board"] = (
                    await tools.call_tool(tool, {**given, "collection": "board"})
                ).model_dump_json()

    with ThreadPoolExecutor() as apart:  # Playwright has a loop of its own in this thread
        apart.submit(asyncio.run, calling()).result()
    for typed in ASKED:
        for stream in (False, True):
            body = {"model": "quoth", "stream": stream, "messages": [{"role": "user", "content": typed}]}
            told[f"chat {typed} {stream}"] = client.post("/v1/chat/completions", json=body).text
    history = [{"role": role, "content": words} for role, words in (("user", HIDDEN), ("assistant", "In May."))]
    body = {"model": "quoth", "messages": [*history, {"role": "user", "content": "And where is it?"}]}
    told[f"chat {HIDDEN} and where"] = client.post("/v1/chat/completions", json=body).text
    for model in ("quoth/board", "quoth/nothing"):
        body = {"model": model, "messages": [{"role": "user", "content": "When?"}]}
        told[f"chat of {model}"] = client.post("/v1/chat/completions", json=body).text
        told[f"model {model}"] = client.get(f"/v1/models/{model}").text
    told["models"] = client.get("/v1/models").text
    return told


def test_agents_are_told_nothing_of_it_either(wiki: Wiki, browser: "Browser") -> None:
    with asking(browser, wiki, reader=False) as admin, asking(browser, wiki, reader=True) as reader:
        seen = listed(admin)
        told = agents_told(wiki, reader, seen)
        leaked = {typed: found for typed, answer in told.items() if (found := holds_secrets(answer, typed))}
        assert leaked == {}
        for tool in ("read", "search", "ask"):
            assert told[f"{tool} in {seen['Vault']}"] == told[f"{tool} in wiki:nothing"]
        assert told["chat of quoth/board"] == told["chat of quoth/nothing"]
        assert told["model quoth/board"] == told["model quoth/nothing"]
        assert "board" not in told["models"]
        known = agents_told(wiki, admin, seen)
        for typed in (f"ask {HIDDEN}", f"search {HIDDEN}", f"chat {HIDDEN} False", f"chat {HIDDEN} True"):
            assert "was sold in May." in known[typed]
        assert "Zanzibarium mine" in known[f"read in {seen['Vault']}"]
        assert "quoth/board" in known["models"]


def test_the_page_in_the_browser_shows_nothing_of_it(wiki: Wiki, browser: "Browser") -> None:
    from playwright.sync_api import expect

    for reader in (True, False):
        with signed_in(browser, wiki, reader) as page:
            received: list[str] = []
            page.on("response", lambda text, received=received: keep(text, received))
            page.goto(f"{wiki.url}/quoth/")
            expect(page.locator(".q-introduction li").first).to_be_visible()
            ask(page, HIDDEN)
            expect(turn(page, 1)).to_be_visible()
            shown = page.content() + " ".join(received)
            if reader:
                assert holds_secrets(shown, HIDDEN) == []
            else:
                assert {"Quoxville", "Vault"} <= set(holds_secrets(shown))


def keep(response: Any, received: list[str]) -> None:
    """What the browser was sent for the page's own calls."""
    if "component_server" in response.url or response.url.endswith("/config"):
        received.append(response.text())


def test_what_the_wiki_changes_counts_within_the_stated_time(wiki: Wiki, browser: "Browser") -> None:
    rules = wiki.folder / RULES[wiki.kind.name]
    closed = rules.read_text()
    with asking(browser, wiki, reader=True) as reader:
        assert "Vault" not in listed(reader)
        rules.write_text(closed.replace(CLOSED[wiki.kind.name], ""))
        try:
            within(15, lambda: "Vault" in listed(reader))
            assert "Quoxville" in post(reader, HIDDEN)["evidence"][0]["quote"]
        finally:
            rules.write_text(closed)
        within(15, lambda: "Vault" not in listed(reader))
        assert holds_secrets(json.dumps(post(reader, HIDDEN)), HIDDEN) == []


def within(seconds: float, true: Any) -> None:
    """Something comes true: PHP looks for changed files every two seconds, and the wiki's word is kept for two."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_neither_hidden_words_nor_cookies_are_in_the_log(wiki: Wiki, browser: "Browser") -> None:
    with asking(browser, wiki, reader=True) as reader:
        post(reader, HIDDEN)
        reader.post(
            "/api/feedback", json={"question": HIDDEN, "helpful": True, "document": "wiki:vault", "start": 0, "end": 5}
        )
        written = wiki.quoth_log.read_text()
        values = [value for value in reader.cookies.values() if len(value) > 8]
    assert values
    assert [value for value in values if value in written] == []
    assert re.search(rf'"caller": "user:{READER}"', written, re.I)
    lines = [line for line in written.splitlines() if f'"user:{READER}"' in line.lower()]
    assert not any(secret in line for line in lines for secret in ("Zanzibarium", "Quoxville", "Mining"))


def test_a_reader_cannot_pass_for_somebody_else(wiki: Wiki, browser: "Browser") -> None:
    forged = {"X-Forwarded-User": wiki.kind.user, "X-Forwarded-Groups": GROUP[wiki.kind.name], "X-Wiki-User": wiki.kind.user,
              "X-Wiki-Groups": GROUP[wiki.kind.name], "X-Forwarded-Cookie": "wikiUserName=Admin; wikiUserID=1"}  # fmt: skip
    with asking(browser, wiki, reader=True) as reader:
        plain = listed(reader)
        reader.headers.update(forged)
        assert listed(reader) == plain
    assert httpx.get(f"{wiki.url}/quoth/api/documents", headers=forged).status_code == 401
