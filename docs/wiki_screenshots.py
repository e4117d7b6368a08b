"""Screenshots of Quoth in real wikis: python docs/wiki_screenshots.py, with what make test-wiki needs."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.wikis import KINDS, Wiki, served_wiki

QUESTION = "Who says the Chadian army lacks the skills for a guerrilla war?"
SIZES = {"": (1280, 900), "-phone": (390, 844)}
PHONE_SKIN = {"mediawiki": "?useskin=minerva", "dokuwiki": ""}


def main() -> None:
    """Ask one question in each wiki, light and dark, at both widths, and save what is seen beside this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for kind in KINDS.values():
            with served_wiki(kind) as wiki:
                for scheme in ("light", "dark"):
                    for size, (width, height) in SIZES.items():
                        viewport = {"width": width, "height": height}
                        page = browser.new_context(viewport=viewport, color_scheme=scheme).new_page()
                        shoot(wiki, page, Path(__file__).parent / f"{kind.name}{size}-{scheme}.png", bool(size))
        browser.close()


def shoot(wiki: Wiki, page: Page, path: Path, phone: bool) -> None:
    """One picture: the answer, its citation, the passage opened below it."""
    wiki.sign_in(page)
    wiki.open(page, wiki.kind.ask + (PHONE_SKIN[wiki.kind.name] if phone else ""))
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".cite").first.click()
    page.locator(".source mark").first.wait_for()
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
