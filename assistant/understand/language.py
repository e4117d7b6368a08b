"""Language identification of questions, and whether a foreign question can be answered by its names alone."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from assistant.reader import Selection
from index.folding import FUNCTION_WORDS, fold, words

# English words that occur in other languages too.
SHARED = frozenset(
    "a am an as at be can do for has he her him if in is it me no not of on or our so to us was we will".split()  # noqa: SIM905
)
ENGLISH_WORDS = (FUNCTION_WORDS | {"and", "there", "any", "between", "during", "after", "before"}) - SHARED
NAME = re.compile(r"(?<!^)\b[^\W\d_a-z][\w’'-]+|\d[\d.,]*\d|\d")
LANGUAGES = "en ar cs da de el es fa fi fr he hi hu it ja ko nl no pl pt ro ru sv tr uk vi zh".split()  # noqa: SIM905
ENGLISH = "en"
MIN_PROBABILITY = 0.5  # from which another language is accepted
MIN_PROBABILITY_UNKNOWN = 0.6  # the same if no word is known: it may be nonsense


@lru_cache(maxsize=1)
def identifier() -> Any:
    """Load py3langid's model, once."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(LANGUAGES)
    return model


def language_of(question: str, knows: Callable[[str], bool]) -> str:
    """Identify the language of a question, such as "fr"; `knows` is whether a word is the document's or English.

    One English function word such as "who" is enough for English, since names look like many languages.
    """
    tokens = words(question)
    known = sum(knows(word) for word in tokens)
    if known == len(tokens) or any(word in ENGLISH_WORDS for word in tokens):
        return ENGLISH
    language, probability = identifier().classify(question)
    latin = any(word.isascii() for word in tokens)
    believed = probability >= (MIN_PROBABILITY if known else MIN_PROBABILITY_UNKNOWN) or not latin
    return str(language) if believed else ENGLISH


def shares_names(question: str, selection: Selection) -> bool:
    """Whether the question has names or numbers and the best quotation's passage contains all of them."""
    names = [fold(name) for name in NAME.findall(question.strip(" ¿¡"))]
    passage = fold(selection.candidates[0].passage.plain)
    return bool(names) and all(name in passage for name in names)
