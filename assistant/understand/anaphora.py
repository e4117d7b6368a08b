"""Words that point at something named elsewhere ("they", "that group"), and what they may point at."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.understand.grammar import ASKED_FOR, NOUNS, Phrase, Word, noun_phrases, tag

PERSONS = frozenset(["he", "she", "him", "her", "his", "hers"])
THINGS = frozenset(["it", "its"])
MANY = frozenset(["they", "them", "their", "theirs", "these", "those"])
SHOWING = frozenset(["this", "that", "these", "those"])
POSSESSIVES = frozenset(["its", "his", "her", "their", "hers", "theirs"])
KINDS = {
    "person": PERSONS,
    "thing": THINGS | {"this", "that"},
    "many": MANY,
    "one": frozenset(["one", "ones"]),
    "place": frozenset(["there"]),
}
PLACES = frozenset(["in", "at", "to", "from", "into", "near", "inside"])
# What begins a clause of its own: a pronoun behind it may mean what stands before it.
CLAUSES = frozenset(", ; . ? ! and but when if that because while after before once since who which".split())  # noqa: SIM905
# "That day" points at no day named before.
TIMES = frozenset(
    "case day extent kind moment month period point question reason sort sense time way week year".split()  # noqa: SIM905
)
# "It" that points at nothing: "is it true that", "how long does it take to", "it rains when".
EMPTY_IT = re.compile(
    r"\b(?:is|was|be|isn[’']t|would|will) it (?:be )?(?:\w+ ){0,2}(?:that|to|for|if|when|who|which)\b"
    r"|\bit (?:is|was|takes?|took|seems?|turns?|rains?|snows?)\b(?:.*\b(?:that|to|if|when)\b)"
    r"|\b(?:does|did|will|would) it (?:take|cost)\b.*\bto\b|\bit[’']s (?:\w+ ){1,2}(?:that|to)\b",
    re.I,
)
UNLIKE = 3


@dataclass(frozen=True, slots=True)
class Said:
    """An earlier question as it stands alone, what its pointers pointed to, and its short answer, if it had one."""

    question: str
    topic: str = ""
    answer: str | None = None


def kind_of(small: str) -> str | None:
    """What kind of thing a word points at; None for a word that does not point."""
    return next((kind for kind, members in KINDS.items() if small in members), None)


def pointers(words: Sequence[Word]) -> Iterator[Word]:
    """The words that point at something not named in the question itself."""
    text = " ".join(word.text for word in words)
    empty = EMPTY_IT.search(text)
    starts = [sum(len(word.text) + 1 for word in words[:number]) for number in range(len(words))]
    for number, word in enumerate(words):
        points_at_nothing = word.small == "it" and empty and empty.start() <= starts[number] < empty.end()
        if kind_of(word.small) and not points_at_nothing and points(words, number) and not named_before(words, number):
            yield word


def points(words: Sequence[Word], number: int) -> bool:
    """Whether a word that may point does: "that" may be a conjunction, "one" a number, "there" in "there are"."""
    small = words[number].small
    before = words[number - 1] if number else None
    if small in SHOWING:
        return points_alone(words, number) or shown_noun(words, number) is not None
    if small in ("one", "ones"):
        following = words[number + 1] if number + 1 < len(words) else None
        counts = following is not None and (following.tag in NOUNS or following.tag == "PRF")
        return (
            before is not None
            and not counts
            and (before.tag[:2] in ("AJ", "OR", "DT", "NN") or before.small == "which")
        )
    if small == "there":
        return before is not None and ends(words, number) and before.tag[:2] not in ("VB", "AV")
    return True


def points_alone(words: Sequence[Word], number: int) -> bool:
    """Whether "this" or "that" stands for something by itself, and is not a conjunction."""
    following = words[number + 1] if number + 1 < len(words) else None
    if words[number].small == "that" and number and words[number - 1].tag in NOUNS:
        return False
    return following is None or ends(words, number) or following.is_verb or following.tag[:2] in ("PO", "AV")


def shown_noun(words: Sequence[Word], number: int) -> Word | None:
    """The noun of "that group", which stands for a group named before; None for "that way", "this year"."""
    behind = words[number + 1 : number + 3]
    noun = next((word for word in behind if word.tag in NOUNS), None)
    if noun is None or (behind[0] is not noun and behind[0].tag != "AJ0"):
        return None
    return None if noun.tag == "NP0" or noun.small.rstrip("s") in TIMES else noun


def ends(words: Sequence[Word], number: int) -> bool:
    """Whether a word is the last of a clause."""
    return number + 1 == len(words) or not words[number + 1].text[0].isalpha()


def named_before(words: Sequence[Word], number: int) -> bool:
    """Whether what a pointer points at may be named before it in the same question.

    "Its" may be anything's before it; "it" is nothing of its own clause (Chomsky's principle B).
    """
    begin = number
    if words[number].small not in POSSESSIVES:
        begin = next((at for at in range(number - 1, -1, -1) if words[at].small in CLAUSES), 0)
    before = words[:begin]
    nouns = [
        one for at, one in enumerate(before) if one.tag in NOUNS and (not at or before[at - 1].small not in ASKED_FOR)
    ]
    plural = kind_of(words[number].small) == "many"
    return any(one.tag == "NP0" or (one.tag == "NN2") == plural for one in nouns)


def antecedents(pointer: Word | None, words: Sequence[Word], said: Sequence[Said]) -> list[Phrase]:
    """What a pointer may point to, the likeliest first: what agrees best, then what was said last.

    What the pointers of the last question pointed to comes before what else it names (the "continue" transition of
    centering theory: Grosz, Joshi and Weinstein, Computational Linguistics 21, 1995). Who was asked for and found
    is "he" or "she" before anybody else.
    """
    kind = kind_of(pointer.small) if pointer else None
    shown = pointer is not None and pointer.small in SHOWING and shown_noun(words, words.index(pointer)) is not None
    found: dict[str, tuple[tuple[int, int, bool, bool], Phrase]] = {}
    for age, turn in enumerate(reversed(said)):
        answered = things(turn.answer)[:1] if turn.answer else []
        asked = re.match(r"(?i)\W*(?:who|which|what)\b", turn.question)
        order = [*answered, *things(turn.question)] if asked else [*things(turn.question), *answered]
        if kind == "person" and asked and answered and answered[0].name:
            return [answered[0]]
        for phrase in reversed(order) if shown else order:  # "that group" is the one named last
            if unlikeness(phrase, kind) < UNLIKE:
                key = (unlikeness(phrase, kind), age, phrase.bare != turn.topic, not phrase.name)
                found.setdefault(phrase.bare.lower(), (key, phrase))
    return [phrase for _, phrase in sorted(found.values(), key=lambda one: one[0])]


def things(text: str) -> list[Phrase]:
    """What a text names, in order; of "the role of X" first X, and what a question asks for last."""
    phrases = noun_phrases(tag(text), text)
    owned = [own(phrase, phrases) for phrase in phrases]
    return sorted(owned, key=lambda phrase: (phrase.after in ASKED_FOR, phrase.is_view))


def own(phrase: Phrase, phrases: Sequence[Phrase]) -> Phrase:
    """A phrase with the name of its owner: "its soldiers" behind "Chad" is "Chad’s soldiers"."""
    owner = next((one for one in phrases if one.end < phrase.start), None)
    first, _, rest = phrase.text.partition(" ")
    if owner is None or first.lower() not in POSSESSIVES:
        return phrase
    return replace(phrase, text=f"{owner.text}’s {rest}")


def unlikeness(phrase: Phrase, kind: str | None) -> int:
    """How little a phrase agrees with a pointer's kind; from 3 it cannot be meant."""
    if kind in ("person", "thing") and phrase.plural:
        return UNLIKE
    agrees = {
        "person": phrase.name and phrase.bare == phrase.text,
        "many": phrase.plural,
        "one": not phrase.name,
        "place": phrase.name,
    }.get(kind or "", True)
    return int(not agrees) + int(phrase.is_view)


