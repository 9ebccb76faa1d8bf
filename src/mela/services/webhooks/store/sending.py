"""Deliveries in hand: taken for a while, and what became of them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, exists, func, or_, select, update

from mela.contracts.webhooks import EndpointDisabled
from mela.kernel import events
from mela.kernel.db.statements import insert_new
from mela.services.webhooks.model import Attempt, DeliveryState, Dispatch
from mela.services.webhooks.rules.answers import Outcome
from mela.services.webhooks.rules.schedule import Schedule
from mela.services.webhooks.store import endpoints as addressed
from mela.services.webhooks.tables import attempts, deliveries, endpoints, messages, signing_keys

# Built once: building a statement costs more than running it.
_WAITING = deliveries.c.state == DeliveryState.WAITING.value
_DUE = and_(_WAITING, deliveries.c.due <= bindparam("now"))
_READY = and_(endpoints.c.disabled.is_(None), exists().where(and_(deliveries.c.endpoint_id == endpoints.c.id, _DUE)))
_ANY_READY = select(endpoints.c.id).where(_READY).limit(1)
_READY_AFTER = (
    select(endpoints)
    .where(and_(_READY, endpoints.c.id > bindparam("after")))
    .order_by(endpoints.c.id)
    .limit(bindparam("most", type_=Integer))
)
_IN_HAND = select(func.count()).where(
    and_(deliveries.c.endpoint_id == bindparam("of"), deliveries.c.leased > bindparam("now"))
)
_OLDEST_DUE = (
    select(deliveries.c.id)
    .where(and_(deliveries.c.endpoint_id == bindparam("of"), _DUE))
    .order_by(deliveries.c.due, deliveries.c.id)
    .limit(bindparam("most", type_=Integer))
)
_TAKE = (
    update(deliveries)
    .where(and_(deliveries.c.id.in_(bindparam("ids", expanding=True)), _DUE))
    .values(due=bindparam("until"), leased=bindparam("until"), tries=deliveries.c.tries + 1)
    .returning(deliveries.c.id, deliveries.c.tries, deliveries.c.before, deliveries.c.message_id)
)
_BODIES = select(messages.c.id, messages.c.body).where(messages.c.id.in_(bindparam("ids", expanding=True)))
_KEYS = (
    select(signing_keys.c.sealed)
    .where(and_(signing_keys.c.endpoint_id == bindparam("of"),
                or_(signing_keys.c.expires.is_(None), signing_keys.c.expires > bindparam("now"))))
    .order_by(signing_keys.c.id.desc())
)  # fmt: skip
_NAMED = deliveries.c.id == bindparam("of")
_TAKEN = (
    update(deliveries)
    .where(and_(_NAMED, deliveries.c.state != DeliveryState.DELIVERED.value))
    .values(state=DeliveryState.DELIVERED.value, due=None, leased=None, last_error=None, finished=bindparam("now"))
)
_NOT_TAKEN = (
    update(deliveries)
    .where(and_(_NAMED, _WAITING, deliveries.c.tries == bindparam("mine")))
    .values(state=bindparam("now_is"), due=bindparam("again"), leased=None, last_error=bindparam("why"),
            finished=bindparam("ended"))
)  # fmt: skip
_WELL = (
    update(endpoints)
    .where(and_(endpoints.c.id == bindparam("of"), endpoints.c.failing_since.is_not(None)))
    .values(failing_since=None)
)
_UNWELL = (
    update(endpoints)
    .where(and_(endpoints.c.id == bindparam("of"), endpoints.c.failing_since.is_(None)))
    .values(failing_since=bindparam("now"))
)


def any_due(conn: Connection, now: datetime) -> bool:
    """Whether a claim may find something: cheaper to ask than to claim in vain."""
    return conn.execute(_ANY_READY, {"now": now}).first() is not None


def claim(
    conn: Connection, now: datetime, *, slots: int, per_endpoint: int, lease_s: float, after: str = ""
) -> list[Dispatch]:
    """Take up to `slots` due deliveries for `lease_s` seconds, of endpoints in the order of their ids from `after` on.

    No endpoint has more than `per_endpoint` in anybody's hands, and one that failed last a single one: it takes no slots
    from others. Whoever dies lets the lease run out, and another takes the delivery again.
    """
    taken: list[Dispatch] = []
    until = now + timedelta(seconds=lease_s)
    for endpoint in conn.execute(_READY_AFTER, {"now": now, "after": after, "most": slots}).all():
        bound = 1 if endpoint.failing_since else per_endpoint
        in_hand = conn.execute(_IN_HAND, {"of": endpoint.id, "now": now}).scalar_one()
        most = min(bound - in_hand, slots - len(taken))
        if most > 0:
            taken += _take(conn, endpoint, most, now, until)
    return taken


def settle(
    conn: Connection,
    mine: Dispatch,
    attempt: Attempt,
    outcome: Outcome,
    *,
    again_at: datetime | None,
    schedule: Schedule,
    now: datetime,
) -> None:
    """Note what came of a try: delivered, again at `again_at`, or dead; and how the endpoint is.

    A delivery whose lease has run out is in other hands: a failure then changes nothing, a success still counts.
    """
    insert_new(conn, attempts, asdict(attempt) | {"delivery_id": mine.id})
    if outcome is Outcome.TAKEN:
        conn.execute(_TAKEN, {"of": mine.id, "now": now})
        conn.execute(_WELL, {"of": mine.endpoint_id})
        return
    why = attempt.error or str(attempt.status)
    fate: dict[str, Any] = {"now_is": DeliveryState.WAITING.value, "again": again_at, "ended": None}
    if again_at is None or outcome is Outcome.GONE:
        fate = {"now_is": DeliveryState.DEAD.value, "again": None, "ended": now}
    conn.execute(_NOT_TAKEN, {"of": mine.id, "mine": mine.tries, "why": why[:200], **fate})
    conn.execute(_UNWELL, {"of": mine.endpoint_id, "now": now})
    _give_up(conn, mine.endpoint_id, outcome, schedule, now)


def _take(conn: Connection, endpoint: Any, most: int, now: datetime, until: datetime) -> Iterator[Dispatch]:
    found = conn.execute(_OLDEST_DUE, {"of": endpoint.id, "now": now, "most": most}).scalars().all()
    rows = conn.execute(_TAKE, {"ids": found, "now": now, "until": until}).all()
    bodies = dict(_pairs(conn, [row.message_id for row in rows]))
    secrets = tuple(conn.execute(_KEYS, {"of": endpoint.id, "now": now}).scalars())
    for row in sorted(rows, key=lambda row: found.index(row.id)):
        yield Dispatch(
            row.id,
            endpoint.id,
            row.message_id,
            endpoint.url,
            bodies[row.message_id],
            secrets,
            row.tries,
            row.tries - row.before,
        )


def _pairs(conn: Connection, message_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    for row in conn.execute(_BODIES, {"ids": message_ids}):
        yield row.id, row.body


def _give_up(conn: Connection, endpoint_id: str, outcome: Outcome, schedule: Schedule, now: datetime) -> None:
    """Disable an endpoint that is gone, or has failed for too long, and tell."""
    row = conn.execute(select(endpoints).where(endpoints.c.id == endpoint_id)).one_or_none()
    if row is None or row.disabled:
        return
    why: Any = "gone" if outcome is Outcome.GONE else "failing"
    if why == "failing" and not schedule.is_hopeless(row.failing_since, now):
        return
    addressed.disable(conn, endpoint_id, why, now)
    events.emit(conn, EndpointDisabled(endpoint_id, row.owner or None, row.url, why, row.failing_since, now))
