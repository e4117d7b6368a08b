"""Part-of-speech tags and noun phrases of a question.

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
# Nouns that need a complement: after "the role of X" people ask about X.
RELATIONAL_NOUNS = frozenset(
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


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of a text; `plural` is its head's number, `name` whether it has a proper name in it, `preceding`
    the word before it."""

    text: str
    start: int
    end: int
    head: str
    plural: bool
    name: bool
    preceding: str = ""

    @property
    def is_relational(self) -> bool:
        """Whether its head is a relational noun: "the role", "types"."""
        return self.head in RELATIONAL_NOUNS or self.head.rstrip("s") in RELATIONAL_NOUNS

    @property
    def bare(self) -> str:
        """The phrase without its article."""
        return re.sub(r"^(?:the|a|an|some|any|this|that|these|those)\s+", "", self.text, flags=re.I)


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


def noun_phrases(words: Sequence[Word], text: str) -> tuple[Phrase, ...]:
    """Return a tagged text's noun phrases, nested ones included: "the role of X" and X, "X and Y", X of "X’s role".

    >>> text = "Who leads the armed wing of the party?"
    >>> [phrase.text for phrase in noun_phrases(tag(text), text)]
    ['the armed wing of the party', 'the party']
    """
    simple = list(noun_runs(words))
    phrases = []
    for number, (first, last) in enumerate(simple):
        end, plural = last, None
        for begin, stop in simple[number + 1 :]:
            if begin != end + 2 or words[end + 1].lower not in ("of", "and"):
                break
            end, plural = stop, plural or words[end + 1].lower == "and" or None
        if end > last:
            phrases.append(make_phrase(words, text, first, end, last, plural))
        if end == last or plural:
            phrases.append(make_phrase(words, text, first, last, last))
        for owned in range(first + 1, last):
            if words[owned].tag == "POS" and words[owned - 1].tag in NOUNS:
                phrases.append(make_phrase(words, text, first, owned - 1, owned - 1))
    return tuple(phrases)


def noun_runs(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield the first and last word of each simple noun phrase: determiners, modifiers, noun."""
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


def make_phrase(
    words: Sequence[Word], text: str, first: int, end: int, head: int, plural: bool | None = None
) -> Phrase:
    """Make the phrase from one word to another."""
    before = words[first - 1].lower if first else ""
    return Phrase(
        text[words[first].start : words[end].end],
        words[first].start,
        words[end].end,
        words[head].lower,
        words[head].tag == "NN2" if plural is None else plural,
        any(word.tag == "NP0" or (word.text[0].isupper() and word.start) for word in words[first : end + 1]),
        before,
    )
