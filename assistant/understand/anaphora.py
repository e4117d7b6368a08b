"""Anaphora resolution: words such as "they" and "that group", and their candidate antecedents in a conversation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.understand.grammar import NOUNS, QUESTION_DETERMINERS, Phrase, Word, noun_phrases, tag

PERSONS = frozenset(["he", "she", "him", "her", "his", "hers"])
THINGS = frozenset(["it", "its"])
PLURALS = frozenset(["they", "them", "their", "theirs", "these", "those"])
DEMONSTRATIVES = frozenset(["this", "that", "these", "those"])
POSSESSIVES = frozenset(["its", "his", "her", "their", "hers", "theirs"])
KINDS = {
    "person": PERSONS,
    "thing": THINGS | {"this", "that"},
    "many": PLURALS,
    "one": frozenset(["one", "ones"]),
    "place": frozenset(["there"]),
}
PLACES = frozenset(["in", "at", "to", "from", "into", "near", "inside"])
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
    re.I,
)
INCOMPATIBLE = 3


@dataclass(frozen=True, slots=True)
class ResolvedTurn:
    """An earlier question in its standalone form, the antecedent of its anaphors, and its short answer, if any."""

    question: str
    topic: str = ""
    answer: str | None = None


def kind_of(word: str) -> str | None:
    """Return the kind of antecedent that a lower-case word takes; None if it is not anaphoric."""
    return next((kind for kind, members in KINDS.items() if word in members), None)


def anaphors(words: Sequence[Word]) -> Iterator[Word]:
    """Yield the anaphoric words whose antecedent is not in the question itself."""
    text = " ".join(word.text for word in words)
    expletive = EXPLETIVE_IT.search(text)
    starts = [sum(len(word.text) + 1 for word in words[:number]) for number in range(len(words))]
    for number, word in enumerate(words):
        is_expletive = word.lower == "it" and expletive and expletive.start() <= starts[number] < expletive.end()
        if (
            kind_of(word.lower)
            and not is_expletive
            and is_anaphoric(words, number)
            and not has_antecedent_before(words, number)
        ):
            yield word


def is_anaphoric(words: Sequence[Word], number: int) -> bool:
    """Whether an ambiguous word is anaphoric: "that" may be a conjunction, "one" a number, "there" existential."""
    lower = words[number].lower
    before = words[number - 1] if number else None
    if lower in DEMONSTRATIVES:
        return is_pronoun(words, number) or demonstrative_noun(words, number) is not None
    if lower in ("one", "ones"):
        following = words[number + 1] if number + 1 < len(words) else None
        counts = following is not None and (following.tag in NOUNS or following.tag == "PRF")
        return (
            before is not None
            and not counts
            and (before.tag[:2] in ("AJ", "OR", "DT", "NN") or before.lower == "which")
        )
    if lower == "there":
        return before is not None and ends_clause(words, number) and before.tag[:2] not in ("VB", "AV")
    return True


def is_pronoun(words: Sequence[Word], number: int) -> bool:
    """Whether "this" or "that" is a pronoun, and not a conjunction or determiner."""
    following = words[number + 1] if number + 1 < len(words) else None
    if words[number].lower == "that" and number and words[number - 1].tag in NOUNS:
        return False
    return following is None or ends_clause(words, number) or following.is_verb or following.tag[:2] in ("PO", "AV")


def demonstrative_noun(words: Sequence[Word], number: int) -> Word | None:
    """Return the noun of "that group", which refers to a group named before.

    None for "that way", "this year", for "this handbook", which is the document itself, and for "this edition of the
    handbook", which says what it is.
    """
    behind = words[number + 1 : number + 4]
    at = next((i for i, word in enumerate(behind[:2]) if word.tag in NOUNS), None)
    if at is None or (at and behind[0].tag != "AJ0"):
        return None
    noun, following = behind[at], behind[at + 1 : at + 2]
    if (words[number].lower == "this" and noun.lower in ITSELF) or (following and following[0].lower == "of"):
        return None
    return None if noun.tag == "NP0" or noun.lower.rstrip("s") in TIMES else noun


def ends_clause(words: Sequence[Word], number: int) -> bool:
    """Whether a word is the last one of a clause."""
    return number + 1 == len(words) or not words[number + 1].text[0].isalpha()


def has_antecedent_before(words: Sequence[Word], number: int) -> bool:
    """Whether an anaphor's antecedent may be named before it in the same question.

    A possessive's antecedent may be in the same clause, a pronoun's may not (Chomsky's principle B).
    """
    start = number
    if words[number].lower not in POSSESSIVES:
        start = next((i for i in range(number - 1, -1, -1) if words[i].lower in CLAUSES), 0)
    before = words[:start]
    nouns = [
        word
        for i, word in enumerate(before)
        if word.tag in NOUNS and (not i or before[i - 1].lower not in QUESTION_DETERMINERS)
    ]
    plural = kind_of(words[number].lower) == "many"
    return any(word.tag == "NP0" or (word.tag == "NN2") == plural for word in nouns)


def antecedents(pointer: Word | None, words: Sequence[Word], turns: Sequence[ResolvedTurn]) -> list[Phrase]:
    """Return candidate antecedents, likeliest first: by agreement, then recency.

    An earlier question's own antecedent comes before other phrases of it (the "continue" transition of centering
    theory: Grosz, Joshi and Weinstein, Computational Linguistics 21, 1995). A person who answered an earlier
    question is the first choice for "he" or "she".
    """
    kind = kind_of(pointer.lower) if pointer else None
    is_demonstrative = (
        pointer is not None
        and pointer.lower in DEMONSTRATIVES
        and demonstrative_noun(words, words.index(pointer)) is not None
    )
    candidates: dict[str, tuple[tuple[int, int, bool, bool], Phrase]] = {}
    for age, turn in enumerate(reversed(turns)):
        answer_phrases = named_phrases(turn.answer)[:1] if turn.answer else []
        asks_for_entity = re.match(r"(?i)\W*(?:who|which|what)\b", turn.question)
        phrases = (
            [*answer_phrases, *named_phrases(turn.question)]
            if asks_for_entity
            else [*named_phrases(turn.question), *answer_phrases]
        )
        if kind == "person" and asks_for_entity and answer_phrases and answer_phrases[0].name:
            return [answer_phrases[0]]
        for phrase in reversed(phrases) if is_demonstrative else phrases:  # "that group" is the one named last
            if disagreement(phrase, kind) < INCOMPATIBLE:
                key = (disagreement(phrase, kind), age, phrase.bare != turn.topic, not phrase.name)
                candidates.setdefault(phrase.bare.lower(), (key, phrase))
    return [phrase for _, phrase in sorted(candidates.values(), key=lambda candidate: candidate[0])]


def named_phrases(text: str) -> list[Phrase]:
    """Return a text's noun phrases in order; relational ones come later, and what a question asks for comes last."""
    phrases = noun_phrases(tag(text), text)
    owned = [with_owner(phrase, phrases) for phrase in phrases]
    return sorted(owned, key=lambda phrase: (phrase.preceding in QUESTION_DETERMINERS, phrase.is_relational))


