"""make bench, in the browser: from opening the page until it can be used, from Enter until the answer is painted."""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from assistant import Assistant
from assistant.config import Config
from assistant.reader.sentence import SentenceReader
from index.document.sources import SourceFile
from index.document.types import Metadata
from index.store import make_index
from tests.conftest import CHROMIUM, QUIET, HashEncoder
from tests.serving import serving

QUESTION = "How many troops will the UN mission have?"
ROUNDS = 7
PAGES = 300
# Notes when something is first painted: the frame after it is there.
WATCH = """
window.painted = {};
const watched = {usable: "#quoth-question", document: ".q-pages article", questions: ".q-suggestion",
                 answer: ".q-turn[data-state=done] blockquote"};
const look = () => {
  for (const [name, selector] of Object.entries(watched)) {
    if (!(name in painted) && document.querySelector(selector)) {
      painted[name] = null;
      requestAnimationFrame(() => setTimeout(() => (painted[name] = performance.now())));
    }
  }
};
new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true});
addEventListener("keydown", (event) => event.key === "Enter" && (window.sent = performance.now()), true);
"""


def measure(browser: Browser, address: str, questions: bool = True) -> dict[str, float]:
    """Milliseconds to each thing, in a browser that has nothing cached; there may be no questions to begin with."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(WATCH)
    page.goto(address)
    page.wait_for_function(f"painted.usable && painted.document && {'painted.questions' if questions else 'true'}")
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_function("painted.answer")
    painted = page.evaluate("({...painted, answer: painted.answer - sent})")
    context.close()
    return dict(painted)


def long_document() -> SourceFile:
    """About as many characters as 300 pages have, with notes."""
    words = "The harvest of that year was poor and the river stood low until the rains came late in the autumn."
    body = [f"In year {n} {' '.join([words] * 6)}[{n}]" for n in range(1, 5 * PAGES + 1)]
    notes = [f"[{n}] Roe, “Harvest {n},” Press, {n}." for n in range(1, 5 * PAGES + 1)]
    return SourceFile("long", Path("long.txt"), "\n\n".join(body + notes), "long", Metadata())


def tell(title: str, measured: list[dict[str, float]]) -> None:
    """The medians of what was measured."""
    print(f"{title}, median of {len(measured)} (least to most):")
    words = {
        "usable": "opened until it can be asked",
        "document": "opened until the document is there",
        "questions": "opened until questions are offered",
        "answer": "Enter until the first answer is painted",
    }
    for name, means in words.items():
        taken = sorted(timing[name] for timing in measured if timing.get(name))
        if not taken:
            continue
        print(f"  {means:42}{statistics.median(taken):7.0f} ms ({taken[0]:.0f} to {taken[-1]:.0f})")


def main() -> None:
    """Measure and print; says so where there is no Chromium."""
    if not CHROMIUM:
        print("the page is not measured: Chromium is not installed", file=sys.stderr)
        return
    quoth = Assistant.open()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        quoth.ask(QUESTION)
        with serving(quoth, quota="", quota_address="") as address:
            tell("the page, nothing cached", [measure(browser, address) for _ in range(ROUNDS)])
            alone = statistics.median(quoth.ask(QUESTION).timings_ms["total"] for _ in range(ROUNDS))
            print(f"  {'Assistant.ask alone, in the same run':42}{alone:7.0f} ms")
        file = long_document()
        index = make_index([file], HashEncoder())  # the page is measured, not the encoder
        with serving(Assistant(index, Config(threshold=0.0), SentenceReader()), quota="", quota_address="") as address:
            title = f"with {PAGES} pages ({len(file.text):,} characters), hashed words and the simple reader"
            tell(title, [measure(browser, address, questions=False) for _ in range(3)])
        browser.close()


if __name__ == "__main__":
    main()
