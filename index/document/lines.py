"""The non-blank lines of a text, with offset, indent and page."""

import re
from dataclasses import dataclass

from index.document.types import Span

# Python's white space, the byte order mark and the zero-width space.
BLANK = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
)
BULLETS = "-*•–·‣◦▪+●○■□►➢⁃∙✓✔→"
BULLET = re.compile(
    rf"(?:[{BULLETS}]|\d{{1,3}}[.)]|\([a-z0-9]{{1,4}}\)|[a-z][.)]|\d{{1,2}}(?:\.\d{{1,2}}){{1,3}}\.?)\s"
)
SENTENCE_END = tuple(".!?:;…。！？；：؟۔।")
OPENERS = "“„\"'‘«([「『"
CLOSERS = "”\"'’)]»」』"
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
TAB = 4  # columns, as Markdown counts them


@dataclass(frozen=True, slots=True)
class Line(Span):
    """A line, stripped; `indent` is in columns.

    `joined`: there is no blank line before it. `page` is the number of form feeds before it.
    """

    indent: int
    joined: bool
    page: int

    @property
    def edge(self) -> int:
        """The column behind its last character."""
        return self.indent + len(self.text)


def span(text: str, start: int, end: int) -> Span:
    """Return the slice of `text` from `start` to `end`, stripped of blanks."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(BLANK))
    piece = piece.strip(BLANK)
    return Span(start, start + len(piece), piece)


def read_lines(text: str) -> list[Line]:
    """Return the non-blank lines of a text."""
    lines: list[Line] = []
    joined, page = False, 0
    for match in LINE.finditer(text):
        line = span(text, match.start(), match.end())
        before = text[match.start() : line.start]
        if not line.text:
            joined = False
            page += match[0].count("\f")
            continue
        page += before.count("\f")
        indent = len(before.rpartition("\f")[2].expandtabs(TAB))
        lines.append(Line(line.start, line.end, line.text, indent, joined and "\f" not in before, page))
        joined = True
    return lines


def split_groups(lines: list[Line]) -> list[list[Line]]:
    """Group lines that have no blank line between them."""
    groups: list[list[Line]] = []
    for line in lines:
        if line.joined and groups:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups
