"""The queue: so many questions are answered at once, so many may wait, and no more, wherever they come from."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from anyio import CancelScope

from assistant.server.problems import Refusal
from assistant.types import Answer

Progress = Callable[[str], None]
T = TypeVar("T")
Job = Callable[[Progress], T]


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a question is: "queued" behind `ahead` others, then "reading", with what is being done in words."""

    name: str
    ahead: int = 0
    doing: str = ""


class Queue:
    """`workers` questions are answered at the same time, `places` may wait behind them.

    `observe` is told of each answer, and how many seconds it took.
    """

    def __init__(
        self, workers: int, places: int, observe: Callable[[Answer, float], None] = lambda answer, seconds: None
    ) -> None:
        self.workers, self.places, self.observe = workers, places, observe
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

    async def do(self, job: Job[T], say: Callable[[Stage], None]) -> T:
        """Run a job in a thread when it is its turn, and return its result; `say` is called in this loop.

        Who is cancelled while waiting gives the place back; a job that has begun holds its worker until it is done.
        """
        loop = asyncio.get_running_loop()

        def progress(doing: str) -> None:
            loop.call_soon_threadsafe(say, Stage("reading", doing=doing))

        async with self.place() as ahead:
            say(Stage("queued", ahead))
            async with self._turns:
                say(Stage("reading"))
                began = loop.time()
                try:
                    with CancelScope(shield=True):
                        given = await loop.run_in_executor(self._threads, job, progress)
                finally:
                    took = loop.time() - began
                    self._seconds += 0.1 * (took - self._seconds)
                if isinstance(given, Answer):
                    self.observe(given, took)
                return given


class Pending(Generic[T]):
    """A question in a queue, as whoever asked it sees it: an iterator over its stages, then the answer, a `T`.

    It raises what answering raises, and Refusal where the queue is full. It ends without an answer once it is given
    up, as it is when nobody iterates any more.
    """

    def __init__(self, queue: Queue, job: Job[T]) -> None:
        """Starts at once; needs a running event loop."""
        self._events: asyncio.Queue[Stage | T | Exception | None] = asyncio.Queue()
        self._scope = CancelScope()
        self._task = asyncio.create_task(self._work(queue, job))

    async def _work(self, queue: Queue, job: Job[T]) -> None:
        try:
            with self._scope:
                self._events.put_nowait(await queue.do(job, self._events.put_nowait))
        except Exception as error:  # raised again below, where somebody iterates
            self._events.put_nowait(error)
        finally:
            self._events.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Stage | T]:
        """Its stages, then the answer."""
        try:
            while (event := await self._events.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.give_up()

    async def answer(self) -> T | None:
        """The answer alone; None if it was given up."""
        return next((event for event in [e async for e in self] if not isinstance(event, Stage)), None)

    def give_up(self) -> None:
        """Give the place back, unless the answer is being made: that cannot be stopped."""
        self._scope.cancel()
