"""Whether a question leans on the conversation: it goes on from it, lacks a verb or a complement, or has anaphors."""

import re
from collections.abc import Sequence

from assistant.understand.grammar import (
    NOUNS,
    QUESTION_DETERMINERS,
    QUESTION_WORDS,
    Word,
    is_fragment,
    noun_runs,
    tag,
)

# A connective at the beginning, or "then" and the like at the end.
CONNECTED = re.compile(
    r"\W*(?:so|then|but|and|or|also|what if|(?:\w+\W+)?(?:what|how) about)\b.*|.*\b(?:then|instead|too|either)\W*",
    re.IGNORECASE | re.DOTALL,
)
POSSESSIVES = frozenset(["its", "his", "her", "their", "hers", "theirs"])
DEMONSTRATIVES = frozenset(["this", "that", "these", "those"])
ANAPHORS = POSSESSIVES | DEMONSTRATIVES | {"he", "she", "him", "it", "they", "them", "one", "ones", "there"}
# Words that begin a clause, whose pronouns may refer to what stands before it.
CLAUSES = frozenset(", ; . ? ! and but when if that because while after before once since who which".split())  # noqa: SIM905
# Nouns that are not anaphoric behind a demonstrative: "that day" refers to no day named before.
TIMES = frozenset(
    "case day extent kind moment month period point question reason sort sense time way week year".split()  # noqa: SIM905
)
ITSELF = frozenset(["article", "document", "edition", "guide", "handbook", "manual", "page", "text"])
# Expletive "it": "is it true that", "how long does it take to", "it rains when".
EXPLETIVE_IT = re.compile(
    r"\b(?:is|was|be|isn[’']t|would|will) it (?:be )?(?:\w+ ){0,2}(?:that|to|for|if|when|who|which)\b"
    r"|\bit (?:is|was|takes?|took|seems?|turns?|rains?|snows?)\b(?:.*\b(?:that|to|if|when)\b)"
    r"|\b(?:does|did|will|would) it (?:take|cost)\b.*\bto\b|\bit[’']s (?:\w+ ){1,2}(?:that|to)\b",
    re.IGNORECASE,
)
# Nouns that need a complement: who asks for "the role" asks for that of something.
RELATIONAL_NOUNS = frozenset(
    """
    advantage aim benefit cause con concern consequence cost criticism definition description difference effect
    example fact feature function goal history impact importance information issue kind meaning name number origin
    part pro problem purpose reason result risk role side significance sign similarity sort story symptom treatment
    type use variety way
    """.split()  # noqa: SIM905
)


def is_follow_up(question: str) -> bool:
    """Whether a question leans on what was asked before it.

    >>> is_follow_up("Which of them are Chadian?"), is_follow_up("Why did Chad withdraw its soldiers?")
    (True, False)
    """
    words = tag(question.rstrip(" ?.!"))
    return (
        bool(CONNECTED.fullmatch(question))
        or is_elliptical(words)
        or lacks_complement(words)
        or any(is_unresolved(words, number, question) for number in range(len(words)))
    )


def is_elliptical(words: Sequence[Word]) -> bool:
    """Whether some words have no verb, and are a question's beginning or name nothing: "since when", "really"."""
    lead = words[1:2] if words and words[0].tag[:2] in ("PR", "CJ", "AV") else ()
    asks = any(word.lower in QUESTION_WORDS for word in (*words[:1], *lead))
    names = any(word.tag[0] in "NA" for word in words if word.lower not in QUESTION_WORDS)
    return is_fragment(words) and (asks or not names)


def lacks_complement(words: Sequence[Word]) -> bool:
    """Whether the only noun phrase is a relational noun such as "the symptoms", without "of ..."."""
    runs = list(noun_runs(words))
    if len(runs) != 1:
        return False
    first, last = runs[0]
    head, behind = words[last].lower, words[last + 1 : last + 2]
    return (
        (head in RELATIONAL_NOUNS or head.rstrip("s") in RELATIONAL_NOUNS)
        and words[first].lower not in ("a", "an")
        and not any(word.tag == "POS" for word in words[first:last])
        and not any(word.text[0].isalnum() for word in behind)
    )


def is_unresolved(words: Sequence[Word], number: int, question: str) -> bool:
    """Whether a word is anaphoric, and the question does not name what it refers to before it."""
    word = words[number]
    if word.lower not in ANAPHORS or not is_anaphoric(words, number):
        return False
    if word.lower == "it" and any(m.start() <= word.start < m.end() for m in EXPLETIVE_IT.finditer(question)):
        return False
    return not has_antecedent(words, number)


def is_anaphoric(words: Sequence[Word], number: int) -> bool:
    """Whether an ambiguous word is anaphoric: "that" may be a conjunction, "one" a number, "there" existential."""
    lower, before, following = words[number].lower, words[:number][-1:], words[number + 1 : number + 2]
    if lower in DEMONSTRATIVES:
        return is_pronoun(words, number) or repeats_noun(words, number)
    if lower in ("one", "ones"):
        counts = any(word.tag in NOUNS or word.tag == "PRF" for word in following)
        return not counts and any(word.tag[:2] in ("AJ", "OR", "DT", "NN") or word.lower == "which" for word in before)
    if lower == "there":
        return ends_clause(words, number) and any(word.tag[:2] not in ("VB", "AV") for word in before)
    return True


def is_pronoun(words: Sequence[Word], number: int) -> bool:
    """Whether a demonstrative is a pronoun, and not a conjunction or determiner."""
    if words[number].lower == "that" and number and words[number - 1].tag in NOUNS:
        return False
    return ends_clause(words, number) or words[number + 1].is_verb or words[number + 1].tag[:2] in ("PO", "AV")


def repeats_noun(words: Sequence[Word], number: int) -> bool:
    """Whether a demonstrative's noun was named before: "that group".

    It was not in "that way" and "this year", in "this handbook", which is the document itself, and in "this edition of
    the handbook", which says what it is.
    """
    behind = words[number + 1 : number + 4]
    at = next((i for i, word in enumerate(behind[:2]) if word.tag in NOUNS), None)
    if at is None or (at and behind[0].tag != "AJ0"):
        return False
    noun, following = behind[at], behind[at + 1 : at + 2]
    if (words[number].lower == "this" and noun.lower in ITSELF) or (following and following[0].lower == "of"):
        return False
    return noun.tag != "NP0" and noun.lower.rstrip("s") not in TIMES


def ends_clause(words: Sequence[Word], number: int) -> bool:
    """Whether a word is the last one of a clause."""
    return number + 1 == len(words) or not words[number + 1].text[0].isalpha()


def has_antecedent(words: Sequence[Word], number: int) -> bool:
    """Whether an anaphor's antecedent may be named before it in the same question.

    A possessive's antecedent may be in the same clause, a pronoun's may not (Chomsky's principle B).
    """
    start = number
    if words[number].lower not in POSSESSIVES:
        start = next((i for i in range(number - 1, -1, -1) if words[i].lower in CLAUSES), 0)
    return any(
        word.tag in NOUNS and (not i or words[i - 1].lower not in QUESTION_DETERMINERS)
        for i, word in enumerate(words[:start])
    )
