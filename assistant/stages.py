"""Assistant.ask, told while it goes on."""

import copy
import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from assistant.assistant import Assistant
from assistant.reader import Reader, Selection
from assistant.types import Answer, Turn
from index.retriever import Index
from index.types import Hit


class ToldReader:
    """A reader that says when it begins."""

    def __init__(self, reader: Reader, say: Callable[[str], None]) -> None:
        self.reader, self.say = reader, say
        self.name, self.fingerprint = reader.name, reader.fingerprint

    def read(self, question: str, hits: Sequence[Hit], index: Index) -> Selection:
        """What the reader itself reads."""
        self.say(f"Reading the {len(hits)} nearest passages")
        return self.reader.read(question, hits, index)


def ask_in_stages(
    quoth: Assistant, question: str, history: Sequence[Turn] = (), complete: bool = True
) -> Iterator[str | Answer]:
    """What is being done, in words, then the answer; raises what Assistant.ask raises."""
    _ = quoth.understanding  # learned once, and not by each copy
    told: queue.SimpleQueue[str | Answer | Exception] = queue.SimpleQueue()
    watched = copy.copy(quoth)
    watched.reader = ToldReader(quoth.reader, told.put)

    def work() -> None:
        try:
            told.put(watched.ask(question, history, complete))
        except Exception as error:  # raised again below, in the thread that asked
            told.put(error)

    last = f"Searching {len(quoth.index.passages)} passages"
    yield last
    threading.Thread(target=work, daemon=True).start()
    while isinstance(said := told.get(), str):
        if said != last:
            yield said
        last = said
    if isinstance(said, Exception):
        raise said
    yield said
