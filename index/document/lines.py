"""Lines as they stand, blank ones left out: where they begin, how far they are set in, what parts them."""

import re
from dataclasses import dataclass

from index.document.types import Span

# What Python calls white space, a byte order mark, and the space of no width.
BLANK = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
)
BULLET = re.compile(r"(?:[-*•–·‣◦▪]|\d{1,3}[.)]|\([a-z0-9]{1,4}\)|[a-z][.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?)\s")
SENTENCE_END = tuple(".!?:;…。！？；：؟۔।")
CLOSERS = "”\"'’)]»」』"
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
TAB = 4  # columns, as Markdown counts them


@dataclass(frozen=True, slots=True)
class Line(Span):
    """A line without the blanks at its ends; `indent` is in columns.

    `joined` says that no blank line parts it from the line before, `page` counts the form feeds before it.
    """

    indent: int
    joined: bool
    page: int

    @property
    def edge(self) -> int:
        """The column that it ends before."""
        return self.indent + len(self.text)


def span(text: str, start: int, end: int) -> Span:
    """The slice of `text` from `start` to `end`, less the blanks at both ends."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(BLANK))
    piece = piece.strip(BLANK)
    return Span(start, start + len(piece), piece)


def read_lines(text: str) -> list[Line]:
    """The lines of a text that are not blank."""
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


def part_groups(lines: list[Line]) -> list[list[Line]]:
    """Lines in groups that blank lines part."""
    groups: list[list[Line]] = []
    for line in lines:
        if line.joined and groups:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups
