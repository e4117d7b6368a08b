"""The page in a real browser: a conversation, its citations, and the document beside it."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant import Assistant
from assistant.config import Config
from assistant.feedback import FeedbackStore
from assistant.reader.sentence import SentenceReader
from index.store import make_index
from tests.browsing import SENTENCE, TROOPS, ask, expect_marked, turn
from tests.conftest import HashEncoder, source
from tests.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeedbackStore:
    return FeedbackStore(tmp_path_factory.mktemp("feedback") / "feedback.sqlite")


@pytest.fixture(scope="module")
def address(quoth: Assistant, store: FeedbackStore) -> Iterator[str]:
    with serving(quoth, store, quota="", quota_address="") as address:
        yield address


def open_page(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    page = open_page(browser)
    yield page
    page.context.close()


@pytest.fixture
def page(shared_page: Page) -> Page:
    """One page for all tests, each of which loads it anew: nothing of a conversation stays in a browser."""
    shared_page.goto("about:blank")
    return shared_page


@pytest.fixture(scope="module")
def answered(browser: Browser, address: str) -> Iterator[Page]:
    """A page that was asked one question, for all tests that only look at its answer."""
    page = open_page(browser)
    page.goto(address)
    ask(page, TROOPS)
    expect(turn(page, 1)).to_be_visible()
    yield page
    page.context.close()


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_before_the_first_question_the_page_says_what_it_is_about(page: Page, address: str) -> None:
    page.goto(address)
    start = page.locator(".q-start")
    expect(start).to_contain_text("Stabilizing Mali")
    expect(start).to_contain_text("27 paragraphs · 4 headings · 49 notes")
    expect(start.locator(".q-suggestion").first).to_be_visible()
    article = page.locator(".q-pages article")
    expect(article.get_by_role("heading", name="Transnational Threats")).to_be_attached()
    expect(article.locator(".q-notes li")).to_have_count(49)
    start.locator(".q-suggestion").first.click()
    expect(turn(page, 1).locator("blockquote").first).to_be_visible()
    expect(start).to_be_hidden()


def test_a_question_its_answer_and_the_words_marked_in_the_document(answered: Page) -> None:
    page, answer = answered, turn(answered, 1)
    expect(answer.locator("blockquote").first).to_contain_text(SENTENCE)
    expect(answer.locator(".q-place").first).to_have_text("Uncertainty Amid Troop Drawdown, paragraph 4")
    expect(answer.locator(".q-behind li").first).to_contain_text("Flavia Krause-Jackson")
    expect_marked(page, SENTENCE)

    answer.get_by_text("More from the document").click()
    other = answer.locator("figure").nth(1)
    other.get_by_role("button", name="Citation 2: show it in the document").click()
    expect_marked(page, other.locator("blockquote").inner_text().removesuffix("2").strip())
    answer.get_by_role("button", name="Citation 1: show it in the document").click()
    expect_marked(page, SENTENCE)
    page.get_by_role("button", name="Back to the answer").click()
    expect(answer.get_by_role("button", name="Citation 1: show it in the document")).to_be_focused()


def test_hovering_a_citation_shows_the_sentence_and_its_notes_and_escape_hides_them(answered: Page) -> None:
    page = answered
    turn(page, 1).locator(".q-cite").first.hover()
    shown = page.get_by_role("tooltip")
    expect(shown).to_contain_text(SENTENCE)
    expect(shown).to_contain_text("Uncertainty Amid Troop Drawdown, paragraph 4")
    expect(shown).to_contain_text("UN Security Council Approves 11,200 Troops to Stabilize Mali")
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()


def test_a_notes_number_opens_the_note_and_the_way_back(answered: Page) -> None:
    page = answered
    marker = page.locator(".q-pages article").get_by_role("button", name="Note 15", exact=True)
    marker.click()
    note = page.locator(".q-notes li").nth(14)
    expect(note).to_be_focused()
    expect(note).to_be_in_viewport()
    expect(note).to_contain_text("Ibid.")
    note.get_by_role("button", name="note 14").click()
    expect_marked(page, "Xan Rice, “‘Guerrilla’ Conflict Makes Chad Quit Mali,” Financial Times, April 15, 2013.")
    note.get_by_role("button", name="Back to the text of note 15").click()
    expect(marker).to_be_focused()
    expect(marker).to_be_in_viewport()


def test_a_follow_up_an_abstention_and_an_error_in_one_conversation(page: Page, address: str) -> None:
    page.goto(address)
    ask(page, "How many troops will the UN mission have?")
    expect(turn(page, 1)).to_be_visible()
    ask(page, "And how many police?")
    expect(turn(page, 2)).to_contain_text("Read together with: “How many troops will the UN mission have?”")
    ask(page, "Which penguins skate?")
    abstained = turn(page, 3)
    expect(abstained).to_contain_text("Nothing in the document matches this question.")
    abstained.get_by_text("What I looked at").click()
    expect(abstained.locator("blockquote").first).to_be_visible()
    expect(abstained.locator(".q-suggestion")).to_have_count(3)
    page.get_by_label("Your question").evaluate("box => box.removeAttribute('maxlength')")
    ask(page, "x" * 5000)
    expect(turn(page, 4)).to_contain_text("The question has 5,000 characters")
    expect(page.locator(".q-turn")).to_have_count(4)

    turn(page, 2).get_by_role("button", name="Ask it alone").click()
    expect(page.locator(".q-turn")).to_have_count(2)
    expect(turn(page, 2)).not_to_contain_text("Read together with")


def test_a_question_is_edited_and_asked_again_in_its_place(page: Page, address: str) -> None:
    page.goto(address)
    ask(page, "Who leads Ansar Eddine?")
    expect(turn(page, 1)).to_be_visible()
    ask(page, "Which penguins skate?")
    expect(turn(page, 2)).to_be_visible()
    turn(page, 1).get_by_role("button", name="Edit this question and ask again").click()
    box = page.get_by_label("Edit your question")
    expect(box).to_be_focused()
    expect(box).to_have_value("Who leads Ansar Eddine?")
    box.press("Escape")
    expect(turn(page, 1).get_by_role("button", name="Edit this question and ask again")).to_be_focused()
    turn(page, 1).get_by_role("button", name="Edit this question and ask again").click()
    box.fill(TROOPS)
    box.press("Enter")
    expect(turn(page, 1).locator("blockquote").first).to_contain_text(SENTENCE)
    expect(page.locator(".q-turn")).to_have_count(1)


def test_a_new_conversation_forgets_the_last(page: Page, address: str) -> None:
    page.goto(address)
    ask(page, "How many troops will the UN mission have?")
    expect(turn(page, 1)).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".q-turn")).to_have_count(0)
    expect(page.locator(".q-start")).to_be_visible()
    page.wait_for_timeout(500)  # nobody types faster than the page tells the server
    ask(page, "And how many police?")
    expect(turn(page, 1)).to_be_visible()
    expect(turn(page, 1)).not_to_contain_text("Read together with")


def test_an_answer_is_copied_with_its_citation(answered: Page) -> None:
    page, answer = answered, turn(answered, 1)
    menu = answer.locator("figure").first.locator(".q-menu")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Quotation").click()
    expect(page.locator(".quoth").get_by_role("status")).to_have_text("Copied.")
    assert copied(page) == f"“{SENTENCE}” (Stabilizing Mali; Uncertainty Amid Troop Drawdown, paragraph 4)"
    menu.locator("summary").click()
    menu.get_by_role("button", name="Markdown").click()
    page.wait_for_function("() => navigator.clipboard.readText().then(text => text.startsWith('> '))")
    assert copied(page).startswith(
        f"> {SENTENCE}\n\n— Stabilizing Mali; Uncertainty Amid Troop Drawdown, paragraph 4\n\n\\[4\\] Flavia"
    )


def test_the_conversation_is_downloaded_as_markdown(page: Page, address: str) -> None:
    page.goto(address)
    ask(page, TROOPS)
    expect(turn(page, 1)).to_be_visible()
    ask(page, "Which penguins skate?")
    expect(turn(page, 2)).to_be_visible()
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download the conversation as Markdown").click()
    text = Path(downloaded.value.path()).read_text(encoding="utf-8")
    assert downloaded.value.suggested_filename == "conversation.md"
    assert text.startswith(f"# Conversation\n\n## {TROOPS}\n\n> {SENTENCE}\n\n— Stabilizing Mali; ")
    assert "## Which penguins skate?\n\nNothing in the document matches this question." in text


def test_links_to_a_question_and_to_a_place(page: Page, address: str) -> None:
    page.goto(address)
    ask(page, TROOPS)
    answer = turn(page, 1)
    answer.get_by_role("button", name="Copy link to this question").click()
    page.wait_for_function("() => navigator.clipboard.readText().then(text => text.includes('?q='))")
    to_question = copied(page)
    menu = answer.locator("figure").first.locator(".q-menu")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Link to this place").click()
    page.wait_for_function("() => navigator.clipboard.readText().then(text => text.includes('#document='))")
    to_place = copied(page)
    assert to_place == f"{address}/#document=stabilizing-mali&from=3076&to=3237"

    page.goto("about:blank")
    page.goto(to_question)
    expect(turn(page, 1).locator("blockquote").first).to_contain_text(SENTENCE)
    page.goto("about:blank")
    page.goto(to_place)
    expect_marked(page, SENTENCE)
    expect(page.locator(".q-turn")).to_have_count(0)


def test_feedback_is_stored_with_offsets_and_versions_and_no_address(
    page: Page, address: str, store: FeedbackStore, quoth: Assistant
) -> None:
    page.goto(address)
    ask(page, TROOPS)
    answer = turn(page, 1)
    answer.get_by_role("button", name="Not helpful").click()
    answer.get_by_role("button", name="Wrong words").click()
    expect(answer.locator(".q-rating")).to_contain_text("Thank you.")
    for _ in range(50):  # the reason is sent by itself, and kept a moment later
        page.wait_for_timeout(100)
        kept = [record for record in store.list() if record.question == TROOPS][-1]
        if kept.reason:
            break
    assert (kept.helpful, kept.reason, kept.answered) == (False, "wrong_words", True)
    document = quoth.index.documents["stabilizing-mali"]
    [first] = kept.quotations
    assert document.text[first.start : first.end] == SENTENCE
    assert first.sha256 == document.sha256
    assert kept.versions["reader"] == quoth.reader.fingerprint
    assert b"127.0.0.1" not in store.place.read_bytes()

    ask(page, "Which penguins skate?")
    turn(page, 2).get_by_role("button", name="Helpful", exact=True).click()
    expect(turn(page, 2).locator(".q-rating")).to_contain_text("Thank you.")
    last = store.list()[-1]
    assert (last.question, last.helpful, last.reason, last.answered) == ("Which penguins skate?", True, None, False)


def test_unrated_questions_are_kept_only_where_that_was_asked_for(
    page: Page, address: str, store: FeedbackStore, quoth: Assistant, tmp_path: Path
) -> None:
    before = len(store.list())
    page.goto(address)
    ask(page, "Who leads Ansar Eddine?")
    expect(turn(page, 1)).to_be_visible()
    assert len(store.list()) == before

    keeping = FeedbackStore(tmp_path / "asked.sqlite", record_questions=True)
    with serving(quoth, keeping, quota="", quota_address="") as other:
        page.goto(other)
        ask(page, "Who leads Ansar Eddine?")
        turn(page, 1).get_by_role("button", name="Helpful", exact=True).click()
        expect(turn(page, 1).locator(".q-rating")).to_contain_text("Thank you.")
        ask(page, "Which penguins skate?")
        expect(turn(page, 2)).to_be_visible()
    kept = {record.question: (record.helpful, record.answered) for record in keeping.list()}
    assert kept == {"Who leads Ansar Eddine?": (True, True), "Which penguins skate?": (None, False)}


def test_without_a_store_nothing_is_asked_about_answers(page: Page, quoth: Assistant) -> None:
    with serving(quoth, quota="", quota_address="") as address:
        page.goto(address)
        ask(page, TROOPS)
        expect(turn(page, 1)).to_be_visible()
        expect(page.get_by_role("button", name="Helpful")).to_have_count(0)


def test_why_this_answer_shows_what_was_read(answered: Page) -> None:
    page, answer = answered, turn(answered, 1)
    answer.get_by_text("Why this answer").click()
    rows = answer.get_by_role("table").locator("tbody tr")
    expect(rows.first).to_contain_text("Uncertainty Amid Troop Drawdown, paragraph 4")
    expect(rows.first).to_contain_text("troops, police, UN, peacekeeping, mission")
    expect(answer.locator(".q-why")).to_contain_text("below 0.01 Quoth abstains.")
    rows.first.get_by_role("button").click()
    expect_marked(page, SENTENCE)


def test_of_several_documents_the_cited_one_is_opened(page: Page, encoder: HashEncoder) -> None:
    texts = {"rain": "Rain fell in May.", "snow": "Snow fell in June. 🌨️ Hail fell in July, and 😀 frost in August."}
    files = [source(text, name) for name, text in texts.items()]
    with serving(
        Assistant(make_index(files, encoder), Config(threshold=0.01), SentenceReader()), quota="", quota_address=""
    ) as address:
        page.goto(address)
        expect(page.locator(".q-opened")).to_have_text("Rain")
        ask(page, "When did frost and hail fall?")
        expect(page.locator(".q-opened")).to_have_text("Snow")
        expect_marked(page, "🌨️ Hail fell in July, and 😀 frost in August.")
        page.get_by_text("Documents", exact=True).click()
        page.get_by_role("navigation", name="Contents").get_by_role("button", name="Rain").click()
        expect(page.locator(".q-pages article:visible")).to_contain_text("Rain fell in May.")


def test_a_question_is_stopped_and_tried_again(page: Page, quoth: Assistant) -> None:
    going_on = Event()

    class Slow(SentenceReader):
        def read(self, *arguments):  # type: ignore[no-untyped-def]
            going_on.wait(20)
            return super().read(*arguments)

    slow = Assistant(quoth.index, quoth.config, Slow())
    with serving(slow, quota="", quota_address="") as address:
        page.goto(address)
        ask(page, TROOPS)
        working = page.locator("#quoth-turn-1[data-state=working]")
        expect(working).to_contain_text("Reading the 15 nearest passages")
        page.get_by_role("button", name="Stop").click()
        expect(turn(page, 1)).to_contain_text("Stopped.")
        expect(page.get_by_label("Your question")).to_be_focused()
        turn(page, 1).get_by_role("button", name="Try again").click()
        going_on.set()  # now what was stopped is answered, to nobody, and then what was tried again
        expect(turn(page, 1).locator("blockquote").first).to_contain_text(SENTENCE)
        page.wait_for_timeout(300)
        expect(page.locator(".q-turn")).to_have_count(1)


def test_questions_are_not_kept_in_the_browser(page: Page, address: str) -> None:
    page.goto(address)
    ask(page, TROOPS)
    expect(turn(page, 1)).to_be_visible()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "peacekeeping" not in kept
    databases = page.evaluate("indexedDB.databases().then(all => all.map(one => one.name))")
    assert json.dumps(databases) == "[]", databases
    page.reload()
    expect(page.locator(".q-start")).to_be_visible()
    expect(page.locator(".q-turn")).to_have_count(0)
