"""Bounds the head of a request. httptools reads one of any size, so a client could fill our memory with headers.

What is refused here, or is not HTTP at all, is answered by uvicorn's plain text: the application never sees it.
Source: uvicorn 0.54, protocols/http/httptools_impl.py (2026-11-23): its h11 protocol has a bound (64 KiB), this one has none.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 65_536
"""And what comes with the same read. Ours are below 4 KiB."""
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 37\r\n"
    b"connection: close\r\n\r\nThe request's headers are too large.\n"
)


class BoundedHeads(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with a bound on lines before the body."""

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

    def on_message_complete(self) -> None:
        """The next request of this connection begins."""
        self._head, self._has_head = 0, False
        super().on_message_complete()
