"""The page while files change: the list of documents, and a document that is open."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from assistant import Assistant
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from assistant.server import watching
from tests.browsing import ask, expect_marked, turn
from tests.conftest import HashEncoder
from tests.serving import logged, serving

pytestmark = pytest.mark.browser


def test_files_added_changed_and_removed_appear_without_a_restart(
    browser: Browser, encoder: HashEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "QUIET", 100)
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "rain.txt").write_text("Rain fell in May.")
    config = Config(folder, tmp_path / "idx", threshold=0.01)
    quoth = Assistant.from_config(config, encoder, reader=SentenceReader())
    with logged() as log, serving(quoth, watch=True, quota="", quota_address="") as address:
        page = browser.new_page()
        page.set_default_timeout(20_000)
        page.goto(address)
        expect(page.locator(".q-described li")).to_have_count(1)
        (folder / "snow.txt").write_text("Snow fell in June.")
        (folder / "rain.txt").write_text("A long summer came. Rain fell in July.")
        summary = page.locator(".q-contents summary")
        for _ in range(60):
            summary.click()
            page.wait_for_timeout(300)
            if page.locator(".q-contents [data-do=open]").count() == 2:
                break
            summary.click()
        expect(page.locator(".q-contents [data-do=open]")).to_have_text(["Rain", "Snow"])
        expect(page.locator(".q-pages article:not([hidden])")).to_contain_text("A long summer came.")
        page.keyboard.press("Escape")
        ask(page, "When did rain fall?")
        expect(turn(page, 1)).to_be_visible()
        expect_marked(page, "Rain fell in July.")
        (folder / "snow.txt").unlink()
        log.last(event="documents read again", documents=1)
        page.reload()
        expect(page.locator(".q-described li")).to_have_count(1)
        page.context.close()
