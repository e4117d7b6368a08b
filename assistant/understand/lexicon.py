"""The words and names of a document, read once when its index is made."""

from collections import Counter
from dataclasses import dataclass

from assistant.understand.names import learn_names
from assistant.understand.spelling import WORD
from index.document.types import Document
from index.folding import words


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`forms` are the words as they are written, with how often; `words` are folded, numbers among them.

    `short` are short forms with the long ones they stand for, `names` those of several words.
    """

    forms: dict[str, int]
    words: tuple[str, ...]
    short: dict[str, str]
    names: tuple[str, ...]


def learn(document: Document) -> Lexicon:
    """The lexicon of a document."""
    short, names = learn_names(document.text)
    forms = dict(Counter(WORD.findall(document.text)))
    return Lexicon(forms, tuple(dict.fromkeys(words(document.text))), short, names)
