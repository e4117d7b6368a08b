"""make screenshots: the running page, asked, at desktop and phone width, light and dark; saved beside this file."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

QUESTION = "Who says the Chadian army lacks the skills for a guerrilla war?"
SIZES = {"page": (1280, 800), "phone": (390, 844)}
PORT = 7869
STARTING = 120  # seconds


@contextmanager
def running() -> Iterator[str]:
    """The address of a page, served until the pictures are taken."""
    address = f"http://127.0.0.1:{PORT}"
    command = [sys.executable, "-m", "assistant", "serve", "--port", str(PORT)]
    server = subprocess.Popen(command, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        deadline = time.monotonic() + STARTING
        while not answers(address):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The page did not start.")
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait()


def answers(address: str) -> bool:
    """Whether a page is served there."""
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


def photograph(page: Page, address: str, name: str) -> None:
    """Ask, and save what is seen: the conversation, and on a phone the document too."""
    page.set_default_timeout(1000 * STARTING)
    page.goto(address)
    page.locator(".q-pages article").wait_for(state="attached")
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".q-turn[data-state=done]").wait_for()
    page.wait_for_timeout(1000)
    page.mouse.move(0, 0)
    page.screenshot(path=Path(__file__).parent / f"{name}.png")
    if name.startswith("phone"):
        page.locator(".q-cite").first.click()
        page.wait_for_timeout(1000)
        page.screenshot(path=Path(__file__).parent / f"{name}-document.png")


def main() -> None:
    """Take every picture."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    with running() as address, sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        for name, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                size = {"width": width, "height": height}
                page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
                photograph(page, address, f"{name}-{scheme}")
        browser.close()


if __name__ == "__main__":
    main()
