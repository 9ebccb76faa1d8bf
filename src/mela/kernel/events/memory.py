"""The transport of one machine: straight into the subscribers' inboxes, by object or over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from mela.kernel.events.outbox import Envelope


class Door(Protocol):
    """What another service may call to hand over events: its bus, or a proxy of it."""

    async def receive(self, *, envelopes: list[Envelope]) -> None:
        """Keep the events durably, then return. Repeating it changes nothing."""
        ...


class MemoryTransport:
    """Knows for each event name the doors of those who asked for it. Nothing is kept here: outbox and inbox are durable."""

    def __init__(self, doors: Mapping[str, list[Door]]) -> None:
        self._doors = doors

    async def publish(self, envelopes: list[Envelope]) -> None:
        """See `Transport.publish`."""
        batches: dict[int, tuple[Door, list[Envelope]]] = {}
        for envelope in envelopes:
            for door in self._doors.get(envelope.name, ()):
                batches.setdefault(id(door), (door, []))[1].append(envelope)
        handed = (door.receive(envelopes=batch) for door, batch in batches.values())
        outcomes = await asyncio.gather(*handed, return_exceptions=True)  # a closed door keeps no other one waiting
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def subscribe(self, names: list[str], receive: Callable[[list[Envelope]], Awaitable[None]]) -> None:
        """Nothing to do: publishers know the doors."""

    async def close(self) -> None:
        """Nothing to do."""
