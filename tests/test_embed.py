"""Each way to embed, on a plain host page of another origin, asked in Chromium; and from an origin that is not listed."""

import gzip
import http.server
import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from assistant import Assistant
from assistant.config import Config
from assistant.feedback import FeedbackStore
from assistant.reader.sentence import SentenceReader
from assistant.server.embed import WIDGET
from assistant.server.tokens import TokenFile
from index.store import make_index
from tests.axe import serious
from tests.conftest import CHROMIUM, HashEncoder, source
from tests.serving import QUESTION, Log, logged, serving

DEBY = "What did President Déby say about the skills of the Chadian army?"
EVIL = (
    "<img src=x onerror=\"document.title='owned'\">\n"
    "Rain fell in <b>May</b> <script>document.title='owned'</script> ${document.title='owned'} {{value}} twice.[1]\n\n"
    "[1] See Roe, “<img src=x onerror=\"document.title='owned'\">,” Press, 2001.\n"
)
DOCUMENT = 'document="stabilizing-mali"'
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed: apt-get install chromium"),
]


class Host:
    """A wiki: a server of another origin, with pages, and a policy of its own if it likes."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.policy = ""
        self.mint = lambda: ""
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                response = host.pages.get(self.path)
                body = host.mint() if self.path == "/token" else response or ""
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if host.policy:
                    self.send_header("Content-Security-Policy", host.policy)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, body: str, head: str = "", style: str = "") -> str:
        """A page with this in it; its address."""
        path = f"/{len(self.pages)}"
        self.pages[path] = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wiki</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head>'
            f'<body style="{style}"><main><h1>Field guide</h1>{body}</main></body></html>'
        )
        return self.origin + path


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.server.shutdown()
    host.server.server_close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> FeedbackStore:
    return FeedbackStore(tmp_path_factory.mktemp("kept") / "feedback.sqlite")


@pytest.fixture(scope="module")
def address(quoth: Assistant, host: Host, kept: FeedbackStore) -> Iterator[str]:
    """A server on whose list the host is."""
    with serving(quoth, kept, allow_origin=(host.origin,), quota_address="") as address:
        yield address


@pytest.fixture(scope="module")
def closed_address(quoth: Assistant) -> Iterator[str]:
    """A server with an empty list."""
    with serving(quoth) as address:
        yield address


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


@pytest.fixture
def page(shared_page: Page) -> Page:
    """One page for all tests, which load something into it each: the widget keeps nothing in a browser."""
    shared_page.unroute_all()
    shared_page.goto("about:blank")
    shared_page.set_viewport_size({"width": 1100, "height": 860})
    shared_page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return shared_page


@pytest.fixture
def log() -> Iterator[Log]:
    with logged() as log:
        yield log


def script(address: str) -> str:
    return f'<script src="{address}/widget.js" defer></script>'


def ask(widget: Locator, question: str) -> None:
    widget.get_by_label("Your question").fill(question)
    widget.get_by_label("Your question").press("Enter")


def check_answer(widget: Locator) -> None:
    """Ask, and see the answer, its citation, the marked words and the note that "Ibid." leads to."""
    ask(widget, DEBY)
    expect(widget.locator("blockquote").first).to_have_text(
        "“The Chadian army does not have the skills to fight a shadowy, guerrilla-style war that is taking place in "
        "northern Mali,” President Déby stated."
    )
    citation = widget.locator(".cite").first
    expect(citation).to_have_text("[1] Uncertainty Amid Troop Drawdown, paragraph 8 · note 15")
    citation.click()
    source = widget.get_by_role("region", name="Source: Uncertainty Amid Troop Drawdown, paragraph 8")
    expect(source.locator("mark")).to_contain_text("President Déby stated.")
    expect(source).to_contain_text("The decision of Chad’s president, Idriss Déby")
    expect(source.locator("li")).to_have_text(
        "[15] Ibid.→ note 14: Xan Rice, “‘Guerrilla’ Conflict Makes Chad Quit Mali,” Financial Times, April 15, 2013."
    )


def test_the_widget_answers_on_a_listed_page_and_asks_no_other_host(page: Page, address: str, host: Host) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
    page.goto(host.put(f"<quoth-assistant {DOCUMENT}></quoth-assistant>", script(address)))
    widget = page.locator("quoth-assistant")
    expect(widget.get_by_role("heading")).to_contain_text("Ask Stabilizing Mali")
    expect(widget.locator(".chips button")).to_have_count(4)
    check_answer(widget)
    assert hosts == {host.origin, address}


def test_a_follow_up_an_abstention_with_suggestions_an_error_and_a_fresh_start(
    page: Page, address: str, host: Host
) -> None:
    page.goto(host.put(f"<quoth-assistant {DOCUMENT}></quoth-assistant>", script(address)))
    widget = page.locator("quoth-assistant")
    ask(widget, QUESTION)
    expect(widget.locator("blockquote").first).to_contain_text("11,200 troops and 1,440 police")
    ask(widget, "And how many police?")
    along = widget.get_by_text(f"Read together with: “{QUESTION}”")
    expect(along).to_be_visible()
    widget.get_by_role("button", name="Ask it alone").click()
    expect(widget.locator(".turn")).to_have_count(3)
    expect(widget.locator(".turn").last.locator("figcaption, summary").first).to_be_visible()
    expect(along).to_have_count(1)
    ask(widget, "Xyzzy plugh?")
    expect(widget.locator(".turn").last.locator(".chips button").first).to_be_visible()
    expect(widget.get_by_text("It can answer:")).to_be_visible()
    widget.locator(".turn").last.locator(".chips button").first.click()
    expect(widget.locator(".turn")).to_have_count(5)
    expect(widget.locator(".turn").last.locator("blockquote").first).to_be_visible()
    page.route("**/api/ask", lambda route: route.abort())
    ask(widget, "Who?")
    expect(widget.get_by_role("alert")).to_have_text("The server cannot be reached from here.")
    page.unroute("**/api/ask")
    widget.get_by_role("button", name="Ask again").click()
    expect(widget.get_by_role("alert")).to_have_count(0)
    widget.get_by_role("button", name="Start over").click()
    expect(widget.locator(".turn")).to_have_count(0)
    expect(widget.locator(".chips button")).to_have_count(4)


def test_from_an_origin_that_is_not_listed_nothing_is_seen_and_the_log_says_why(
    page: Page, closed_address: str, host: Host, log: Log
) -> None:
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto(host.put(f"<quoth-assistant {DOCUMENT}></quoth-assistant>", script(closed_address)))
    line = log.last(refused="origin_not_allowed", path="/api/documents")
    assert line["why"] == f"'{host.origin}' is not on the list; --allow-origin adds it"
    page.wait_for_timeout(300)
    assert page.locator("quoth-assistant").evaluate("one => one.shadowRoot.childElementCount") == 0
    assert page.locator("quoth-assistant").bounding_box()["height"] == 0  # type: ignore[index]
    assert any("Quoth shows nothing here." in message for message in messages)


FRAME = """<iframe id="q" title="Quoth" width="700" height="100" src="{src}"></iframe>
<script>window.told = []; addEventListener("message", (e) => {{
  told.push([e.origin, e.data.type, e.data.height]); document.querySelector("#q").height = e.data.height; }});</script>"""


def test_the_iframe_answers_and_tells_its_height_to_the_named_origin(page: Page, address: str, host: Host) -> None:
    src = f"{address}/embed?doc=stabilizing-mali&theme=dark&origin={host.origin}"
    page.goto(host.put(FRAME.format(src=src)))
    frame = page.frame_locator("#q").locator("quoth-assistant")
    check_answer(frame)
    assert frame.get_attribute("dark") == ""
    page.wait_for_function("() => told.length > 1 && told.at(-1)[2] > 400")
    messages = page.evaluate("told")
    assert {(origin, kind) for origin, kind, _ in messages} == {(address, "quoth:height")}
    inner = frame.bounding_box()
    assert inner is not None
    assert abs(messages[-1][2] - inner["height"]) <= 5


def test_the_height_is_told_to_nobody_else(page: Page, quoth: Assistant, host: Host) -> None:
    with serving(quoth, allow_origin=(host.origin, "https://other.test")) as address:
        page.goto(host.put(FRAME.format(src=f"{address}/embed?origin=https://other.test")))
        expect(page.frame_locator("#q").locator("quoth-assistant").get_by_role("heading")).to_be_visible()
        page.wait_for_timeout(300)
        assert page.evaluate("told") == []


@pytest.mark.parametrize("query", ["?origin={origin}", ""])
def test_an_iframe_on_a_page_that_is_not_listed_shows_nothing_and_the_log_says_why(
    page: Page, closed_address: str, host: Host, log: Log, query: str
) -> None:
    page.goto(host.put(FRAME.format(src=f"{closed_address}/embed{query.format(origin=host.origin)}")))
    line = log.last(refused="origin_not_allowed", path="/embed")
    assert "--allow-origin adds it" in line["why"]
    page.wait_for_timeout(300)
    assert page.frame_locator("#q").locator("quoth-assistant").count() == 0
    assert page.evaluate("told") == []


def test_the_page_itself_is_framed_by_nobody(page: Page, address: str, host: Host) -> None:
    page.goto(host.put(FRAME.format(src=f"{address}/")))
    page.wait_for_timeout(500)
    assert page.frame_locator("#q").locator("gradio-app").count() == 0


def test_a_plain_link_opens_an_answer(page: Page, closed_address: str, host: Host) -> None:
    page.goto(host.put(f'<a href="{closed_address}/embed?doc=stabilizing-mali&q={DEBY}">Ask Quoth</a>'))
    page.get_by_text("Ask Quoth").click()
    expect(page.locator("quoth-assistant blockquote").first).to_contain_text("President Déby stated.")


def test_it_works_under_a_strict_policy_of_the_host(page: Page, address: str, host: Host) -> None:
    broken: list[str] = []
    page.on("console", lambda m: broken.append(m.text) if "Content Security Policy" in m.text else None)
    host.policy = f"default-src 'none'; script-src {address}; connect-src {address}; require-trusted-types-for 'script'"
    try:
        page.goto(host.put(f"<quoth-assistant {DOCUMENT}></quoth-assistant>", script(address)))
        check_answer(page.locator("quoth-assistant"))
    finally:
        host.policy = ""
    assert not [
        message for message in broken if "style" not in message
    ]  # the host page's own style attribute is refused


def test_what_stands_in_a_document_or_a_question_is_text(page: Page, encoder: HashEncoder, host: Host) -> None:
    evil = Assistant(make_index([source(EVIL, "<i>evil</i>")], encoder), Config(threshold=0.01), SentenceReader())
    with serving(evil, allow_origin=(host.origin,)) as address:
        page.goto(host.put("<quoth-assistant></quoth-assistant>", script(address)))
        widget = page.locator("quoth-assistant")
        ask(
            widget,
            "In May, did rain fall twice <b>twice</b> \u202egnp.exe <img src=x onerror=\"document.title='owned'\">?",
        )
        expect(widget.locator("blockquote").first).to_contain_text("<script>document.title='owned'</script>")
        widget.locator(".cite").first.click()
        expect(widget.locator(".source li").first).to_contain_text("“<img src=x onerror=")
        expect(widget.locator(".asked")).to_contain_text("<b>twice</b> \ufffdgnp.exe <img src=x")
        assert widget.locator("img, script, i").count() == 0
        assert page.title() == "Wiki"
        bad = 'x"><img src=x onerror="document.title=\'owned\'">'
        page.goto(f"{address}/embed?doc={bad}&theme={bad}&q={bad}")
        page.wait_for_timeout(300)
        assert page.title() == "Quoth"


def test_offsets_count_code_points(page: Page, encoder: HashEncoder, host: Host) -> None:
    text = "😀😀 The 𝔣lag is up. Rain fell in May 😀 in Kidal. Snow fell."
    clever = Assistant(make_index([source(text, "emoji")], encoder), Config(threshold=0.01), SentenceReader())
    with serving(clever, allow_origin=(host.origin,)) as address:
        page.goto(host.put("<quoth-assistant></quoth-assistant>", script(address)))
        widget = page.locator("quoth-assistant")
        ask(widget, "When did rain fall in Kidal?")
        expect(widget.locator("blockquote").first).to_have_text("Rain fell in May 😀 in Kidal.")
        widget.locator(".cite").first.click()
        expect(widget.locator(".source mark").first).to_have_text("Rain fell in May 😀 in Kidal.")
        expect(widget.locator(".source p").first).to_have_text(text)


def test_the_keyboard_walks_through_it(page: Page, address: str, host: Host) -> None:
    page.goto(
        host.put(
            f'<quoth-assistant {DOCUMENT} mode="launcher" label="Ask the guide"></quoth-assistant>', script(address)
        )
    )
    widget = page.locator("quoth-assistant")
    expect(widget.get_by_role("button", name="Ask the guide")).to_be_visible()
    expect(widget.get_by_role("dialog")).to_have_count(0)
    focused = "document.activeElement.shadowRoot.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.className") == "launch"
    page.keyboard.press("Enter")
    expect(widget.get_by_role("dialog", name="Ask the guide")).to_be_visible()
    assert page.evaluate(f"{focused}.id") == "q"
    page.keyboard.type(DEBY)
    page.keyboard.press("Enter")
    expect(widget.locator(".cite").first).to_be_visible()
    assert page.evaluate(f"{focused}.id") == "q"
    walked = []
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        walked.append(page.evaluate(f"{focused}?.className || {focused}?.tagName"))
        if walked[-1] == "cite":
            break
    assert walked[-1] == "cite"
    ring = page.evaluate(f"getComputedStyle({focused}).outlineStyle")
    assert ring == "solid"
    page.keyboard.press("Enter")
    expect(widget.locator(".source").first).to_be_visible()
    assert page.evaluate(f"{focused}.getAttribute('aria-expanded')") == "true"
    page.keyboard.press("Space")
    expect(widget.locator(".source").first).to_be_hidden()
    page.keyboard.press("Escape")
    expect(widget.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate(f"{focused}.className") == "launch"


@pytest.mark.parametrize(
    ("ground", "reader", "theme", "dark"),
    [
        ("background:#101014", "light", "auto", True),
        ("background:white", "dark", "auto", False),
        ("", "dark", "auto", False),  # a page that says nothing of it is white
        ("background:rgb(0 0 0 / .1)", "dark", "auto", False),
        ("color-scheme:light dark", "dark", "auto", True),
        ("color-scheme:light dark", "light", "auto", False),
        ("background:white", "light", "dark", True),
        ("background:#101014", "dark", "light", False),
    ],
)
def test_the_widget_is_as_dark_as_the_page_behind_it(
    page: Page, address: str, host: Host, ground: str, reader: str, theme: str, dark: bool
) -> None:
    page.emulate_media(color_scheme=reader)  # type: ignore[arg-type]
    style = f"<style>html {{ {ground} }}</style>" if "scheme" in ground else ""
    markup = f'{style}<quoth-assistant theme="{theme}"></quoth-assistant>'
    page.goto(host.put(markup, script(address), "" if style else ground))
    expect(page.locator("quoth-assistant .chips button")).to_have_count(4)
    assert (page.locator("quoth-assistant").get_attribute("dark") == "") == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["inline", "launcher"])
@pytest.mark.parametrize("width", [360, 1100])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_window(
    page: Page, address: str, host: Host, scheme: str, mode: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    ground = "background:#101014;color:#eee" if scheme == "dark" else ""
    page.goto(host.put(f'<quoth-assistant mode="{mode}"></quoth-assistant>', script(address), ground))
    widget = page.locator("quoth-assistant")
    if mode == "launcher":
        widget.get_by_role("button").click()
    expect(widget.locator(".chips button")).to_have_count(4)
    assert serious(page) == []
    check_answer(widget)
    ask(widget, "Xyzzy plugh?")
    expect(widget.locator(".turn").last.locator(".chips button").first).to_be_visible()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_sees_into_the_widget(page: Page, address: str, host: Host) -> None:
    page.goto(host.put("<quoth-assistant></quoth-assistant>", script(address)))
    expect(page.locator("quoth-assistant .chips button")).to_have_count(4)
    page.locator("quoth-assistant").evaluate(
        "one => one.shadowRoot.adoptedStyleSheets[0].insertRule('.chips button { color: #eee !important; }')"
    )
    assert [rule for rule, _ in serious(page)] == ["color-contrast"]


def test_feedback_is_given_where_it_is_kept(page: Page, address: str, host: Host, kept: FeedbackStore) -> None:
    page.goto(host.put(f"<quoth-assistant {DOCUMENT}></quoth-assistant>", script(address)))
    widget = page.locator("quoth-assistant")
    ask(widget, QUESTION)
    widget.get_by_role("group", name="Was this helpful?").get_by_role("button", name="No").click()
    expect(widget.get_by_text("Thank you.")).to_be_visible()
    record = kept.list()[-1]
    assert (record.question, record.helpful) == (QUESTION, False)
    assert [(quotation.start, quotation.end) for quotation in record.quotations] == [(3076, 3237)]


def test_over_the_quota_the_operators_message_is_read(page: Page, quoth: Assistant, host: Host) -> None:
    given = {"quota_address": "1/minute", "quota_message": "Ask the library desk."}
    with serving(quoth, allow_origin=(host.origin,), **given) as address:
        page.goto(host.put("<quoth-assistant></quoth-assistant>", script(address)))
        widget = page.locator("quoth-assistant")
        ask(widget, QUESTION)
        expect(widget.locator(".cite").first).to_be_visible()
        ask(widget, QUESTION)
        expect(widget.get_by_role("alert")).to_have_text("Ask the library desk.")


# Under --auth


@pytest.fixture
def guarded(quoth: Assistant, host: Host, tmp_path: Path) -> Iterator[str]:
    """A server that asks who asks; the host's own server mints with a token that no page sees."""
    from datetime import UTC, datetime

    tokens = TokenFile(tmp_path / "tokens.json")
    site = tokens.add("wiki", True, None, datetime.now(UTC))
    with serving(quoth, auth=True, tokens=str(tokens.path), allow_origin=(host.origin,)) as address:

        def mint() -> str:
            asked = urllib.request.Request(
                f"{address}/api/embed-token",
                json.dumps({"origin": host.origin, "user": "anna"}).encode(),
                {"Authorization": f"Bearer {site}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(asked) as response:
                return str(response.read().decode())

        host.mint = mint
        yield address


def test_the_widget_asks_with_a_token_from_the_hosts_server_and_renews_it(page: Page, guarded: str, host: Host) -> None:
    page.goto(host.put(f'<quoth-assistant {DOCUMENT} token-url="/token"></quoth-assistant>', script(guarded)))
    widget = page.locator("quoth-assistant")
    check_answer(widget)
    widget.evaluate("one => { one.token = 'expired'; }")
    ask(widget, QUESTION)
    expect(widget.locator(".turn").last.locator(".cite").first).to_be_visible()


def test_without_a_token_the_widget_says_to_sign_in(page: Page, guarded: str, host: Host, log: Log) -> None:
    page.goto(host.put(f"<quoth-assistant {DOCUMENT}></quoth-assistant>", script(guarded)))
    expect(page.locator("quoth-assistant").get_by_role("status")).to_have_text(
        "Sign in to ask here, then load this page again."
    )
    assert log.last(refused="unauthorized")["why"] == "no token, and no user named by a trusted proxy"


def test_the_iframe_takes_its_token_from_the_fragment_and_hides_it(
    page: Page, guarded: str, host: Host, log: Log
) -> None:
    token = json.loads(host.mint())["token"]
    page.goto(host.put(FRAME.format(src=f"{guarded}/embed?origin={host.origin}#token={token}")))
    check_answer(page.frame_locator("#q").locator("quoth-assistant"))
    assert [frame.url for frame in page.frames if "token" in frame.url] == []
    assert token not in log.stream.getvalue()


# Size


def test_the_widget_is_under_15_kilobytes_gzipped() -> None:
    assert len(gzip.compress((WIDGET / "widget.js").read_bytes(), 9)) < 15_000


def test_the_widget_says_when_it_is_ready(page: Page, address: str, host: Host) -> None:
    page.goto(
        host.put(
            f"<quoth-assistant {DOCUMENT}></quoth-assistant>",
            "<script>addEventListener('quoth-ready', () => { window.ready = true; })</script>" + script(address),
        )
    )
    page.wait_for_function("() => window.ready")


def test_the_gradio_page_lives_under_its_policy(page: Page, closed_address: str) -> None:
    broken: list[str] = []
    page.on("console", lambda m: broken.append(m.text) if m.type == "error" else None)
    page.on("response", lambda r: broken.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.goto(closed_address)
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#quoth-turn-1[data-state=done]")).to_be_visible()
    assert broken == []
