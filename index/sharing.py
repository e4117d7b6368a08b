"""An index made by several processes, of one machine or of several that share a folder: each makes pieces of it.

Whoever opens the index then puts the pieces together, just as if it had read the documents itself. A process that is
killed is started again; pieces that are there are not made again.
"""

import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from index.building import read_documents, write_documents
from index.contents import ContentsWriter
from index.dense import Encoder, Progress
from index.document.sources import Found, FoundFile
from index.encoders import load_encoder
from index.errors import QuothError, StoreError
from index.pieces import READING, Pieces, cut, making_piece
from index.reuse import Kept, entry_of
from index.sessions import use_one_thread
from index.store import Say, Wanted, disk_errors, find_wanted, keep
from index.types import IndexConfig

ATTEMPTS = 3  # at one piece, by processes that are killed
CHILDREN = multiprocessing.get_context("spawn")  # threads and networks are not to be forked
Group = tuple[FoundFile, ...]
Made = tuple[Group, list[str]]  # and a sentence on each file that cannot be read
OpenEncoder = Callable[[], Encoder]


@dataclass(frozen=True, slots=True)
class Share:
    """One share of the documents `of` so many; they are numbered from 1."""

    number: int = 1
    of: int = 1


def make_pieces(
    source: Path,
    index_dir: Path,
    config: IndexConfig = IndexConfig(),
    share: Share = Share(),
    workers: int = 0,
    open_encoder: OpenEncoder | None = None,
    say: Say = lambda message: None,
    progress: Progress | None = None,
    collections: Sequence[Path] = (),
) -> int:
    """Make those pieces of a share that are not there, in so many processes, or in this one (0).

    Returns how many documents are in no piece then, whoever has them to make. `say` is told of files that cannot be
    read, and of processes that end too early; `open_encoder` is called in each process. Raises what open_index raises.
    """
    open_encoder = open_encoder or partial(load_encoder, config.encoder)
    folder, wanted = find_wanted(source, index_dir, config, open_encoder(), None, collections)
    files = wanted.found.files
    own, is_missing = list(cut(files))[share.number - 1 :: share.of], find_missing(folder, wanted)
    groups = [group for group in (tuple(filter(is_missing, group)) for group in own) if group]
    total, done = sum(file.size for group in groups for file in group), 0
    job = Job(folder, {name: wanted.expected[name] for name in READING}, config, open_encoder)
    kept = keep(folder, wanted)
    results_here = ((group, make_piece(folder, wanted, kept, group)) for group in groups)
    try:
        with closing(in_processes(job, groups, workers, say) if workers else results_here) as results:
            for group, unread in results:
                for message in unread:
                    say(message)
                done += sum(file.size for file in group)
                if progress:
                    progress(done, total)
    except OSError as error:
        raise StoreError(
            f"The index folder {folder} cannot be written ({error.strerror or error}). Name another with --index-dir."
        ) from error
    return sum(map(find_missing(folder, wanted), files))


def find_missing(folder: Path, wanted: Wanted) -> Callable[[FoundFile], bool]:
    """What tells whether a file has to be read: it is in no piece, nor in the index that there is."""
    kept, pieces = keep(folder, wanted), Pieces(folder, wanted.expected, wanted.width)
    return lambda file: not pieces.holds(file) and not (kept and kept.holds(file))


def make_piece(folder: Path, wanted: Wanted, kept: Kept | None, files: Group) -> list[str]:
    """Make a piece; `kept` is an older index of the same documents. Returns a sentence on each unread file."""
    unread: list[str] = []
    texts: dict[str, str] = {}
    stopped: dict[str, str] = {}
    manifest = {name: wanted.expected[name] for name in READING}
    manifest |= {"sources": {file.id: entry_of(file) for file in files}, "texts": texts, "unread": unread}
    manifest["stopped"] = stopped
    with disk_errors(), making_piece(folder, manifest) as place:
        writer = ContentsWriter(wanted.width, place)
        try:
            window = min(wanted.config.window, wanted.encoder.window)
            documents = read_documents(files, lambda _: kept, texts, unread, stopped=stopped)
            write_documents(documents, 0, wanted.encoder, window, writer)
            writer.finish()
        finally:
            writer.close()
    return unread


@dataclass(frozen=True, slots=True)
class Job:
    """What a process has to know to make pieces; all of it can be pickled."""

    folder: Path
    expected: dict[str, object]
    config: IndexConfig
    open_encoder: OpenEncoder


@dataclass(slots=True)
class Worker:
    """A process that makes pieces, the line to it, and what it is making."""

    process: BaseProcess
    line: Connection
    group: Group = ()


def in_processes(job: Job, groups: Sequence[Group], workers: int, say: Say) -> Generator[Made, None, None]:
    """Make pieces in so many processes; who is killed is started again, unless its piece has killed others before."""
    waiting, failures = deque(groups), Counter[str]()
    running = [start_worker(job) for _ in range(min(workers, len(groups)))]
    try:
        while waiting or any(worker.group for worker in running):
            for worker in running:
                if waiting and not worker.group:
                    worker.group = waiting.popleft()
                    with suppress(OSError):  # it has ended, of which is heard below
                        worker.line.send(worker.group)
            for line in wait([worker.line for worker in running if worker.group]):
                worker = next(worker for worker in running if worker.line is line)
                unread = receive(worker)
                if unread is not None:
                    yield worker.group, unread
                    worker.group = ()
                    continue
                failures[name := worker.group[0].id] += 1
                if failures[name] == ATTEMPTS:
                    raise StoreError(
                        f"{ATTEMPTS} processes were ended while they read the documents from {name} on. "
                        "Is there too little memory? Try fewer with --workers."
                    )
                say(f"The process that read the documents from {name} on was ended; another takes its place.")
                waiting.appendleft(worker.group)
                running[running.index(worker)] = start_worker(job)
    finally:
        for worker in running:
            worker.process.terminate()
            worker.line.close()
            worker.process.join()


def start_worker(job: Job) -> Worker:
    """Start a process."""
    here, there = CHILDREN.Pipe()
    process = CHILDREN.Process(target=work, args=(job, there), daemon=True)
    process.start()
    there.close()
    return Worker(process, here)


def receive(worker: Worker) -> list[str] | None:
    """What a process tells of the piece it has made, None where it has ended; raises what went wrong."""
    try:
        message = worker.line.recv()
    except (EOFError, OSError):
        worker.line.close()
        worker.process.join()
        return None
    if isinstance(message, Exception):
        raise message
    return list(message)


def work(job: Job, line: Connection) -> None:
    """Make the pieces that come down a line until it ends, as it does with the process at its other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the other process's affair
    use_one_thread()
    try:
        wanted = Wanted(Found((), ()), job.expected, job.open_encoder(), job.config, None)
        kept = keep(job.folder, wanted)
        while True:
            line.send(make_piece(job.folder, wanted, kept, line.recv()))
    except (QuothError, OSError) as error:
        with suppress(OSError):
            line.send(error)
    except EOFError:
        return
