"""uvicorn's HTTP/1.1 with a limit on how long a request's headers may take to arrive."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


def impatient(seconds: float) -> type[H11Protocol]:
    """The protocol that closes a connection on which no whole request has come for so long."""

    class Impatient(H11Protocol):
        deadline = 0.0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.expect()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.timeout_keep_alive_task is None and (self.cycle is None or self.cycle.response_complete):
                self.expect(keep=True)
            elif self.cycle is not None and not self.cycle.response_complete:
                self.deadline = 0.0

        def expect(self, keep: bool = False) -> None:
            """Wait for a request's headers; `keep` holds to the time at which the wait for them began."""
            now = self.loop.time()
            if not keep or not self.deadline:
                self.deadline = now + seconds
            left: Any = max(0.0, self.deadline - now)
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)

    return Impatient
