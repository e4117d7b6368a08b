"""Part-of-speech tags and simple noun phrases of a question.

Tags are those of the British National Corpus (CLAWS 5): NN1 and NN2 are nouns, NP0 names, V.. verbs, AT0 articles,
DPS "its", PNP "it", DTQ "which", PNQ "who", AVQ "when".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

TOKEN = re.compile(r"['’]s\b|[^\W_]+(?:(?!['’]s\b)[.’'`-][^\W_]+)*|[^\w\s]|_")
QUESTION_WORDS = frozenset(["what", "which", "who", "whom", "whose", "when", "where", "why", "how"])
QUESTION_DETERMINERS = QUESTION_WORDS | {"many", "much"}
DETERMINERS = frozenset(["AT0", "DPS", "DT0", "DTQ"])
MODIFIERS = frozenset(["AJ0", "AJC", "AJS", "ORD", "CRD", "NN0", "NN1", "NN2", "NP0", "POS", "UNC", "VVG", "VVN"])
MAX_LETTERS = 40  # longest word given to the tagger, whose time is quadratic in it
NOUNS = frozenset(["NN0", "NN1", "NN2", "NP0"])


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text with its tag; `start` and `end` are characters."""

    text: str
    tag: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        """The word in lower case."""
        return self.text.lower()

    @property
    def is_verb(self) -> bool:
        """Whether it is a verb."""
        return self.tag.startswith("V")

    @property
    def is_auxiliary(self) -> bool:
        """Whether it is a form of "be", "do" or "have", or a modal verb."""
        return self.tag[:2] in ("VB", "VD", "VH", "VM")


@lru_cache(maxsize=1)
def tagger() -> Any:
    """Load HanTa's English model, once."""
    from HanTa.HanoverTagger import HanoverTagger  # imported here: nothing happens at import

    return HanoverTagger("morphmodel_en.pgz")


@lru_cache(maxsize=512)
def tag(text: str) -> tuple[Word, ...]:
    """Tag the words and punctuation marks of a text."""
    tokens = list(TOKEN.finditer(text.replace("’", "'")))
    if not tokens:
        return ()
    tags = tagger().tag_sent([token[0] if len(token[0]) <= MAX_LETTERS else "thing" for token in tokens])
    words = [
        Word(text[token.start() : token.end()], correct_tag(token[0], tag, not i), *token.span())
        for i, (token, (_, _, tag)) in enumerate(zip(tokens, tags, strict=True))
    ]
    return tuple(replace(word, tag="NN1") if is_subject(words, i) else word for i, word in enumerate(words))


def is_subject(words: Sequence[Word], i: int) -> bool:
    """Whether a word tagged as a verb is the subject of a question: "Does melatonin help?"."""
    if not i or not words[i].tag.startswith("VV") or not words[i - 1].is_auxiliary:
        return False
    in_question = i == 1 or words[i - 2].lower in QUESTION_WORDS
    return in_question and (i + 1 == len(words) or words[i + 1].is_verb or not words[i + 1].text[0].isalpha())


def correct_tag(word: str, tag: str, first: bool) -> str:
    """Correct the tag of a word where the word alone determines it."""
    lower = word.lower()
    if first and lower in ("tell", "give", "show", "list", "name", "explain", "describe"):
        return "VVB"
    if word[:1].isupper() and not first and tag[:2] not in ("NN", "PN"):
        return "NP0"
    if lower in ("do", "does", "did", "have", "has", "had"):
        return f"V{lower[0].upper()}B"
    if lower in ("doing", "going", "having", "being", "getting"):
        return "VVG"
    if lower.endswith("n't"):
        return "VM0"
    if lower in ("it", "they", "them", "he", "she", "him"):
        return "PNP"
    if lower in ("its", "their", "his"):
        return "DPS"
    return tag


def is_fragment(words: Sequence[Word]) -> bool:
    """Whether some words have no verb."""
    return not any(word.is_verb for word in words)


def noun_runs(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield the first and last word of each simple noun phrase: determiners, modifiers, noun.

    >>> list(noun_runs(tag("Who leads the armed wing of the party?")))
    [(2, 4), (6, 7)]
    """
    i = 0
    while i < len(words):
        first = i
        while i < len(words) and words[i].tag in DETERMINERS:
            i += 1
        begin = i
        while i < len(words) and words[i].tag in MODIFIERS and not follows_noun(words, begin, i):
            i += 1
        last = next((j for j in range(i - 1, begin - 1, -1) if words[j].tag in NOUNS), None)
        while first < begin and words[first].lower in QUESTION_DETERMINERS:
            first += 1
        while last is not None and first < last and words[first].tag in ("VVG", "VVN", "POS"):
            first += 1
        if last is not None and words[last].lower not in QUESTION_WORDS:
            yield first, last
        i = max(i, first + 1, begin)


def follows_noun(words: Sequence[Word], begin: int, i: int) -> bool:
    """Whether a word is a participle behind a noun: "the man leaving" ends at "man"."""
    return i > begin and words[i].tag in ("VVG", "VVN") and words[i - 1].tag in NOUNS
