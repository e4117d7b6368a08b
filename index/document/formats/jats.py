"""JATS, the XML of journal articles: its elements under their HTML names, notes and references as its `rid`s say."""

import re
from copy import deepcopy
from pathlib import Path

from lxml import etree
from lxml.html import Element, HtmlElement

from index.document.formats.bounds import LARGEST_TEXT, check_size
from index.document.formats.html import read_root
from index.document.formats.types import Read
from index.document.formats.xml import parse_xml
from index.document.forms import NUMBERS, expand
from index.document.types import Metadata
from index.errors import SourceError

NAMES = {
    "p": "p", "list": "ul", "list-item": "li", "disp-quote": "blockquote", "code": "pre", "preformat": "pre",
    "sup": "sup", "table": "table", "thead": "thead", "tbody": "tbody", "tr": "tr", "th": "th", "td": "td",
    "break": "br",
    "def-list": "dl", "term": "dt", "def": "dd", "abstract": "section", "sec": "section", "body": "section",
    "back": "section", "fn": "aside", "ref": "aside", "table-wrap": "div", "fig": "div", "caption": "div",
    "boxed-text": "div", "fn-group": "div", "ref-list": "div", "ack": "section", "app": "section", "statement": "div",
    "disp-formula": "div", "verse-line": "p", "speech": "div", "supplementary-material": "div", "label": "span",
}  # fmt: skip
LEFT_OUT = frozenset(("tex-math", "graphic", "inline-graphic", "journal-meta", "permissions", "object-id", "pub-id"))
NOTES = frozenset(("fn", "bibr", "table-fn", "bibr fn"))
CITATIONS = ("element-citation", "nlm-citation", "citation")
BEFORE = {  # what stands before a part of a citation whose parts are only named
    "volume": " ", "issue": ", no. ", "fpage": ": ", "elocation-id": ": ", "lpage": "–", "publisher-loc": ", ",
    "month": " ", "day": " ", "given-names": " ", "suffix": " ",
}  # fmt: skip
FRONT = ("abstract", "trans-abstract", "author-notes")
DEEPEST_HEADING = 6
WORDS = re.compile(r"\S")


def read_jats(path: Path, data: bytes) -> Read:
    """Read an article in JATS. Raises SourceError if the XML is not well-formed, or of another kind."""
    check_size(path, len(data), LARGEST_TEXT)
    root = parse_xml(path, data)
    article = root if local_name(root) == "article" else next(root.iter("{*}article"), None)
    if article is None:
        raise SourceError(
            f"{path} is XML of another kind than JATS (its root is {local_name(root)!r}). Save it as HTML."
        )
    for citation in article.iter(*(f"{{*}}{name}" for name in CITATIONS)):
        punctuate(citation)
    body = Element("body")
    for part in article.iterchildren("{*}front", "{*}body", "{*}back", "{*}floats-group"):
        front = local_name(part) == "front"
        for section in part.iter(*(f"{{*}}{name}" for name in FRONT)) if front else [part]:
            body.append(to_html(section, 1))
    html = Element("html")
    html.append(body)
    return read_root(path, html, metadata_of(article))


def local_name(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def to_html(element: etree._Element, depth: int) -> HtmlElement:
    """An element and what it holds, under HTML names."""
    name = local_name(element)
    new = Element(html_name(element, name, depth))
    if name == "list" and element.get("list-type") in ("order", "alpha-lower", "roman-lower"):
        new.tag = "ol"
    if element.get("id"):
        new.set("id", element.get("id") or "")
    for span in ("colspan", "rowspan"):
        if element.get(span):
            new.set(span, element.get(span) or "")
    if name == "xref":
        new.set("href", f"#{(element.get('rid') or '').split(' ')[0]}")
        new.set("role", "doc-noteref" if element.get("ref-type") in NOTES else "")
    new.text = element.text
    for child in element:
        labels = name in ("fn", "ref") and local_name(child) == "label"
        if isinstance(child.tag, str) and local_name(child) not in LEFT_OUT and not labels:
            inner = to_html(child, depth + (local_name(child) == "sec"))
            new.append(inner)
            for further in further_marks(child, inner) if local_name(child) == "xref" else ():
                new.append(further)
                inner = further
            inner.tail = child.tail
        elif child.tail:
            append_text(new, child.tail)
    return new


def further_marks(xref: etree._Element, first: HtmlElement) -> list[HtmlElement]:
    """Markers for the other `rid`s of an xref; where it shows as many numbers, the `first` and these get theirs."""
    ids = (xref.get("rid") or "").split()
    shown = "".join(xref.itertext()).strip("[]() ")
    numbers = expand(shown) if len(ids) > 1 and re.fullmatch(NUMBERS, shown) else ()
    numbered = len(numbers) == len(ids) and not len(first)
    further = [Element("a", href=f"#{name}", role=first.get("role") or "") for name in ids[1:]]
    for mark, number in zip([first, *further], numbers if numbered else ()):
        mark.text = str(number)
    return further


def punctuate(citation: etree._Element) -> None:
    """Set between the parts of a citation what its readers would see, where the file has nothing there.

    Names stand first: "Roe A, Doe B. 2001. On rain. Weather Review 12: 3–9."
    """
    parts = [part for part in citation if isinstance(part.tag, str) and local_name(part) not in LEFT_OUT]
    if WORDS.search(citation.text or "") or any(WORDS.search(part.tail or "") for part in citation):
        return
    for part, following in zip(parts, [*parts[1:], None]):
        group = local_name(part) in ("person-group", "name", "string-name")
        if group:
            punctuate(part)
        between = "." if following is None else BEFORE.get(local_name(following), ". ")
        if local_name(citation) == "person-group":
            between = "" if following is None else ", "
        elif local_name(citation) in ("name", "string-name"):
            between = "" if following is None else " "
        ended = "".join(part.itertext()).rstrip()[-1:] in (".", "?", "!")
        part.tail = between.removeprefix(".") if ended else between


def html_name(element: etree._Element, name: str, depth: int) -> str:
    """The HTML name of a JATS element."""
    if name == "title":
        return (
            "p"
            if element.getparent() is not None and local_name(element.getparent()) == "caption"
            else f"h{min(depth + 1, DEEPEST_HEADING)}"
        )
    return "a" if name == "xref" else NAMES.get(name, "span")


def append_text(element: HtmlElement, words: str) -> None:
    """Add words behind what an element holds."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + words
    else:
        element.text = (element.text or "") + words


def metadata_of(article: etree._Element) -> Metadata:
    """Title, authors and year of an article."""

    def words(element: etree._Element | None) -> str | None:
        if element is None:
            return None
        plain = deepcopy(element)
        etree.strip_elements(plain, "{*}xref", "{*}fn", with_tail=False)
        return " ".join("".join(plain.itertext()).split()) or None

    names = [
        " ".join(filter(None, (words(name.find("{*}given-names")), words(name.find("{*}surname")))))
        for name in article.iterfind("{*}front//{*}contrib[@contrib-type='author']/{*}name")
    ]
    year = words(article.find("{*}front//{*}pub-date/{*}year"))
    return Metadata(words(article.find("{*}front//{*}article-title")), ", ".join(names) or None, year)
