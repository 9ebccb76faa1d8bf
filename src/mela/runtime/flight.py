"""What a process was doing when it died: names of the units and calls under way, in a file that survives kill -9.

Only for proofs (`MELA_HOOKS=true`): a shared mapping of fixed slots, written without system calls. The kernel keeps its pages
when the process is gone.
"""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from mela.kernel.db.database import Database

_SLOTS, _WIDTH = 256, 64


class FlightRecorder:
    """`with recorder.doing("orders.confirm"): …` takes a slot and frees it."""

    def __init__(self, file: Path) -> None:
        file.write_bytes(bytes(_SLOTS * _WIDTH))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), _SLOTS * _WIDTH)
        self._free = list(range(_SLOTS))

    @contextmanager
    def doing(self, name: str) -> Iterator[None]:
        """Have `name` stand in the file for as long as the block runs; beyond the last slot nothing is written."""
        slot = self._free.pop() if self._free else None
        if slot is not None:
            self._map[slot * _WIDTH : (slot + 1) * _WIDTH] = name.encode()[:_WIDTH].ljust(_WIDTH, b"\0")
        try:
            yield
        finally:
            if slot is not None:
                self._map[slot * _WIDTH] = 0
                self._free.append(slot)


def read(file: Path) -> list[str]:
    """What the process was doing last; empty where there is no file."""
    if not file.exists():
        return []
    content = file.read_bytes()
    slots = (content[start : start + _WIDTH] for start in range(0, len(content), _WIDTH))
    return [slot.rstrip(b"\0").decode() for slot in slots if slot[:1] != b"\0"]


class RecordedDatabase:
    """A database that says which units are under way."""

    def __init__(self, db: Database, recorder: FlightRecorder) -> None:
        self._db, self._recorder, self.service = db, recorder, db.service
        self.read, self.close, self.on_news = db.read, db.close, db.on_news

    async def run(self, unit: Any, /, *args: Any, **kwargs: Any) -> Any:
        """See `Database.run`."""
        with self._recorder.doing(f"unit {self.service} {getattr(unit, '__name__', 'unit')}"):
            return await self._db.run(unit, *args, **kwargs)


class RecordedTransport:
    """An HTTP transport that says which calls are under way."""

    def __init__(self, inner: Any, recorder: FlightRecorder) -> None:
        self._inner, self._recorder = inner, recorder

    async def handle_async_request(self, request: Any) -> Any:
        """Send, and name the path while waiting."""
        path = "/".join(request.url.path.split("/")[:5])
        with self._recorder.doing(f"call {request.method} {path}"):
            return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close what is below."""
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._inner.__aexit__(*error)
