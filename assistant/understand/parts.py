"""Splitting a compound question into its parts."""

import re

from assistant.understand.grammar import is_fragment, tag

MAX_PARTS = 3
ASK = r"(?:how (?:many|much|long|often|far|old)|who(?:m|se)?|what|when|where|why|which|how)"
LEAD = r"(?:(?:by|since|until|from|to|in|at|on|for|with|of) )?"
BETWEEN = re.compile(rf"\s*(?:,\s*(?:and|or)|\band|\bor|[;?]|\?\s*(?:and|or))\s+(?={LEAD}{ASK}\b)", re.I)
QUESTION_WORD_LIST = re.compile(rf"^\W*(?P<all>{LEAD}{ASK}(?:,? (?:and|or) {LEAD}{ASK})+)\s+(?P<rest>\w.*)$", re.I)
FIRST = re.compile(rf"^\W*{LEAD}{ASK}\b", re.I)


def split(question: str) -> tuple[str, ...]:
    """Split a compound question into questions, in order; returns the question itself if it asks one thing.

    A later part may be a follow-up of those before it.

    >>> split("When and why did they leave?")
    ('When did they leave?', 'Why did they leave?')
    """
    shared = QUESTION_WORD_LIST.match(question)
    if shared:
        question_words = re.split(r",? (?:and|or) ", shared["all"], flags=re.I)
        return tuple(to_question(f"{word} {shared['rest']}") for word in question_words)[:MAX_PARTS]
    cuts = list(BETWEEN.finditer(question))
    if not cuts or not FIRST.match(question):
        return (question,)
    starts = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(question)]
    clauses = [question[start:end].strip(" ,;?.!") for start, end in zip(starts, ends)]
    if is_fragment(tag(clauses[0])):  # "how many troops and how many police will the UN send"
        clauses[:-1] = [
            f"{clause} {predicate(clauses[-1])}" if is_fragment(tag(clause)) else clause for clause in clauses[:-1]
        ]
    return tuple(dict.fromkeys(map(to_question, clauses)))[:MAX_PARTS]


def to_question(clause: str) -> str:
    """Give a clause a capital letter and a question mark."""
    clause = clause.strip().rstrip(" ?.!")
    return f"{clause[0].upper()}{clause[1:]}?"


def share_a_sentence(parts: tuple[str, ...]) -> bool:
    """Whether all parts are fragments, so that one sentence is likely to answer them all."""
    return all(is_fragment(tag(part)) for part in parts)


def predicate(clause: str) -> str:
    """Return a clause from its first verb on: "will the UN send" of "how many police will the UN send"."""
    words = tag(clause)
    first = next((word for word in words if word.is_verb), None)
    return clause[first.start :] if first else ""
