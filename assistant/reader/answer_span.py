"""Extending a span to a short answer: whole words and numbers, paired marks, whole lists, explaining clauses."""

import re

from assistant.reader.question import asks_for_explanation, asks_for_list, asks_why

WHOLE = re.compile(
    r"[$€£]?\d+(?:[.,]\d+)*(?:\s?%|\s(?:hundred|thousand|million|billion|trillion|percent|per cent)\b)?"
    r"|\w+(?:[’'-]\w+)*"
)
PAIRS = {"“": "”", "(": ")", "[": "]", "«": "»"}
EDGES = " ,;:.!?—–-"
# The further members of a list; the last one ends where the clause continues.
MEMBER = r"[^\s,;:.!?()“”—]+(?: (?!(?:and|or)\b)[^\s,;:.!?()“”—]+){0,7}?"
GOES_ON = (
    r"(?= (?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|in|on|at|to|by|with|for|from|that|which|"
    r"who|as)\b|[,;:.!?()—]|$)"
)
LIST = re.compile(rf"(?:, (?!(?:and|or) ){MEMBER}(?=,| and | or ))*,? (?:and|or) {MEMBER}{GOES_ON}")
CAUSE = re.compile(r"\b(?:because|due to|owing to|on account of|thanks to|in order to|so that)\s|, as\s")
CONSEQUENCE = re.compile(r",? (?:and |which is why |that is why )?(?:hence|therefore|thus|consequently)\b")
MIN_MARGIN = 0.0  # a span with at least this margin is kept as the network predicts it


def short_answer(question: str, plain: str, start: int, end: int, margin: float) -> tuple[int, int]:
    """Return the short answer's place in a sentence's plain text, given the network's span and its margin.

    Below MIN_MARGIN, a question for an explanation is answered by the explaining clause, or the whole sentence.

    >>> text = "He left, as the roof leaked."
    >>> text[slice(*short_answer("Why did he leave?", text, 3, 7, -2.0))]
    'as the roof leaked'
    """
    if asks_for_explanation(question) and margin < MIN_MARGIN:
        start, end = explaining_clause(plain) if asks_why(question) else (0, len(plain))
    elif asks_for_list(question):
        start, end = whole_list(plain, *extend(plain, start, end))
    return extend(plain, start, end)


def explaining_clause(plain: str) -> tuple[int, int]:
    """Return the part of a sentence that states a cause; all of it if no connective marks one."""
    cause, consequence = CAUSE.search(plain), CONSEQUENCE.search(plain)
    if cause and cause.start():
        return cause.start(), len(plain)
    return 0, consequence.start() if consequence and consequence.start() else len(plain)


def whole_list(plain: str, start: int, end: int) -> tuple[int, int]:
    """Extend a span to the rest of the list that it begins.

    >>> text = "Tea, coffee, and cocoa are drunk."
    >>> text[slice(*whole_list(text, 0, 3))]
    'Tea, coffee, and cocoa'
    """
    rest = LIST.match(plain, end)
    return start, rest.end() if rest else end


def extend(plain: str, start: int, end: int) -> tuple[int, int]:
    """Trim a span of a sentence's plain text, and extend it to whole words and paired marks.

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
