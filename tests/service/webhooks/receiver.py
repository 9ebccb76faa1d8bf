"""An endpoint of somebody else's: a plain HTTP server that verifies as Standard Webhooks says, and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True)
class Heard:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """`answers`: statuses of the next requests, then 200. `hold`: while it is set, nobody is answered."""

    port: int = 0
    secret: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    always: int = 200
    head: str = ""
    body: bytes = b"ok"
    hold: asyncio.Event | None = None
    at_once: int = 0
    most_at_once: int = 0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def events(self) -> list[Any]:
        """What was heard and is genuine, each message once."""
        found = {each.id: Webhook(self.secret).verify(each.body, each.headers) for each in self.heard}
        return list(found.values())

    async def wait(self, count: int) -> None:
        """Until so many requests have come."""
        async with asyncio.timeout(30), self.news:
            await self.news.wait_for(lambda: len(self.heard) >= count)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:-2]
                headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                await self._one(writer, Heard(headers, body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, writer: asyncio.StreamWriter, heard: Heard) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        async with self.news:
            self.heard.append(heard)
            self.news.notify_all()
        if self.hold:
            await self.hold.wait()
        self.at_once -= 1
        status = self.answers.pop(0) if self.answers else self.always
        head = f"HTTP/1.1 {status} .\r\ncontent-length: {len(self.body)}\r\n{self.head}\r\n"
        writer.write(head.encode() + self.body)
        await writer.drain()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens on a port of its own."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def is_genuine(secret: str, heard: Heard) -> bool:
    """Whether a request verifies with a secret, its time included."""
    try:
        Webhook(secret).verify(heard.body, heard.headers)
    except WebhookVerificationError:
        return False
    return True


def signatures(heard: Heard) -> Sequence[str]:
    """One for each secret in force."""
    return heard.headers["webhook-signature"].split(" ")
