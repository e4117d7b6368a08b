"""What kind of answer a question asks for: by keywords, and for a source by a trained classifier."""

import re

from assistant.reader.source_question import source_chance
from index.patterns import MONTH, NUMBER_WORD

AUXILIARY = (
    r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must|"
    r"(?:is|are|was|were|do|does|did|has|have|had|ca|could|wo|would|should)n[’']t)"
)
WHY = re.compile(
    r"\bwhy\b|\bfor (?:what|which) reasons?\b|\bhow come\b|\bwhat (?:\w+ )?(?:reasons?|causes?)\b", re.IGNORECASE
)
EXPLANATION = re.compile(
    rf"\bhow {AUXILIARY}\b|^(?:and |but |so )?{AUXILIARY}\b|\b(?:explain|describe)\b|\bwhat happen(?:s|ed)\b"
    r"|\bwhat (?:is|are|was|were) meant\b|\bwhat does .* mean\b",
    re.IGNORECASE,
)
LIST = re.compile(
    rf"\b(?:what|which) (?:(?-i:[A-Z])\w+ ){{0,2}}?(?:(?!{AUXILIARY}\b)[\w’'-]+ )?(?!{AUXILIARY}\b)\w+[^s\W]s\b"
    r"|(?:^|\b(?:please|you|to) )(?:list|name|enumerate)\b|\bexamples\b|\b(?:what|who) (?:are|were)\b",
    re.IGNORECASE,
)

# Quantity, time, name: a pattern of questions, and one that their answers match.
ANSWER_TYPES = (
    (
        re.compile(
            r"\bhow (?:many|much|often|long|far|old)\b|\bwhat (?:number|percentage|share|proportion|amount)\b", re.I
        ),
        re.compile(rf"\d|\b{NUMBER_WORD}\b", re.I),
    ),
    (
        re.compile(
            rf"^when\b|\bwhen (?:{AUXILIARY}|exactly)\b|\b(?:what|which) (?:year|month|day|date|century)\b", re.I
        ),
        re.compile(rf"\d|{MONTH}|\b(?:days?|weeks?|months?|years?|century|after|before|during|since|until)\b", re.I),
    ),
    (re.compile(r"\bwho(?:m|se)?\b", re.I), re.compile(r"[A-Z]")),
)


def asks_for_source(question: str) -> bool:
    """Whether a question more likely asks for a source than not.

    >>> asks_for_source("Which newspaper is cited on the retreat?")
    True
    >>> asks_for_source("Who ordered the retreat?")
    False
    """
    return source_chance(question) > 0.5


def asks_why(question: str) -> bool:
    """Whether a question asks for a reason."""
    return bool(WHY.search(question))


def asks_for_explanation(question: str) -> bool:
    """Whether a question asks for a reason, a manner, or whether something is so.

    >>> asks_for_explanation("How did they cross?"), asks_for_explanation("How many crossed?")
    (True, False)
    """
    return asks_why(question) or bool(EXPLANATION.search(question))


def asks_for_list(question: str) -> bool:
    """Whether a question asks for several things.

    >>> asks_for_list("Which countries sent troops?"), asks_for_list("What is the name of the country?")
    (True, False)
    """
    return bool(LIST.search(question))


def is_misfit(question: str, answer: str) -> bool:
    """Whether an answer is of another type than the question asks for: no number, no time, no name.

    >>> is_misfit("Who chairs it?", "the government"), is_misfit("How many chair it?", "two of them")
    (True, False)
    """
    pattern = next((answers for questions, answers in ANSWER_TYPES if questions.search(question)), None)
    return pattern is not None and not asks_for_source(question) and not pattern.search(answer)
