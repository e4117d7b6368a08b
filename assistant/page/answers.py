"""A question and its answer as HTML for the conversation.

Turn 2 has the id `quoth-turn-2`; what the script needs stands in `data-` attributes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from assistant.bibliography import answer_markdown, bibtex, cited_markdown, cited_plain, csl
from assistant.feedback import REASONS
from assistant.page.elements import button, escape, tag
from assistant.render import marked_parts, place, trail
from assistant.types import Answer, Citation, Evidence
from index.document.types import Document

VERY_SURE, SURE = 0.8, 0.6


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a person asked, and what came of it: neither answer nor error while `doing` tells what goes on."""

    question: str
    answer: Answer | None = None
    error: str = ""
    doing: str = ""
    id: str = field(default_factory=lambda: uuid4().hex)


def turn_html(number: int, exchange: Exchange, documents: Mapping[str, Document], rated: bool = True) -> str:
    """One question and what came of it; `rated` says whether the answer can be rated."""
    tools = button("Edit", "edit", class_="q-quiet", aria_label="Edit this question and ask again")
    asked = tag("h2", escape(exchange.question), class_="q-question", tabindex="-1")
    told = {"data_markdown": f"## {escape(exchange.question)}", "data_say": exchange.error, "data_state": "done"}
    if exchange.error:
        reply = tag("p", escape(exchange.error), class_="q-error")
        tools += button("Try again", "retry", class_="q-quiet")
    elif exchange.answer is None:
        reply = tag("p", escape(exchange.doing) + " …", class_="q-doing")
        told |= {"data_say": exchange.doing, "data_state": "working"}
        tools = ""
    else:
        reply = answer_html(number, exchange.answer, documents) + foot_html(exchange.answer, documents, rated)
        told |= {"data_markdown": answer_markdown(exchange.answer, documents), "data_say": spoken(exchange.answer)}
    head = tag("div", asked + tag("div", tools, class_="q-asked-tools"), class_="q-asked")
    return tag(
        "li",
        head + tag("div", reply, class_="q-answer"),
        id=f"quoth-turn-{number}",
        class_="q-turn",
        data_turn=str(number),
        data_question=exchange.question,
        **told,
    )


def spoken(answer: Answer) -> str:
    """What a screen reader is told when an answer has come."""
    return answer.abstention.message if answer.abstention else f"Answer: {answer.answer}"


def answer_html(turn: int, answer: Answer, documents: Mapping[str, Document]) -> str:
    """An answer: the quotations that make it, and the rest folded away; or why there is none."""
    parts = []
    if answer.standalone_question != answer.question:
        as_written = button("Ask it as written", "as-written", class_="q-link")
        words = f"Understood as: {tag('span', escape(answer.standalone_question))} {as_written}"
        parts.append(tag("p", words, class_="q-understood"))
    cards = answer.abstention.nearest if answer.abstention else answer.evidence
    quotations = [quotation_html(turn, i, evidence, documents) for i, evidence in enumerate(cards, 1)]
    if answer.abstention:
        parts.append(tag("p", escape(answer.abstention.message), class_="q-abstention"))
        parts.append(suggestions_html(answer.abstention.suggestions, "The document does answer"))
        folded, summary = quotations, "What I looked at"
    else:
        parts.extend(quotations[: answer.needed])
        if answer.unanswered:
            words = "; ".join(f"“{escape(part)}”" for part in answer.unanswered)
            parts.append(tag("p", f"The document does not seem to say: {words}", class_="q-abstention"))
        folded, summary = quotations[answer.needed :], "More from the document"
    if folded:
        parts.append(tag("details", tag("summary", summary) + "".join(folded), class_="q-more"))
    return "".join(parts)


def suggestions_html(questions: tuple[str, ...], heading: str) -> str:
    """Questions that are asked by choosing them."""
    if not questions:
        return ""
    items = "".join(tag("li", button(escape(one), "ask", class_="q-suggestion")) for one in questions)
    return tag("p", heading, class_="q-label") + tag("ul", items, class_="q-suggestions")


