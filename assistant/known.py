"""What is known of documents before anything is asked: their words, their names, and questions that they answer.

It is made once, with the index, and kept beside it.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from assistant.suggest import Ask, FirstQuestion, find_first_questions
from assistant.understand.learning import learn
from assistant.understand.lexicon import Lexicon
from assistant.understand.names import Names
from assistant.understand.spelling import Speller
from assistant.understand.vocabulary import Vocabulary, VocabularyWriter
from index.retriever import Index

CODE = (
    "known.py",
    "suggest.py",
    "understand/lexicon.py",
    "understand/learning.py",
    "understand/vocabulary.py",
    "understand/names.py",
    "understand/spelling.py",
    "understand/grammar.py",
)
Asking = Callable[["Known"], Ask]  # what asks with what is known
QUESTION = TypeAdapter(FirstQuestion)


class Known:
    """The words and names of some documents, and questions that they answer."""

    def __init__(self, vocabulary: Vocabulary, questions: Sequence[FirstQuestion] = ()) -> None:
        self.vocabulary, self.questions = vocabulary, tuple(questions)
        self.names, self.speller = Names(vocabulary), Speller(vocabulary)

    @classmethod
    def of(cls, index: Index) -> "Known":
        """The words and names of an index's documents, without first questions."""
        return cls(Vocabulary.of(lexicons(index)))

    @classmethod
    def write(cls, index: Index, path: Path, asking: Asking) -> None:
        """Write what is known of an index's documents into a file; what was known of a text before is not made anew."""
        before = index.attached if isinstance(index.attached, Known) else None
        hashes = index.contents.tables.hashes or {}
        same: set[str] = set()
        writer = VocabularyWriter(path)
        try:
            for document in index.documents:
                text = hashes.get(document)
                lexicon = before.vocabulary.lexicon_of(document, text) if before and text else None
                if lexicon:
                    same.add(document)
                writer.add(document, lexicon or learn(index.documents[document]), text)
            known = cls(writer.finish())
            kept = [question for question in before.questions if question.document in same] if before else []
            questions = find_first_questions(index, asking(known), kept, same)
            writer.add_questions(QUESTION.dump_json(question) for question in questions)
        finally:
            writer.close()

    def with_questions(self, index: Index, ask: Ask) -> "Known":
        """The same with the first questions of an index; `ask` answers at threshold 0."""
        return Known(self.vocabulary, find_first_questions(index, ask))

    @classmethod
    def open(cls, path: Path) -> "Known":
        """What `write` wrote; raises ValueError if it is something else."""
        vocabulary = Vocabulary.open(path)
        return cls(vocabulary, [QUESTION.validate_json(question) for question in vocabulary.questions()])

    def only(self, documents: Collection[str]) -> "Known":
        """What is known of some of the documents."""
        kept = [question for question in self.questions if question.document in documents]
        return Known(Vocabulary.of(self.vocabulary.lexicons(documents)), kept)

    def correct(self, question: str) -> str:
        """The question with names and words as the documents spell them."""
        return self.speller.correct(self.names.respell(question))

    def knows(self, word: str) -> bool:
        """Whether a word is the documents' or English's."""
        return self.speller.knows(word)

    def query(self, question: str) -> str:
        """Return the query for the retriever: the question, expanded with other forms of the names in it."""
        return self.names.expand(question)

    def suggest(self, count: int, threshold: float, near: np.ndarray | None = None) -> tuple[str, ...]:
        """Up to that many questions that are answered at a threshold, the nearest to a vector first if one is given."""
        answered = [question for question in self.questions if question.confidence >= threshold]
        if near is not None:
            answered.sort(key=lambda question: -float(np.dot(near, np.array(question.vector, dtype=near.dtype))))
        return tuple(question.question for question in answered[:count])


def lexicons(index: Index) -> Iterator[tuple[str, Lexicon]]:
    """Yield each document's id with its words and names."""
    return ((name, learn(index.documents[name])) for name in index.documents)


def known_version(reader: str) -> str:
    """Hash what `Known` depends on, the reader and our code: what an older version wrote is made anew."""
    here = Path(__file__).parent
    code = b"".join((here / name).read_bytes() for name in CODE)
    return hashlib.sha256(code + reader.encode()).hexdigest()[:12]
