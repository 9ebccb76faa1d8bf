"""Tells who waits for an order that it has changed; what another process changes is seen at the next look."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

LOOK_AGAIN_S = 1.0
"""An order may be changed by another pod: who waits looks again this often."""


class Changes:
    """Order ids, and the events of those who wait for them in this process."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def tell(self, order_id: str) -> None:
        """Wake who waits for this order."""
        for event in self._waiting.get(order_id, ()):
            event.set()

    @contextmanager
    def of(self, order_id: str) -> Iterator[asyncio.Event]:
        """An event that is set at each change of the order, from now on."""
        event = asyncio.Event()
        self._waiting[order_id].add(event)
        try:
            yield event
        finally:
            self._waiting[order_id].discard(event)
            if not self._waiting[order_id]:
                del self._waiting[order_id]
