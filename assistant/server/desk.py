"""The desk where questions wait their turn: so many at once, so many waiting, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from assistant.server.problems import Refusal

T = TypeVar("T")


class Desk:
    """`workers` questions are answered at the same time, `places` may wait behind them."""

    def __init__(self, workers: int, places: int) -> None:
        self.workers, self.places = workers, places
        self.taken = 0
        self._turns = asyncio.Semaphore(workers)
        self._threads = CapacityLimiter(workers)
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
        """Do a job in a thread, when it is one's turn."""
        began = asyncio.get_running_loop().time()
        try:
            return await to_thread.run_sync(job, limiter=self._threads)
        finally:
            took = asyncio.get_running_loop().time() - began
            self._seconds += 0.1 * (took - self._seconds)
