"""make bench: how long reading takes and how much memory asking holds, as ratios measured in one run."""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant import Assistant
from assistant.reader.load import SIMPLE_READER
from assistant.reader.network import PACKAGED, OnnxNetwork
from assistant.reader.windows import make_windows
from index.dense import packaged_model
from training.export import export, save_tokenizer
from training.model import ReaderNetwork

QUESTIONS = (
    "How many troops will the UN mission have?",
    "Who leads Ansar Eddine?",
    "Why did Chad withdraw its soldiers?",
    "When did the revolt begin?",
)
PASSAGES = 5
ROUNDS = 5


@contextmanager
def full_precision() -> Iterator[OnnxNetwork]:
    """The reader's network in fp32; its weights are MiniLM's untrained ones, which takes the same time."""
    with tempfile.TemporaryDirectory() as folder:
        export(ReaderNetwork(packaged_model()).eval(), Path(folder) / "reader.onnx")
        save_tokenizer(Path(folder))
        yield OnnxNetwork(Path(folder))


def milliseconds(action: Callable[[str], object]) -> float:
    """The median time of an action over every question, several times, after one that is not counted."""
    taken = []
    for number in range(ROUNDS + 1):
        for question in QUESTIONS:
            began = time.perf_counter()
            action(question)
            taken.append(1000 * (time.perf_counter() - began)) if number else None
    return statistics.median(taken)


def peak_memory_mb() -> float:
    """The most memory that `quoth ask` holds, in megabytes."""
    subprocess.run([sys.executable, "-m", "assistant", "ask", QUESTIONS[0]], check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


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
        quick = milliseconds(lambda question: small.read(question, windows[question]))
        slow = milliseconds(lambda question: full.read(question, windows[question]))
    retrieval = milliseconds(lambda question: quoth.index.search(question, PASSAGES))
    mean = statistics.mean(len(one) for one in windows.values())
    print(f"reading {PASSAGES} passages and their notes ({mean:.0f} windows), median of {ROUNDS * len(QUESTIONS)}:")
    print(f"  as shipped  {quick:7.1f} ms")
    print(f"  fp32        {slow:7.1f} ms, {slow / quick:.2f} times as long")
    print(f"finding them  {retrieval:7.1f} ms, {retrieval / quick:.2f} of the reading")
    print(f"peak memory of `quoth ask`  {memory:.0f} MB")


if __name__ == "__main__":
    main()
