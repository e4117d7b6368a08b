"""Screenshots of the running page: python docs/screenshots.py ADDRESS, with Chromium installed."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

QUESTION = "What did President Déby say about the skills of the Chadian army?"
SIZES = {"page": (1280, 720), "phone": (390, 844)}


def main(address: str) -> None:
    """Ask one question at desktop and phone width, light and dark, and save what is seen beside this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        for name, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                size = {"width": width, "height": height}
                page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
                page.goto(address)
                page.get_by_label("Your question").fill(QUESTION)
                page.keyboard.press("Enter")
                page.locator(".quoth-cite").first.click()
                page.get_by_label("Your question").hover()
                page.screenshot(path=Path(__file__).parent / f"{name}-{scheme}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
