"""Events between services: at least once, in order per key, nothing lost and nothing done twice.

    unit ── emit ──> outbox ── relay ──> transport ──> inbox of each subscriber ── worker ──> handler
    (one transaction)                 (memory | kafka)   (one transaction)                 (idempotent)

`emit(conn, event)` writes the event in the unit that makes it true. The relay moves it on and forgets it only when every
subscriber has it durably, so a crash repeats a delivery and never loses one; the inbox keeps the ids it has seen. A handler
that fails is tried again, later and later, then *parked* where a person sees it. While an event of a key waits or is parked,
later events of that key wait behind it, for that subscriber only; `replay` lets it go again, in order.
"""

from mela.kernel.events.bus import Bus, Subscription
from mela.kernel.events.inbox import Delivery, first_time, parked, replay
from mela.kernel.events.outbox import emit
from mela.kernel.events.schema import create_tables, metadata

__all__ = ["Bus", "Delivery", "Subscription", "create_tables", "emit", "first_time", "metadata", "parked", "replay"]
