"""Requests at a fixed rate, whatever becomes of them: what `mela calibrate` meets a service with that is not saturated.

Open loop: a request leaves when its time has come, by chance as people do, however many others hang, and its time counts from then. wrk has
no fixed rate: it asks again when it has been answered, so what it asks is never idle.
"""

import asyncio
import itertools
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

TIMEOUT_S = 10.0
SEED = 1


@dataclass(frozen=True)
class Asked:
    """What is asked: `url` says whom, `paths` are taken in turn; `{n}` in a header or the body becomes a text that no other request has."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    paths: tuple[str, ...] = ("/",)

    def texts(self, run: str) -> Iterator[bytes]:
        """Request after request, without end; `run` makes them others than those of other runs."""
        for number, path in enumerate(itertools.cycle(self.paths)):
            own = f"{run}-{number}"
            body = (self.body or "").replace("{n}", own).encode()
            lines = [f"{self.method} {path} HTTP/1.1", f"Host: {urlsplit(self.url).netloc}"]
            lines += [f"{name}: {value.replace('{n}', own)}" for name, value in self.headers]
            lines += [f"Content-Length: {len(body)}"] if body else []
            yield "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Answers:
    """What came of them: seconds until the last byte of each that was answered 2xx or 3xx, and the number of all others."""

    took_s: list[float] = field(default_factory=list)
    failed: int = 0


def send(
    asked: Asked, rate: float, seconds: float, run: str, hear: Callable[[int, int], None], *, fresh: bool
) -> Answers:
    """Send `rate` a second, by a Poisson process, for so long. `fresh`: each opens a connection of its own, else they are used again. `hear` is told how many have left, of all."""
    luck = np.random.Generator(np.random.PCG64(SEED))
    times = np.cumsum(luck.exponential(1.0 / rate, int(rate * seconds)))
    return asyncio.run(_all(asked, times.tolist(), run, hear, fresh=fresh))


async def _all(asked: Asked, times: list[float], run: str, hear: Callable[[int, int], None], *, fresh: bool) -> Answers:
    answers, idle, loop = Answers(), list[_Line](), asyncio.get_running_loop()
    began = loop.time()

    async def one(text: bytes, due_s: float) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                well = await _exchange(asked.url, text, None if fresh else idle)
        except (OSError, EOFError, ValueError, TimeoutError):
            well = False
        if well:
            answers.took_s.append(loop.time() - began - due_s)
        else:
            answers.failed += 1

    async with asyncio.TaskGroup() as under_way:
        for number, (text, due_s) in enumerate(zip(asked.texts(run), times, strict=False)):
            hear(number + 1, len(times))
            await asyncio.sleep(max(0.0, began + due_s - loop.time()))
            under_way.create_task(one(text, due_s))
    for line in idle:
        line.writer.close()
    return answers


@dataclass(frozen=True)
class _Line:
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def _exchange(url: str, text: bytes, idle: list[_Line] | None) -> bool:
    """Ask on a connection that is free, or on a new one, and read the answer to its end; whether it was a good one."""
    line = _free(idle) or await _connected(url)
    try:
        line.writer.write(text)
        status, stays = await read_answer(line.reader)
    except BaseException:
        line.writer.close()
        raise
    if idle is None or not stays:
        line.writer.close()
    else:
        idle.append(line)
    return status < 400


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """An answer, to its end: its status, and whether the connection stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    fields = dict(part.split(": ", 1) for part in head.split("\r\n")[1:] if ": " in part)
    if fields.get("transfer-encoding") == "chunked":
        while (size := int(await reader.readuntil(b"\r\n"), 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    else:
        await reader.readexactly(int(fields.get("content-length", "0")))
    return int(head.split(" ", 2)[1]), fields.get("connection") != "close"


def _free(idle: list[_Line] | None) -> _Line | None:
    while idle:
        line = idle.pop(0)
        if not (line.reader.at_eof() or line.writer.is_closing()):
            return line
        line.writer.close()
    return None


async def _connected(url: str) -> _Line:
    parts = urlsplit(url)
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or (443 if secure else 80)
    return _Line(*await asyncio.open_connection(parts.hostname, port, ssl=secure))
