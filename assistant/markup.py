"""Answers as HTML for the page; everything that comes from a document or a person is escaped here.

Ids and `data-card` values are made of numbers alone: turn 2's first quotation is `t2-1`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from assistant.render import about, marked_parts, place, trail
from assistant.types import Answer, Evidence
from index.retriever import Index
from index.types import Document, Metadata


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a person asked, and what came of it; neither answer nor error while it is being looked for."""

    question: str
    answer: Answer | None = None
    error: str = ""


def tag(name: str, content: str, **attributes: str) -> str:
    """An element around `content`, which is HTML already; attributes are escaped."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{given}>{content}</{name}>"


def conversation_html(exchanges: Sequence[Exchange], documents: Mapping[str, Document]) -> str:
    """The conversation so far, oldest first."""
    turns = "".join(exchange_html(number, exchange, documents) for number, exchange in enumerate(exchanges, 1))
    return tag("div", turns, class_="quoth-conversation", role="log", aria_live="polite", aria_label="Conversation")


def exchange_html(number: int, exchange: Exchange, documents: Mapping[str, Document]) -> str:
    """One question and what came of it."""
    asked = tag("p", escape(exchange.question), class_="quoth-question")
    if exchange.error:
        reply = tag("p", escape(exchange.error), class_="quoth-error", role="alert")
    elif exchange.answer is None:
        reply = tag("p", "Searching the document …", class_="quoth-waiting")
    else:
        reply = answer_html(number, exchange.answer, documents)
    return tag("div", asked + tag("div", reply, class_="quoth-answer"), class_="quoth-turn")


def answer_html(number: int, answer: Answer, documents: Mapping[str, Document]) -> str:
    """An answer: the quotations that make it, and the rest folded away; or why there is none."""
    parts = []
    if answer.standalone_question != answer.question:
        parts.append(tag("p", f"Understood as: {escape(answer.standalone_question)}", class_="quoth-understood"))
    cards = cards_of(answer)
    quotations = [quotation_html(number, i, evidence, documents) for i, evidence in enumerate(cards, 1)]
    if answer.abstention:
        parts.append(tag("p", escape(answer.abstention.message), class_="quoth-abstention"))
        folded, summary = quotations, "What I looked at"
    else:
        parts.extend(quotations[: answer.needed])
        folded, summary = quotations[answer.needed :], "More from the document"
    if folded:
        parts.append(tag("details", tag("summary", summary) + "".join(folded)))
    return "".join(parts)


def cards_of(answer: Answer) -> tuple[Evidence, ...]:
    """The quotations of an answer that the source panel can show."""
    return answer.abstention.nearest if answer.abstention else answer.evidence


def quotation_html(turn: int, number: int, evidence: Evidence, documents: Mapping[str, Document]) -> str:
    """A quotation with the button that opens its place in the source panel."""
    before, short, after = (escape(part) for part in marked_parts(evidence))
    whole = tag("strong", short) if before or after else short
    notes = ", ".join(str(citation.number) for citation in evidence.footnotes)
    label = escape(place(evidence, documents)) + (f" · note {notes}" if notes else "")
    mark = tag("span", f"[{number}]", class_="quoth-number")
    button = tag("button", f"{mark} {label}", type="button", class_="quoth-cite", data_card=f"t{turn}-{number}")
    return tag("figure", tag("blockquote", before + whole + after) + tag("figcaption", button))


def source_html(exchanges: Sequence[Exchange], index: Index) -> str:
    """The source panel: a card for each quotation given, the newest answer's first one open."""
    cards = []
    opened = ""
    for turn, exchange in enumerate(exchanges, 1):
        evidence = cards_of(exchange.answer) if exchange.answer else ()
        cards += [(f"t{turn}-{number}", one) for number, one in enumerate(evidence, 1)]
        if evidence and exchange.answer and exchange.answer.answered:
            opened = f"t{turn}-1"
    if not cards:
        shown = tag("p", "Choose a citation and its passage opens here.", class_="quoth-empty")
    else:
        shown = "".join(card_html(name, evidence, index, name == opened) for name, evidence in cards)
    return tag("section", shown, class_="quoth-source", aria_label="Source")


def card_html(name: str, evidence: Evidence, index: Index, opened: bool) -> str:
    """A passage with the quotation marked, and its notes below."""
    document = index.documents[evidence.document]
    passage = next(passage for passage in index.passages if passage.id == evidence.passage)
    before, short, after = (escape(part) for part in marked_parts(evidence))
    quoted = tag("mark", before + (tag("strong", short) if before or after else short) + after)
    body = (
        escape(document.text[passage.start : evidence.start])
        + quoted
        + escape(document.text[evidence.end : passage.end])
    )
    parts = [tag("h3", escape(place(evidence, index.documents))), tag("p", body, class_="quoth-passage")]
    notes = "".join(
        tag(
            "li",
            tag("b", f"[{note.number}]")
            + " "
            + escape(note.text)
            + (tag("p", "→ " + escape(trail(note)), class_="quoth-trail") if trail(note) else ""),
        )
        for note in evidence.footnotes
    )
    if notes:
        parts.append(tag("h4", "Notes") + tag("ul", notes, class_="quoth-notes"))
    if document.metadata != Metadata():
        parts.append(tag("p", escape(about(document)), class_="quoth-about"))
    state = {} if opened else {"hidden": ""}
    return tag("article", "".join(parts), class_="quoth-card", data_card=name, tabindex="-1", **state)
