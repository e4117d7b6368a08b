"""The words and markers of one block of HTML, put in order."""

import re
from collections.abc import Iterator, Sequence

from index.document.formats.types import Inline, Ref

BETWEEN = re.compile(r"\s?[,;–-]\s?")  # two markers in one pair of brackets


def coalesced(inlines: list[Inline]) -> list[Inline]:
    """Join adjoining strings among the inlines."""
    joined: list[Inline] = []
    for inline in inlines:
        if joined and isinstance(inline, str) and isinstance(joined[-1], str):
            joined[-1] += inline
        else:
            joined.append(inline)
    return joined


def without_brackets(inlines: list[Inline]) -> list[Inline]:
    """Drop brackets that hold markers alone, which have their own: "deep.[" and "] It" around one; "[", ", ", "]"."""
    cut = list(inlines)
    for first, last in runs_of_markers(cut):
        before, behind = (cut[i] if 0 <= i < len(cut) else "" for i in (first - 1, last + 1))
        if isinstance(before, str) and isinstance(behind, str) and before[-1:] + behind[:1] in ("[]", "()"):
            cut[first - 1], cut[last + 1] = before[:-1], behind[1:]
    return cut


def runs_of_markers(inlines: Sequence[Inline]) -> Iterator[tuple[int, int]]:
    """Yield where each run of markers begins and ends, with only commas and dashes between them."""
    first: int | None = None
    last = 0
    for i, inline in enumerate(inlines):
        if isinstance(inline, Ref):
            first, last = (i if first is None else first), i
        elif first is not None and not (isinstance(inline, str) and BETWEEN.fullmatch(inline)):
            yield first, last
            first = None
    if first is not None:
        yield first, last


def plain(inlines: list[Inline]) -> str | None:
    """The words of a block without markers; None where it has some or is empty."""
    if any(isinstance(inline, Ref) for inline in inlines):
        return None
    return "".join(inline for inline in inlines if isinstance(inline, str)).strip() or None
