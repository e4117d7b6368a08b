"""Typing errors put right: a word that neither the documents nor English know becomes the likeliest that they do."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from math import log10

# symspellpy's word list is used without its SymSpell: making that takes seconds and 135 MB, to save some 20 ms a word.
from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.understand.vocabulary import Vocabulary
from index.folding import FUNCTION_WORDS, fold, stem, words

# A word as it is typed, "al-Qaida" whole; what belongs to somebody ("Mali’s") is looked at without its ending.
WORD = re.compile(r"(?<![\w’'`.-])[^\W\d_]+(?:[`ʼ-][^\W\d_]+)*(?=[’']s\b|(?![\w’'`-]|\.\w))")
EDIT = 2.0  # how much rarer, in powers of ten, a word has to be to be as likely as one that is an edit further
OURS = 2.5  # the same for a word of the document against one of English
SHORTEST = 3  # letters of a word that is looked at
SHORT = 5  # up to so many letters may be missing, doubled or in another order, but not be others
TWICE = 7  # from so many letters there may be two errors
COMMON = 20_000  # words: a short word is only taken for one of these


class Speller:
    """Knows the words of some texts, and English's."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._correct = lru_cache(maxsize=1024)(self.correct_word)

    def correct(self, question: str) -> str:
        """The question with its unknown words put right, where something near enough is known."""
        return WORD.sub(lambda match: self._correct(match[0], match.start() > 0 and match[0][0].isupper()), question)

    def knows(self, word: str) -> bool:
        """Whether a word is the document's or English's, whatever its ending."""
        parts = words(word)
        ours = self.vocabulary
        return all(is_english(p) or ours.knows_word(p) or ours.knows_stem(stem(p)) for p in parts)

    def correct_word(self, word: str, is_name: bool) -> str:
        """The likeliest word; a name that is unknown to the document stays as it is."""
        folded = fold(word)
        if len(folded) < SHORTEST or not folded.isascii() or word.isupper() or self.knows(word):
            return word
        edits = 1 if len(folded) < TWICE else 2
        near = self.near(folded, edits) if is_name else {**near_english(folded, edits), **self.near(folded, edits)}
        candidates = {key: distance for key, distance in near.items() if len(folded) > SHORT or not swaps(key, folded)}
        if not candidates:
            return word
        best = max(candidates, key=lambda key: (self.likelihood(key, candidates[key], folded), key))
        return like_cased(best if is_english(best) else self.vocabulary.form(best) or best, word)

    def near(self, typed: str, edits: int) -> dict[str, int]:
        """The words of the texts within some edits of a typed one, with how many they are."""
        matches = process.extract(typed, self.vocabulary.spelled, scorer=OSA.distance, score_cutoff=edits, limit=None)
        return {word: distance for word, distance, _ in matches if len(word) >= SHORTEST}

    def likelihood(self, candidate: str, distance: int, typed: str) -> float:
        """How likely a word is meant, as a power of ten: by how common it is, and how far from what was typed."""
        rank = english().get(candidate, COMMON)
        ours = self.vocabulary.form(candidate) is not None or self.vocabulary.knows_stem(stem(candidate))
        return OURS * ours - log10(rank) - EDIT * distance + (0.5 if candidate[0] == typed[0] else 0.0)


def swaps(word: str, typed: str) -> bool:
    """Whether a letter stands for another, which in a short word leaves too little: "keto" is not "keno"."""
    return len(word) == len(typed) and sorted(word) != sorted(typed)


def near_english(typed: str, edits: int) -> dict[str, int]:
    """The same for English; a short word may only be a common one."""
    matches = process.extract(typed, list(english()), scorer=OSA.distance, score_cutoff=edits, limit=None)
    return {word: distance for word, distance, _ in matches if len(typed) > 4 or english()[word] <= COMMON}


def like_cased(word: str, typed: str) -> str:
    """A word with a capital where the typed one has it; its own capitals stay."""
    return word[0].upper() + word[1:] if typed[0].isupper() else word


def is_english(word: str) -> bool:
    """Whether a word is a common English one, or its plural."""
    return word in english() or (word.endswith("s") and english().get(word[:-1], COMMON) < COMMON)


@lru_cache(maxsize=1)
def english() -> Mapping[str, int]:
    """Common English words with their ranks by frequency, from 1: the list that symspellpy carries."""
    lines = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8").splitlines()
    ranks = {line.split()[0]: rank for rank, line in enumerate(lines, 1)}
    return {**ranks, **dict.fromkeys(FUNCTION_WORDS - ranks.keys(), 1)}
