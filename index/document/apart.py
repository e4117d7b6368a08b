"""Files read in a process of their own: one that takes too long, or breaks its reader, takes nothing with it.

One process reads many files, one after another. Where it does not answer in time it is ended, with whatever it has
started, and the next file has a new one.
"""

import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType

from index.document.formats.bounds import MEBIBYTE, MOST_MEMORY, SECONDS, SECONDS_PER_MEBIBYTE
from index.document.parse import parse
from index.document.sources import FoundFile, read_file
from index.document.types import Document
from index.errors import SourceError, StoppedError


class ReadingProcess:
    """A process that reads files; it is started with the first of them. Use it in a `with` block, by one thread."""

    def __init__(self, seconds: float | None = None) -> None:
        """`seconds` are for each file, those of `seconds_for` if None."""
        self.seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> "ReadingProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def read(self, found: FoundFile) -> Document:
        """A file's document; raises SourceError if it cannot be read, StoppedError if that took too long."""
        pipe = self._pipe or self._start()
        seconds = self.seconds or seconds_for(found.size)
        try:
            pipe.send(found)
            if not pipe.poll(seconds):
                raise StoppedError(too_long(found.path, seconds))
            read: Document | SourceError = pipe.recv()
        except (EOFError, OSError):
            self.stop()
            raise StoppedError(
                f"{found.path} cannot be read: it is broken, or needs too much memory. Give another file."
            ) from None
        except BaseException:
            self.stop()
            raise
        if isinstance(read, SourceError):
            raise read
        return read

    def stop(self) -> None:
        """End the process, if there is one, and what it has started."""
        if self._process and self._pipe:
            self._pipe.close()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = self._pipe = None

    def _start(self) -> Connection:
        """Start the process; it finds modules where this one does, whatever folder it runs in."""
        self._pipe, theirs = Pipe()
        number = theirs.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "index.document.apart", str(number)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[number],
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        theirs.close()
        return self._pipe


def seconds_for(size: int) -> float:
    """How long a file of so many bytes may take."""
    return SECONDS + SECONDS_PER_MEBIBYTE * size / MEBIBYTE


def too_long(name: object, seconds: float) -> str:
    """What to say of a file that was not read in time."""
    return f"{name} takes longer than {seconds:.0f} seconds to read. Give a shorter file."


def read_here(found: FoundFile) -> Document | SourceError:
    """The document, or why it cannot be read."""
    try:
        return parse(read_file(found))
    except SourceError as error:
        return error
    except MemoryError:
        return StoppedError(f"{found.path} needs too much memory to be read. Give a shorter file.")


def serve(pipe: Connection) -> None:
    """Read the files that come through a pipe, until it is closed."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    with suppress(EOFError):
        while True:
            pipe.send(read_here(pipe.recv()))


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
