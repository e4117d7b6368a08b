"""Citations for use elsewhere: quotations as plain text and Markdown, documents as BibTeX and CSL-JSON."""

import json
import re
from collections.abc import Mapping

from assistant.render import CERTAINTY, WHOM, about, marked_parts, place, trail, understanding
from assistant.types import Abstention, Answer, Citation, Evidence
from index.document.types import Document, Metadata

LATEX = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"})
MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&])")
ESCAPED = re.compile(r"\\([\\`*_\[\]<>#|~&])")
QUOTED = re.compile(r"^> (.+)$", re.MULTILINE)
BOLD = re.compile(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*")
BLANKS = re.compile(r"\s+")
ISO_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def cited_plain(evidence: Evidence, documents: Mapping[str, Document]) -> str:
    """Format a quotation in quotation marks, with document and place."""
    return f"“{one_line(evidence.quote)}” ({address(evidence, documents)})"


def cited_markdown(evidence: Evidence, documents: Mapping[str, Document]) -> str:
    """Format a quotation as a block quote, with document, place and notes below it."""
    parts = [f"> {markdown(one_line(evidence.quote))}", f"— {markdown(address(evidence, documents))}"]
    parts += [f"\\[{note.number}\\] {markdown(one_line(note.text))}" for note in evidence.footnotes]
    return "\n\n".join(parts)


def answer_markdown(answer: Answer, documents: Mapping[str, Document]) -> str:
    """Format a question and its answer, with every quotation."""
    parts = [f"## {markdown(one_line(answer.question))}"]
    parts += [f"*{markdown(one_line(line))}*" for line in understanding(answer)]
    if answer.abstention:
        parts.append(markdown(answer.abstention.message))
        parts += contact_markdown(answer.abstention)
        parts += ["Looked at:"] if answer.abstention.nearest else []
    parts += [cited_markdown(e, documents) for e in answer.evidence[: answer.needed]]
    rest = answer.evidence[answer.needed :]
    parts += ["See also:"] if rest else []
    parts += [cited_markdown(e, documents) for e in rest or (answer.abstention.nearest if answer.abstention else ())]
    return "\n\n".join(parts)


def reply_markdown(answer: Answer, documents: Mapping[str, Document]) -> str:
    """Format an answer as a reply in a chat: the quotations that make it, with their notes, or why there are none."""
    parts: list[str] = []
    parts += [f"*{markdown(one_line(line))}*" for line in understanding(answer)]
    if answer.abstention:
        parts += [markdown(answer.abstention.message), *contact_markdown(answer.abstention)]
    for evidence in answer.evidence[: answer.needed]:
        parts += [f"> {marked_markdown(evidence)}", f"— {markdown(address(evidence, documents))}"]
        parts += [note_markdown(note) for note in evidence.footnotes]
    parts += [f"The document does not seem to say: {markdown(one_line(part))}" for part in answer.unanswered]
    parts += [f"*{CERTAINTY[answer.certainty]}*"] if answer.answered else []
    return "\n\n".join(parts)


def contact_markdown(abstention: Abstention) -> list[str]:
    """Format whom to ask, where somebody is named."""
    return [f"{WHOM} {markdown(abstention.contact)}"] if abstention.contact else []


def marked_markdown(evidence: Evidence) -> str:
    """Format a quotation on one line, the short answer in it bold unless it is all of it."""
    before, short, after = (markdown(BLANKS.sub(" ", part)) for part in marked_parts(evidence))
    return f"{before}**{short}**{after}" if before or after else short


def note_markdown(note: Citation) -> str:
    """Format a note, and what it leads to."""
    led = f" → {markdown(one_line(trail(note)))}" if trail(note) else ""
    return f"\\[{note.number}\\] {markdown(one_line(note.text))}{led}"


def short_answer_in(reply: str) -> str | None:
    """Read the short answers back out of a reply; None where it quotes nothing.

    >>> short_answer_in("> It rained in **May**.\\n\\n— Rain, paragraph 1")
    'May'
    """
    quoted = QUOTED.findall(reply)
    short = ["; ".join(BOLD.findall(line)) or line for line in quoted]
    return ESCAPED.sub(r"\1", "; ".join(short)) or None


def bibtex(document: Document) -> str | None:
    """Format a document as a BibTeX entry; None without metadata."""
    metadata = document.metadata
    if metadata == Metadata():
        return None
    year = ISO_DATE.search(metadata.date or "")
    fields = {
        "title": document.title,
        "author": metadata.author,
        "date": metadata.date,
        "year": year[1] if year else None,
        "url": metadata.url,
    }
    lines = [f"  {name} = {{{{{value.translate(LATEX)}}}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{re.sub(r'[^A-Za-z0-9-]+', '-', document.id)},", *lines, "}"])


def csl(document: Document) -> str | None:
    """Format a document as CSL-JSON; None without metadata."""
    metadata = document.metadata
    if metadata == Metadata():
        return None
    item: dict[str, object] = {"id": document.id, "type": "document", "title": document.title}
    if metadata.author:
        item["author"] = [{"literal": metadata.author}]
    if metadata.date:
        iso = ISO_DATE.fullmatch(metadata.date)
        item["issued"] = (
            {"date-parts": [[int(part) for part in iso.groups() if part]]} if iso else {"raw": metadata.date}
        )
    if metadata.url:
        item["URL"] = metadata.url
    return json.dumps([item], ensure_ascii=False, indent=2)


def address(evidence: Evidence, documents: Mapping[str, Document]) -> str:
    """What is known of the document, and the place in it."""
    named = place(evidence, {evidence.document: documents[evidence.document]})
    return f"{about(documents[evidence.document], url=evidence.url)}; {named}"


def one_line(text: str) -> str:
    """Collapse white space."""
    return " ".join(text.split())


def markdown(text: str) -> str:
    """Escape Markdown."""
    return MARKDOWN.sub(r"\\\1", text)
