"""How far a short answer reaches: whole words and numbers, quotation marks in pairs, no stray punctuation."""

import re

WHOLE = re.compile(r"[$€£]?\d+(?:[.,]\d+)*(?:\s?%)?|\w+(?:[’'-]\w+)*")
PAIRS = {"“": "”", "(": ")", "[": "]", "«": "»"}
EDGES = " ,;:.!?—–-"


def extend(plain: str, start: int, end: int) -> tuple[int, int]:
    """A span of a sentence's plain text, grown to whole words and pairs, its edges trimmed.

    >>> text = "A mission of 11,200 troops, and police."
    >>> text[slice(*extend(text, 16, 27))]
    '11,200 troops'
    """
    while end - start > 1 and plain[end - 1] in EDGES:
        end -= 1
    while end - start > 1 and plain[start] in EDGES:
        start += 1
    for word in WHOLE.finditer(plain):
        if word.start() < end and start < word.end():
            start, end = min(start, word.start()), max(end, word.end())
    for opening, closing in PAIRS.items():
        inside = plain[start:end]
        if inside.count(opening) > inside.count(closing):
            end = end + 1 if plain[end : end + 1] == closing else end
        elif inside.count(closing) > inside.count(opening) and plain[start - 1 : start] == opening:
            start -= 1
    return start, end
