"""What an index of many passages costs to open, to ask and to keep, in a process of its own."""

import json
import random
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from index.folding import FUNCTION_WORDS

QUESTIONS, SEED, WORDS = 100, 17, 5
READ = 30  # of the questions are asked whole


def milliseconds(function: Callable[[Any], object], values: Sequence[Any]) -> dict[str, float]:
    """The median, the 95th percentile and the first of the times that an action takes over everything given."""
    times = []
    for value in values:
        start = time.perf_counter()
        function(value)
        times.append(1000 * (time.perf_counter() - start))
    ordered = sorted(times)
    return {
        "p50": round(ordered[len(times) // 2], 1),
        "p95": round(ordered[int(0.95 * len(times))], 1),
        "first": round(times[0], 1),
    }


def make_questions(index: Any) -> list[tuple[str, str]]:
    """Questions after the words of a sentence, each with the passage that it is drawn from."""
    generator, questions = random.Random(SEED), []
    while len(questions) < QUESTIONS:
        passage = index.passages[generator.randrange(len(index.passages))]
        words = [
            w
            for w in generator.choice(passage.sentences).plain.split()
            if w.isalpha() and w.lower() not in FUNCTION_WORDS
        ]
        if len(words) >= WORDS:
            questions.append((f"What is said about {' '.join(words[:WORDS])}?", passage.id))
    return questions


def peak_mb() -> float:
    """The most memory that this process has held, in megabytes, what is mapped of files among it."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def own_mb() -> float:
    """The memory that is this process's own, in megabytes: without what the system keeps of files, and can drop."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(status.partition("RssAnon:")[2].split()[0]) / 1024)


def measure(source: Path, index_dir: Path) -> dict[str, Any]:
    """Open the index of a folder and ask it."""
    from assistant import Assistant
    from assistant.config import Config
    from assistant.reader.load import load_reader
    from index.minilm import MiniLmEncoder

    encoder, reader = MiniLmEncoder(), load_reader(Config().reader)
    encoder.encode_questions(["warm"])
    models = own_mb()
    start = time.perf_counter()
    quoth = Assistant.from_config(Config(source, index_dir), encoder, print, None, reader)
    opened = time.perf_counter() - start
    start = time.perf_counter()
    quoth.ask("What is said about memory?")
    first = time.perf_counter() - start
    index = quoth.index
    drawn = make_questions(index)
    questions = [question for question, _ in drawn]
    hits = sum(passage in [hit.passage.id for hit in index.search(question, 10)] for question, passage in drawn)
    answers: list[Any] = []
    files = {path.name: path.stat().st_size for path in next(index_dir.glob("*/generation-*")).iterdir()}
    return {
        "passages": len(index.passages),
        "sentences": index.sentences,
        "documents": len(index.documents),
        "opened_s": round(opened, 2),
        "first_answer_s": round(first, 2),
        "understand_ms": milliseconds(lambda question: quoth.known.query(quoth.known.correct(question)), questions),
        "retrieve_ms": milliseconds(
            lambda question: index.search(quoth.known.query(question) + " again", 15), questions
        ),
        "answer_ms": milliseconds(lambda question: answers.append(quoth.ask(question)), questions[:READ]),
        "reading_ms": round(statistics.median(answer.timings_ms["read"] for answer in answers), 1),
        "found_in_10": hits / len(drawn),
        "memory_mb": {"models": models, "own": own_mb(), "peak": peak_mb()},
        "disk_mb": {name: round(size / 1e6, 1) for name, size in sorted(files.items())},
    }


if __name__ == "__main__":
    import sys

    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
