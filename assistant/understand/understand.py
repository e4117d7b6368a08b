"""What a question may mean: its words put right, then completed from the conversation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.types import Turn
from assistant.understand.anaphora import Said
from assistant.understand.conversation import Rewrite, rewrite
from assistant.understand.language import is_foreign
from assistant.understand.names import Names, learn_names
from assistant.understand.smalltalk import reply_to
from assistant.understand.spelling import Speller
from index.folding import words
from index.retriever import Index

REMEMBERED = 4  # turns that a question can lean on


@dataclass(frozen=True, slots=True)
class Understanding:
    """Knows the words and names of an index's documents."""

    names: Names
    speller: Speller

    @classmethod
    def of(cls, index: Index) -> "Understanding":
        """The understanding of an index."""
        documents = list(index.documents.values())
        return cls(learn_names(documents), Speller([document.text for document in documents]))

    def reply_to(self, text: str) -> str | None:
        """One friendly line where a text asks nothing."""
        return reply_to(text)

    def makes_sense(self, text: str) -> bool:
        """Whether any word of a text is a number or known, or most of them once their spelling is put right."""
        corrected = words(self.correct(text))
        known = sum(self.speller.knows(word) for word in corrected)
        return any(word[0].isdigit() or self.speller.knows(word) for word in words(text)) or 2 * known > len(corrected)

    def is_foreign(self, question: str) -> bool:
        """Whether a question is in another language than English."""
        return is_foreign(question, self.speller.knows)

    def correct(self, question: str) -> str:
        """The question with names and words as the documents spell them."""
        return self.speller.correct(self.names.respell(question))

    def query(self, question: str) -> str:
        """What the retriever is asked: the question with the other forms of its names."""
        return self.names.expand(question)

    def readings(
        self, question: str, turns: Sequence[Turn], settle: Callable[[Sequence[Rewrite]], tuple[Rewrite, str | None]]
    ) -> tuple[Rewrite, ...]:
        """What a question may mean after some turns, the likeliest first; itself alone where it leans on nothing.

        `settle` chooses among readings by their evidence and gives the short answer.
        """
        said: list[Said] = []
        if not turns or not rewrite(question, [Said(turns[-1].question)]):
            return (Rewrite(question),)
        for turn in turns[-REMEMBERED:]:
            earlier = self.correct(turn.question)
            found = rewrite(earlier, said) or (Rewrite(earlier),)
            chosen, answer = (found[0], turn.answer) if turn.answer and len(found) == 1 else settle(found)
            said.append(Said(chosen.question, chosen.topic, turn.answer or answer))
        return rewrite(question, said) or (Rewrite(question),)