def resolve(asked: str, words: Sequence[Word], pointing: Sequence[Word], phrase: Phrase) -> str:
    """The question with the pointers of the first one's kind replaced by a phrase."""
    kind = kind_of(pointing[0].small)
    text = asked
    for number, word in reversed(list(enumerate(words))):
        if kind_of(word.small) == kind and (word in pointing or word.small not in SHOWING | {"one", "ones", "there"}):
            noun = shown_noun(words, number) if word.small in SHOWING else None
            text = text[: word.start] + name_for(words, number, phrase) + text[(noun or word).end :]
    return text[:1].upper() + text[1:]


def name_for(words: Sequence[Word], number: int, phrase: Phrase) -> str:
    """What stands in for a pointer: the phrase, its possessive, its noun, or where it is."""
    small = words[number].small
    after = words[number + 1] if number + 1 < len(words) else None
    object_her = small == "her" and (after is None or after.tag[:2] not in ("NN", "AJ", "NP"))
    if small in POSSESSIVES and not object_her:
        return phrase.text + ("’" if phrase.text.endswith("s") else "’s")
    if small in KINDS["one"]:
        return phrase.bare
    if small == "there":
        return f"{phrase.after if phrase.after in PLACES else 'in'} {phrase.text}"
    if number and words[number - 1].small == "of" and phrase.plural and phrase.bare == phrase.text:
        return f"the {phrase.text}"
    return phrase.text
