"""Events that wait, events that are parked, and replay, for all services of a process."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from mela.kernel.clock import Clock
from mela.kernel.errors import NotFound
from mela.kernel.events import inbox, outbox
from mela.kernel.web.pages import Page
from mela.kernel.web.refusals import refused
from mela.runtime.control.access import OnDuty
from mela.runtime.wiring import Built


class ParkedEvent(BaseModel):
    """An event that a handler gave up on. Later events of its key wait behind it, for this service only."""

    id: str = Field(description="Name it to let it go again", examples=["evt_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    name: str = Field(description="What happened", examples=["payments.captured"])
    key: str = Field(description="Events of a key stay in order", examples=["ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    body: str = Field(description="The event, as JSON", examples=['{"order_id": "ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"}'])
    happened: datetime = Field(description="When", examples=["2026-11-23T06:30:00Z"])
    attempts: int = Field(description="How often it was tried", examples=[8])
    reason: str = Field(description="Why the last try failed", examples=["catalog.unknown_sku"])
    behind: int = Field(description="Events of the key that wait behind it", examples=[2])


class ServiceEvents(BaseModel):
    """The events of one service."""

    service: str = Field(description="Whose inbox and outbox", examples=["orders"])
    to_send: int = Field(description="Emitted and not yet with every subscriber", examples=[0])
    waiting: int = Field(description="Received and not yet handled", examples=[0])
    parked: list[ParkedEvent] = Field(description="Given up on: a person has to look")


class ServiceEventsPage(Page[ServiceEvents]):
    """The events of each service of this process."""


def add(api: APIRouter, built: Mapping[str, Built], clock: Clock) -> None:
    """The routes."""

    @api.get("/events", summary="Events that wait or are parked, by service")
    async def list_events(_caller: OnDuty) -> ServiceEventsPage:
        """Services in the order in which they call each other, parked events oldest first."""
        return ServiceEventsPage(items=[await _events(name, one) for name, one in built.items() if one.service.events])

    @api.post(
        "/events/{service}/{event_id}/replay", summary="Let a parked event go again", status_code=204,
        responses=refused({404: "kernel.not_found"}),
    )  # fmt: skip
    async def replay_event(
        _caller: OnDuty,
        service: Annotated[
            str, Path(max_length=40, pattern="^[a-z]+$", description="Whose inbox", examples=["orders"])
        ],
        event_id: Annotated[
            str,
            Path(
                max_length=40,
                pattern="^[A-Za-z0-9_.-]+$",
                description="The parked event",
                examples=["evt_01KAR4T0GQ8V6M2Z3XJY5N7P9B"],
            ),
        ],
    ) -> None:
        """It is tried anew; the events behind it follow in order."""
        one = built.get(service)
        if one is None or not one.service.events:
            raise NotFound("kernel.not_found")
        await one.db.run(inbox.replay, event_id, clock.now())


async def _events(name: str, one: Built) -> ServiceEvents:
    parked = await one.db.read(inbox.parked)
    depth = await one.db.read(inbox.depth)
    return ServiceEvents(
        service=name, to_send=await one.db.read(outbox.waiting), waiting=depth[inbox.WAITING],
        parked=[ParkedEvent(**vars(event)) for event in parked],
    )  # fmt: skip
