"""Long runs that can be stopped: what each task gave is a line of a file, and is not asked for again."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Key = tuple[str, str]  # a question's id, and how it was asked
Task = Callable[[], dict[str, Any]]


def run_tasks(
    tasks: Mapping[Key, Task],
    partial: Path,
    fingerprint: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[Key, dict[str, Any]]:
    """What every task gave; what `partial` holds of a run with this very fingerprint is not done again."""
    kept = {key: value for key, value in read_partial(partial, fingerprint) if key in tasks}
    partial.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"fingerprint": fingerprint}) + "\n")
        for key, value in kept.items():
            file.write(to_line(key, value))
        for done, (key, task) in enumerate(tasks.items(), 1):
            if key not in kept:
                kept[key] = task()
                file.write(to_line(key, kept[key]))
                file.flush()
            progress(done, len(tasks))
    return {key: kept[key] for key in tasks}


def to_line(key: Key, value: dict[str, Any]) -> str:
    """One task as a line of the file."""
    return json.dumps({"key": key, "value": value}, ensure_ascii=False) + "\n"


def read_partial(path: Path, fingerprint: str) -> Iterator[tuple[Key, dict[str, Any]]]:
    """What a stopped run of the same fingerprint has done."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").split("\n")
    try:
        if json.loads(lines[0]).get("fingerprint") != fingerprint:
            return
        for line in filter(None, lines[1:]):
            kept = json.loads(line)
            yield (kept["key"][0], kept["key"][1]), kept["value"]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        return  # the line that was being written when it stopped
