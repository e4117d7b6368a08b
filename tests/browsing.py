"""What the browser tests do on the page, in the words of somebody who uses it."""

from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=20_000)  # the machine may be busy

TROOPS = "How many troops and police will the UN peacekeeping mission have?"
SENTENCE = (
    "The French are anxious to bring major combat operations to an end so that they can pass the baton to a UN "
    "peacekeeping mission of 11,200 troops and 1,440 police."
)


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def turn(page: Page, number: int) -> Locator:
    """A turn whose answer has come."""
    return page.locator(f"#quoth-turn-{number}[data-state=done]")


def marked(page: Page) -> Locator:
    return page.locator(".q-pages mark.q-quoted")


def expect_marked(page: Page, words: str) -> None:
    """These words are marked in the document, and can be seen: nothing lies over them."""
    page.wait_for_function(
        "words => [...document.querySelectorAll('.q-pages mark.q-quoted')].map(m => m.textContent).join('') === words",
        arg=words,
    )
    page.wait_for_function(
        """() => {
            const mark = document.querySelector(".q-pages mark.q-quoted");
            const at = mark.getClientRects()[0];
            const seen = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2);
            return Boolean(seen?.closest("mark.q-quoted"));
        }"""
    )