def with_owner(phrase: Phrase, phrases: Sequence[Phrase]) -> Phrase:
    """Replace a phrase's possessive by the phrase before it: "its soldiers" behind "Chad" is "Chad’s soldiers"."""
    owner = next((other for other in phrases if other.end < phrase.start), None)
    first, _, rest = phrase.text.partition(" ")
    if owner is None or first.lower() not in POSSESSIVES:
        return phrase
    return replace(phrase, text=f"{owner.text}’s {rest}")


def disagreement(phrase: Phrase, kind: str | None) -> int:
    """Return how little a phrase agrees with an anaphor's kind; at INCOMPATIBLE it cannot be the antecedent."""
    if kind in ("person", "thing") and phrase.plural:
        return INCOMPATIBLE
    agrees = {
        "person": phrase.name and phrase.bare == phrase.text,
        "many": phrase.plural,
        "one": not phrase.name,
        "place": phrase.name,
    }.get(kind or "", True)
    return int(not agrees) + int(phrase.is_relational)


def resolve(question: str, words: Sequence[Word], anaphoric: Sequence[Word], phrase: Phrase) -> str:
    """Replace the anaphors of the first one's kind by a phrase."""
    kind = kind_of(anaphoric[0].lower)
    text = question
    for number, word in reversed(list(enumerate(words))):
        if kind_of(word.lower) == kind and (
            word in anaphoric or word.lower not in DEMONSTRATIVES | {"one", "ones", "there"}
        ):
            noun = demonstrative_noun(words, number) if word.lower in DEMONSTRATIVES else None
            text = text[: word.start] + replacement_for(words, number, phrase) + text[(noun or word).end :]
    return text[:1].upper() + text[1:]


def replacement_for(words: Sequence[Word], number: int, phrase: Phrase) -> str:
    """Return what replaces an anaphor: the phrase, its possessive, its bare form, or "in" the phrase."""
    lower = words[number].lower
    after = words[number + 1] if number + 1 < len(words) else None
    object_her = lower == "her" and (after is None or after.tag[:2] not in ("NN", "AJ", "NP"))
    if lower in POSSESSIVES and not object_her:
        return phrase.text + ("’" if phrase.text.endswith("s") else "’s")
    if lower in KINDS["one"]:
        return phrase.bare
    if lower == "there":
        return f"{phrase.preceding if phrase.preceding in PLACES else 'in'} {phrase.text}"
    if number and words[number - 1].lower == "of" and phrase.plural and phrase.bare == phrase.text:
        return f"the {phrase.text}"
    return phrase.text
