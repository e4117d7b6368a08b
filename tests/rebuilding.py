"""Rebuilds of an index in children that are killed or hindered, and what must hold of the folder afterwards."""

import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from filelock import FileLock

from assistant.feedback import FeedbackStore, Record
from assistant.server.tokens import TokenFile
from index import generation, store
from index.errors import StoreError
from index.retriever import Index
from index.store import generations, open_index
from tests.conftest import HashEncoder

# Children are forked from a small process that has the modules loaded already: a hundred of them take seconds.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.rebuilding"])
FILE_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.scandir", "os.listdir"}


class SmallEncoder(HashEncoder):
    """Counts what it encodes, which takes a little while."""

    dimensions = 1024
    pause = 0.0
    encoded = 0

    def encode_passages(self, texts: list[str]) -> np.ndarray:  # type: ignore[override]
        self.encoded += len(texts)
        time.sleep(self.pause * len(texts))
        return super().encode_questions(texts)


def text_of(name: str) -> str:
    """A document of many paragraphs and notes that tells of one place."""
    body = "\n\n".join(
        f"Rain fell in {name} on day {day}.[{day}] The river rose by {day} feet." for day in range(1, 60)
    )
    return body + "\n\n" + "\n".join(f"[{day}] Roe, “Day {day} in {name},” Press, 2001." for day in range(1, 60)) + "\n"


TEXTS = BEFORE, OLD, NEW, LAST = tuple(map(text_of, ("Timbuktu", "Kidal", "Gao", "Mopti")))


def opened(source: Path, text: str, index_dir: Path) -> tuple[Index, int]:
    """The index of a text, and how many texts were encoded for it."""
    source.write_text(text, encoding="utf-8")
    encoder = SmallEncoder()
    return open_index(source, index_dir, encoder=encoder), encoder.encoded


def folder_in(index_dir: Path) -> Path:
    (only,) = index_dir.iterdir()
    return only


class Rebuilding:
    """A folder with two generations, of which the second is the old index; a rebuild makes the new, and removes the first."""

    def __init__(self, tmp_path: Path) -> None:
        self.source, self.index_dir, self.kept = tmp_path / "doc.txt", tmp_path / "idx", tmp_path / "kept"
        self.indexes = {text: opened(self.source, text, self.kept)[0] for text in (BEFORE, OLD)}
        self.indexes[NEW] = opened(self.source, NEW, tmp_path / "other")[0]

    def prepare(self) -> None:
        """Have the old index again, and the new text."""
        shutil.rmtree(self.index_dir, ignore_errors=True)
        shutil.copytree(self.kept, self.index_dir)
        self.folder = folder_in(self.index_dir)
        self.source.write_text(NEW, encoding="utf-8")

    def check(self) -> str:
        """Which index is the newest after a rebuild was killed; raises AssertionError where one does not open as it should."""
        names = [generation.name for generation in generations(self.folder)]
        assert names in (
            ["generation-2", "generation-1"],
            [f"generation-{n}" for n in (3, 2, 1)],
            ["generation-3", "generation-2"],
        )
        for is_new in generations(self.folder):
            check_whole(is_new)
        assert len(list(self.folder.glob("*ing-*"))) <= 1
        with FileLock(self.folder / "lock", timeout=0):
            pass
        is_new = len(names) == 3 or names[0] == "generation-3"
        for text, encodes in ((OLD, False), (NEW, not is_new), (OLD, False), (NEW, False)):
            index, encoded = opened(self.source, text, self.index_dir)
            assert (encoded > 0) is encodes
            check_same(index, self.indexes[text])
        opened(self.source, LAST, self.index_dir)
        assert {path.name for path in self.folder.iterdir()} == {"lock", "generation-4", "generation-3"}
        return "new" if is_new else "old"


def check_whole(generation: Path) -> None:
    """Raise AssertionError if a generation that can be seen is not what its manifest says."""
    manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    hashes = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in generation.iterdir()}
    del hashes["manifest.json"]
    assert hashes == {name: written["sha256"] for name, written in manifest["files"].items()}
    assert len(hashes) == 7


