"""The page for everybody: by keyboard alone, on a phone, with large letters, in both themes, with axe-core."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant import Assistant
from assistant.feedback import FeedbackStore
from index.document.sources import read_source
from tests import rain
from tests.axe import AXE
from tests.browsing import SENTENCE, TROOPS, ask, expect_marked, turn
from tests.conftest import HashEncoder, assistant_of
from tests.serving import serving

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WIDE = f"""# The boats

- Vik
  - her dinghy

| Boat | {" | ".join(f"Harbour {number}" for number in range(20))} |
|---|{"---|" * 20}
| Vik | {" | ".join("Holm" for _ in range(20))} |

```
moor --boat Vik {"--rope 20 " * 20}
```
"""


@pytest.fixture(scope="module")
def address(quoth: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(
        quoth, FeedbackStore(tmp_path_factory.mktemp("feedback") / "feedback.sqlite"), quota="", quota_address=""
    ) as address:
        yield address


def open_page(browser: Browser, address: str, **settings: object) -> Page:
    page = browser.new_context(**settings).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(20_000)
    page.goto(address)
    expect(page.locator(".q-suggestion").first).to_be_visible()
    expect(page.locator(".q-pages article")).to_be_attached()
    return page


def violations(page: Page) -> list[str]:
    """What axe-core finds in Quoth's page, in its words."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("rules => axe.run('.quoth', {runOnly: rules})", RULES)["violations"]
    return [
        f"{violation['impact']}: {violation['help']}: {node['html'][:120]}"
        for violation in result
        for node in violation["nodes"]
    ]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make test installs it with npm")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_axe_finds_nothing(browser: Browser, address: str, width: int, scheme: str) -> None:
    page = open_page(
        browser, address, viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    assert violations(page) == []
    ask(page, TROOPS)
    answer = turn(page, 1)
    expect(answer).to_be_visible()
    answer.get_by_text("More from the document").click()
    answer.get_by_text("Why this answer").click()
    expect(answer.get_by_role("table")).to_be_visible()
    answer.get_by_role("button", name="Not helpful").click()
    answer.locator(".q-menu summary").first.click()
    assert violations(page) == []
    ask(page, "Which penguins skate?")
    expect(turn(page, 2)).to_be_visible()
    turn(page, 1).get_by_role("button", name="Citation 1: show it in the document").click()
    expect_marked(page, SENTENCE)
    page.locator(".q-contents summary").click()
    assert violations(page) == []
    page.context.close()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make test installs it with npm")
def test_axe_finds_nothing_in_tables_code_and_pages(browser: Browser, encoder: HashEncoder, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(WIDE)
    (tmp_path / "rain.pdf").write_bytes(rain.pdf())
    asked = assistant_of([read_source(tmp_path / name) for name in ("page.md", "rain.pdf")], encoder)
    with serving(asked, quota="", quota_address="") as address:
        page = open_page(browser, address, viewport={"width": 360, "height": 740}, reduced_motion="reduce")
        page.get_by_role("button", name="Document", exact=True).click()
        for name in ("page", "rain"):
            page.locator(".q-contents summary").click()
            page.locator(f".q-contents [data-do=open][data-document={name}]").click()
            expect(page.locator(f"article[data-document={name}]")).to_be_visible()
            assert violations(page) == []
        page.context.close()


def test_nothing_is_wider_than_the_window(browser: Browser, address: str) -> None:
    """640 is a window of 1280 at 200 % zoom."""
    page = open_page(browser, address, viewport={"width": 360, "height": 800})
    ask(page, TROOPS)
    expect(turn(page, 1)).to_be_visible()
    wide = """() => [document.documentElement, ...document.querySelectorAll('.q-scroll, .q-pages, .q-top, .q-bar')]
        .filter(one => one.scrollWidth > one.clientWidth).map(one => one.className)"""
    for width, height, scheme in ((360, 800, "light"), (640, 400, "dark"), (1280, 800, "light")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate("innerWidth") == width
        assert page.evaluate(wide) == []
        expect(page.get_by_label("Your question")).to_be_in_viewport()
    page.context.close()


def test_a_phone_shows_one_pane_at_a_time_and_the_way_back(browser: Browser, address: str) -> None:
    page = open_page(browser, address, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    ask(page, TROOPS)
    citation = turn(page, 1).get_by_role("button", name="Citation 1: show it in the document")
    expect(page.locator(".q-pages")).to_be_hidden()
    citation.tap()
    expect_marked(page, SENTENCE)
    expect(page.locator(".q-scroll")).to_be_hidden()
    page.get_by_role("button", name="Back to the answer").tap()
    expect(citation).to_be_in_viewport()
    expect(citation).to_be_focused()
    targets = page.evaluate(
        """() => [...document.querySelectorAll('.quoth button, .quoth summary')].map(one => one.getBoundingClientRect())
            .filter(box => box.width && (box.height < 24 || box.width < 24)).length"""
    )
    assert targets == 0
    page.context.close()


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Tab until what has the focus is called `name`."""
    for _ in range(most):
        page.keyboard.press("Tab")
        called = page.evaluate(
            "() => document.activeElement.ariaLabel ?? document.activeElement.labels?.[0]?.textContent "
            "?? document.activeElement.textContent"
        )
        if str(called).strip() == name:
            return
    raise AssertionError(f"{name!r} is not reached with the Tab key")


def focus_is_seen(page: Page) -> bool:
    return bool(
        page.evaluate(
            """() => { const style = getComputedStyle(document.activeElement);
                return style.outlineStyle !== 'none' || style.boxShadow !== 'none'
                    || getComputedStyle(document.activeElement.parentElement).boxShadow !== 'none'; }"""
        )
    )


def test_everything_by_keyboard(browser: Browser, address: str) -> None:
    page = open_page(browser, address, viewport={"width": 1280, "height": 860})
    page.locator(".quoth h1").click()  # from the top
    tab_to(page, "Your question")
    assert focus_is_seen(page)
    page.keyboard.type(TROOPS)
    page.keyboard.press("Enter")
    expect(turn(page, 1)).to_be_visible()
    page.locator("#quoth-turn-1 .q-question").focus()
    for name in ("Edit this question and ask again", "Citation 1: show it in the document"):
        tab_to(page, name)
        assert focus_is_seen(page)
    expect(page.get_by_role("tooltip")).to_contain_text(SENTENCE)
    page.keyboard.press("Enter")
    expect_marked(page, SENTENCE)
    expect(page.locator("mark.q-quoted").first).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Note 4"
    page.keyboard.press("Enter")
    expect(page.locator(".q-notes li").nth(3)).to_be_focused()
    tab_to(page, "Back to the text of note 4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Note 4", exact=True)).to_be_focused()
    page.keyboard.press("Escape")  # hides the note
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Citation 1: show it in the document")).to_be_focused()
    tab_to(page, "Copy")
    page.keyboard.press("Enter")
    tab_to(page, "Link to this place")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Copy"
    tab_to(page, "Not helpful")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Wrong place"
    page.keyboard.press("Enter")
    expect(turn(page, 1).locator(".q-rating")).to_contain_text("Thank you.")
    tab_to(page, "Why this answer")
    page.keyboard.press("Enter")
    expect(turn(page, 1).get_by_role("table")).to_be_visible()
    tab_to(page, "New conversation", most=80)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.context.close()


def test_nothing_moves_for_those_who_do_not_want_it(browser: Browser, address: str) -> None:
    page = open_page(browser, address, viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    ask(page, TROOPS)
    expect_marked(page, SENTENCE)
    moving = "() => document.getAnimations().filter(one => one.effect.target?.closest('.quoth')).length"
    assert page.evaluate(moving) == 0
    page.context.close()


def test_a_document_of_300_pages_is_opened_and_cited_at_once(browser: Browser, ask_text, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    words = "The harvest of that year was poor and the river stood low until the rains came late in the autumn."
    paragraphs = [f"In year {number} " + " ".join([words] * 6) for number in range(1000, 2500)]
    paragraphs[1200] += " The comet was seen by the ferryman Anselm."
    with serving(ask_text("\n\n".join(paragraphs)), quota="", quota_address="") as address:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.goto(address)
        expect(page.locator(".q-pages article")).to_be_visible()
        assert page.evaluate("document.querySelector('.q-pages article').textContent.length") > 900_000
        ask(page, "Who saw the comet?")
        expect_marked(page, "The comet was seen by the ferryman Anselm.")
        began = page.evaluate("performance.now()")
        turn(page, 1).locator(".q-cite").first.click()
        expect_marked(page, "The comet was seen by the ferryman Anselm.")
        assert page.evaluate("performance.now()") - began < 2000
        page.context.close()
