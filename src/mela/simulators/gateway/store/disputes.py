"""Payments that payers dispute at their banks."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, update

from mela.kernel.errors import NotFound
from mela.simulators.gateway import entities
from mela.simulators.gateway.entities import Fields, fields
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.states import CAPTURED, NotOpen, OverCaptured
from mela.simulators.gateway.store import callbacks, rows
from mela.simulators.gateway.tables import disputes, payments


def open_dispute(conn: Connection, reference: str, row: Fields, *, now: datetime, plan: Plan) -> Fields:
    """A payer's bank takes the money of a payment back, until somebody has decided. Raises: NotFound, NotOpen, OverCaptured."""
    of = rows.by_reference(conn, payments, reference)
    if of is None:
        raise NotFound("kernel.not_found")
    if of.status != CAPTURED:
        raise NotOpen(status=of.status)
    kept = {**row, "payment_id": of.id, "amount": row["amount"] or of.captured - of.refunded, "status": "opened"}
    if not 0 < kept["amount"] <= of.captured - of.refunded:
        raise OverCaptured(left=of.captured - of.refunded)
    conn.execute(disputes.insert(), kept)
    return _disputed(conn, kept, of, now, plan)


def close_dispute(conn: Connection, dispute_id: str, status: str, *, now: datetime, plan: Plan) -> Fields:
    """The merchant has won or lost it, once. Raises: NotFound, NotOpen."""
    found = rows.one(conn, disputes, dispute_id)
    if found.status != "opened":
        raise NotOpen(status=found.status)
    closed = update(disputes).where(disputes.c.id == dispute_id).values(status=status).returning(disputes)
    kept = fields(conn.execute(closed).one())
    return _disputed(conn, kept, rows.one(conn, payments, found.payment_id), now, plan)


def get(conn: Connection, dispute_id: str) -> Fields:
    """A dispute, with the merchant's name of its payment. Raises: NotFound."""
    found = rows.one(conn, disputes, dispute_id)
    return entities.dispute(fields(found)) | {"reference": rows.one(conn, payments, found.payment_id).reference}


def _disputed(conn: Connection, row: Fields, of: Row[Any], now: datetime, plan: Plan) -> Fields:
    shown = entities.dispute(row) | {"reference": of.reference}
    callbacks.leave(conn, f"dispute.{row['status']}", of, now, plan, dispute=shown)
    return shown
