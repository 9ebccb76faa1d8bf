"""A lean HTTP/1.1 client for load: one connection, one request at a time, about a tenth of a general client's CPU."""

import asyncio
import json
from typing import Any


class Connection:
    """A kept-alive connection to 127.0.0.1. A broken one is opened again at the next request."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._port = port
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and decoded JSON; `body` goes as it is where it is bytes. Raises: OSError, asyncio.IncompleteReadError when the server goes away."""
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        if body is not None:
            extra += "content-type: application/json\r\n"
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{self._headers}{extra}content-length: {len(payload)}\r\n\r\n"
        self._writer.write(head.encode() + payload)
        try:
            return await self._answer()
        except BaseException:
            self.close()
            raise

    async def _answer(self) -> tuple[int, Any]:
        assert self._reader is not None
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line[:15].lower() == b"content-length:"), 0)
        content = await self._reader.readexactly(length) if length else b""
        return int(lines[0][9:12]), json.loads(content) if content else None

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
