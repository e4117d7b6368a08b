"""A question and its answer as HTML for the conversation.

Turn 2 has the id `quoth-turn-2`; what the script needs stands in `data-` attributes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from assistant.bibliography import answer_markdown, bibtex, cited_markdown, cited_plain, csl
from assistant.feedback import REASONS
from assistant.page.html import render
from assistant.render import CERTAINTY
from assistant.types import Answer, Evidence
from assistant.unanswered import CONSENT, MAX_ADDRESS
from index.document.types import Document


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a person asked, and what came of it: neither answer nor error while `doing` says what goes on.

    `by` is the key of the caller who asked, `upload` the name of the file of theirs that they asked, if they did:
    nothing of that is kept.
    """

    question: str
    answer: Answer | None = None
    error: str = ""
    doing: str = ""
    by: str = ""
    upload: str = ""
    id: str = field(default_factory=lambda: uuid4().hex)


def turn_html(
    number: int,
    exchange: Exchange,
    documents: Mapping[str, Document],
    rated: bool = True,
    why: str = "",
    asks_back: bool = False,
) -> str:
    """One question and what came of it; `rated` says whether the answer can be rated, `why` is its explanation.

    With `asks_back` a question without an answer can be left for a person.
    """
    answer = exchange.answer
    rated, asks_back = rated and not exchange.upload, asks_back and not exchange.upload
    return render(
        "turn.html",
        number=number,
        exchange=exchange,
        answer=answer,
        documents=documents,
        rated=rated,
        why=why,
        asks_back=asks_back and bool(answer and answer.abstention and answer.abstention.reason != "not_a_question"),
        consent=CONSENT,
        longest_address=MAX_ADDRESS,
        state="done" if answer or exchange.error else "working",
        say=spoken(answer) if answer else exchange.error or exchange.doing,
        markdown=answer_markdown(answer, documents) if answer else f"## {exchange.question}",
        **(answer_parts(answer, documents) if answer else {}),
    )


def answer_parts(answer: Answer, documents: Mapping[str, Document]) -> dict[str, object]:
    """What the template of an answer shows: the quotations that make it, or the nearest one, and those folded away."""
    nearest = answer.abstention.nearest if answer.abstention else ()
    near = 1 if answer.abstention and answer.abstention.reason == "low_confidence" else 0
    return {
        "shown": answer.evidence[: answer.needed],
        "nearest": nearest[:near],
        "folded": [*answer.evidence[answer.needed :], *nearest[near:]],
        "folded_name": folded_name(answer, bool(near)),
        "certainty": CERTAINTY[answer.certainty],
        "copies": lambda evidence: copies(evidence, documents),
        "is_code": lambda evidence: is_code(evidence, documents[evidence.document]),
        "lines_of": lambda evidence: lines_of(evidence, documents[evidence.document]),
        "reasons": [r for r in REASONS.items() if answer.answered == (r[0] != "should_have_answered")],
    }


def folded_name(answer: Answer, near: bool) -> str:
    """Return the heading of the quotations that are folded away; with `near` the nearest is shown above them."""
    if answer.answered:
        return "More from the document"
    return "What else I looked at" if near else "What I looked at"


def spoken(answer: Answer) -> str:
    """Return the words that a screen reader says when an answer arrives."""
    return answer.abstention.message if answer.abstention else f"Answer: {answer.answer}"


def is_code(evidence: Evidence, document: Document) -> bool:
    """Whether a quotation is of a block of code, whose lines are kept."""
    return any(block.kind == "code" and block.start <= evidence.start < block.end for block in document.blocks)


def lines_of(evidence: Evidence, document: Document) -> list[str]:
    """Return what a quotation has of each paragraph it reaches into: a list's items, each to stand on its own line."""
    return [
        document.text[max(paragraph.start, evidence.start) : min(paragraph.end, evidence.end)]
        for paragraph in document.paragraphs
        if paragraph.start < evidence.end and evidence.start < paragraph.end
    ]


def copies(evidence: Evidence, documents: Mapping[str, Document]) -> list[tuple[str, str]]:
    """What can be copied of a quotation, each with its name."""
    document = documents[evidence.document]
    kinds = {
        "Quotation": cited_plain(evidence, documents),
        "Markdown": cited_markdown(evidence, documents),
        "BibTeX": bibtex(document),
        "CSL-JSON": csl(document),
    }
    return [(name, text) for name, text in kinds.items() if text]
