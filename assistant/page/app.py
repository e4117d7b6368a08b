"""The page: one Gradio component of our own markup and script, and what the server does for it.

The conversation is Gradio's: a question is an event, its answer comes back as a patch, an element's id and its
new HTML. What needs no conversation (the start, a document) the script asks of the server directly. The page as it is
sent is the same for everybody; what is in it depends on who asks.
"""

import base64
import logging
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import gradio as gr

from assistant.assistant import Assistant
from assistant.config import MAX_QUESTION
from assistant.feedback import NOT_KEPT, FeedbackStore, make_record, rate
from assistant.page.answers import Exchange
from assistant.page.asking import Asking, OpenPages, Patch
from assistant.page.asking_back import make_ask_back
from assistant.page.documents import contents_html, document_html
from assistant.page.html import render
from assistant.page.start import first_questions_html, start_html
from assistant.page.uploading import Uploading, uploads_patch
from assistant.server.asking import Services
from assistant.server.auth import caller_of
from assistant.server.documents import Documents
from assistant.server.uploads import Uploads, owner_of
from index.errors import QuothError, StoreError

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("document.js", "conversation.js", "copying.js", "upload.js", "page.js")
FIRST_QUESTIONS = 6
MOST_LISTED = 100  # documents
EVENT: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
NOT_READ = "() => ({ uploading: 'The file could not be read. Try again in a moment.', wrong: true, made: Date.now() })"


def page_theme() -> gr.themes.Base:
    """Gradio's plain theme with the fonts of the reader's own machine; what is seen is styled by the page."""
    return gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])


def page_head() -> str:
    """The page's style with its fonts in it, for the head: no request leaves for another host."""
    style = (STATIC / "page.css").read_text(encoding="utf-8")
    for name in ("source-sans", "source-serif"):
        font = base64.b64encode((STATIC / "fonts" / f"{name}.woff2").read_bytes()).decode()
        style = style.replace(f"url({name}.woff2)", f"url(data:font/woff2;base64,{font})")
    return f"<style>{style}</style>"


def make_page(services: Services) -> gr.Blocks:
    """The page; conversations live in the browser session alone.

    Without a store nothing is asked about answers, or offered for those without one, and nothing kept.
    """
    open_pages = OpenPages()
    with gr.Blocks(title="Quoth", analytics_enabled=False, fill_width=True) as page:
        exchanges = gr.State([])
        quoth_page = gr.HTML(
            {},
            html_template=(STATIC / "page.html").read_text(encoding="utf-8"),
            js_on_load="\n".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS),
            server_functions=make_server_functions(services.documents, services.uploads),
            apply_default_css=False,
            elem_id="quoth",
        )
        asked = quoth_page.ask(
            Asking(services, open_pages).ask,
            [exchanges],
            [exchanges, quoth_page],
            trigger_mode="multiple",  # a question that was stopped does not hold up the next
            **EVENT,
        )
        # The server refused the question or went away; Gradio says which, the script gives the question back.
        asked.failure(None, None, [quoth_page], js="() => ({ failed: Date.now() })", **EVENT)
        quoth_page.stop(open_pages.stop, None, None, **EVENT)
        quoth_page.clear_all(lambda: [], None, [exchanges], cancels=[asked], **EVENT)
        if services.feedback:
            quoth_page.rate(
                make_rate(services.documents, services.feedback),
                [exchanges],
                [quoth_page],
                trigger_mode="multiple",  # a reason that follows a rating at once is kept, too
                **EVENT,
            )
        if services.unanswered:
            quoth_page.ask_back(make_ask_back(services.unanswered), [exchanges], [quoth_page], **EVENT)
        page.unload(open_pages.leave)
        if services.uploads:
            uploading = Uploading(services.documents, services.queue, open_pages, services.uploads)
            add_uploading(page, quoth_page, uploading)
    return page


def add_uploading(page: gr.Blocks, quoth_page: gr.HTML, uploading: Uploading) -> None:
    """Add the events of uploads: a file is taken, removed, or forgotten when its page is closed."""
    taken = quoth_page.take_upload(uploading.take, None, [quoth_page], trigger_mode="multiple", **EVENT)
    taken.failure(None, None, [quoth_page], js=NOT_READ, **EVENT)
    quoth_page.remove_upload(uploading.remove, None, [quoth_page], trigger_mode="multiple", **EVENT)
    page.unload(uploading.leave)


def first_patches(quoth: Assistant) -> Patch:
    """What the page shows first, of the documents as they are now; `versions` tells when one has changed."""
    documents = quoth.index.documents
    shown = {name: documents[name] for name in islice(documents, MOST_LISTED)}
    more = len(documents) - len(shown)
    return {
        "start": start_html(shown, more),
        "contents": contents_html(shown, more),
        "questions": first_questions_html(quoth.suggest(FIRST_QUESTIONS)),
        "document": next(iter(documents), None),
        "several": len(documents) > 1,
        "more": more,
        "versions": {document.id: document.sha256 for document in shown.values()},
        "longest": MAX_QUESTION,
    }


def make_server_functions(documents: Documents, uploads: Uploads | None) -> list[Callable[..., Any]]:
    """What the script may ask of the server; each takes one value, and gives HTML or what the page shows first."""

    def read_start(_: Any, request: gr.Request) -> Patch:
        first = first_patches(documents.read_by(caller_of(request)).quoth)
        return first | (uploads_patch(uploads, owner_of(request)) if uploads else {})

    def read_document(document: Any, request: gr.Request) -> str:
        own = uploads.documents(owner_of(request)) if uploads else {}
        readable = own if str(document) in own else documents.read_by(caller_of(request)).documents
        known = readable.get(document) if isinstance(document, str) else None
        return document_html(known) if known else render("error.html", error="There is no such document.")

    return [read_start, read_document]


def make_rate(documents: Documents, feedback: FeedbackStore) -> Callable[..., Patch]:
    """Return the handler of ratings: it saves one, and returns a patch that says so."""

    def rated(exchanges: list[Exchange], event: gr.EventData, request: gr.Request) -> Patch:
        sent = event._data if isinstance(event._data, dict) else {}
        turn = at if isinstance(at := sent.get("turn"), int) and 0 < at <= len(exchanges) else 0
        quoth = documents.read_by(caller_of(request)).quoth
        answer = exchanges[turn - 1].answer if turn and not exchanges[turn - 1].upload else None
        if answer is None or not all(evidence.document in quoth.index.documents for evidence in answer.shown):
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
