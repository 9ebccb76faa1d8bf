"""Where a unit leaves its events."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, delete, func, select

from mela.kernel import ids, messages
from mela.kernel.clock import Clock, SystemClock
from mela.kernel.db.database import NEWS, after_commit, row_guarded
from mela.kernel.events.schema import outbox
from mela.kernel.telemetry import tracing

_CLOCK = SystemClock()
UNREADABLE = "unreadable"
"""Name given to what a broker brought and is no event of ours: every subscriber parks it."""

_ADD = outbox.insert()
_OLDEST = select(outbox).order_by(outbox.c.position).limit(bindparam("most", type_=Integer))
_FORGET = delete(outbox).where(outbox.c.position.in_(bindparam("positions", expanding=True)))


@dataclass(frozen=True)
class Envelope:
    """An event on its way. `body` is its JSON; `trace` continues the trace of the unit that emitted it."""

    id: str
    name: str
    key: str
    body: str
    happened: datetime
    trace: str | None


def emit(conn: Connection, event: object, *, clock: Clock = _CLOCK) -> str:
    """Record that `event` happened, in the unit that makes it true; returns the event's id."""
    meta = messages.meta(event)
    event_id = ids.new_id("evt")
    conn.execute(
        _ADD,
        {"id": event_id, "name": meta.name, "key": str(getattr(event, meta.key)), "body": messages.to_json(event).decode(),
         "happened": clock.now(), "trace": tracing.current()},
    )  # fmt: skip
    after_commit(conn, conn.info[NEWS])
    return event_id


def pending(conn: Connection, limit: int) -> list[tuple[int, Envelope]]:
    """The oldest events that have not been moved on, with their positions."""
    rows = conn.execute(_OLDEST, {"most": limit})
    return [(row.position, Envelope(row.id, row.name, row.key, row.body, row.happened, row.trace)) for row in rows]


@row_guarded
def forget(conn: Connection, positions: list[int]) -> None:
    """Drop events that every subscriber has."""
    conn.execute(_FORGET, {"positions": positions})


def waiting(conn: Connection) -> int:
    """How many events have not been moved on."""
    return conn.execute(select(func.count()).select_from(outbox)).scalar_one()
