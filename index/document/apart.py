"""A file that nobody vouches for, read in a process of its own, which ends at a deadline and takes nothing with it."""

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

from index.document.parse import parse
from index.document.sources import SourceFile, read_data
from index.document.types import Document
from index.errors import SourceError


def read_apart(id: str, name: str, data: bytes, seconds: float) -> Document:
    """The document that a file of this name and these bytes holds; raises SourceError where it is not read in time.

    What passes between the two processes is pickled; none of it is ever in a file.
    """
    command = [sys.executable, "-m", "index.document.apart"]
    try:
        done = subprocess.run(command, input=pickle.dumps((id, name, data)), capture_output=True, timeout=seconds)
        read: Document | str = pickle.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise SourceError(too_long(name, seconds)) from None
    except (pickle.UnpicklingError, EOFError):
        raise SourceError(
            f"{name} cannot be read: it is broken, or needs too much memory. Give another file."
        ) from None
    if isinstance(read, str):
        raise SourceError(read)
    return read


def too_long(name: str, seconds: float) -> str:
    """What to say of a file that was not read in time."""
    return f"{name} takes longer than {seconds:.0f} seconds to read. Give a shorter file."


def read_here(id: str, name: str, data: bytes) -> Document | str:
    """The document, or the sentence on why it cannot be read."""
    path = Path(name)
    try:
        read = read_data(path, data)
    except SourceError as error:
        return str(error)
    return parse(SourceFile(id, path, read.text, hashlib.sha256(data).hexdigest(), read.metadata, read))


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(read_here(*pickle.load(sys.stdin.buffer))))
