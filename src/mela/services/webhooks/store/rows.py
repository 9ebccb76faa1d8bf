"""What the other modules of the store share: rows to values, and deliveries to dead letters."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, update

from mela.services.webhooks.model import Delivery, DeliveryState, Endpoint
from mela.services.webhooks.tables import deliveries

DISABLED = "endpoint_disabled"
"""Why a delivery is dead that was not tried to its end."""


def bury(conn: Connection, endpoint_id: str, now: datetime) -> None:
    """Make dead letters of all that waits for an endpoint."""
    waiting = and_(deliveries.c.endpoint_id == endpoint_id, deliveries.c.state == DeliveryState.WAITING.value)
    dead = {"state": DeliveryState.DEAD.value, "due": None, "leased": None, "last_error": DISABLED, "finished": now}
    conn.execute(update(deliveries).where(waiting).values(**dead))


def endpoint_of(row: Any) -> Endpoint:
    """A row of `endpoints`."""
    return Endpoint(
        row.id, row.owner, row.url, row.description, tuple(row.types), row.created, row.disabled, row.disabled_at,
        row.failing_since,
    )  # fmt: skip


def delivery_of(row: Any) -> Delivery:
    """A row of `deliveries`."""
    return Delivery(
        row.id, row.endpoint_id, row.owner, row.message_id, row.type, DeliveryState(row.state), row.created, row.due, row.tries,
        row.last_error, row.finished,
    )  # fmt: skip
