"""Resumable runs: each task's result is a line of a file, and is reused."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Key = tuple[str, str]  # a question's id, and its system or condition
Task = Callable[[], dict[str, Any]]


def run_tasks(
    tasks: Mapping[Key, Task],
    partial: Path,
    fingerprint: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[Key, dict[str, Any]]:
    """Run every task and return the results; those in the file `partial` from a run of this fingerprint are reused."""
    results = dict(read_partial(partial, fingerprint))
    partial.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"fingerprint": fingerprint}) + "\n")
        for key, value in results.items():
            file.write(to_line(key, value))
        for done, (key, task) in enumerate(tasks.items(), 1):
            if key not in results:
                results[key] = task()
                file.write(to_line(key, results[key]))
                file.flush()
            progress(done, len(tasks))
    return {key: results[key] for key in tasks}


def to_line(key: Key, value: dict[str, Any]) -> str:
    """Format one result as a line of the file."""
    return json.dumps({"key": key, "value": value}, ensure_ascii=False) + "\n"


def read_partial(path: Path, fingerprint: str) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield the results of a stopped run of the same fingerprint."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").split("\n")
    try:
        if json.loads(lines[0]).get("fingerprint") != fingerprint:
            return
        for line in filter(None, lines[1:]):
            entry = json.loads(line)
            yield (entry["key"][0], entry["key"][1]), entry["value"]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        return  # an incomplete last line
