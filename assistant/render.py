"""Answers as text: for a terminal, and the wording that every surface shares."""

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from assistant.types import Answer, Certainty, Citation, Evidence
from index.document.types import Document, Metadata

CERTAINTY: Mapping[Certainty, str] = {
    "sure": "Quoth is sure of this.",
    "likely": "This is likely, not certain: check the passage.",
    "none": "",
}
Styled = tuple[str, str]  # words, and rich's name for their style
WHOM = "Whom to ask:"  # before a contact
CONTROL = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], "�")


def place(evidence: Evidence, documents: Mapping[str, Document]) -> str:
    """Describe a quotation's place: "Transnational Threats, paragraph 12"."""
    document = documents[evidence.document]
    parts = [document.title] if len(documents) > 1 else []
    if evidence.section and evidence.section not in parts:
        parts.append(evidence.section)
    if evidence.footnote is not None:
        parts.append(f"note {evidence.footnote}")
    elif evidence.paragraph is not None:
        parts.append(f"paragraph {evidence.paragraph}")
    else:
        parts.append("about the author")
    if evidence.page is not None:
        parts.append(f"page {evidence.page}")
    return ", ".join(parts)


def about(document: Document, titled: bool = True, url: str | None = None) -> str:
    """Author, title, date and URL, as far as they are known; the title is left out where it stands above them.

    `url` is that of a place in the document, instead of its own.
    """
    known = document.metadata
    title = document.title if titled else None
    return ", ".join(part for part in (known.author, title, known.date, url or known.url) if part)


def trail(citation: Citation) -> str:
    """Describe the works a note refers to, "through note 26 to note 3: ...", and its unresolved references."""
    steps = [f"note {work.number}: {work.text}" for work in citation.sources if work.number != citation.number]
    if steps and citation.via:
        steps[0] = f"through note {', '.join(map(str, citation.via))} to {steps[0]}"
    steps += [f"“{reference}” leads to no work named before it" for reference in citation.unfollowed]
    return "; ".join(steps)


def marked_parts(evidence: Evidence) -> tuple[str, str, str]:
    """Split a quotation into the text before, in and after its short answer."""
    start, end = evidence.answer_start - evidence.start, evidence.answer_end - evidence.start
    return evidence.quote[:start], evidence.quote[start:end], evidence.quote[end:]


def printable(words: str) -> str:
    """Replace control characters, so that text cannot control the terminal."""
    return words.replace("\r\n", "\n").replace("\r", "\n").translate(CONTROL)


def to_text(answer: Answer, documents: Mapping[str, Document]) -> Text:
    """Format an answer for a terminal, styled; plain if printed to a pipe."""
    shown = answer.evidence[: answer.needed]
    text = Text()
    for words, style in (
        *opening(answer),
        *(part for evidence in shown for part in quotation(evidence, documents)),
        *remarks(answer, [documents[name] for name in dict.fromkeys(e.document for e in shown)]),
        *further(answer, documents),
    ):
        text.append(printable(words), style)
    text.rstrip()
    return text


def understanding(answer: Answer) -> list[str]:
    """How the question was understood: as it was corrected, and with which earlier ones it was read."""
    lines = []
    if answer.standalone_question != answer.question:
        lines.append(f"Understood as: {answer.standalone_question}")
    if answer.read_with:
        lines.append(f"Read together with: {', '.join(f'“{question}”' for question in answer.read_with)}")
    return lines


def opening(answer: Answer) -> Iterator[Styled]:
    """How the question was understood, and why there is no answer."""
    if lines := understanding(answer):
        yield "\n".join(lines) + "\n\n", "dim"
    if answer.abstention:
        yield answer.abstention.message + "\n", "yellow"
        if answer.abstention.contact:
            yield f"{WHOM} {answer.abstention.contact}\n", "yellow"


def quotation(evidence: Evidence, documents: Mapping[str, Document]) -> Iterator[Styled]:
    """A quotation with its short answer marked, its place, and its notes."""
    before, short, after = marked_parts(evidence)
    yield before, ""
    yield short, "bold green"
    yield after + "\n", ""
    yield f"   {place(evidence, documents)}\n", "cyan"
    if evidence.url and evidence.url != documents[evidence.document].metadata.url:
        yield f"   {evidence.url}\n", "dim"
    for citation in evidence.footnotes:
        yield f"   [{citation.number}] {citation.text}\n", "dim"
        if trail(citation):
            yield f"       → {trail(citation)}\n", "dim"


def remarks(answer: Answer, quoted: Sequence[Document]) -> Iterator[Styled]:
    """What the documents do not say, how certain the answer is, and what is known of the documents it quotes."""
    for part in answer.unanswered:
        yield f"   The document does not seem to say: {part}\n", "yellow"
    if answer.answered:
        yield f"   {CERTAINTY[answer.certainty]}\n", "dim"
    for document in quoted:
        if document.metadata != Metadata():
            yield f"   {about(document)}\n", "dim"


def further(answer: Answer, documents: Mapping[str, Document]) -> Iterator[Styled]:
    """Further quotations, or the nearest where there is no answer; and questions to ask instead."""
    rest = answer.evidence[answer.needed :] or (answer.abstention.nearest if answer.abstention else ())
    if rest:
        yield "\nSee also:\n" if answer.answered else "\nNearest:\n", "dim"
    for evidence in rest:
        yield f"   {place(evidence, documents)}: ", "cyan"
        yield f"{evidence.quote}\n", "dim"
    if answer.abstention and answer.abstention.suggestions:
        yield "\nAsk, for example:\n", "dim"
        for question in answer.abstention.suggestions:
            yield f"   {question}\n", "cyan"
