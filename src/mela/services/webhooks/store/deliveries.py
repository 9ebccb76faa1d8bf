"""Messages and their deliveries: written, looked at, replayed, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from mela.kernel import events, idempotency, ids
from mela.kernel import messages as wire
from mela.kernel.errors import Conflict, NotFound
from mela.services.webhooks.model import Attempt, Delivery, DeliveryState, Endpoint, Publication
from mela.services.webhooks.store import endpoints as addressed
from mela.services.webhooks.store.rows import DISABLED, delivery_of
from mela.services.webhooks.tables import attempts, deliveries, messages

BATCH = 1_000
"""Rows that one unit forgets: no unit is long."""


class UnknownDelivery(NotFound):
    """No delivery has this id, it is another owner's, or it was long ago. Params: delivery_id."""

    code = "webhooks.unknown_delivery"


class StillWaiting(Conflict):
    """It is being tried already. Params: delivery_id."""

    code = "webhooks.still_waiting"


class EndpointIsDisabled(Conflict):
    """Nothing is sent to it. Params: endpoint_id."""

    code = "webhooks.endpoint_is_disabled"


@dataclass(frozen=True)
class Filter:
    """Which deliveries; None: any."""

    owner: str | None = None
    endpoint_id: str | None = None
    state: DeliveryState | None = None
    payment_id: str | None = None


def publish(conn: Connection, source: events.Delivery, publications: Sequence[Publication], now: datetime) -> int:
    """Keep the messages of an event with a delivery for each endpoint that wants one, once; how many deliveries."""
    if not events.first_time(conn, source):
        return 0
    hearing = addressed.of_owners(conn, [one.owner for one in publications])
    return sum(_keep(conn, each, [e for e in hearing if _wants(e, each)], now) for each in publications)


def ping(
    conn: Connection, endpoint_id: str, owner: str | None, publication: Publication, *, key: str, now: datetime
) -> Delivery:
    """Send a test message to one endpoint, whatever types it wants; the same key again gives the delivery of then.

    Raises: UnknownEndpoint, EndpointIsDisabled, KeyReused, UnknownDelivery for one that is forgotten.
    """
    endpoint = addressed.get(conn, endpoint_id, owner)
    fresh, caller = ids.new_id("dlv"), f"seller:{owner}" if owner else "operator"
    found = idempotency.claim(conn, owner=caller, key=key, request=["ping", endpoint_id], result=fresh, now=now)
    if found == fresh:
        if endpoint.disabled:
            raise EndpointIsDisabled(endpoint_id=endpoint_id)
        _keep(conn, publication, [endpoint], now, [fresh])
    return get(conn, found, owner)


def get(conn: Connection, delivery_id: str, owner: str | None) -> Delivery:
    """A delivery as it is now. Raises: UnknownDelivery."""
    row = conn.execute(select(deliveries).where(_named(delivery_id, owner))).one_or_none()
    if row is None:
        raise UnknownDelivery(delivery_id=delivery_id)
    return delivery_of(row)


def whole(conn: Connection, delivery_id: str, owner: str | None) -> tuple[Delivery, str, list[Attempt]]:
    """A delivery, the exact text that it sends, and its attempts, oldest first. Raises: UnknownDelivery."""
    found = get(conn, delivery_id, owner)
    body = conn.execute(select(messages.c.body).where(messages.c.id == found.message_id)).scalar() or ""
    tried = select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.number)
    return (
        found,
        body,
        [Attempt(r.number, r.at, r.latency_ms, r.status, r.error, r.answer) for r in conn.execute(tried)],
    )


def page(conn: Connection, wanted: Filter, before: str | None, limit: int) -> list[Delivery]:
    """Deliveries, newest first, those made before the id `before`."""
    given = [getattr(deliveries.c, name) == value for name, value in vars(wanted).items() if value is not None]
    older = [] if before is None else [deliveries.c.id < before]
    query = select(deliveries).where(*given, *older).order_by(deliveries.c.id.desc()).limit(limit)
    return [delivery_of(row) for row in conn.execute(query)]


