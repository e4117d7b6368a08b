"""HTML, as wikis and tools render it. Nothing that it names is fetched; scripts are not run."""

import re
from pathlib import Path

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from index.document.formats.bounds import DEEPEST, LARGEST_TEXT, check_size
from index.document.formats.html_flow import read_tree, words_of
from index.document.formats.html_notes import find_links
from index.document.formats.types import Read
from index.document.formats.writing import write
from index.document.types import Metadata
from index.errors import SourceError

CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
HEAD_BYTES = 4096
CORES = (
    "//*[@id='mw-content-text']", "//*[@id='main-content']", "//main", "//*[@role='main']",
    "//*[@id='dokuwiki__content']",
    "//*[contains(concat(' ', @class, ' '), ' entry-content ')]", "//article", "//*[@id='content']",
)  # fmt: skip
CORE_SHARE = 0.25  # of a page's words, from which an element can be its core


def read_html(path: Path, data: bytes) -> Read:
    """Read an HTML page. Raises SourceError if it is too large, nested too deeply, or has no text."""
    check_size(path, len(data), LARGEST_TEXT)
    return read_root(path, parse_html(path, decode(data)))


def decode(data: bytes) -> str:
    """A page's text: by its byte order mark, as UTF-8, by the charset it names, or as browsers guess."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        named = CHARSET.search(data[:HEAD_BYTES])
        try:
            return data.decode(named[1].decode() if named else "cp1252", "replace")
        except LookupError:
            return data.decode("cp1252", "replace")


def parse_html(path: Path, text: str) -> HtmlElement:
    """The tree of a page; raises SourceError where the parser gives up."""
    parser = HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = document_fromstring(text.replace("\0", "�").encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise SourceError(f"{path} holds no text. Give a page with text in it.") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise SourceError(
            f"{path} is nested more than {DEEPEST} elements deep, or has a word too long to read. "
            "Save it in a plainer form."
        )
    return root


def read_root(path: Path, root: HtmlElement, metadata: Metadata = Metadata()) -> Read:
    """The text of a tree."""
    links = find_links(root)
    pieces, notes = read_tree(root, links, find_core(root))
    if not any(piece.kind != "boilerplate" for piece in pieces):
        raise SourceError(f"{path} holds no text. Give a page with text in it.")
    return write(pieces, notes, metadata if metadata != Metadata() else metadata_of(root))


def find_core(root: HtmlElement) -> HtmlElement | None:
    """The element that holds a page's text, the site around it left out; None where there is none such."""
    whole = sum(map(len, words_of(root)))
    for path in CORES:
        elements = root.xpath(path)
        if len(elements) == 1 and sum(map(len, words_of(elements[0]))) >= CORE_SHARE * whole:
            return elements[0]
    return None


def metadata_of(root: HtmlElement) -> Metadata:
    """The title and author that a page's head gives."""
    title = " ".join((root.findtext(".//head/title") or "").split())
    author = next((m.get("content") for m in root.iterfind(".//head/meta") if m.get("name") == "author"), None)
    return Metadata(title=title or None, author=" ".join((author or "").split()) or None)
