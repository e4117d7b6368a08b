"""make bench: how long reading takes and how much memory asking holds, as ratios measured in one run."""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant import Assistant
from assistant.reader.load import SIMPLE_READER
from assistant.reader.network import PACKAGED, OnnxNetwork
from assistant.reader.windows import make_windows
from index.minilm import packaged_model
from training.export import reader_weights, save_reader
from training.graph import reader_model
from training.model import ReaderNetwork

QUESTIONS = (
    "How many troops will the UN mission have?",
    "Who leads Ansar Eddine?",
    "Why did Chad withdraw its soldiers?",
    "When did the revolt begin?",
)
FOLLOW_UPS = (
    ("How many troops will the UN mission have?", "And how many police?", "How many police will the UN mission have?"),
    ("Who leads Ansar Eddine?", "What did he propose?", "What did Iyad ag Ghaly propose?"),
    ("Is Chad withdrawing its soldiers?", "Why is that?", "Why is Chad withdrawing its soldiers?"),
)
PASSAGES = 5
ROUNDS = 5


@contextmanager
def full_precision() -> Iterator[OnnxNetwork]:
    """The reader's network in fp32; its weights are MiniLM's untrained ones, which takes the same time."""
    with tempfile.TemporaryDirectory() as folder:
        weights = reader_weights(ReaderNetwork(packaged_model()).state_dict())
        save_reader(reader_model(weights), Path(folder))
        yield OnnxNetwork(Path(folder))


def milliseconds(action: Callable[[Any], object], given: Sequence[Any]) -> float:
    """The median time of an action over everything given, several times, after one that is not counted."""
    taken = []
    for number in range(ROUNDS + 1):
        for item in given:
            began = time.perf_counter()
            action(item)
            taken.append(1000 * (time.perf_counter() - began)) if number else None
    return statistics.median(taken)


def peak_memory_mb() -> float:
    """The most memory that `quoth ask` holds, in megabytes."""
    subprocess.run([sys.executable, "-m", "assistant", "ask", QUESTIONS[0]], check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def print_understanding(quoth: Assistant) -> None:
    """What understanding a question adds to answering it, alone and after another."""
    plain = milliseconds(lambda question: quoth.ask(question, complete=False), QUESTIONS)
    alone = milliseconds(quoth.ask, QUESTIONS)
    turns = {first: [quoth.ask(first).to_turn()] for first, _, _ in FOLLOW_UPS}
    after = milliseconds(lambda item: quoth.ask(item[1], turns[item[0]]), FOLLOW_UPS)
    whole = milliseconds(lambda item: quoth.ask(item[2]), FOLLOW_UPS)
    greeting = milliseconds(quoth.ask, ["Hello!"])
    print(f"one question as it is written      {plain:7.1f} ms")
    print(f"  the same, understood first       {alone:7.1f} ms, {alone / plain:.2f} times as long")
    print(f"a follow-up, its answer known      {after:7.1f} ms, {after / whole:.2f} times its clean form (at most 2)")
    print(f"“Hello!”                           {greeting:7.1f} ms (at most 10)")


def main() -> None:
    """Measure and print."""
    memory = peak_memory_mb()
    quoth = Assistant.open(reader=SIMPLE_READER)
    windows = {}
    for question in QUESTIONS:
        made = make_windows(quoth.index.search(question, PASSAGES), quoth.index)
        windows[question] = [window.text for window in made]
    small = OnnxNetwork(PACKAGED)
    with full_precision() as full:
        quick = milliseconds(lambda question: small.read(question, windows[question]), QUESTIONS)
        slow = milliseconds(lambda question: full.read(question, windows[question]), QUESTIONS)
    retrieval = milliseconds(lambda question: quoth.index.search(question, PASSAGES), QUESTIONS)
    mean = statistics.mean(len(window) for window in windows.values())
    print(f"reading {PASSAGES} passages and their notes ({mean:.0f} windows), median of {ROUNDS * len(QUESTIONS)}:")
    print(f"  as shipped  {quick:7.1f} ms")
    print(f"  fp32        {slow:7.1f} ms, {slow / quick:.2f} times as long")
    print(f"finding them  {retrieval:7.1f} ms, {retrieval / quick:.2f} of the reading")
    print_understanding(Assistant.open())
    print(f"peak memory of `quoth ask`  {memory:.0f} MB")


if __name__ == "__main__":
    main()
