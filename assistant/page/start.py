"""What stands in the conversation before the first question."""

from collections.abc import Mapping

from assistant.page.answers import suggestions_html
from assistant.page.elements import button, escape, tag
from assistant.render import about
from index.document.types import Document


def start_html(documents: Mapping[str, Document]) -> str:
    """What the documents are and how they answer."""
    these, they = ("this document", "it does") if len(documents) == 1 else ("these documents", "they do")
    described = "".join(described_html(document) for document in documents.values())
    promise = (
        f"Ask about {these}. Every answer is a quotation, with its place and the notes behind it; "
        f"what {they} not say, Quoth does not answer."
    )
    return tag("ul", described, class_="q-described") + tag("p", promise)


def described_html(document: Document) -> str:
    """A document in a line or two: what is known of it and how long it is."""
    paragraphs, notes = len(document.paragraphs), len(document.footnotes)
    headings = sum(section.heading is not None for section in document.sections)
    counted = [count(paragraphs, "paragraph"), *([count(headings, "heading")] if headings else [])]
    counted += [count(notes, "note")] if notes else []
    title = button(escape(document.title), "open", class_="q-link q-title", data_document=document.id)
    told = " · ".join(part for part in (about(document, titled=False), *counted) if part)
    return tag("li", title + tag("span", escape(told), class_="q-about"))


def count(number: int, noun: str) -> str:
    """A number of things: "1 note", "27 paragraphs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def first_questions_html(questions: tuple[str, ...]) -> str:
    """The questions to begin with."""
    return suggestions_html(questions, "For example")
