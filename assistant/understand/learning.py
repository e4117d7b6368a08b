"""What is learned of a document's words and names."""

from collections import Counter

from assistant.understand.lexicon import Lexicon
from assistant.understand.names import learn_names
from assistant.understand.spelling import WORD
from index.document.types import Document
from index.folding import words


def learn(document: Document) -> Lexicon:
    """The lexicon of a document."""
    short, names = learn_names(document.text)
    forms = dict(Counter(WORD.findall(document.text)))
    return Lexicon(forms, tuple(dict.fromkeys(words(document.text))), short, names)
