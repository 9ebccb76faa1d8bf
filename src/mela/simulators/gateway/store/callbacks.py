"""What the merchant is told: left in the unit that makes it true, and taken to it by `Sender`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Integer, Row, and_, bindparam, select, update

from mela.kernel import ids
from mela.kernel.db import Instant, row_guarded
from mela.simulators.gateway import entities
from mela.simulators.gateway.entities import Fields, fields
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.tables import callbacks

_MOST = bindparam("most", type_=Integer)
_NOW = bindparam("now", type_=Instant)
_LEAVE = callbacks.insert()
_DUE = and_(callbacks.c.state == "waiting", callbacks.c.due <= _NOW)
_ANY_DUE = select(callbacks.c.id).where(_DUE).limit(1)
_FIRST_DUE = select(callbacks.c.id).where(_DUE).order_by(callbacks.c.due).limit(_MOST)
_CLAIM = (
    update(callbacks)
    .where(and_(callbacks.c.id.in_(_FIRST_DUE), _DUE))
    .values(due=bindparam("until"), attempts=callbacks.c.attempts + 1)
    .returning(callbacks)
)
_SETTLE = update(callbacks).where(callbacks.c.id == bindparam("of"))


def leave(conn: Connection, name: str, of: Row[Any], now: datetime, plan: Plan, **more: Fields) -> None:
    """Leave a callback about a payment, and `more` by its kind, to be sent or not, as the plan has it.

    Source: the envelope of Razorpay's webhooks, razorpay/markdown-docs @ab3bda5 (2026-11-23).
    """
    told = {"payment": entities.payment(fields(of))} | more
    payload = {kind: {"entity": entity} for kind, entity in told.items()}
    envelope = {
        "entity": "event",
        "event": name,
        "contains": list(payload),
        "payload": payload,
        "created_at": int(now.timestamp()),
    }
    silent = name == "payment.captured" and plan.hits("drop_after_debit", of.reference)
    lost = silent or not of.callback_url or plan.hits("callback_lost", of.reference, kind=name)
    late = plan.callback_late_ms if plan.hits("callback_late", of.reference, kind=name) else 0
    conn.execute(
        _LEAVE,
        {"id": ids.new_id("evt"), "url": of.callback_url, "body": orjson.dumps(envelope).decode(), "attempts": 0,
         "state": "lost" if lost else "waiting", "sends": 2 if plan.hits("callback_twice", of.reference, kind=name) else 1,
         "bad": plan.hits("sign_wrongly", of.reference, kind=name),
         "created": now, "due": now + timedelta(milliseconds=plan.callback_delay_ms + late)},
    )  # fmt: skip


def any_due(conn: Connection, now: datetime) -> bool:
    """Whether `claim` may find something: cheaper to ask than to claim in vain."""
    return conn.execute(_ANY_DUE, {"now": now}).first() is not None


@row_guarded
def claim(conn: Connection, *, now: datetime, lease_s: float, limit: int) -> list[Row[Any]]:
    """Take callbacks that are due; they come back after the lease unless `settle` says what became of them."""
    return list(conn.execute(_CLAIM, {"now": now, "until": now + timedelta(seconds=lease_s), "most": limit}))


@row_guarded
def settle(conn: Connection, changes: Mapping[str, Fields]) -> None:
    """Note what became of callbacks, by id."""
    for callback_id, values in changes.items():
        conn.execute(_SETTLE, {"of": callback_id, **values})
