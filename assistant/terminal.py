"""What the command lines share: what goes on is told on standard error, JSON lines and files are written."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.progress import Progress

from index.errors import QuestionError


def tell(message: str) -> None:
    """Say what goes on, on standard error."""
    print(f"quoth: {message}", file=sys.stderr)


@contextmanager
def progress_bar(doing: str = "Indexing") -> Iterator[Callable[[int, int], None]]:
    """A function of (done, total) that draws a bar, and how long is left, on standard error if that is a terminal.

    Nothing is drawn until it is called.
    """
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(doing)

    def show(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


def to_line(item: Mapping[str, Any]) -> str:
    """JSON on one line; half a surrogate pair, which UTF-8 cannot hold, stays escaped."""
    line = json.dumps(item, ensure_ascii=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        line = json.dumps(item)
    return line + "\n"


@contextmanager
def writing(path: Path | None) -> Iterator[IO[str]]:
    """The file to write to, or standard output; raises QuestionError if the file cannot be written."""
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8") as out:
            yield out
    except OSError as error:
        raise QuestionError(f"{path} cannot be written ({error.strerror}).") from error
