"""Near misses: an answered question with one thing exchanged, so that its passage no longer answers it.

A name, a number, a year, a month or a direction that the passage has is exchanged for another that it does
not have; a word for its antonym. What is left is about the passage and is not answered by it: the
questions that natural data has too few of.
"""

import random
import re
from collections.abc import Sequence

NUMBER = re.compile(r"\b\d[\d,.]*\b")
YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][\w’'-]+)(?: (?:of (?:the )?|the )?[A-Z][\w’'-]+)*")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DIRECTIONS = ["north", "south", "east", "west", "northern", "southern", "eastern", "western"]
ANTONYMS = (
    "first last", "most least", "more fewer", "largest smallest", "highest lowest", "biggest smallest",
    "oldest youngest", "before after", "increase decrease", "increased decreased", "won lost", "begin end",
    "began ended", "start stop", "born died", "best worst", "longest shortest", "early late",
    "earliest latest", "male female", "men women", "buy sell", "good bad", "gain lose", "above below",
    "inside outside", "maximum minimum", "major minor", "public private", "allowed forbidden",
    "accepted rejected", "support oppose", "supported opposed", "rich poor", "strong weak", "rise fall",
    "rose fell", "include exclude", "included excluded", "always never",
)  # fmt: skip
OPPOSITE = {one: other for pair in ANTONYMS for a, b in [pair.split()] for one, other in ((a, b), (b, a))}
QUESTION_WORDS = frozenset(
    [
        "What",
        "Which",
        "Who",
        "Whom",
        "Whose",
        "When",
        "Where",
        "Why",
        "How",
        "In",
        "On",
        "At",
        "Is",
        "Are",
        "Was",
        "Were",
        "Did",
        "Does",
        "Do",
        "The",
    ]
)


def near_miss(question: str, context: str, article: Sequence[str], rng: random.Random) -> str | None:
    """The question with one thing exchanged; None where nothing in it can be.

    `article` are paragraphs of the same article, where other names are found.
    """
    ways = [swap_name, swap_number, swap_listed, swap_opposite]
    rng.shuffle(ways)
    for way in ways:
        changed = way(question, context, article, rng)
        if changed and changed.casefold() != question.casefold():
            return changed
    return None


def swap_name(question: str, context: str, article: Sequence[str], rng: random.Random) -> str | None:
    """A name of the question for one that stands in the article and not in the passage."""
    names = [m for m in NAME.finditer(question) if m[0] not in QUESTION_WORDS and m[0] in context]
    if not names:
        return None
    others: set[str] = set()
    for paragraph in rng.sample(list(article), min(len(article), 8)):
        others.update(m[0] for m in NAME.finditer(paragraph))
    chosen = rng.choice(names)
    length = len(chosen[0].split())
    fitting = sorted(o for o in others if o not in context and o not in question and abs(len(o.split()) - length) <= 1)
    if not fitting:
        return None
    return question[: chosen.start()] + rng.choice(fitting) + question[chosen.end() :]


def swap_number(question: str, context: str, article: Sequence[str], rng: random.Random) -> str | None:
    """A number or a year for another that the passage does not have."""
    found = list(NUMBER.finditer(question))
    if not found:
        return None
    chosen = rng.choice(found)
    if YEAR.fullmatch(chosen[0]):
        other = str(int(chosen[0]) + rng.choice([-30, -12, -5, -3, -2, -1, 1, 2, 3, 5, 12, 30]))
    else:
        digits = re.sub(r"\D", "", chosen[0])
        other = str(max(int(digits) + rng.choice([-3, -2, 2, 3, 7]), 1)) if len(digits) < 4 else digits[::-1]
    return None if other in context else question[: chosen.start()] + other + question[chosen.end() :]


def swap_listed(question: str, context: str, article: Sequence[str], rng: random.Random) -> str | None:
    """A month or a direction for another that the passage does not have."""
    for listed in (MONTHS, DIRECTIONS):
        found = [m for word in listed for m in re.finditer(rf"\b{word}\b", question, re.IGNORECASE)]
        if not found:
            continue
        chosen = rng.choice(found)
        kind = (
            listed
            if listed is MONTHS
            else [w for w in listed if w.endswith("ern") == chosen[0].lower().endswith("ern")]
        )
        others = [w for w in kind if w.casefold() not in context.casefold()]
        if others:
            other = rng.choice(others)
            other = other.capitalize() if chosen[0][0].isupper() else other
            return question[: chosen.start()] + other + question[chosen.end() :]
    return None


def swap_opposite(question: str, context: str, article: Sequence[str], rng: random.Random) -> str | None:
    """A word for its antonym."""
    found = [
        m for m in re.finditer(r"\b[a-z]+\b(?!['’])", question) if m[0] in OPPOSITE and OPPOSITE[m[0]] not in context
    ]
    if not found:
        return None
    chosen = rng.choice(found)
    return question[: chosen.start()] + OPPOSITE[chosen[0]] + question[chosen.end() :]
