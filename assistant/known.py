"""What is known of documents before anything is asked: their words, their names, and questions that they answer.

It is made once, with the index, and kept beside it.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from assistant.suggest import Ask, FirstQuestion, find_first_questions
from assistant.understand.lexicon import Lexicon, learn
from assistant.understand.names import Names
from assistant.understand.spelling import Speller
from index.folding import FUNCTION_WORDS, stem
from index.retriever import Index

CODE = (
    "known.py",
    "suggest.py",
    "understand/lexicon.py",
    "understand/names.py",
    "understand/spelling.py",
    "understand/grammar.py",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of it beside the index."""

    lexicons: dict[str, Lexicon]
    questions: tuple[FirstQuestion, ...]


KEPT = TypeAdapter(Kept)


class Known:
    """The words and names of some documents, and questions that they answer."""

    def __init__(self, lexicons: Mapping[str, Lexicon], questions: Sequence[FirstQuestion] = ()) -> None:
        """`lexicons` are by the ids of the documents."""
        self.lexicons, self.questions = dict(lexicons), tuple(questions)
        forms: Counter[str] = Counter()
        short: dict[str, str] = {}
        for lexicon in self.lexicons.values():
            forms.update(lexicon.forms)
            short = {**lexicon.short, **short}
        words = {word for lexicon in self.lexicons.values() for word in lexicon.words}
        stems = frozenset(stem(word) for word in words if word not in FUNCTION_WORDS)
        several = frozenset(name for lexicon in self.lexicons.values() for name in lexicon.names)
        self.names = Names(short, several, stems)
        self.speller = Speller(forms, words)

    @classmethod
    def of(cls, index: Index) -> "Known":
        """The words and names of an index's documents, without first questions."""
        return cls({document.id: learn(document) for document in index.documents.values()})

    def with_questions(self, index: Index, ask: Ask) -> "Known":
        """The same with the first questions of an index; `ask` answers at threshold 0."""
        return Known(self.lexicons, find_first_questions(index, ask))

    @classmethod
    def from_json(cls, data: bytes) -> "Known":
        """What `to_json` wrote; raises ValueError if it is something else."""
        kept = KEPT.validate_json(data)
        return cls(kept.lexicons, kept.questions)

    @staticmethod
    def check(data: bytes) -> None:
        """Raise ValueError if something is not what `to_json` wrote."""
        KEPT.validate_json(data)

    def to_json(self) -> bytes:
        """All of it as JSON."""
        return KEPT.dump_json(Kept(self.lexicons, self.questions))

    def only(self, documents: Collection[str]) -> "Known":
        """What is known of some of the documents."""
        lexicons = {document: lexicon for document, lexicon in self.lexicons.items() if document in documents}
        return Known(lexicons, [one for one in self.questions if one.document in documents])

    def correct(self, question: str) -> str:
        """The question with names and words as the documents spell them."""
        return self.speller.correct(self.names.respell(question))

    def knows(self, word: str) -> bool:
        """Whether a word is the documents' or English's."""
        return self.speller.knows(word)

    def query(self, question: str) -> str:
        """What the retriever is asked: the question with the other forms of its names."""
        return self.names.expand(question)

    def suggest(self, count: int, threshold: float, near: np.ndarray | None = None) -> tuple[str, ...]:
        """Up to that many questions that are answered at a threshold, the nearest to a vector first if one is given."""
        answered = [one for one in self.questions if one.confidence >= threshold]
        if near is not None:
            answered.sort(key=lambda one: -float(np.dot(near, np.array(one.vector, dtype=near.dtype))))
        return tuple(one.question for one in answered[:count])


def known_version(reader: str) -> str:
    """What changes when what is known has to be made anew: the reader's fingerprint, and the code that makes it."""
    here = Path(__file__).parent
    code = b"".join((here / name).read_bytes() for name in CODE)
    return hashlib.sha256(code + reader.encode()).hexdigest()[:12]
