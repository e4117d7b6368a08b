"""Networks run by onnxruntime: one thread each, and as many at a time as there are cores.

Two texts at once on a thread each are read faster than one on two threads, and what is read of a text does not
depend on what else is read.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

In = TypeVar("In")
Out = TypeVar("Out")

one_thread = False  # of each process, in which use_one_thread sets it


def open_session(graph: bytes, weights: Mapping[str, np.ndarray] | None = None) -> "InferenceSession":
    """A graph ready to run on one thread; `weights` are those of its initializers that it does not hold itself."""
    # Imported here: nothing happens at import.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    given = {name: onnxruntime.OrtValue.ortvalue_from_numpy(value) for name, value in (weights or {}).items()}
    if given:
        options.add_external_initializers(list(given), list(given.values()))
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def count_cores() -> int:
    """Return how many cores this process may use."""
    # Only Linux tells which cores are this process's own.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1)
def threads() -> ThreadPoolExecutor:
    """The threads that networks are run in, one for each core this process may use."""
    return ThreadPoolExecutor(1 if one_thread else count_cores(), "network")


def use_one_thread() -> None:
    """Have this process, which is one of several for as many cores, read one text at a time from its first on."""
    global one_thread
    one_thread = True
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def in_threads(work: Callable[[In], Out], items: Sequence[In]) -> Iterator[Out]:
    """What some work makes of each item, in order, several at a time."""
    return threads().map(work, items) if len(items) > 1 else map(work, items)