def check_same(index: Index, expected: Index) -> None:
    """Raise AssertionError if two indexes differ in a word or a vector."""
    assert index.documents == expected.documents
    assert index.passages == expected.passages
    assert np.array_equal(index.passage_vectors, expected.passage_vectors)
    assert np.array_equal(index.sentence_vectors, expected.sentence_vectors)


# In the child


def rebuild(source: Path, index_dir: Path, pipe: Connection, pause: float, kill_at: int | None = None) -> None:
    """Open the index, which has to be made anew, telling when encoding, saving and removing begin.

    With `kill_at` the process kills itself before the file system is touched for that time, or a line of the
    saving is begun; where there are fewer such steps, it tells how many there were.
    """
    encoder = SmallEncoder()
    encoder.pause = pause
    save, remove, steps = store.save, generation.remove, 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def touched(event: str, given: tuple[Any, ...]) -> None:
        if event in FILE_EVENTS and str(index_dir) in " ".join(map(str, given)):
            step()

    def line(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename in (generation.__file__, shutil.__file__):
            step()
            return line
        return None

    def saving(*given: Any) -> Any:
        pipe.send("saving")
        sys.settrace(line if kill_at is not None else None)
        saved = save(*given)
        sys.settrace(None)
        return saved

    def removing(generation: Path) -> None:
        pipe.send("removing")
        remove(generation)

    store.save, generation.remove = saving, removing
    if kill_at is not None:
        sys.addaudithook(touched)
    pipe.send("encoding")
    open_index(source, index_dir, encoder=encoder)
    pipe.send(steps)


def limited(source: Path, index_dir: Path, pipe: Connection, size: int) -> None:
    """Open the index where no file may grow beyond `size` bytes, and tell the error."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        open_index(source, index_dir, encoder=SmallEncoder())
        pipe.send("made")
    except StoreError as error:
        pipe.send(str(error))


def start(target: Callable[..., None], *given: Any) -> tuple[BaseProcess, Connection]:
    """A child, and the end of a pipe that it tells things through."""
    here, there = CHILDREN.Pipe(duplex=False)
    child = CHILDREN.Process(target=target, args=(*given[:2], there, *given[2:]))
    child.start()
    there.close()
    return child, here


def hear(pipe: Connection) -> Iterator[object]:
    """What a child tells until it ends."""
    try:
        while True:
            yield pipe.recv()
    except EOFError:
        return


def read_on(source: Path, index_dir: Path, pipe: Connection, seconds: float) -> None:
    """Open the index over and over, whatever the text is at the time, and tell how often it was loaded and made."""
    loaded, is_new, until = 0, 0, time.monotonic() + seconds
    while time.monotonic() < until:
        encoder = SmallEncoder()
        index = open_index(source, index_dir, encoder=encoder)
        (document,) = index.documents.values()
        assert document.text in TEXTS
        assert index.passages[0].text.startswith("Rain fell in " + document.text.split()[3])
        assert np.array_equal(index.passage_vectors[:1], encoder.encode_questions([index.passages[0].plain]))
        loaded, is_new = loaded + (encoder.encoded == 0), is_new + (encoder.encoded > 0)
    pipe.send((loaded, is_new))


def add_tokens(path: Path, tag: str, pipe: Connection) -> None:
    """Make one token after another, telling each name once it is kept."""
    for number in range(10**6):
        TokenFile(path).add(f"{tag}-{number}", False, None, datetime.now(UTC))
        pipe.send(f"{tag}-{number}")


def save_feedback(path: Path, tag: str, pipe: Connection) -> None:
    """Save one record after another, telling each id once it is kept."""
    store = FeedbackStore(path)
    for number in range(10**6):
        store.save(Record("When? " * 300, "", True, 0.5, (), {}, id=f"{tag}-{number}"))
        pipe.send(f"{tag}-{number}")
