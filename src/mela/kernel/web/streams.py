"""Server-sent events: an answer that goes on until nothing more will come, the client has gone, or this process leaves.

A stream sleeps until something wakes it: news, the client's going, the end of the process. So hundreds of open ones cost
memory and next to no time. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (recalled).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mela.kernel.errors import Busy
from mela.kernel.telemetry import metrics, tracing

HEARTBEAT_S = 15.0
"""A line is sent this often, so that neither a proxy nor the client takes silence for a lost line."""
LONGEST_S = 1_800.0
"""Then the client comes again, and shows anew who it is."""
COME_AGAIN_MS = 1_000
MOST = 5_000
"""Open streams of a process."""


@dataclass(frozen=True)
class Event:
    """One event. `data` is one line of JSON; `id` is what the client names when it comes again."""

    name: str
    id: str
    data: bytes

    def encoded(self) -> bytes:
        """As it goes over the line."""
        return b"event: %b\nid: %b\ndata: %b\n\n" % (self.name.encode(), self.id.encode(), self.data)


class Source(Protocol):
    """What a stream tells."""

    def listen(self, wake: asyncio.Event) -> AbstractContextManager[object]:
        """Have `wake` set whenever there may be something new."""
        ...

    async def look(self) -> tuple[Sequence[Event], bool]:
        """What is new since the last look, and whether that was all."""
        ...


class OpenStreams:
    """The streams of this process, so that it can end them before it leaves."""

    def __init__(self) -> None:
        self._wakes: set[asyncio.Event] = set()
        self.closed = False

    def __len__(self) -> int:
        return len(self._wakes)

    def add(self, wake: asyncio.Event) -> None:
        """One more. Raises: Busy."""
        if len(self._wakes) >= MOST:
            raise Busy(seconds=5)
        self._wakes.add(wake)
        metrics.STREAMS.set(len(self._wakes))

    def remove(self, wake: asyncio.Event) -> None:
        """One less."""
        self._wakes.discard(wake)
        metrics.STREAMS.set(len(self._wakes))

    def close(self) -> None:
        """End all of them, and those that still come. Their clients come again, to another process or to the next one."""
        self.closed = True
        for wake in self._wakes:
            wake.set()


class EventStream(Response):
    """Tells what `source` has, from now on."""

    media_type = "text/event-stream"

    def __init__(self, source: Source | None = None) -> None:
        super().__init__()
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises: Busy when too many are open."""
        assert self._source is not None
        wake, gone = asyncio.Event(), asyncio.Event()
        streams: OpenStreams = scope["app"].state.streams
        streams.add(wake)
        _lift_limit(scope)
        watching = asyncio.create_task(_watch(receive, gone, wake))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send(_part(b"retry: %d\n\n" % COME_AGAIN_MS))
            with self._source.listen(wake):
                await _tell(self._source, wake, send, lambda: gone.is_set() or streams.closed)
            if not gone.is_set():
                await send(_part(b"", more=False))
        finally:
            watching.cancel()
            streams.remove(wake)


_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def _tell(source: Source, wake: asyncio.Event, send: Send, ended: Callable[[], bool]) -> None:
    loop = asyncio.get_running_loop()
    limit = loop.time() + LONGEST_S
    while not ended() and loop.time() < limit:
        wake.clear()
        events, over = await source.look()
        if events:
            await send(_part(b"".join(event.encoded() for event in events)))
        if over or ended():
            return
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await wake.wait()
        except TimeoutError:
            await send(_part(b":\n\n"))


async def _watch(receive: Receive, gone: asyncio.Event, wake: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
    wake.set()


def _lift_limit(scope: Scope) -> None:
    """A stream is no request that has to be answered in time."""
    waits_on_purpose(scope)
    if (limit := scope.get("mela.limit")) is not None:
        limit.reschedule(None)


def waits_on_purpose(scope: Scope) -> None:
    """This request waits for news: how long it takes says nothing of how fast we are."""
    scope["mela.waits"] = True
    tracing.waits_on_purpose()


def _part(body: bytes, *, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}
