"""The words of a question with their parts of speech, and the noun phrases they make.

Tags are those of the British National Corpus (CLAWS 5): NN1 and NN2 are nouns, NP0 names, V.. verbs, AT0 articles,
DPS "its", PNP "it", DTQ "which", PNQ "who", AVQ "when".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

TOKEN = re.compile(r"['’]s\b|[^\W_]+(?:(?!['’]s\b)[.’'`-][^\W_]+)*|[^\w\s]|_")
ASKING = frozenset(["what", "which", "who", "whom", "whose", "when", "where", "why", "how"])
ASKED_FOR = ASKING | {"many", "much"}
DETERMINERS = frozenset(["AT0", "DPS", "DT0", "DTQ"])
MODIFIERS = frozenset(["AJ0", "AJC", "AJS", "ORD", "CRD", "NN0", "NN1", "NN2", "NP0", "POS", "UNC", "VVG", "VVN"])
LONGEST = 40  # letters of a word that the tagger is given; its time grows with their square
NOUNS = frozenset(["NN0", "NN1", "NN2", "NP0"])
# Nouns that say how something else is looked at: of "the role of X" people go on to ask about X.
VIEWS = frozenset(
    """
    advantage aim benefit cause con concern consequence cost criticism definition description difference effect
    example fact feature function goal history impact importance information issue kind meaning name number origin
    part pro problem purpose reason result risk role side significance sign similarity sort story symptom treatment
    type use variety way
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text with its tag; `start` and `end` are characters."""

    text: str
    tag: str
    start: int
    end: int

    @property
    def small(self) -> str:
        """The word in small letters."""
        return self.text.lower()

    @property
    def is_verb(self) -> bool:
        """Whether it is a verb."""
        return self.tag.startswith("V")

    @property
    def is_auxiliary(self) -> bool:
        """Whether it is a form of "be", "do" or "have", or a modal verb."""
        return self.tag[:2] in ("VB", "VD", "VH", "VM")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of a text; `plural` is its head's, `name` that a name is in it, `after` the word before it."""

    text: str
    start: int
    end: int
    head: str
    plural: bool
    name: bool
    after: str = ""

    @property
    def is_view(self) -> bool:
        """Whether it says how something is looked at, and not what: "the role", "types"."""
        return self.head in VIEWS or self.head.rstrip("s") in VIEWS

    @property
    def bare(self) -> str:
        """The phrase without its article."""
        return re.sub(r"^(?:the|a|an|some|any|this|that|these|those)\s+", "", self.text, flags=re.I)


@lru_cache(maxsize=1)
def tagger() -> Any:
    """HanTa's English model, loaded once."""
    from HanTa.HanoverTagger import HanoverTagger  # imported here: nothing happens at import

    return HanoverTagger("morphmodel_en.pgz")


@lru_cache(maxsize=512)
def tag(text: str) -> tuple[Word, ...]:
    """The words and marks of a text."""
    tokens = list(TOKEN.finditer(text.replace("’", "'")))
    if not tokens:
        return ()
    tags = tagger().tag_sent([token[0] if len(token[0]) <= LONGEST else "thing" for token in tokens])
    words = [
        Word(text[token.start() : token.end()], settle(token[0], tag, not at), *token.span())
        for at, (token, (_, _, tag)) in enumerate(zip(tokens, tags, strict=True))
    ]
    return tuple(replace(word, tag="NN1") if is_subject(words, at) else word for at, word in enumerate(words))


def is_subject(words: Sequence[Word], at: int) -> bool:
    """Whether an unknown word that was taken for a verb is what a question is about: "Does melatonin help?"."""
    if not at or not words[at].tag.startswith("VV") or not words[at - 1].is_auxiliary:
        return False
    asks = at == 1 or words[at - 2].small in ASKING
    return asks and (at + 1 == len(words) or words[at + 1].is_verb or not words[at + 1].text[0].isalpha())


def settle(word: str, tag: str, first: bool) -> str:
    """The tag of a word, where one is sure from the word alone."""
    small = word.lower()
    if first and small in ("tell", "give", "show", "list", "name", "explain", "describe"):
        return "VVB"
    if word[:1].isupper() and not first and tag[:2] not in ("NN", "PN"):
        return "NP0"
    if small in ("do", "does", "did", "have", "has", "had"):
        return f"V{small[0].upper()}B"
    if small in ("doing", "going", "having", "being", "getting"):
        return "VVG"
    if small.endswith("n't"):
        return "VM0"
    if small in ("it", "they", "them", "he", "she", "him"):
        return "PNP"
    if small in ("its", "their", "his"):
        return "DPS"
    return tag


def noun_phrases(words: Sequence[Word], text: str) -> tuple[Phrase, ...]:
    """The noun phrases of a tagged text, the longer ones too: "the role of X" and X, "X and Y", X of "X’s role".

    >>> text = "Who leads the armed wing of the party?"
    >>> [phrase.text for phrase in noun_phrases(tag(text), text)]
    ['the armed wing of the party', 'the party']
    """
    simple = list(runs(words))
    phrases = []
    for number, (first, last) in enumerate(simple):
        end, plural = last, None
        for begin, stop in simple[number + 1 :]:
            if begin != end + 2 or words[end + 1].small not in ("of", "and"):
                break
            end, plural = stop, plural or words[end + 1].small == "and" or None
        if end > last:
            phrases.append(make_phrase(words, text, first, end, last, plural))
        if end == last or plural:
            phrases.append(make_phrase(words, text, first, last, last))
        for owned in range(first + 1, last):
            if words[owned].tag == "POS" and words[owned - 1].tag in NOUNS:
                phrases.append(make_phrase(words, text, first, owned - 1, owned - 1))
    return tuple(phrases)


def runs(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """First and last word of each run that a noun ends: determiners, then modifiers, then the noun."""
    at = 0
    while at < len(words):
        first = at
        while at < len(words) and words[at].tag in DETERMINERS:
            at += 1
        begin = at
        while at < len(words) and words[at].tag in MODIFIERS and not follows_noun(words, begin, at):
            at += 1
        last = next((i for i in range(at - 1, begin - 1, -1) if words[i].tag in NOUNS), None)
        while first < begin and words[first].small in ASKED_FOR:
            first += 1
        while last is not None and first < last and words[first].tag in ("VVG", "VVN", "POS"):
            first += 1
        if last is not None and words[last].small not in ASKING:
            yield first, last
        at = max(at, first + 1, begin)


def follows_noun(words: Sequence[Word], begin: int, at: int) -> bool:
    """Whether a participle stands behind a noun: "the man leaving" ends at "man"."""
    return at > begin and words[at].tag in ("VVG", "VVN") and words[at - 1].tag in NOUNS


def make_phrase(
    words: Sequence[Word], text: str, first: int, end: int, head: int, plural: bool | None = None
) -> Phrase:
    """The phrase from one word to another, with its head."""
    before = words[first - 1].small if first else ""
    return Phrase(
        text[words[first].start : words[end].end],
        words[first].start,
        words[end].end,
        words[head].small,
        words[head].tag == "NN2" if plural is None else plural,
        any(word.tag == "NP0" or (word.text[0].isupper() and word.start) for word in words[first : end + 1]),
        before,
    )
