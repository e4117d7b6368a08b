"""A follow-up becomes a question that stands alone, out of words that were said."""

from collections.abc import Sequence

from assistant.types import Turn
from index.folding import terms, words

OPENERS = (("and",), ("but",), ("or",), ("what", "about"), ("how", "about"), ("why", "not"))
POINTERS = frozenset(
    [
        "it",
        "its",
        "he",
        "him",
        "his",
        "she",
        "her",
        "hers",
        "they",
        "them",
        "their",
        "theirs",
        "this",
        "that",
        "these",
        "those",
        "there",
    ]
)


def stand_alone(question: str, history: Sequence[Turn]) -> str:
    """The question, with the one before it in front where it does not stand alone.

    >>> stand_alone("And how many police?", [Turn("How many troops will the UN send?")])
    'How many troops will the UN send? And how many police?'
    """
    if not history or not leans(question):
        return question
    earlier = stand_alone(history[-1].question, history[:-1])
    return f"{earlier} {question}"


def leans(question: str) -> bool:
    """Whether a question leans on what was said: it goes on with "and", or points and names little."""
    said = words(question)
    if any(tuple(said[: len(opener)]) == opener for opener in OPENERS):
        return True
    return (len(terms(question)) <= 2 and bool(POINTERS & set(said))) or not terms(question)
