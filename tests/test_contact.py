"""A person to ask: who is named where the documents do not say, and what is kept for them, by consent alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from assistant import Assistant
from assistant.bibliography import answer_markdown, reply_markdown
from assistant.cli import main
from assistant.config import Config
from assistant.feedback import FeedbackStore
from assistant.insights import insights_text
from assistant.page.answers import Exchange, turn_html
from assistant.render import to_text
from assistant.settings import Settings
from assistant.settings_sources import read_settings, to_toml
from assistant.unanswered import Unanswered, UnansweredStore, make_unanswered
from index.errors import QuestionError, QuothError
from index.store import make_index
from tests.browsing import ask, turn
from tests.conftest import HashEncoder, source
from tests.serving import client, serving, settings

CONTACTS = {"default": "The desk", "hr": "Anna & Bert, extension 12", "hr/leave": "Carla"}
NOBODY = "Which penguins skate?"
LEFT = {"question": NOBODY, "address": "anna@wiki.test", "consent": True}


@pytest.fixture(scope="module")
def office(encoder: HashEncoder) -> Assistant:
    """An assistant that answers nothing, over documents in folders."""
    files = [
        replace(source("Leave is thirty days.", "leave"), collection="hr/leave"),
        replace(source("Salaries come on Monday.", "pay"), collection="hr"),
        source("The lift is broken.", "house"),
    ]
    return Assistant(make_index(files, encoder), Config(threshold=1, contact=CONTACTS))


def named(quoth: Assistant, question: str) -> str | None:
    abstention = quoth.ask(question).abstention
    assert abstention
    return abstention.contact


def test_the_contact_is_that_of_the_folder_that_all_that_is_nearest_lies_in(office: Assistant) -> None:
    assert named(office.only({"leave"}), "How many days is leave?") == "Carla"
    assert named(office.of_collection("hr"), "When do salaries and leave come?") == "Anna & Bert, extension 12"
    assert named(office.only({"house"}), "Is the lift broken?") == "The desk"
    assert named(office, "Is the lift broken, how many days is leave and when do salaries come?") == "The desk"
    assert named(office, "Thank you!") is None


def test_without_contacts_nobody_is_named(ask_text) -> None:  # type: ignore[no-untyped-def]
    assert named(ask_text("Rain fell.", threshold=1), NOBODY) is None


def test_every_surface_shows_the_contact_as_text(office: Assistant) -> None:
    quoth = office.of_collection("hr")
    answer, documents = quoth.ask("When do salaries and leave come?"), quoth.index.documents
    assert json.loads(answer.to_json())["abstention"]["contact"] == "Anna & Bert, extension 12"
    assert "\nWhom to ask: Anna & Bert, extension 12\n" in to_text(answer, documents).plain
    assert "Whom to ask: Anna \\& Bert, extension 12" in answer_markdown(answer, documents)
    assert reply_markdown(answer, documents).endswith("\n\nWhom to ask: Anna \\& Bert, extension 12")
    exchange = Exchange(answer.question, answer)
    html = turn_html(1, exchange, documents)
    assert '<p class="q-contact">Whom to ask: Anna &amp; Bert, extension 12</p>' in html
    assert "q-ask-back" not in html
    assert "q-ask-back" in turn_html(1, exchange, documents, asks_back=True)
    greeted = quoth.ask("Thank you!")
    assert "q-ask-back" not in turn_html(1, Exchange(greeted.question, greeted), documents, asks_back=True)


def test_contacts_are_a_table_a_flag_and_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "quoth.toml"
    file.write_text('[contact]\ndefault = "The desk"\n"hr/leave" = "Carla"\n')
    wanted = {"default": "The desk", "hr/leave": "Carla"}
    assert read_settings({"config": str(file)}, {}).config.contact == wanted
    assert read_settings({"contact": ["default=The desk", "hr/leave=Carla"]}, {}).contact == wanted
    assert read_settings({}, {"QUOTH_CONTACT": "default=The desk;hr/leave=Carla"}).contact == wanted
    file.write_text(to_toml(Settings(contact=wanted)))
    assert read_settings({"config": str(file)}, {}).contact == wanted


@pytest.mark.parametrize("given", ["Anna", "=Anna", "hr=", "hr=a\x07b"])
def test_a_contact_that_cannot_be_is_one_sentence(given: str) -> None:
    with pytest.raises(QuothError, match=r"--contact: .*(such as Anna, extension 12|write it like default=Anna)"):
        settings(contact=[given])


# Ask me back


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    return FeedbackStore(tmp_path / "feedback.sqlite")


@pytest.mark.parametrize(
    ("address", "consent", "sentence"),
    [
        ("anna@wiki.test", False, "Nothing is kept without your consent"),
        ("anna@wiki.test", "true", "Nothing is kept without your consent"),
        (" ", True, "The address for a reply is one line"),
        ("a\nb", True, "The address for a reply is one line"),
        ("a" * 201, True, "The address for a reply is one line"),
    ],
)
def test_nothing_is_kept_without_consent_or_an_address(address: str, consent: object, sentence: str) -> None:
    with pytest.raises(QuestionError, match=sentence):
        make_unanswered(NOBODY, address, consent)


def test_what_is_kept_is_listed_and_forgotten(store: FeedbackStore, capsys: pytest.CaptureFixture[str]) -> None:
    kept = make_unanswered(NOBODY, " anna@wiki.test ", True, "Carla")
    UnansweredStore(store.place).save(kept)
    assert UnansweredStore(store.place).list() == (kept,)
    assert (kept.address, kept.contact) == ("anna@wiki.test", "Carla")
    assert main(["insights", "--feedback", str(store.place)]) == 0
    told = capsys.readouterr().out
    assert f"To be answered (1); --forget ID deletes one\n  {kept.asked[:10]}  {NOBODY}\n" in told
    assert f"to anna@wiki.test; Carla was named; {kept.id[:8]}" in told
    assert main(["insights", "--feedback", str(store.place), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["address"] == "anna@wiki.test"
    assert main(["insights", "--feedback", str(store.place), "--forget", "no"]) == 2
    assert main(["insights", "--feedback", str(store.place), "--forget", kept.id[:8]]) == 0
    assert UnansweredStore(store.place).list() == ()


def test_an_address_cannot_control_a_terminal() -> None:
    assert "\x1b" not in insights_text([], [Unanswered("a\x1b[31m", "b\x1b[31m", "c\x1b[31m")]).plain


def test_the_api_keeps_a_question_only_where_that_is_on_and_with_consent(
    quoth: Assistant, store: FeedbackStore
) -> None:
    off = client(quoth, feedback=store)
    assert off.post("/api/unanswered", json=LEFT).json()["detail"] == "This server keeps no questions."
    assert not off.get("/api/documents").json()["unanswered"]
    on = client(quoth, feedback=store, keep_unanswered=True)
    assert on.get("/api/documents").json()["unanswered"]
    refused = on.post("/api/unanswered", json={**LEFT, "consent": False})
    assert (refused.status_code, refused.json()["detail"][:36]) == (400, "Nothing is kept without your consent")
    assert on.post("/api/unanswered", json={"question": NOBODY, "consent": True}).status_code == 422
    assert UnansweredStore(store.place).list() == ()
    assert on.post("/api/unanswered", json=LEFT).status_code == 204
    [kept] = UnansweredStore(store.place).list()
    assert (kept.question, kept.address) == (NOBODY, "anna@wiki.test")
    assert store.list() == ()


def test_only_a_listed_origins_page_may_leave_a_question(quoth: Assistant, store: FeedbackStore) -> None:
    on = client(quoth, feedback=store, keep_unanswered=True, allow_origin=["https://wiki.test"])
    assert on.post("/api/unanswered", json=LEFT, headers={"Origin": "https://evil.test"}).status_code == 403
    assert UnansweredStore(store.place).list() == ()
    assert on.post("/api/unanswered", json=LEFT, headers={"Origin": "https://wiki.test"}).status_code == 204


def test_keeping_questions_without_keeping_feedback_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--no-feedback", "--keep-unanswered"]) == 2
    assert "--keep-unanswered keeps what --no-feedback says not to keep" in capsys.readouterr().err


@pytest.mark.browser
def test_a_person_leaves_a_question_on_the_page(browser: Browser, store: FeedbackStore, office: Assistant) -> None:
    with serving(office, store, keep_unanswered=True) as address:
        page = browser.new_page()
        page.goto(address)
        ask(page, "When do salaries come?")
        asked = turn(page, 1)
        expect(asked.get_by_text("Whom to ask:")).to_be_visible()
        asked.get_by_text("Ask me back").click()
        asked.get_by_label("Where somebody can answer you").fill("anna@wiki.test")
        asked.get_by_role("button", name="Send").click()
        assert UnansweredStore(store.place).list() == ()  # the box is not ticked
        asked.get_by_label("Keep my question and this address").check()
        asked.get_by_role("button", name="Send").click()
        expect(asked.get_by_text("are kept until somebody has answered you")).to_be_visible()
        [kept] = UnansweredStore(store.place).list()
        assert (kept.question, kept.address) == ("When do salaries come?", "anna@wiki.test")
        page.close()


@pytest.mark.browser
def test_a_follow_up_is_left_with_the_question_that_it_was_read_with(
    browser: Browser, store: FeedbackStore, office: Assistant
) -> None:
    with serving(office, store, keep_unanswered=True) as address:
        page = browser.new_page()
        page.goto(address)
        for number, question in enumerate(("When do salaries come?", "And why then?"), 1):
            ask(page, question)
            expect(turn(page, number).get_by_text("Ask me back")).to_be_visible()
        turn(page, 2).get_by_text("Ask me back").click()
        turn(page, 2).get_by_label("Where somebody can answer you").fill("anna@wiki.test")
        turn(page, 2).get_by_label("Keep my question and this address").check()
        turn(page, 2).get_by_role("button", name="Send").click()
        expect(turn(page, 2).get_by_text("are kept until somebody has answered you")).to_be_visible()
        [kept] = UnansweredStore(store.place).list()
        assert kept.question == "When do salaries come? And why then?"
        page.close()


@pytest.mark.browser
def test_a_person_leaves_a_question_in_the_widget_by_keyboard(
    browser: Browser, store: FeedbackStore, office: Assistant
) -> None:
    with serving(office, store, keep_unanswered=True) as address:
        page = browser.new_page()
        page.goto(f"{address}/embed")
        widget = page.locator("quoth-assistant")
        widget.get_by_label("Your question").fill("When do salaries come?")
        page.keyboard.press("Enter")
        asked = widget.locator(".turn").first
        asked.get_by_text("Ask me back").focus()
        for key in ("Enter", "Tab"):
            page.keyboard.press(key)
        page.keyboard.type("anna@wiki.test")
        page.keyboard.press("Enter")
        assert UnansweredStore(store.place).list() == ()  # the box is not ticked
        expect(asked.get_by_label("Keep my question and this address")).to_be_focused()
        page.keyboard.press("Space")
        for key in ("Tab", "Enter"):
            page.keyboard.press(key)
        expect(asked.get_by_text("are kept until somebody has answered you")).to_be_focused()
        [kept] = UnansweredStore(store.place).list()
        assert (kept.question, kept.address, kept.contact) == ("When do salaries come?", "anna@wiki.test", "The desk")
        page.close()


@pytest.mark.browser
def test_the_widget_does_not_offer_what_the_server_does_not_keep(browser: Browser, office: Assistant) -> None:
    with serving(office) as address:
        page = browser.new_page()
        page.goto(f"{address}/embed")
        widget = page.locator("quoth-assistant")
        widget.get_by_label("Your question").fill("When do salaries come?")
        page.keyboard.press("Enter")
        expect(widget.get_by_text("Whom to ask:")).to_be_visible()
        assert widget.get_by_text("Ask me back").count() == 0
        page.close()
