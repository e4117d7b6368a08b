"""What the page never does: run what stands in a document, mix conversations, ask another host."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from assistant import Assistant
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from index.store import make_index
from tests.browsing import SENTENCE, TROOPS, ask, expect_marked, turn
from tests.conftest import HashEncoder, source
from tests.serving import serving

pytestmark = pytest.mark.browser
OWN = "document.title='owned'"
EVIL = (
    f'<img src=x onerror="{OWN}">\n'
    f"<script>{OWN}</script> The headline </script></style></template>\n\n"
    f"Rain fell in <b>May</b> <script>{OWN}</script> ${{{OWN}}} {{{{value}}}} twice.[1]\n\n"
    f'[1] See Roe, “<img src=x onerror="{OWN}">,” Press, 2001.\n'
)
EVIL_QUESTION = f'In May, did rain fall twice <b>twice</b> ${{twice}} {{{{rain}}}} <img src=x onerror="{OWN}">?'


@pytest.fixture(scope="module")
def address(quoth: Assistant) -> Iterator[str]:
    with serving(quoth, quota="", quota_address="") as address:
        yield address


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(20_000)
    yield context
    context.close()


def test_what_stands_in_a_document_or_a_question_is_text(context: BrowserContext, encoder: HashEncoder) -> None:
    files = [source(EVIL, '<i>evil"'), source("Hail fell.", f'<img src=x onerror="{OWN}">')]
    with serving(
        Assistant(make_index(files, encoder), Config(threshold=0.01), SentenceReader()), quota="", quota_address=""
    ) as address:
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".q-start")).to_contain_text("<I>Evil")
        ask(page, EVIL_QUESTION)
        answer = turn(page, 1)
        expect(answer.locator(".q-question")).to_have_text(EVIL_QUESTION)
        said = f"Rain fell in <b>May</b> <script>{OWN}</script> ${{{OWN}}} {{{{value}}}} twice."
        expect(answer.locator("blockquote").first).to_contain_text(said)
        expect_marked(page, said)
        expect(page.locator(".q-pages .q-notes li").first).to_contain_text("“<img src=x onerror=")
        answer.get_by_text("Why this answer").click()
        expect(answer.get_by_role("table")).to_be_visible()
        answer.locator(".q-cite").first.hover()
        expect(page.get_by_role("tooltip")).to_contain_text("<b>May</b>")
        assert page.locator(".quoth :is(img, script, b, i, template)").count() == 0
        assert page.title() == "Quoth"


def test_offsets_hold_whatever_ends_a_line(context: BrowserContext, encoder: HashEncoder) -> None:
    text = "Rain fell 😀\nin May & June <1>.[1]\n{} fell in July, they\nsay.\n\n[1] Roe, “Rain,” Press, 2001.\n"
    endings = {"Snow": "\n", "Hail": "\r\n", "Sleet": "\r"}
    files = [
        source("\ufeff" + text.format(name).replace("\n", ending), name.lower()) for name, ending in endings.items()
    ]
    with serving(
        Assistant(make_index(files, encoder), Config(threshold=0.01), SentenceReader()), quota="", quota_address=""
    ) as address:
        page = context.new_page()
        page.goto(address)
        for name, ending in endings.items():
            ask(page, f"When did {name.lower()} fall?")
            expect_marked(page, f"{name} fell in July, they{ending}say.")


def test_two_people_at_once_never_mix(browser: Browser, address: str) -> None:
    pages = [browser.new_context().new_page() for _ in range(2)]
    first, second = pages
    for page in pages:
        page.set_default_timeout(20_000)
        page.goto(address)
    ask(first, "How many troops will the UN mission have?")
    ask(second, "Who is Wolfram Lacher?")
    expect(turn(first, 1)).to_be_visible()
    expect(turn(second, 1)).to_be_visible()
    for page in pages:
        ask(page, "And how many police?")
    understood = "Read together with: “How many troops will the UN mission have?”"
    expect(turn(first, 2)).to_contain_text(understood)
    expect(turn(second, 2)).to_be_visible()
    expect(turn(second, 2)).not_to_contain_text(understood)
    assert "Lacher" not in first.locator(".q-turns").inner_text().split("More from")[0]
    for page in pages:
        expect(page.locator(".q-turn")).to_have_count(2)
        page.context.close()


def test_no_request_leaves_for_another_host_and_the_page_is_never_loaded_again(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    hosts: set[str] = set()
    loads: list[str] = []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2] if "//" in request.url else "inline"))
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    page.goto(address)
    ask(page, TROOPS)
    expect_marked(page, SENTENCE)
    turn(page, 1).get_by_text("Why this answer").click()
    expect(turn(page, 1).get_by_role("table")).to_be_visible()
    turn(page, 1).locator(".q-cite").first.click()
    expect_marked(page, SENTENCE)
    page.get_by_role("button", name="Back to the answer").click()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".q-turn")).to_have_count(0)
    assert hosts - {"inline"} == {address.removeprefix("http://")}
    fonts = page.evaluate("document.fonts.ready.then(all => [...all].filter(one => one.status === 'loaded').length)")
    assert fonts == 2
    assert loads == [f"{address}/"]


def errors_of(page: Page) -> list[str]:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    return errors


def test_a_link_to_nowhere_is_told_plainly(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    errors = errors_of(page)
    page.goto(f"{address}/#document=nowhere&from=3&to=x")
    expect(page.locator(".q-pages")).to_contain_text("There is no such document.")
    page.goto("about:blank")
    page.goto(f"{address}/#document=stabilizing-mali&from=99999999&to=999999999")
    expect(page.locator(".q-pages article")).to_be_visible()
    assert errors == []


def test_a_question_over_the_quota_is_given_back(context: BrowserContext, quoth: Assistant) -> None:
    """The page says why; what was answered before stands."""
    # The document and the first questions are two of the three.
    with serving(quoth, quota="3/minute", quota_address="", quota_message="Enough for now.") as address:
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".q-first button").first).to_be_visible()
        ask(page, TROOPS)
        expect(turn(page, 1)).to_be_visible()
        ask(page, "Who is Wolfram Lacher?")
        expect(page.get_by_text("Enough for now.")).to_be_visible()
        expect(page.locator("[role=status]").first).to_have_text("This question could not be asked.")
        expect(page.get_by_label("Your question")).to_have_value("Who is Wolfram Lacher?")
        expect(page.locator(".q-stop")).to_be_hidden()
        expect(page.locator(".q-turn")).to_have_count(1)


def test_a_question_that_the_server_left_is_given_back(context: BrowserContext, address: str) -> None:
    """Where the server goes away before it answers, the page loads anew as soon as it is back, with the question."""
    page = context.new_page()
    page.goto(address)
    for path in ("**/queue/join*", "**/queue/data*"):
        expect(page.locator(".q-first button").first).to_be_visible()
        for away in (path, "**/app_id"):
            page.route(away, lambda route: route.abort())
        ask(page, TROOPS)
        expect(page.get_by_text("Connection to the server was lost.")).to_be_visible()
        for away in (path, "**/app_id"):
            page.unroute(away)
        expect(page.get_by_label("Your question")).to_have_value(TROOPS)
        expect(page.locator(".q-stop")).to_be_hidden()
        page.get_by_label("Your question").press("Enter")
        expect(turn(page, 1)).to_be_visible()
        assert page.evaluate("sessionStorage.length") == 0
        page.get_by_role("button", name="New conversation").click()
