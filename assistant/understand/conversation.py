"""A follow-up becomes a question that stands alone, out of words that were said.

Three things make a question lean on what came before: it goes on with it ("And how many police?"), it is only a part
of a question ("Since when?"), or it points ("Why did they leave?"). What goes on takes the place of its like in the
earlier question; what points gives way to what it points to. Where more than one reading is possible, all are
given, the likeliest first: the evidence decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.understand.anaphora import (
    POSSESSIVES,
    SHOWING,
    THINGS,
    Said,
    antecedents,
    pointers,
    resolve,
)
from assistant.understand.grammar import ASKING, Phrase, Word, noun_phrases, tag

READINGS = 3
FILLER = r"(?:ok|okay|so|well|and|but|or|also|then|yes|no|right|thanks|interesting)"
OPENER = re.compile(rf"^\W*(?:{FILLER}\b[\s,.!:–—-]*)+(?=\S)", re.I)
GOING_ON = re.compile(rf"^\W*(?:{FILLER}\b[\s,.!]*)?(?:what|how) about\s+", re.I)
CONJUNCTION = re.compile(r"^\W*(?:and|but|or)\b", re.I)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A question that stands alone, and what its pointers were taken for."""

    question: str
    topic: str = ""


def rewrite(question: str, said: Sequence[Said]) -> tuple[Rewrite, ...]:
    """Readings of a question that leans on what was said, the likeliest first; none if it stands alone.

    >>> [reading.question for reading in rewrite("And how many police?", [Said("How many troops will the UN send?")])]
    ['How many police will the UN send?', 'How many troops will the UN send? And how many police?']
    """
    if not said or not leans(question):
        return ()
    before = said[-1]
    asked = OPENER.sub("", question)
    words = tag(asked.rstrip(" ?.!"))
    found = [Rewrite(text, before.topic) for text in go_on(question, before.question)]
    if not asks_again(words):
        found += [*point(asked, said), *widen(asked, said)]
    if len(found) < 2 or CONJUNCTION.match(question) or any(word.small in ("this", "that") for word in words):
        found = [*found[: READINGS - 1], Rewrite(f"{before.question} {question}", before.topic)]
    return tuple({reading.question: reading for reading in found}.values())[:READINGS]


def leans(question: str) -> bool:
    """Whether a question does not stand alone.

    >>> leans("Which of them are Chadian?"), leans("Why did Chad withdraw its soldiers?")
    (True, False)
    """
    asked = OPENER.sub("", question)
    words = tag(asked.rstrip(" ?.!"))
    goes_on = bool(CONJUNCTION.match(question))
    if GOING_ON.match(question) or not any(word.tag[0] in "NVA" for word in words if word.small not in ASKING):
        return True
    if any(pointers(words)) or bare_view(asked):
        return True
    phrases = noun_phrases(words, asked)
    if goes_on and len(phrases) < 2 and not any(phrase.name for phrase in phrases):
        return True
    return is_fragment(words) and (goes_on or begins_to_ask(words))


def is_fragment(words: Sequence[Word]) -> bool:
    """Whether some words have no verb: a part of a question."""
    return not any(word.is_verb for word in words)


def begins_to_ask(words: Sequence[Word]) -> bool:
    """Whether some words begin with a word for asking, or with one behind a preposition: "since when"."""
    return words[0].small in ASKING or (
        len(words) > 1 and words[0].tag[:2] in ("PR", "CJ", "AV") and words[1].small in ASKING
    )


def go_on(question: str, earlier: str) -> list[str]:
    """The earlier question with a part of it replaced by the part that is now asked; nothing where no part is alike."""
    going_on = GOING_ON.match(question)
    part = (GOING_ON if going_on else OPENER).sub("", question).rstrip(" ?.!")
    words, before = tag(part), tag(earlier)
    if not words or not before:
        return []
    if begins_to_ask(words) and asks_again(words):
        return ask_otherwise(words, earlier, before)
    if not is_fragment(words) or words[0].small in ASKING - {"how"}:
        return []
    new, old = noun_phrases(words, part), noun_phrases(before, earlier)
    if not new or not old:
        return []
    lead = part[: new[0].start].split()
    place = max(old, key=lambda phrase: likeness(phrase, new[0], lead[-1].lower() if lead else ""))
    return [earlier[: place.start] + part[new[0].start :] + earlier[place.end :]]


