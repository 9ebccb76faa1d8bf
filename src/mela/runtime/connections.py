"""The HTTP/1.1 connections of a process: how large the head of a request may be, and how they end when the process does.

httptools reads a head of any size, so a client could fill our memory with headers. What is refused here, or is not HTTP
at all, is answered by uvicorn's plain text: the application never sees it.
Source: uvicorn 0.54, protocols/http/httptools_impl.py (2026-11-23): its h11 protocol has a bound (64 KiB), this one has none.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MOST_BYTES = 65_536
"""And what comes with the same read. Ours are below 4 KiB."""
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 37\r\n"
    b"connection: close\r\n\r\nThe request's headers are too large.\n"
)


class Connections(ServerState):
    """What the connections of a server share. While `leaving`, each answer ends its connection."""

    leaving = False

    def __init__(self) -> None:
        super().__init__()
        self.lost = asyncio.Event()

    async def gone(self, limit_s: float) -> None:
        """Return when all are closed, after `limit_s` at the latest."""
        try:
            async with asyncio.timeout(limit_s):
                while self.connections:
                    self.lost.clear()
                    await self.lost.wait()
        except TimeoutError:
            pass


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with a bound on lines before the body and a goodbye when the process ends."""

    _head, _has_head = 0, False

    def data_received(self, data: bytes) -> None:
        """Read on; give up on a head that has not ended in time."""
        self._head += len(data)
        super().data_received(data)
        if not self._has_head and self._head > MOST_BYTES and not self.transport.is_closing():
            self.transport.write(_REFUSAL)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """From here on it is the body, which has its own bound."""
        self._has_head = True
        super().on_headers_complete()
        if isinstance(self.server_state, Connections) and self.server_state.leaving:
            self.cycle.keep_alive = False  # uvicorn then adds `Connection: close` and closes after the answer

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, by either side."""
        super().connection_lost(exc)
        if isinstance(self.server_state, Connections):
            self.server_state.lost.set()

    def on_message_complete(self) -> None:
        """The next request of this connection begins."""
        self._head, self._has_head = 0, False
        super().on_message_complete()
