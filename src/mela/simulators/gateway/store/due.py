"""What time does by itself: payments expire, lapse or are confirmed, refunds that were pending are carried out."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, and_, bindparam, exists, or_, select, update

from mela.kernel.db import Instant
from mela.simulators.gateway import upi
from mela.simulators.gateway.entities import fields
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.states import AUTHORIZED, CAPTURED, CREATED, DEEMED, EXPIRED, FAILED, PENDING, PROCESSED
from mela.simulators.gateway.store import callbacks, rows
from mela.simulators.gateway.store.payments import CLOSE, collect, void
from mela.simulators.gateway.store.refunds import returned
from mela.simulators.gateway.tables import payments, refunds

_MOST = bindparam("most", type_=Integer)
_NOW = bindparam("now", type_=Instant)
_OVER = and_(payments.c.status == CREATED, payments.c.expires <= _NOW)
_SOME_OVER = select(payments.c.number).where(_OVER).limit(_MOST)
_EXPIRE = (
    update(payments)
    .where(and_(payments.c.number.in_(_SOME_OVER), payments.c.status == CREATED))
    .values(status=EXPIRED, error_code=upi.EXPIRED)
    .returning(payments)
)
_UNCONFIRMED = and_(payments.c.status.in_((DEEMED, AUTHORIZED)), payments.c.resolves <= _NOW)
_SOME_UNCONFIRMED = select(payments).where(_UNCONFIRMED).limit(_MOST)
_RIPE = and_(refunds.c.status == PENDING, refunds.c.due <= _NOW)
_SOME_RIPE = select(refunds.c.id).where(_RIPE).limit(_MOST)
_PROCESS = (
    update(refunds)
    .where(and_(refunds.c.id.in_(_SOME_RIPE), refunds.c.status == PENDING))
    .values(status=PROCESSED)
    .returning(refunds)
)
_ANY_WORK = select(or_(exists().where(_OVER), exists().where(_RIPE), exists().where(_UNCONFIRMED)))


def any_work(conn: Connection, now: datetime) -> bool:
    """Whether `expire` or `process_refunds` may find something: cheaper to ask than to try in vain."""
    return bool(conn.execute(_ANY_WORK, {"now": now}).scalar())


def expire(conn: Connection, *, now: datetime, limit: int, plan: Plan) -> list[Row[Any]]:
    """Close payments whose time is over."""
    found = conn.execute(_EXPIRE, {"now": now, "most": limit}).all()
    for row in found:
        callbacks.leave(conn, "payment.failed", row, now, plan)
    return list(found)


def resolve(conn: Connection, *, now: datetime, limit: int, plan: Plan) -> list[Row[Any]]:
    """Payments that the other bank has confirmed at last, or that are reversed, as the plan has it; authorised ones that lapse."""
    found = conn.execute(_SOME_UNCONFIRMED, {"now": now, "most": limit}).all()
    for row in found:
        if row.status == AUTHORIZED:
            void(conn, row.id, now=now, plan=plan)
            continue
        was = {"of": row.number, "was": DEEMED, "resolves": None}
        if plan.hits("deemed_reversed", row.reference):
            back = conn.execute(CLOSE, {**was, "status": FAILED, "error_code": upi.REVERSED, "rrn": None}).one()
            callbacks.leave(conn, "payment.failed", back, now, plan)
        else:
            changes = {"status": CAPTURED, "captured": row.amount, "error_code": None}
            collect(conn, conn.execute(CLOSE, was | changes).one(), now, plan)
    return list(found)


def process_refunds(conn: Connection, *, now: datetime, limit: int, plan: Plan) -> list[Row[Any]]:
    """Carry out pending refunds whose time has come."""
    found = conn.execute(_PROCESS, {"now": now, "most": limit}).all()
    for row in found:
        returned(conn, fields(row), rows.one(conn, payments, row.payment_id), now, plan)
    return list(found)
