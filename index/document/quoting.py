"""Text quoted as in e-mail, `> ` before each line: the prefixes are left out of what is read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from index.document.code import find_fenced
from index.document.lines import Line

PREFIX = re.compile(r"(?:>[ \t]?)+[ \t]*")
PROMPT = 3  # ">>> " is Python's prompt, unless something is quoted less deeply


@dataclass(slots=True)
class Unquoted:
    """The lines of a text without prefixes.

    `prefixes` maps where a line begins to where its prefix does, the empty quoted lines before it included; `empty` are
    those that no quoted line follows.
    """

    lines: list[Line] = field(default_factory=list)
    prefixes: dict[int, int] = field(default_factory=dict)
    empty: list[Line] = field(default_factory=list)


def unquote(lines: Sequence[Line]) -> Unquoted:
    """Take the prefixes off quoted lines; those quoted less or more deeply than the ones before begin a new group."""
    fenced = {i for first, last in find_fenced(lines) for i in range(first, last + 1)}
    prefixes = [None if i in fenced else PREFIX.match(line.text) for i, line in enumerate(lines)]
    depths = [prefix[0].count(">") if prefix else 0 for prefix in prefixes]
    if not any(0 < depth < PROMPT for depth in depths):
        return Unquoted(list(lines))
    result = Unquoted()
    empty: list[Line] = []
    above = 0
    for line, prefix, depth in zip(lines, prefixes, depths):
        if prefix and prefix.end() == len(line.text):
            empty.append(line)
            continue
        joined = line.joined and depth == above and not empty
        if prefix is None:
            result.empty += empty
            result.lines.append(replace(line, joined=joined))
        else:
            start = line.start + prefix.end()
            result.prefixes[start] = empty[0].start if empty else line.start
            result.lines.append(replace(line, start=start, text=line.text[prefix.end() :], joined=joined))
        empty, above = [], depth
    result.empty += empty
    return result
