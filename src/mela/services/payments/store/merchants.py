"""Payments and refunds of merchants who use the API: each sees the own, and test mode nothing of live mode."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select

from mela.contracts.payments import UnknownPayment
from mela.kernel.errors import NotFound
from mela.services.payments.model import TEST
from mela.services.payments.store import history
from mela.services.payments.tables import PAYMENT, captures, payments, refunds


class UnknownRefund(NotFound):
    """No refund has this id, or not for this caller. Params: refund_id."""

    code = "payments.unknown_refund"


@dataclass(frozen=True)
class Owner:
    """Whose payments, and of which mode."""

    id: str
    test: bool


def _own(owner: Owner) -> Any:
    """The condition on payments that they are this owner's."""
    mode = payments.c.provider == TEST if owner.test else payments.c.provider != TEST
    return and_(payments.c.merchant_id == owner.id, mode)


def find(conn: Connection, owner: Owner, payment_id: str) -> Row[Any]:
    """A payment as it is now. Raises: UnknownPayment."""
    row = conn.execute(select(*PAYMENT).where(payments.c.id == payment_id, _own(owner))).one_or_none()
    if row is None:
        raise UnknownPayment(payment_id=payment_id)
    return row


def page(conn: Connection, owner: Owner, wanted: history.Wanted, *, before: str | None, limit: int) -> list[Row[Any]]:
    """Payments, the latest first, those that began before the payment `before`. Raises: Rejected where that is none."""
    query = select(*PAYMENT).where(_own(owner), *history.conditions(wanted))
    return history.latest(conn, query, before=before, limit=limit)


def amount_of(conn: Connection, name: str) -> int:
    """How much the capture or refund of this name is of, 0 where there is none."""
    found = (conn.execute(select(table.c.amount).where(table.c.key == name)).scalar() for table in (captures, refunds))
    return next((int(amount) for amount in found if amount is not None), 0)


_REFUNDS = select(refunds).join_from(refunds, payments, payments.c.id == refunds.c.payment_id)


def refund(conn: Connection, owner: Owner, refund_id: str) -> Row[Any]:
    """A refund as it is now. Raises: UnknownRefund."""
    row = conn.execute(_REFUNDS.where(refunds.c.id == bindparam("of"), _own(owner)), {"of": refund_id}).one_or_none()
    if row is None:
        raise UnknownRefund(refund_id=refund_id)
    return row


def refunds_page(
    conn: Connection, owner: Owner, *, payment_id: str | None, before: str | None, limit: int
) -> list[Row[Any]]:
    """Refunds, the latest first, of one payment or of all, those made before the refund `before`."""
    query = _REFUNDS.where(refunds.c.merchant_id == owner.id, _own(owner))
    query = query if payment_id is None else query.where(refunds.c.payment_id == payment_id)
    query = query if before is None else query.where(refunds.c.id < before)
    return list(conn.execute(query.order_by(refunds.c.id.desc()).limit(limit)))
