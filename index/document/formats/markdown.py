"""Markdown: CommonMark with tables, footnotes (`[^1]`, `^[...]`) and definition lists, by way of HTML."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from index.document.formats.bounds import LARGEST_TEXT, check_size
from index.document.formats.html import parse_html, read_root
from index.document.formats.text import decode_text
from index.document.formats.types import Read
from index.document.types import Metadata

FRONT = re.compile(r"^(title|author|date|url)\s*:\s*(.+?)\s*$", re.MULTILINE)
NOT_WORDS = re.compile(r"[^\w\s-]")


def read_markdown(path: Path, data: bytes) -> Read:
    """Read a Markdown file; raises SourceError if it is no text, too large, or empty."""
    check_size(path, len(data), LARGEST_TEXT)
    text = decode_text(path, data)[0]
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    markdown = markdown.use(footnote_plugin).use(deflist_plugin).use(front_matter_plugin)
    tokens = markdown.parse(text)
    used: dict[str, int] = {}
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor(inline.content, used))
    front = tokens[0].content if tokens and tokens[0].type == "front_matter" else ""
    metadata = front_matter(front)
    if metadata.title is None:
        metadata = replace(metadata, title=title_heading(tokens))
    page = markdown.renderer.render(tokens, markdown.options, {}) or "<p></p>"
    return read_root(path, parse_html(path, f"<html><body>{page}</body></html>"), metadata)


def title_heading(tokens: Sequence[Token]) -> str | None:
    """The words of the heading of the first level that a file begins with, if it has no other."""
    begun = [token for token in tokens if token.type != "front_matter"]
    firsts = [token for token in begun if token.type == "heading_open" and token.tag == "h1"]
    if len(firsts) != 1 or begun[0] is not firsts[0]:
        return None
    words = "".join(part.content for part in begun[1].children or () if part.type in ("text", "code_inline"))
    return " ".join(words.split()) or None


def anchor(heading: str, used: dict[str, int]) -> str:
    """The id that wikis and forges give a heading: its words in small letters, with hyphens, the second with -1."""
    name = re.sub(r"\s", "-", NOT_WORDS.sub("", re.sub(r"\[\^[^\]]*\]", "", heading)).strip().lower())
    used[name] = used.get(name, -1) + 1
    return f"{name}-{used[name]}" if used[name] else name


def front_matter(text: str) -> Metadata:
    """What a file's front matter tells, of what is asked: lines of `title: ...`."""
    return Metadata(**{name: value.strip("\"'")[:1000] for name, value in FRONT.findall(text)})
