"""Assistant.ask, told while it goes on."""

import queue
import threading
from collections.abc import Iterator, Sequence

from assistant.assistant import Assistant
from assistant.types import Answer, Turn

STAGES = {"retrieve": "Searching {} passages", "read": "Reading the {} nearest passages"}


def ask_in_stages(
    quoth: Assistant, question: str, history: Sequence[Turn] = (), complete: bool = True
) -> Iterator[str | Answer]:
    """What is being done, in words, each once, then the answer; raises what Assistant.ask raises."""
    events: queue.SimpleQueue[str | Answer | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            events.put(quoth.ask(question, history, complete, lambda stage, n: events.put(STAGES[stage].format(n))))
        except Exception as error:  # raised again below, in the thread that asked
            events.put(error)

    threading.Thread(target=work, daemon=True).start()
    said: set[str] = set()
    while isinstance(event := events.get(), str):
        if event not in said:
            yield event
        said.add(event)
    if isinstance(event, Exception):
        raise event
    yield event
