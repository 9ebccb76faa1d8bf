"""A client of a stream of events, over ASGI: what it was told, and how it goes away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2


@dataclass
class Following:
    """An open stream. `status` and `headers` are there from the beginning."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _blocks: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _rest: str = ""

    async def block(self) -> dict[str, str]:
        """The next block of lines by their names, a comment under the empty name; the order of retry is passed over."""
        while True:
            async with asyncio.timeout(30):
                block = dict(line.split(":", 1) for line in (await self._blocks.get()).splitlines())
            if "retry" not in block:
                return {name: value.strip() for name, value in block.items()}

    async def event(self) -> tuple[str, Any]:
        """Id and data of the next event."""
        block = await self.block()
        return block["id"], json.loads(block["data"])

    async def receive(self) -> dict[str, Any]:
        """ASGI: the client has sent all, and stays until it goes."""
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """ASGI: a part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self._begun.set()
            return
        *whole, self._rest = (self._rest + message.get("body", b"").decode()).split("\n\n")
        for block in whole:
            self._blocks.put_nowait(block)
        if not message.get("more_body"):
            self.ended.set()

    async def begun(self) -> None:
        """Wait for the head of the answer."""
        async with asyncio.timeout(30):
            await self._begun.wait()


@asynccontextmanager
async def following(client: httpx2.AsyncClient, path: str, headers: dict[str, str]) -> AsyncIterator[Following]:
    """Open a stream of the application behind `client`; the client goes at the end of the block."""
    app = client._transport.app  # type: ignore[attr-defined]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1), "server": ("test", 80),
        "headers": [(name.lower().encode(), value.encode()) for name, value in ({"host": "test"} | headers).items()],
    }  # fmt: skip
    stream = Following()
    running = asyncio.create_task(app(scope, stream.receive, stream.send))
    try:
        await stream.begun()
        yield stream
    finally:
        stream.gone.set()
        async with asyncio.timeout(30):
            await running
