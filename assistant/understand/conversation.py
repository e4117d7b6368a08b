"""Conversational query rewriting: a follow-up becomes a standalone question, from words of the conversation.

A follow-up continues the earlier question ("And how many police?"), is an elliptical question ("Since when?"), or has
anaphors ("Why did they leave?"). A continuation replaces the most similar phrase of the earlier question; anaphors are
replaced by their antecedents. All possible readings are returned, likeliest first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.understand.anaphora import (
    DEMONSTRATIVES,
    POSSESSIVES,
    THINGS,
    ResolvedTurn,
    anaphors,
    antecedents,
    resolve,
)
from assistant.understand.grammar import QUESTION_WORDS, Phrase, Word, noun_phrases, tag

READINGS = 3
FILLER = r"(?:ok|okay|so|well|and|but|or|also|then|yes|no|right|thanks|interesting)"
OPENER = re.compile(rf"^\W*(?:{FILLER}\b[\s,.!:–—-]*)+(?=\S)", re.I)
WHAT_ABOUT = re.compile(rf"^\W*(?:{FILLER}\b[\s,.!]*)?(?:what|how) about\s+", re.I)
CONJUNCTION = re.compile(r"^\W*(?:and|but|or)\b", re.I)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A standalone question, and the antecedent that its anaphors were replaced by."""

    question: str
    topic: str = ""


def rewrite(question: str, turns: Sequence[ResolvedTurn]) -> tuple[Rewrite, ...]:
    """Return standalone readings of a follow-up, likeliest first; none if the question already stands alone.

    >>> turns = [ResolvedTurn("How many troops will the UN send?")]
    >>> [reading.question for reading in rewrite("And how many police?", turns)]
    ['How many police will the UN send?', 'How many troops will the UN send? And how many police?']
    """
    if not turns or not is_follow_up(question):
        return ()
    before = turns[-1]
    text = OPENER.sub("", question)
    words = tag(text.rstrip(" ?.!"))
    readings = [Rewrite(changed, before.topic) for changed in replace_part(question, before.question)]
    if not only_asks(words):
        readings += [*resolve_anaphors(text, turns), *add_complement(text, turns)]
    if len(readings) < 2 or CONJUNCTION.match(question) or any(word.lower in ("this", "that") for word in words):
        readings = [*readings[: READINGS - 1], Rewrite(f"{before.question} {question}", before.topic)]
    return tuple({reading.question: reading for reading in readings}.values())[:READINGS]


def is_follow_up(question: str) -> bool:
    """Whether a question depends on the conversation.

    >>> is_follow_up("Which of them are Chadian?"), is_follow_up("Why did Chad withdraw its soldiers?")
    (True, False)
    """
    text = OPENER.sub("", question)
    words = tag(text.rstrip(" ?.!"))
    goes_on = bool(CONJUNCTION.match(question))
    if WHAT_ABOUT.match(question) or not any(
        word.tag[0] in "NVA" for word in words if word.lower not in QUESTION_WORDS
    ):
        return True
    if any(anaphors(words)) or lacks_complement(text):
        return True
    phrases = noun_phrases(words, text)
    if goes_on and len(phrases) < 2 and not any(phrase.name for phrase in phrases):
        return True
    return is_fragment(words) and (goes_on or begins_with_question_word(words))


def is_fragment(words: Sequence[Word]) -> bool:
    """Whether some words have no verb."""
    return not any(word.is_verb for word in words)


def begins_with_question_word(words: Sequence[Word]) -> bool:
    """Whether some words begin with a question word, or with one behind a preposition: "since when"."""
    return words[0].lower in QUESTION_WORDS or (
        len(words) > 1 and words[0].tag[:2] in ("PR", "CJ", "AV") and words[1].lower in QUESTION_WORDS
    )


def replace_part(question: str, earlier: str) -> list[str]:
    """Replace the most similar phrase of the earlier question by that of the follow-up; [] if there is none."""
    what_about = WHAT_ABOUT.match(question)
    part = (WHAT_ABOUT if what_about else OPENER).sub("", question).rstrip(" ?.!")
    words, earlier_words = tag(part), tag(earlier)
    if not words or not earlier_words:
        return []
    if begins_with_question_word(words) and only_asks(words):
        return replace_question_word(words, earlier, earlier_words)
    if not is_fragment(words) or words[0].lower in QUESTION_WORDS - {"how"}:
        return []
    new, old = noun_phrases(words, part), noun_phrases(earlier_words, earlier)
    if not new or not old:
        return []
    lead = part[: new[0].start].split()
    replaced = max(old, key=lambda phrase: similarity(phrase, new[0], lead[-1].lower() if lead else ""))
    return [earlier[: replaced.start] + part[new[0].start :] + earlier[replaced.end :]]


