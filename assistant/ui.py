"""The Gradio page: the conversation, and beside it the passage behind each citation."""

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import gradio as gr

from assistant.assistant import Assistant
from assistant.markup import Exchange, conversation_html, source_html, tag
from assistant.types import Turn
from index.errors import QuothError
from index.types import Document

STATIC = Path(__file__).parent / "static"
EXAMPLES = 4
FONTS = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}


def make_theme() -> gr.themes.Base:
    """Gradio's plain theme with the fonts of the reader's own machine: no request leaves for another host."""
    return gr.themes.Default(primary_hue="indigo", neutral_hue="zinc", **FONTS)


def example_questions(documents: list[Document]) -> list[str]:
    """Questions made of the documents' own headings, or of their titles where they have none."""
    headings = [section.heading for document in documents for section in document.sections if section.heading]
    told = headings or [document.title for document in documents]
    return [f"What is said under “{heading}”?" for heading in dict.fromkeys(told)][:EXAMPLES]


def make_page(quoth: Assistant) -> gr.Blocks:
    """The page of an assistant; its conversations live in the browser session alone."""
    documents = list(quoth.index.documents.values())
    with gr.Blocks(title="Quoth", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(headline(", ".join(document.title for document in documents)), elem_id="quoth-title")
        exchanges = gr.State([])
        with gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=320):
                script = (STATIC / "page.js").read_text(encoding="utf-8")
                conversation = gr.HTML(elem_id="quoth-conversation", js_on_load=script)
                with gr.Row(elem_id="quoth-ask"):
                    question = gr.Textbox(
                        label="Your question",
                        placeholder="Ask about the document",
                        max_lines=4,
                        autofocus=True,
                        scale=5,
                    )
                    button = gr.Button("Ask", variant="primary", scale=1, min_width=80)
                with gr.Row(elem_id="quoth-examples"):
                    examples = [gr.Button(text, size="sm") for text in example_questions(documents)]
            with gr.Column(scale=2, min_width=320):
                source = gr.HTML(source_html([], quoth.index), elem_id="quoth-source")
        ask = make_ask(quoth)
        shown = [question, exchanges, conversation, source]
        settings = {"show_progress": "hidden", "api_visibility": "private"}
        gr.on([question.submit, button.click], ask, [question, exchanges], shown, **settings)
        for example in examples:
            example.click(ask, [example, exchanges], shown, **settings)
    return page


Shown = tuple[str, list[Exchange], str, str]  # the question box, the conversation, and both panels


def make_ask(quoth: Assistant) -> Callable[[str, list[Exchange]], Iterator[Shown]]:
    """What happens when a question is sent: it is shown at once, then its answer."""

    def show(box: str, exchanges: list[Exchange]) -> Shown:
        return box, exchanges, conversation_html(exchanges, quoth.index.documents), source_html(exchanges, quoth.index)

    def ask(question: str, exchanges: list[Exchange]) -> Iterator[Shown]:
        if not question.strip():
            yield show(question, exchanges)
            return
        yield show("", [*exchanges, Exchange(question)])
        history = [Turn(e.question, e.answer.answer) for e in exchanges if e.answer]
        try:
            done = Exchange(question, quoth.ask(question, history))
        except QuothError as error:
            done = Exchange(question, error=str(error))
        yield show("", [*exchanges, done])

    return ask


def headline(titles: str) -> str:
    """The page's title and what it is."""
    words = f"Answers from {escape(titles)}, in the document’s own words."
    return tag("h1", "Quoth") + tag("p", words)