def quotation_html(turn: int, number: int, evidence: Evidence, documents: Mapping[str, Document]) -> str:
    """A quotation, its short answer in bold, with its place, its notes, and the ways to copy it."""
    before, short, after = (escape(part) for part in marked_parts(evidence))
    whole = tag("strong", short) if before or after else short
    where = escape(place(evidence, documents))
    opened = {
        "data_document": evidence.document,
        "data_at": str(evidence.start),
        "data_end": str(evidence.end),
        "data_short": f"{evidence.answer_start} {evidence.answer_end}",
    }
    mark = button(
        str(number), "cite", class_="q-cite", aria_label=f"Citation {number}: show it in the document", **opened
    )
    spot = button(where, "cite", class_="q-place", **opened)
    notes = "".join(tag("li", citation_html(note, evidence.document)) for note in evidence.footnotes)
    caption = tag("div", spot + copy_html(evidence, documents), class_="q-caption")
    caption += tag("ul", notes, class_="q-behind") if notes else ""
    quote = tag("blockquote", f"{before}{whole}{after}\u00a0{mark}")
    return tag("figure", quote + tag("figcaption", caption), data_quotation=f"{turn}-{number}")


def citation_html(note: Citation, document: str) -> str:
    """A note behind a quotation, and what it leads to."""
    number = button(
        str(note.number),
        "place",
        class_="q-note-number",
        aria_label=f"Note {note.number}: show it in the document",
        data_document=document,
        data_at=str(note.start),
        data_end=str(note.end),
    )
    led = tag("span", " → " + escape(trail(note)), class_="q-trail") if trail(note) else ""
    return number + tag("span", escape(note.text) + led)


def copy_html(evidence: Evidence, documents: Mapping[str, Document]) -> str:
    """The menu of what can be copied of a quotation."""
    document = documents[evidence.document]
    kinds = {
        "Quotation": cited_plain(evidence, documents),
        "Markdown": cited_markdown(evidence, documents),
        "BibTeX": bibtex(document),
        "CSL-JSON": csl(document),
    }
    items = [button(name, "copy", data_copy=text) for name, text in kinds.items() if text]
    items.append(
        button(
            "Link to this place",
            "copy-place",
            data_document=evidence.document,
            data_at=str(evidence.start),
            data_end=str(evidence.end),
        )
    )
    return menu_html("Copy", items)


def menu_html(name: str, items: list[str]) -> str:
    """A button that shows others."""
    opened = tag("div", "".join(items), class_="q-menu-items")
    return tag("details", tag("summary", name, class_="q-quiet") + opened, class_="q-menu")


def foot_html(answer: Answer, documents: Mapping[str, Document], rated: bool) -> str:
    """Below an answer: how sure it is, what can be done with it, and why it is what it is."""
    parts = [] if answer.abstention else [tag("span", certainty(answer.confidence), class_="q-certainty")]
    parts.append(button("Try again", "retry", class_="q-quiet"))
    parts.append(button("Copy link", "copy-question", class_="q-quiet", aria_label="Copy link to this question"))
    if rated:
        parts.append(rating_html(answer.answered))
    why = tag("div", tag("p", "Reading again …", class_="q-doing"), class_="q-why-body")
    why = tag(
        "details", tag("summary", "Why this answer") + why, class_="q-why", data_standalone=answer.standalone_question
    )
    return tag("div", "".join(parts), class_="q-foot") + why


def certainty(confidence: float) -> str:
    """How sure an answer is, in words."""
    if confidence >= VERY_SURE:
        return "Very sure"
    return "Fairly sure" if confidence >= SURE else "Not quite sure"


def rating_html(answered: bool) -> str:
    """Helpful or not, and then why not: the reasons that an answer can have, or an abstention."""
    choices = button("Helpful", "rate", class_="q-quiet", data_helpful="true")
    choices += button("Not helpful", "rate", class_="q-quiet", data_helpful="false")
    reasons = "".join(
        button(escape(words), "reason", data_reason=reason)
        for reason, words in REASONS.items()
        if answered == (reason != "should_have_answered")
    )
    asked = tag("span", "What was wrong?", class_="q-label") + reasons
    return tag("span", choices, class_="q-rating") + tag(
        "div", asked, class_="q-reasons", hidden="", role="group", aria_label="What was wrong?"
    )