def likeness(phrase: Phrase, new: Phrase, lead: str) -> tuple[bool, bool, bool, bool, int]:
    """How like a phrase is to a new one: what stands before it, its head, whether it has a name, its number."""
    return (
        bool(lead) and phrase.after == lead,
        phrase.head == new.head,
        phrase.name == new.name,
        phrase.plural == new.plural,
        phrase.start,
    )


def asks_again(words: Sequence[Word]) -> bool:
    """Whether a part is a way of asking with nothing asked: "since when", "why is that", "how many police"."""
    rest = asking_words(words)
    if not rest or any(word.small in POSSESSIVES for word in words) or tuple(rest) != tuple(words[: len(rest)]):
        return False
    quantity = len(rest) > 2 and any(word.small in ("how", "what", "which") for word in rest[:2])
    plain = not any(word.tag[0] in "NAC" and word.tag[:2] != "AV" for word in rest[1:])
    return is_fragment(rest) and (quantity or plain)


def asking_words(words: Sequence[Word]) -> list[Word]:
    """A part of a question less "is that", "was it so"."""
    return [word for word in words if word.small not in SHOWING | THINGS | {"so"} and not word.is_auxiliary]


def ask_otherwise(words: Sequence[Word], earlier: str, before: Sequence[Word]) -> list[str]:
    """The earlier question asked another way: "Is Chad leaving?" and "Why is that?" to "Why is Chad leaving?".

    Nothing where the earlier question asks for its subject ("Who left?").
    """
    if any(word.small == "not" for word in words):
        return []
    asked = " ".join(word.text for word in asking_words(words))
    first = next((number for number, word in enumerate(before) if word.is_auxiliary), None)
    if first is None or any(word.is_verb for word in before[:first]):
        return []
    rest = earlier[before[first].start :].rstrip(" ?.!")
    if first == 0:
        rest = rest[0].lower() + rest[1:]
    quantity = len(words) > 1 and words[0].small in ("how", "what", "which")
    dropped = [] if quantity or first == 0 else [phrase.text for phrase in noun_phrases(before[:first], earlier)]
    return [" ".join([asked[0].upper() + asked[1:], rest, *dropped[:1]]) + "?"]


def point(asked: str, said: Sequence[Said]) -> list[Rewrite]:
    """The question with what it points to in place of its pointers: a reading for each thing that it may be."""
    words = tag(asked)
    pointing = list(pointers(words))
    if not pointing:
        return []
    meant = [phrase for phrase in antecedents(pointing[0], words, said) if phrase.bare.lower() not in asked.lower()]
    return [Rewrite(resolve(asked, words, pointing, phrase), phrase.bare) for phrase in meant[:READINGS]]


def widen(asked: str, said: Sequence[Said]) -> list[Rewrite]:
    """The question with what it is a view of: "What are the symptoms?" to "What are the symptoms of measles?"."""
    if not bare_view(asked):
        return []
    meant = [phrase for phrase in antecedents(None, (), said) if not phrase.is_view]
    return [
        Rewrite(f"{asked.rstrip(' ?.!')} of {phrase.text}?", phrase.bare)
        for phrase in meant[:READINGS]
        if phrase.bare.lower() not in asked.lower()
    ]


def bare_view(asked: str) -> bool:
    """Whether a question names nothing but a view, such as "the symptoms", and does not say of what."""
    phrases = noun_phrases(tag(asked), asked)
    if len(phrases) != 1 or not phrases[0].is_view or not phrases[0].text.lower().endswith(phrases[0].head):
        return False
    following = asked[phrases[0].end :].split()
    return not following or not following[0][0].isalpha()
