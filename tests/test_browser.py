"""The page in a real browser: ask, read the answer, open its citation, and no request leaves."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assistant import Assistant
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from assistant.server.app import make_app
from index.store import make_index
from tests.conftest import HashEncoder, source

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
EVIL = (
    "<img src=x onerror=\"document.title='owned'\">\n"
    "Rain fell in <b>May</b> <script>document.title='owned'</script> ${document.title='owned'} {{value}} twice.[1]\n\n"
    "[1] See Roe, “<img src=x onerror=\"document.title='owned'\">,” Press, 2001.\n"
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def serve(quoth: Assistant) -> Iterator[str]:
    """The address of a running server."""
    server = uvicorn.Server(uvicorn.Config(make_app(quoth), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def address(quoth: Assistant) -> Iterator[str]:
    yield from serve(quoth)


@pytest.fixture(scope="module")
def evil_address(encoder: HashEncoder) -> Iterator[str]:
    yield from serve(
        Assistant(make_index([source(EVIL, "<i>evil</i>")], encoder), Config(threshold=0.01), SentenceReader())
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def test_a_question_its_answer_its_citation_and_the_marked_passage(page: Page, address: str) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
    page.goto(address)
    ask(page, "How many troops and police will the UN peacekeeping mission have?")
    answer = page.locator(".quoth-turn").last
    expect(answer.locator("blockquote").first).to_contain_text(
        "a UN peacekeeping mission of 11,200 troops and 1,440 police."
    )
    citation = answer.get_by_role("button").first
    expect(citation).to_have_text("[1] Uncertainty Amid Troop Drawdown, paragraph 4 · note 4")
    card = page.get_by_label("Source").locator(".quoth-card:visible")
    expect(card.locator("mark")).to_have_text(
        "The French are anxious to bring major combat operations to an end so that they can pass the baton to a UN "
        "peacekeeping mission of 11,200 troops and 1,440 police."
    )
    expect(card).to_contain_text("The January 2013 French intervention stopped Mali’s quick descent into chaos.")
    expect(card.locator("li")).to_contain_text("[4] Flavia Krause-Jackson")

    answer.get_by_text("More from the document").click()
    answer.get_by_role("button").nth(1).click()
    expect(card).to_have_count(1)
    expect(card.locator("mark")).not_to_contain_text("11,200 troops and 1,440 police.”")
    citation.click()
    expect(card.locator("mark")).to_contain_text("The French are anxious")
    assert hosts == {address.removeprefix("http://")}


def test_a_follow_up_an_abstention_and_an_error_in_one_conversation(page: Page, address: str) -> None:
    page.goto(address)
    ask(page, "How many troops will the UN mission have?")
    expect(page.locator(".quoth-cite").first).to_be_visible()
    ask(page, "And how many police?")
    expect(
        page.get_by_text("Understood as: How many troops will the UN mission have? And how many police?")
    ).to_be_visible()
    ask(page, "Xyzzy plugh?")
    expect(page.get_by_text("Nothing in the document matches this question.")).to_be_visible()
    ask(page, "x" * 5000)
    expect(page.get_by_text("The question has 5,000 characters")).to_be_visible()
    expect(page.locator(".quoth-turn")).to_have_count(4)


def test_an_example_is_asked_with_one_click(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="What is said under “Transnational Threats”?").click()
    expect(page.locator(".quoth-question")).to_have_text("What is said under “Transnational Threats”?")
    expect(page.locator(".quoth-cite").first).to_be_visible()


def test_what_stands_in_a_document_or_a_question_is_text(page: Page, evil_address: str) -> None:
    page.goto(evil_address)
    ask(
        page,
        "In May, did rain fall twice <b>twice</b> ${twice} {{rain}} <img src=x onerror=\"document.title='owned'\">?",
    )
    answer = page.locator(".quoth-turn").last
    expect(answer.locator("blockquote").first).to_contain_text(
        "Rain fell in <b>May</b> <script>document.title='owned'</script>"
    )
    expect(page.locator(".quoth-card:visible mark")).to_contain_text("${document.title='owned'} {{value}} twice.")
    expect(page.locator(".quoth-card:visible li")).to_contain_text("“<img src=x onerror=")
    expect(page.locator(".quoth-question")).to_contain_text("<b>twice</b> ${twice} {{rain}} <img src=x")
    assert page.locator(".quoth-turn img, .quoth-card img, .quoth-turn b, .quoth-card mark b").count() == 0
    assert page.title() == "Quoth"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(
    browser: Browser, address: str, width: int, scheme: str, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    ask(page, "What did President Déby say about the skills of the Chadian army?")
    expect(page.locator(".quoth-cite").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
