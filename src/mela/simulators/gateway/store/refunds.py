"""Money that goes back to payers."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, and_, bindparam, select, update

from mela.kernel.errors import Rejected
from mela.simulators.gateway import entities
from mela.simulators.gateway.entities import Fields
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.states import CAPTURED, PENDING, PROCESSED, NotOpen, OverCaptured
from mela.simulators.gateway.store import books, callbacks, rows
from mela.simulators.gateway.tables import payments, refunds

_REFUNDED = payments.c.refunded + bindparam("more", type_=BigInteger)
_REFUND = (
    update(payments)
    .where(and_(payments.c.id == bindparam("of"), payments.c.status == CAPTURED, payments.c.captured >= _REFUNDED))
    .values(refunded=_REFUNDED)
    .returning(payments)
)
_ADD_REFUND = refunds.insert()


class RefundRefused(Rejected):
    """The payer's bank does not take the money; another reference may fare better."""

    code = "gateway.refund_refused"


def create(conn: Connection, row: Fields, *, pending: bool, now: datetime, plan: Plan) -> Fields:
    """Give money back. Raises: NotFound, NotOpen, OverCaptured, ReferenceReused, RefundRefused."""
    if (known := rows.by_reference(conn, refunds, row["reference"])) is not None:
        return rows.same(known, row)
    if plan.hits("refund_refused", row["reference"]):
        raise RefundRefused
    of = conn.execute(_REFUND, {"of": row["payment_id"], "more": row["amount"]}).one_or_none()
    if of is None:
        payment = rows.one(conn, payments, row["payment_id"])
        raise (
            OverCaptured(left=payment.captured - payment.refunded)
            if payment.status == CAPTURED
            else NotOpen(status=payment.status)
        )
    kept = {**row, "status": PENDING if pending else PROCESSED}
    conn.execute(_ADD_REFUND, kept)
    if not pending:
        returned(conn, kept, of, now, plan)
    return kept


def of_payment(conn: Connection, payment_id: str) -> list[Row[Any]]:
    """The refunds of a payment, oldest first."""
    return list(conn.execute(select(refunds).where(refunds.c.payment_id == payment_id).order_by(refunds.c.id)))


def returned(conn: Connection, refund: Fields, of: Row[Any], now: datetime, plan: Plan) -> None:
    """Enter it into the books, and tell the merchant."""
    books.enter(conn, "refunded", refund["reference"], refund["amount"], now)
    told = entities.refund({**refund, "status": PROCESSED})
    callbacks.leave(conn, "refund.processed", of, now, plan, refund=told)
