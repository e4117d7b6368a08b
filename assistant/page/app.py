"""The page: one Gradio component of our own markup and script, and what the server does for it.

The conversation is Gradio's: a question is an event, its answer comes back as a patch, an element's id and its
new HTML. What needs no conversation (a document, the first questions, why an answer is what it is) the
script asks of the server directly.
"""

import base64
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.assistant import Assistant
from assistant.config import MAX_QUESTION
from assistant.explain import explain
from assistant.feedback import NOT_KEPT, FeedbackStore, make_record, rate
from assistant.page.answers import Exchange, turn_html
from assistant.page.documents import contents_html, document_html
from assistant.page.elements import escape, tag
from assistant.page.explanation import explanations_html
from assistant.page.start import first_questions_html, start_html
from assistant.stages import ask_in_stages
from assistant.types import Answer
from index.errors import QuothError, StoreError

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("document.js", "conversation.js", "copying.js", "page.js")
FIRST_QUESTIONS = 6
AT_ONCE = 8  # questions read at the same time; others wait
Patch = dict[str, Any]


def page_theme() -> gr.themes.Base:
    """Gradio's plain theme with the fonts of the reader's own machine; what is seen is styled by the page."""
    return gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])


def page_head() -> str:
    """The page's style with its fonts in it, for the head: no request leaves for another host."""
    style = (STATIC / "page.css").read_text(encoding="utf-8")
    for name in ("source-sans", "source-serif"):
        font = base64.b64encode((STATIC / "fonts" / f"{name}.woff2").read_bytes()).decode()
        style = style.replace(f"url({name}.woff2)", f"url(data:font/woff2;base64,{font})")
    return tag("style", style)


def make_page(quoth: Assistant, feedback: FeedbackStore | None = None) -> gr.Blocks:
    """The page of an assistant; its conversations live in the browser session alone.

    Without a feedback store nothing is asked about answers and nothing kept.
    """
    with gr.Blocks(title="Quoth", analytics_enabled=False, fill_width=True) as page:
        exchanges = gr.State([])
        quoth_page = gr.HTML(
            first_patches(quoth),
            html_template=(STATIC / "page.html").read_text(encoding="utf-8"),
            js_on_load="\n".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS),
            server_functions=make_server_functions(quoth),
            apply_default_css=False,
            elem_id="quoth",
        )
        settings: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        asked = quoth_page.ask(
            make_ask(quoth, feedback),
            [exchanges],
            [exchanges, quoth_page],
            concurrency_limit=AT_ONCE,
            trigger_mode="multiple",  # a question that was stopped does not hold up the next
            **settings,
        )
        # The server refused the question or went away; Gradio says which, the script gives the question back.
        asked.failure(None, None, [quoth_page], js="() => ({ failed: Date.now() })", **settings)
        quoth_page.stop(None, cancels=[asked], **settings)
        quoth_page.clear_all(lambda: [], None, [exchanges], cancels=[asked], **settings)
        if feedback:
            quoth_page.rate(make_rate(quoth, feedback), [exchanges], [quoth_page], **settings)
    return page


def first_patches(quoth: Assistant) -> Patch:
    """What the page shows first."""
    documents = quoth.index.documents
    return {
        "start": start_html(documents),
        "contents": contents_html(documents),
        "document": next(iter(documents)),
        "several": len(documents) > 1,
        "longest": MAX_QUESTION,
    }


def make_server_functions(quoth: Assistant) -> list[Callable[[Any], str]]:
    """What the script may ask of the server; each takes one value and gives HTML."""

    def read_document(document: Any) -> str:
        found = quoth.index.documents.get(document) if isinstance(document, str) else None
        return document_html(found) if found else tag("p", "There is no such document.", class_="q-error")

    def read_questions(_: Any) -> str:
        return first_questions_html(quoth.suggest(FIRST_QUESTIONS))

    def read_why(question: Any) -> str:
        try:
            return explanations_html(explain(quoth.ask(question, complete=False), quoth), quoth.index.documents)
        except QuothError as error:
            return tag("p", escape(str(error)), class_="q-error")

    return [read_document, read_questions, read_why]


def make_ask(quoth: Assistant, feedback: FeedbackStore | None) -> Callable[..., Iterator[tuple[Any, Patch]]]:
    """What happens when a question is sent: it is shown at once, then what is being done, then its answer.

    A question sent as an earlier turn takes the place of that turn and of all after it.
    """

    def ask(exchanges: list[Exchange], event: gr.EventData) -> Iterator[tuple[Any, Patch]]:
        question, turn, complete, asked = read_event(event)
        before = exchanges[: turn - 1] if turn else exchanges
        number = len(before) + 1
        history = [e.answer.to_turn() for e in before if e.answer]

        def patch(exchange: Exchange) -> Patch:
            html = turn_html(number, exchange, quoth.index.documents, feedback is not None)
            return {"turn": number, "html": html, "number": asked, "made": time.monotonic_ns()}

        try:
            for said in ask_in_stages(quoth, question, history, complete):
                if isinstance(said, str):
                    exchange = Exchange(question, doing=said)
                    yield gr.skip(), patch(exchange)
                else:
                    exchange = Exchange(question, said)
                    keep(said, exchange, quoth, feedback)
        except QuothError as error:
            exchange = Exchange(question, error=str(error))
        yield [*before, exchange], patch(exchange)

    return ask


def read_event(event: gr.EventData) -> tuple[str, int, bool, Any]:
    """What was sent: the question, the turn whose place it takes (0: none), whether it may be completed, its number."""
    sent = event._data if isinstance(event._data, dict) else {}
    question, turn = sent.get("question"), sent.get("turn")
    return (
        question if isinstance(question, str) else "",
        turn if isinstance(turn, int) and turn > 0 else 0,
        sent.get("complete") is not False,
        sent.get("number"),
    )


def keep(answer: Answer, exchange: Exchange, quoth: Assistant, feedback: FeedbackStore | None) -> None:
    """Record a question that was answered, where that was asked for; an answer is not lost for a full disk."""
    if feedback and feedback.record_questions:
        try:
            feedback.save(make_record(answer, quoth, exchange.id))
        except QuothError as error:
            logging.getLogger("quoth").warning("%s", error)


def make_rate(quoth: Assistant, feedback: FeedbackStore) -> Callable[..., Patch]:
    """What happens when an answer is rated: it is kept, and the turn is told so."""

    def rated(exchanges: list[Exchange], event: gr.EventData) -> Patch:
        sent = event._data if isinstance(event._data, dict) else {}
        turn = sent.get("turn")
        if not isinstance(turn, int) or not 0 < turn <= len(exchanges) or not (answer := exchanges[turn - 1].answer):
            return {"rated": 0, "say": "There is no such answer.", "made": time.monotonic_ns()}
        try:
            record = make_record(answer, quoth, exchanges[turn - 1].id)
            feedback.save(rate(record, sent.get("helpful"), sent.get("reason")))
            said = "Thank you. This is kept, without your name or address."
        except StoreError as error:
            logging.getLogger("quoth").warning("%s", error)
            said = NOT_KEPT
        except QuothError as error:
            said = str(error)
        return {"rated": turn, "say": said, "made": time.monotonic_ns()}

    return rated
