"""uvicorn's HTTP/1.1 with limits on how long a request may take to arrive, and an answer to be read."""

import asyncio
import math
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class Impatient(H11Protocol):
    """Closes a connection if no whole request comes for `seconds`, or nothing is read for `unread_seconds`."""

    seconds: float
    unread_seconds: float
    deadline = 0.0
    reader: Any = None  # the timer of an answer that is being read

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a first request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # writing is paused while anything is unread
        self.expect()

    def data_received(self, data: bytes) -> None:
        """Take what has come; the time for the headers began with the first of it."""
        super().data_received(data)
        if self.timeout_keep_alive_task is None and (self.cycle is None or self.cycle.response_complete):
            self.expect(keep=True)
        elif self.cycle is not None and not self.cycle.response_complete:
            self.deadline = 0.0

    def expect(self, keep: bool = False) -> None:
        """Wait for a request's headers; `keep` holds to the time at which the wait for them began."""
        now = self.loop.time()
        if not keep or not self.deadline:
            self.deadline = now + self.seconds
        left: Any = max(0.0, self.deadline - now)
        self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)

    def pause_writing(self) -> None:
        """The client has something left to read: wait for it."""
        super().pause_writing()
        self.wait_for_reader()

    def resume_writing(self) -> None:
        """The client has read everything."""
        super().resume_writing()
        self.reader.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        if self.reader:
            self.reader.cancel()

    def wait_for_reader(self, before: float = math.inf) -> None:
        """Close the connection if no less is unread than before; look again later otherwise."""
        unread = self.transport.get_write_buffer_size()
        if unread >= before:
            self.transport.abort()
        else:
            self.reader = self.loop.call_later(self.unread_seconds, self.wait_for_reader, unread)


def impatient(seconds: float, unread_seconds: float) -> type[Impatient]:
    """The protocol with these limits: uvicorn makes one for each connection, and passes on no settings of ours."""
    return type("Limited", (Impatient,), {"seconds": seconds, "unread_seconds": unread_seconds})
