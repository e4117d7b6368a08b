"""The queue where questions wait their turn: so many at once, so many waiting, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import CancelScope

from assistant.server.problems import Refusal

T = TypeVar("T")


class Queue:
    """`workers` questions are answered at the same time, `places` may wait behind them."""

    def __init__(self, workers: int, places: int) -> None:
        self.workers, self.places = workers, places
        self.taken = 0
        self._turns = asyncio.Semaphore(workers)
        # Threads of its own: the libraries that read keep memory for each thread that has ever called them.
        self._threads = ThreadPoolExecutor(workers, "queue")
        self._seconds = 0.2  # an answer's usual time, learnt as they are given

    @asynccontextmanager
    async def place(self) -> AsyncIterator[int]:
        """A place in the queue, and how many are before it; raises Refusal if there is none."""
        if self.taken >= self.workers + self.places:
            wait = max(1, round(self._seconds * self.taken / self.workers))
            raise Refusal("busy", why=f"{self.taken} questions wait", headers={"Retry-After": str(wait)})
        self.taken += 1
        try:
            yield self.taken - 1
        finally:
            self.taken -= 1

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until it is one's turn, and have it."""
        async with self._turns:
            yield

    async def do(self, job: Callable[[], T]) -> T:
        """Do a job in a thread, when it is one's turn; it is waited for, even if nobody wants it any more."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            with CancelScope(shield=True):
                done = await loop.run_in_executor(self._threads, job)
        finally:
            took = loop.time() - began
            self._seconds += 0.1 * (took - self._seconds)
        return done
