"""Tells who waits for an order that it has changed: at once when this process changed it, else at the next look.

One look for all that is waited for, so a hundred who wait cost one query a second.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from mela.kernel.errors import MelaError

LOOK_AGAIN_S = 1.0
"""An order may be changed by another pod: who waits sees it this much later at most."""
Versions = Callable[[Sequence[str]], Awaitable[dict[str, int]]]


class Changes:
    """Order ids, and the events of those who wait for them in this process. `versions` tells those of orders by id."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._known: dict[str, int] = {}
        self._looking: asyncio.Task[None] | None = None

    def tell(self, order_id: str) -> None:
        """Wake who waits for this order."""
        for event in self._waiting.get(order_id, ()):
            event.set()

    @contextmanager
    def of(self, order_id: str, changed: asyncio.Event) -> Iterator[None]:
        """Have `changed` set at each change of the order, from now on."""
        self._waiting[order_id].add(changed)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_again())
        try:
            yield
        finally:
            self._waiting[order_id].discard(changed)
            if not self._waiting[order_id]:
                del self._waiting[order_id]
                self._known.pop(order_id, None)
            if not self._waiting:
                self._looking.cancel()
                self._looking = None

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            try:
                found = await self._versions(list(self._waiting))
            except MelaError:  # the next look may succeed
                continue
            for order_id, version in found.items():
                if self._known.get(order_id) != version:
                    self._known[order_id] = version
                    self.tell(order_id)