def similarity(phrase: Phrase, new: Phrase, preceding: str) -> tuple[bool, bool, bool, bool, int]:
    """Return a sort key of similarity to a new phrase: preceding word, head, named entity, number, position."""
    return (
        bool(preceding) and phrase.preceding == preceding,
        phrase.head == new.head,
        phrase.name == new.name,
        phrase.plural == new.plural,
        phrase.start,
    )


def only_asks(words: Sequence[Word]) -> bool:
    """Whether a follow-up is just a question word or quantity: "since when", "why is that", "how many police"."""
    rest = without_copula(words)
    if not rest or any(word.lower in POSSESSIVES for word in words) or tuple(rest) != tuple(words[: len(rest)]):
        return False
    quantity = len(rest) > 2 and any(word.lower in ("how", "what", "which") for word in rest[:2])
    plain = not any(word.tag[0] in "NAC" and word.tag[:2] != "AV" for word in rest[1:])
    return is_fragment(rest) and (quantity or plain)


def without_copula(words: Sequence[Word]) -> list[Word]:
    """Drop the likes of "is that" and "was it so"."""
    return [word for word in words if word.lower not in DEMONSTRATIVES | THINGS | {"so"} and not word.is_auxiliary]


def replace_question_word(words: Sequence[Word], earlier: str, earlier_words: Sequence[Word]) -> list[str]:
    """Give the earlier question another question word: "Is Chad leaving?" and "Why?" make "Why is Chad leaving?".

    Returns [] if the earlier question asks for its subject ("Who left?").
    """
    if any(word.lower == "not" for word in words):
        return []
    question_words = " ".join(word.text for word in without_copula(words))
    first = next((number for number, word in enumerate(earlier_words) if word.is_auxiliary), None)
    if first is None or any(word.is_verb for word in earlier_words[:first]):
        return []
    rest = earlier[earlier_words[first].start :].rstrip(" ?.!")
    if first == 0:
        rest = rest[0].lower() + rest[1:]
    quantity = len(words) > 1 and words[0].lower in ("how", "what", "which")
    dropped = [] if quantity or first == 0 else [phrase.text for phrase in noun_phrases(earlier_words[:first], earlier)]
    return [" ".join([question_words[0].upper() + question_words[1:], rest, *dropped[:1]]) + "?"]


def resolve_anaphors(question: str, turns: Sequence[ResolvedTurn]) -> list[Rewrite]:
    """Replace the question's anaphors, with a reading for each candidate antecedent."""
    words = tag(question)
    anaphoric = list(anaphors(words))
    if not anaphoric:
        return []
    phrases = [
        phrase for phrase in antecedents(anaphoric[0], words, turns) if phrase.bare.lower() not in question.lower()
    ]
    return [Rewrite(resolve(question, words, anaphoric, phrase), phrase.bare) for phrase in phrases[:READINGS]]


def add_complement(question: str, turns: Sequence[ResolvedTurn]) -> list[Rewrite]:
    """Add what a relational noun is of: "What are the symptoms?" to "What are the symptoms of measles?"."""
    if not lacks_complement(question):
        return []
    phrases = [phrase for phrase in antecedents(None, (), turns) if not phrase.is_relational]
    return [
        Rewrite(f"{question.rstrip(' ?.!')} of {phrase.text}?", phrase.bare)
        for phrase in phrases[:READINGS]
        if phrase.bare.lower() not in question.lower()
    ]


def lacks_complement(question: str) -> bool:
    """Whether a question's only phrase is a relational noun such as "the symptoms", without "of ..."."""
    phrases = noun_phrases(tag(question), question)
    if len(phrases) != 1 or not phrases[0].is_relational or not phrases[0].text.lower().endswith(phrases[0].head):
        return False
    following = question[phrases[0].end :].split()
    return not following or not following[0][0].isalpha()
