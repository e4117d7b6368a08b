"""The language of a question, and whether names carry one that is not in English all the same."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from assistant.reader import Selection
from index.folding import FUNCTION_WORDS, fold, words

# English words that other languages have too: they tell nothing.
SHARED = frozenset(
    "a am an as at be can do for has he her him if in is it me no not of on or our so to us was we will".split()  # noqa: SIM905
)
TELLING = (FUNCTION_WORDS | {"and", "there", "any", "between", "during", "after", "before"}) - SHARED
NAME = re.compile(r"(?<!^)\b[^\W\d_a-z][\w’'-]+|\d[\d.,]*\d|\d")
LANGUAGES = "en ar cs da de el es fa fi fr he hi hu it ja ko nl no pl pt ro ru sv tr uk vi zh".split()  # noqa: SIM905
ENGLISH = "en"
SURE = 0.5  # the probability from which another language is believed
SURER = 0.6  # the same where no word at all is known: it may be nonsense


@lru_cache(maxsize=1)
def identifier() -> Any:
    """py3langid's model, loaded when a question has no word that is English alone."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(LANGUAGES)
    return found


def language_of(question: str, knows: Callable[[str], bool]) -> str:
    """The language of a question, such as "fr"; `knows` tells whether a word is one of the document's or of English.

    A single English word such as "who" is enough for English: names of a document look like many languages.
    """
    said = words(question)
    known = sum(knows(word) for word in said)
    if known == len(said) or any(word in TELLING for word in said):
        return ENGLISH
    language, probability = identifier().classify(question)
    latin = any(word.isascii() for word in said)
    believed = probability >= (SURE if known else SURER) or not latin
    return str(language) if believed else ENGLISH


def shares_names(question: str, selection: Selection) -> bool:
    """Whether the passage of the best quotation has every name and number of the question, which has at least one."""
    names = [fold(name) for name in NAME.findall(question.strip(" ¿¡"))]
    passage = fold(selection.candidates[0].passage.plain)
    return bool(names) and all(name in passage for name in names)
