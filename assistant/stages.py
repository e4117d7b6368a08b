"""Assistant.ask, which says in words what it is doing."""

import copy
from collections.abc import Callable, Sequence

from assistant.assistant import Assistant
from assistant.reader import Reader, Selection
from assistant.types import Answer, Turn
from index.retriever import Index
from index.types import Hit

Say = Callable[[str], None]


class AnnouncingReader:
    """A reader that says when it begins."""

    def __init__(self, reader: Reader, say: Say) -> None:
        self.reader, self.say = reader, say
        self.name, self.fingerprint = reader.name, reader.fingerprint

    def read(self, question: str, hits: Sequence[Hit], index: Index) -> Selection:
        """What the reader itself reads."""
        self.say(f"Reading the {len(hits)} nearest passages")
        return self.reader.read(question, hits, index)


def ask_aloud(quoth: Assistant, question: str, history: Sequence[Turn | str], complete: bool, say: Say) -> Answer:
    """The answer to a question; raises what Assistant.ask raises."""
    _ = quoth.understanding  # learned once, and not by each copy
    announcing = copy.copy(quoth)
    announcing.reader = AnnouncingReader(quoth.reader, say)
    say(f"Searching {len(quoth.index.passages)} passages")
    return announcing.ask(question, history, complete)
