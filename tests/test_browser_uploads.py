"""A file that is dropped on the page is asked by that page alone."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant import Assistant
from assistant.feedback import FeedbackStore
from tests.browsing import SENTENCE, TROOPS, ask, expect_marked, turn
from tests.serving import serving

pytestmark = pytest.mark.browser

PARKING = "# Visits\n\nVisitors park behind the mill.[^1]\n\n[^1]: The gate code is 4711.\n"
DROP = """([name, text]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([text], name));
    const dropped = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: carried });
    document.querySelector(".q-scroll").dispatchEvent(dropped);
}"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeedbackStore:
    return FeedbackStore(tmp_path_factory.mktemp("feedback") / "feedback.sqlite", record_questions=True)


@pytest.fixture(scope="module")
def address(quoth: Assistant, store: FeedbackStore) -> Iterator[str]:
    limits: dict[str, Any] = {"upload_size": 2048, "page_uploads": 2, "all_uploads": 3, "keep_unanswered": True}
    with serving(quoth, store, quota="", quota_address="", allow_upload=True, **limits) as address:
        yield address


def open_page(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    page.set_default_timeout(20_000)
    page.goto(address)
    expect(page.locator(".q-suggestion").first).to_be_visible()
    return page


def test_a_dropped_file_is_asked_by_its_page_alone(browser: Browser, address: str, store: FeedbackStore) -> None:
    page = open_page(browser, address)
    said = page.locator(".q-uploading")
    page.evaluate(DROP, ["visits.md", PARKING])
    expect(said).to_have_text("visits.md is read. Ask it.")
    expect(page.get_by_label("visits.md", exact=True)).to_be_checked()
    expect(page.locator(".q-pages article:visible h2")).to_have_text("Visits")
    expect(page.locator(".q-contents [data-do=open]")).to_have_count(2)
    ask(page, "Where do visitors park?")
    answer = turn(page, 1)
    expect(answer.locator("blockquote").first).to_contain_text("Visitors park behind the mill.")
    expect(answer.locator(".q-behind li").first).to_contain_text("The gate code is 4711.")
    expect(answer).to_contain_text("Asked of visits.md")
    expect(answer.get_by_role("button", name="Helpful", exact=True)).to_have_count(0)
    expect_marked(page, "Visitors park behind the mill.")
    ask(page, "Which penguins skate?")
    expect(turn(page, 2)).to_contain_text("Nothing in the document matches this question.")
    expect(turn(page, 2).locator(".q-ask-back")).to_have_count(0)
    id = page.get_by_label("visits.md", exact=True).get_attribute("value")

    other = open_page(browser, address)
    expect(other.get_by_label("visits.md", exact=True)).to_have_count(0)
    expect(other.locator(".q-contents [data-do=open]")).to_have_count(1)
    ask(other, "Where do visitors park?")
    expect(turn(other, 1)).not_to_contain_text("behind the mill")
    other.evaluate("id => { location.hash = `document=${encodeURIComponent(id)}&from=0&to=5`; }", id)
    expect(other.locator(".q-pages")).to_contain_text("There is no such document.")
    other.context.close()

    page.get_by_label("The documents here").check()
    ask(page, TROOPS)
    expect(turn(page, 3).locator("blockquote").first).to_contain_text(SENTENCE)
    page.get_by_role("button", name="Remove visits.md").click()
    expect(said).to_have_text("The file is removed.")
    expect(page.locator(".q-contents [data-do=open]")).to_have_count(1)
    page.context.close()
    assert sorted(record.question for record in store.list()) == [TROOPS, "Where do visitors park?"]  # the other's


def test_what_is_not_taken_is_said(browser: Browser, address: str, tmp_path: Path) -> None:
    page = open_page(browser, address)
    said = page.locator(".q-uploading")
    page.evaluate(DROP, ["long.md", "x" * 3000])
    expect(said).to_contain_text("long.md is larger than the")
    page.evaluate(DROP, ["setup.exe", "MZ"])
    expect(said).to_contain_text("setup.exe is of a kind that is not read. Give one of .txt")
    page.evaluate(DROP, ["empty.txt", "  "])
    expect(said).to_have_text("empty.txt is empty. Give a document with text in it.")
    for name in ("one.md", "two.md"):
        (tmp_path / name).write_text(PARKING)
        page.get_by_label("Ask a file of yours").set_input_files(tmp_path / name)
        expect(said).to_have_text(f"{name} is read. Ask it.")
    page.evaluate(DROP, ["three.md", PARKING])
    expect(said).to_have_text("A page holds at most this many uploads: 2. Remove one first.")

    other = open_page(browser, address)
    other.evaluate(DROP, ["first.md", PARKING])
    expect(other.locator(".q-uploading")).to_have_text("first.md is read. Ask it.")
    other.evaluate(DROP, ["second.md", PARKING])
    expect(other.locator(".q-uploading")).to_have_text(
        "As many files are uploaded as this server holds. Try again later."
    )
    page.context.close()  # what it held is forgotten
    deadline = time.monotonic() + 20
    while other.get_by_label("second.md", exact=True).count() == 0 and time.monotonic() < deadline:
        other.evaluate(DROP, ["second.md", PARKING])
        other.wait_for_timeout(1500)
    expect(other.get_by_label("second.md", exact=True)).to_be_checked()
    other.context.close()


def test_without_the_setting_there_is_nothing_to_drop_on(browser: Browser, quoth: Assistant) -> None:
    with serving(quoth) as address:
        page = open_page(browser, address)
        expect(page.get_by_text("Ask a file of yours")).to_be_hidden()
        page.context.close()
