"""Where a subscriber's events wait until they are handled, and what it has seen before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, delete, func, or_, select, update

from mela.kernel import messages
from mela.kernel.db.database import NEWS, after_commit, row_guarded
from mela.kernel.db.statements import insert_new
from mela.kernel.errors import NotFound
from mela.kernel.events.outbox import Envelope
from mela.kernel.events.schema import inbox

WAITING, DONE, PARKED = "waiting", "done", "parked"

# Built once: building a statement costs more than running it.
_OPEN_HEADS = select(func.min(inbox.c.position)).where(inbox.c.state.in_((WAITING, PARKED))).group_by(inbox.c.key)
_LATE = and_(inbox.c.state == WAITING, or_(inbox.c.due <= bindparam("now"), inbox.c.due > bindparam("ahead")))
_ANY_DUE = select(inbox.c.position).where(_LATE).limit(1)
_DUE_HEADS = (
    select(inbox)
    .where(and_(inbox.c.position.in_(_OPEN_HEADS), _LATE))
    .order_by(inbox.c.position)
    .limit(bindparam("most", type_=Integer))
)
_TAKE = (
    update(inbox)
    .where(and_(inbox.c.position.in_(bindparam("positions", expanding=True)), _LATE))
    .values(due=bindparam("until"), attempts=inbox.c.attempts + 1)
    .returning(inbox.c.position)
)
_KEEP = (
    update(inbox)
    .where(and_(inbox.c.position == bindparam("at"), inbox.c.state == WAITING, inbox.c.due == bindparam("was")))
    .values(due=bindparam("until"))
)
_FINISH = (
    update(inbox)
    .where(and_(inbox.c.position == bindparam("at"), inbox.c.state != DONE))
    .values(state=bindparam("now_is"))
)


@dataclass(frozen=True)
class Delivery:
    """One event in this subscriber's hands, for the `attempts`-th time."""

    position: int
    envelope: Envelope
    attempts: int

    def event(self) -> Any:
        """The event itself. Raises: KeyError for an unknown name, pydantic.ValidationError for a wrong body."""
        return messages.from_json(messages.event_class(self.envelope.name), self.envelope.body)


@dataclass(frozen=True)
class Parked:
    """An event that a handler gave up on, and why; `behind` later events of its key wait for it."""

    id: str
    name: str
    key: str
    body: str
    happened: datetime
    attempts: int
    reason: str
    behind: int


@row_guarded
def receive(conn: Connection, envelopes: list[Envelope], now: datetime) -> None:
    """Keep events until they are handled. Those seen before are left out."""
    rows = [vars(e) | {"state": WAITING, "attempts": 0, "due": now, "reason": None} for e in envelopes]
    insert_new(conn, inbox, rows)
    after_commit(conn, conn.info[NEWS])


def any_due(conn: Connection, now: datetime, horizon_s: float) -> bool:
    """Whether a claim may find something: cheaper to ask than to claim in vain."""
    return conn.execute(_ANY_DUE, {"now": now, "ahead": now + timedelta(seconds=horizon_s)}).first() is not None


@row_guarded
def claim(conn: Connection, now: datetime, *, limit: int, lease_s: float, horizon_s: float = 3_600.0) -> list[Delivery]:
    """Take up to `limit` due events, the oldest open one of each key only, for `lease_s` seconds.

    A worker that dies keeps its lease no longer (see `keep`), and another takes the event again. Nobody plans further ahead than
    `horizon_s`, by a clock that differs little from ours: what is due later was planned before the clock was set back,
    and is due now.
    """
    late = {"now": now, "ahead": now + timedelta(seconds=horizon_s)}
    rows = conn.execute(_DUE_HEADS, {**late, "most": limit}).all()
    if rows:
        positions = [row.position for row in rows]
        taken = conn.execute(_TAKE, {**late, "positions": positions, "until": now + timedelta(seconds=lease_s)})
        mine = set(taken.scalars())
        rows = [row for row in rows if row.position in mine]
    return [Delivery(row.position, _envelope(row), row.attempts + 1) for row in rows]


@row_guarded
def keep(conn: Connection, held: Mapping[int, datetime], until: datetime) -> None:
    """Extend leases to `until`: by position, when each ends now. One that was planned or taken anew meanwhile stays as it is."""
    conn.execute(_KEEP, [{"at": position, "was": was, "until": until} for position, was in held.items()])


def first_time(conn: Connection, delivery: Delivery) -> bool:
    """Mark the event done in the unit that carries out its effect; False when that has happened before.

    A handler whose effect is not idempotent by itself calls this first and stops at False.
    """
    return conn.execute(_FINISH, {"at": delivery.position, "now_is": DONE}).rowcount == 1


@row_guarded
def done(conn: Connection, delivery: Delivery) -> None:
    """The handler has finished; the next event of the key may go."""
    conn.execute(_FINISH, {"at": delivery.position, "now_is": DONE})
    after_commit(conn, conn.info[NEWS])


@row_guarded
def failed(conn: Connection, delivery: Delivery, *, again_at: datetime | None, reason: str) -> None:
    """The handler raised: try again at `again_at`, or park the event when that is None.

    Nothing happens when the lease has run out and the event was taken again: its fate is in other hands.
    """
    statement = _state(delivery, WAITING if again_at else PARKED).values(reason=reason[:2000])
    statement = statement.where(inbox.c.attempts == delivery.attempts)
    conn.execute(statement.values(due=again_at) if again_at else statement)


def parked(conn: Connection) -> list[Parked]:
    """Events that a person has to look at, oldest first."""
    later = inbox.alias()
    behind = select(func.count()).where(and_(later.c.key == inbox.c.key, later.c.state == WAITING)).scalar_subquery()
    rows = conn.execute(select(inbox, behind.label("behind")).where(inbox.c.state == PARKED).order_by(inbox.c.position))
    return [Parked(r.id, r.name, r.key, r.body, r.happened, r.attempts, r.reason or "", r.behind) for r in rows]


@row_guarded
def replay(conn: Connection, event_id: str, now: datetime) -> None:
    """Let a parked event go again; those of its key follow in order. Raises: NotFound."""
    statement = update(inbox).where(and_(inbox.c.id == event_id, inbox.c.state == PARKED))
    if conn.execute(statement.values(state=WAITING, due=now, attempts=0)).rowcount == 0:
        raise NotFound("kernel.not_found")
    after_commit(conn, conn.info[NEWS])


@row_guarded
def forget_done(conn: Connection, before: datetime) -> int:
    """Drop handled events of before `before`: from then on a duplicate would be taken for new."""
    return conn.execute(delete(inbox).where(and_(inbox.c.state == DONE, inbox.c.happened < before))).rowcount


def depth(conn: Connection) -> dict[str, int]:
    """How many events wait and how many are parked."""
    rows = conn.execute(select(inbox.c.state, func.count()).where(inbox.c.state != DONE).group_by(inbox.c.state))
    return {WAITING: 0, PARKED: 0} | {row.state: row[1] for row in rows}


def _state(delivery: Delivery, state: str) -> Any:
    return update(inbox).where(and_(inbox.c.position == delivery.position, inbox.c.state != DONE)).values(state=state)


def _envelope(row: Any) -> Envelope:
    return Envelope(row.id, row.name, row.key, row.body, row.happened, row.trace)
