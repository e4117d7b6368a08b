"""Screenshots of the widget on a plain page: python docs/widget_screenshots.py ADDRESS, with Chromium installed.

The server at ADDRESS is started with --allow-origin http://localhost:7999, where the page stands.
"""

import http.server
import shutil
import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

HOST = ("127.0.0.1", 7999)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Wiki</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 16px/1.5 Georgia, serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #101014; color: #eee; }} }}</style>
<script src="{address}/widget.js" defer></script>
<h1>Field guide</h1><p>What the desk has written, in one place.</p>
<quoth-assistant mode="{mode}" label="Ask the field guide"></quoth-assistant></html>"""
QUESTION = "Who says the Chadian army lacks the skills for a guerrilla war?"
SHOTS = {"widget-light": ("inline", "light", 1280, 860), "widget-launcher-dark": ("launcher", "dark", 390, 844)}


def main(address: str) -> None:
    """Ask one question in each and save what is seen beside this file."""

    class Wiki(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE.format(address=address, mode=self.path[1:]).encode())

    with http.server.ThreadingHTTPServer(HOST, Wiki) as wiki, sync_playwright() as playwright:
        threading.Thread(target=wiki.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (mode, scheme, width, height) in SHOTS.items():
            size = {"width": width, "height": height}
            page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
            page.goto(f"http://localhost:{HOST[1]}/{mode}")
            if mode == "launcher":
                page.get_by_role("button", name="Ask the field guide").click()
            page.get_by_label("Your question").fill(QUESTION)
            page.keyboard.press("Enter")
            page.locator(".cite").first.click()
            page.locator(".source mark").first.wait_for()
            page.screenshot(path=Path(__file__).parent / f"{name}.png")
        browser.close()
        wiki.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
