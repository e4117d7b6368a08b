"""Code in a text: what stands between fences, and what is set in and does not read like prose."""

import re
from collections.abc import Sequence

from index.document.lines import BULLET, Line

FENCE = re.compile(r"(`{3,}|~{3,})")
# Operators, calls, paths, options, prompts: marks that stand in code and hardly in prose.
CODE = re.compile(
    r"[{}<>=|\\^~`@#$]|[;,]$|\w\(|\(\)|\w\[|(?:^|\s)--?\w|\w/\w|\w_\w|::|->|^\s*(?:\$|>|#|//|\.\.\.)|[+\-]{2}|\w\.\w"
)
SET_IN = 4  # columns beyond the text around
PROSE = re.compile(r"[^\W\d_]{2,},? [^\W\d_]{2,},? [^\W\d_]{2,},? [^\W\d_]+")


def find_fenced(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """The runs of lines from a fence to the one that closes it, both with it, as (first, last)."""
    runs: list[tuple[int, int]] = []
    opened: tuple[int, str] | None = None
    for i, line in enumerate(lines):
        fence = FENCE.match(line.text)
        if opened is None and fence:
            opened = (i, fence[1])
        elif opened and fence and line.text.strip("`~") == "" and line.text.startswith(opened[1]):
            runs.append((opened[0], i))
            opened = None
    return runs


def base_indent(groups: Sequence[Sequence[Line]]) -> int:
    """How far most lines of a text are set in."""
    indents = sorted(line.indent for group in groups for line in group)
    return max(set(indents), key=lambda indent: (indents.count(indent), -indent)) if indents else 0


def is_code(group: Sequence[Line], base: int, introduced: bool, inside: bool = False) -> bool:
    """Whether a group is set in, and reads like code, or stands `inside` a sentence.

    Less is enough where the line before ends with a colon.
    """
    least = base + (SET_IN // 2 if introduced or inside else SET_IN)
    if min(line.indent for line in group) < least or any(BULLET.match(line.text) for line in group):
        return False
    odd = sum(bool(CODE.search(line.text)) for line in group)
    prose = sum(bool(PROSE.search(line.text)) for line in group)
    return inside or (prose * 2 <= len(group) and (odd * 2 >= len(group) or (introduced and prose == 0)))