def replay(conn: Connection, delivery_id: str, owner: str | None, now: datetime) -> Delivery:
    """Let a delivery go again, from the schedule's beginning. Raises: UnknownDelivery, StillWaiting, EndpointIsDisabled."""
    known = get(conn, delivery_id, owner)
    _check_enabled(conn, known.endpoint_id, owner)
    over = and_(deliveries.c.id == delivery_id, deliveries.c.state != DeliveryState.WAITING.value)
    if conn.execute(update(deliveries).where(over).values(**_again(now))).rowcount == 0:
        raise StillWaiting(delivery_id=delivery_id)
    return get(conn, delivery_id, owner)


def replay_dead(conn: Connection, endpoint_id: str, owner: str | None, since: datetime, now: datetime) -> int:
    """Let an endpoint's dead letters of since a moment go again; how many. Raises: UnknownEndpoint, EndpointIsDisabled."""
    _check_enabled(conn, endpoint_id, owner)
    dead = and_(
        deliveries.c.endpoint_id == endpoint_id,
        deliveries.c.state == DeliveryState.DEAD.value,
        deliveries.c.created >= since,
    )
    return conn.execute(update(deliveries).where(dead).values(**_again(now))).rowcount


def forget(conn: Connection, before: datetime) -> int:
    """Drop a batch of what was made before `before`; how many rows went, 0 when none is left."""
    aged = ((attempts, attempts.c.at), (deliveries, deliveries.c.created), (messages, messages.c.created))
    gone = 0
    for table, moment in aged:
        key = table.c.delivery_id if table is attempts else table.c.id
        some = select(key).where(moment < before).limit(BATCH)
        gone += conn.execute(delete(table).where(key.in_(some))).rowcount
    return gone


def _keep(
    conn: Connection, publication: Publication, hearers: Sequence[Endpoint], now: datetime, names: Sequence[str] = ()
) -> int:
    """A message and its deliveries; nothing where nobody hears. For a disabled endpoint it is a dead letter at once."""
    if not hearers:
        return 0
    message_id = ids.new_id("msg")
    conn.execute(messages.insert(), {"id": message_id, "body": _body(publication), "created": now})
    rows = [
        {
            "id": name, "endpoint_id": each.id, "owner": each.owner, "message_id": message_id, "type": publication.type,
            "payment_id": publication.data.get("payment_id"), "created": now, "leased": None, "tries": 0, "before": 0,
        } | _begin(each, now)
        for each, name in zip(hearers, names or [ids.new_id("dlv") for _ in hearers], strict=True)
    ]  # fmt: skip
    conn.execute(deliveries.insert(), rows)
    return len(rows)


def _begin(endpoint: Endpoint, now: datetime) -> dict[str, Any]:
    if endpoint.disabled:
        return {"state": DeliveryState.DEAD.value, "due": None, "last_error": DISABLED, "finished": now}
    return {"state": DeliveryState.WAITING.value, "due": now, "last_error": None, "finished": None}


def _body(publication: Publication) -> str:
    """The exact text of a message, made once: each attempt signs and sends these bytes."""
    envelope = {
        "type": publication.type, "version": publication.version, "timestamp": publication.at, "data": publication.data,
    }  # fmt: skip
    return wire.to_json(envelope).decode()


def _wants(endpoint: Endpoint, publication: Publication) -> bool:
    return endpoint.owner == publication.owner and (not endpoint.types or publication.type in endpoint.types)


def _check_enabled(conn: Connection, endpoint_id: str, owner: str | None) -> None:
    if addressed.get(conn, endpoint_id, owner).disabled:
        raise EndpointIsDisabled(endpoint_id=endpoint_id)


def _again(now: datetime) -> dict[str, Any]:
    return {
        "state": DeliveryState.WAITING.value, "due": now, "leased": None, "before": deliveries.c.tries, "finished": None,
    }  # fmt: skip


def _named(delivery_id: str, owner: str | None) -> Any:
    named = deliveries.c.id == delivery_id
    return named if owner is None else and_(named, deliveries.c.owner == owner)
