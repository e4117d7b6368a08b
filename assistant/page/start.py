"""What stands in the conversation before the first question."""

from collections.abc import Mapping, Sequence

from assistant.page.html import render
from assistant.render import about
from index.document.types import Document


def start_html(documents: Mapping[str, Document], more: int = 0) -> str:
    """What the documents are and how they answer; `more` are not listed."""
    return render("start.html", documents=documents, more=more, described=described)


def described(document: Document) -> str:
    """What is known of a document, and how long it is."""
    headings = sum(section.heading is not None for section in document.sections)
    counted = [count(len(document.paragraphs), "paragraph")]
    counted += [count(headings, "heading")] if headings else []
    counted += [count(len(document.footnotes), "note")] if document.footnotes else []
    return " · ".join(part for part in (about(document, titled=False), *counted) if part)


def count(number: int, noun: str) -> str:
    """A number of things: "1 note", "27 paragraphs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def first_questions_html(questions: Sequence[str]) -> str:
    """The questions to begin with."""
    return render("first_questions.html", questions=questions)
