"""An Answer as text for a terminal, and a Document as JSON."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from assistant.types import Answer, Citation, Evidence
from index.document.types import Document, Footnote, Metadata, Section, Sentence, Span

CONTROL = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], "�")


def place(evidence: Evidence, documents: Mapping[str, Document]) -> str:
    """Where a quotation stands, in words: "Transnational Threats, paragraph 12"."""
    document = documents[evidence.document]
    parts = [document.title] if len(documents) > 1 else []
    if evidence.section:
        parts.append(evidence.section)
    if evidence.footnote is not None:
        parts.append(f"note {evidence.footnote}")
    elif evidence.paragraph is not None:
        parts.append(f"paragraph {evidence.paragraph}")
    else:
        parts.append("about the author")
    return ", ".join(parts)


def about(document: Document, titled: bool = True) -> str:
    """Author, title, date and URL, as far as they are known; the title is left out where it stands above them."""
    known = document.metadata
    title = document.title if titled else None
    return ", ".join(part for part in (known.author, title, known.date, known.url) if part)


def trail(citation: Citation) -> str:
    """What a note leads to where it is not itself: "through note 26 to note 3: ...", and what leads nowhere."""
    told = [f"note {work.number}: {work.text}" for work in citation.sources if work.number != citation.number]
    if told and citation.via:
        told[0] = f"through note {', '.join(map(str, citation.via))} to {told[0]}"
    told += [f"“{reference}” leads to no work named before it" for reference in citation.unfollowed]
    return "; ".join(told)


def marked_parts(evidence: Evidence) -> tuple[str, str, str]:
    """The quotation before, in and after its short answer."""
    start, end = evidence.answer_start - evidence.start, evidence.answer_end - evidence.start
    return evidence.quote[:start], evidence.quote[start:end], evidence.quote[end:]


def printable(words: str) -> str:
    """Words as a terminal can show them: no character of them controls it."""
    return words.replace("\r\n", "\n").replace("\r", "\n").translate(CONTROL)


def to_text(answer: Answer, documents: Mapping[str, Document]) -> Text:
    """An answer for a terminal, styled; printed to a pipe it is plain."""
    text = Text()

    def put(words: str, style: str = "") -> None:
        text.append(printable(words), style)

    if answer.standalone_question != answer.question:
        put(f"Understood as: {answer.standalone_question}\n\n", "dim")
    if answer.abstention:
        put(answer.abstention.message + "\n", "yellow")
    shown = answer.evidence[: answer.needed]
    for evidence in shown:
        before, short, after = marked_parts(evidence)
        put(before)
        put(short, "bold green")
        put(after + "\n")
        put(f"   {place(evidence, documents)}\n", "cyan")
        for citation in evidence.footnotes:
            put(f"   [{citation.number}] {citation.text}\n", "dim")
            if trail(citation):
                put(f"       → {trail(citation)}\n", "dim")
    for part in answer.unanswered:
        put(f"   The document does not seem to say: {part}\n", "yellow")
    described = [documents[name] for name in dict.fromkeys(e.document for e in shown)]
    for words in [about(document) for document in described if document.metadata != Metadata()]:
        put(f"   {words}\n", "dim")
    rest = answer.evidence[answer.needed :] or (answer.abstention.nearest if answer.abstention else ())
    if rest:
        put("\nSee also:\n" if answer.answered else "\nNearest:\n", "dim")
    for evidence in rest:
        put(f"   {place(evidence, documents)}: ", "cyan")
        put(f"{evidence.quote}\n", "dim")
    if answer.abstention and answer.abstention.suggestions:
        put("\nAsk, for example:\n", "dim")
        for question in answer.abstention.suggestions:
            put(f"   {question}\n", "cyan")
    text.rstrip()
    return text


def document_to_dict(document: Document) -> dict[str, Any]:
    """A document's parse, as `quoth document --json` gives it."""
    return {
        "id": document.id,
        "title": document.title,
        "sha256": document.sha256,
        "sections": [section_to_dict(section, document) for section in document.sections],
        "footnotes": [note_to_dict(note) for note in document.footnotes],
        "byline": text_span(document.byline) if document.byline else None,
        "boilerplate": [text_span(line) for line in document.boilerplate],
        "odd": [{"kind": o.kind, "number": o.number, **text_span(o), "message": o.message} for o in document.odd],
    }


def offsets(span: Span) -> dict[str, Any]:
    """Where a span begins and ends."""
    return {"start": span.start, "end": span.end}


def text_span(span: Span) -> dict[str, Any]:
    """A span with its words."""
    return {"text": span.text, **offsets(span)}


def section_to_dict(section: Section, document: Document) -> dict[str, Any]:
    """A section with its paragraphs and their sentences, each with the numbers of its notes."""

    def sentence(one: Sentence) -> dict[str, Any]:
        return {**text_span(one), "footnotes": [document.footnotes[position].number for position in one.notes]}

    paragraphs = [
        {"number": one.number, **offsets(one), "sentences": [sentence(s) for s in one.sentences]}
        for one in section.paragraphs
    ]
    return {"heading": section.heading, **offsets(section), "paragraphs": paragraphs}


def note_to_dict(note: Footnote) -> dict[str, Any]:
    """A note with its markers and where it leads."""
    return {
        "number": note.number,
        **text_span(note),
        "label": offsets(note.label),
        "anchors": [offsets(anchor) for anchor in note.anchors],
        "sources": [{"number": work.number, **text_span(work)} for work in note.sources],
        "via": list(note.via),
        "unfollowed": list(note.unfollowed),
    }
