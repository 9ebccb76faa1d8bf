"""Captures of authorised payments: asked for, done or refused. Their sum stays within what was authorised.

One at a time: a provider that has not answered may have taken the money, and who asks for more would not know of what.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, and_, bindparam, select, update

from mela.contracts.payments import (
    Capture,
    CapturePending,
    CaptureTooLarge,
    NotAuthorized,
    PaymentState,
    UnknownPayment,
)
from mela.kernel import ids
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.model import OpenCapture
from mela.services.payments.store.due import Due
from mela.services.payments.tables import PAYMENT, captures, payments

# Built once: building a statement costs more than running it.
_ADD = captures.insert()
_IT = captures.c.id == bindparam("of")
_BY_ID = select(captures).where(_IT)
_BY_KEY = select(captures).where(captures.c.key == bindparam("of"))
_OF_PAYMENT = select(captures).where(captures.c.payment_id == bindparam("of")).order_by(captures.c.id)
_OPEN = select(captures, payments.c.provider, payments.c.gateway_id).join_from(
    captures, payments, payments.c.id == captures.c.payment_id
)
_PENDING_OF = _OPEN.where(and_(captures.c.payment_id == bindparam("of"), captures.c.state == "pending"))
_SOME_OPEN = _OPEN.where(captures.c.id.in_(bindparam("ids", expanding=True)))
_PAYMENT = select(*PAYMENT).where(payments.c.id == bindparam("of"))
_TAKEN = payments.c.captured + bindparam("more", type_=BigInteger)
_RESERVE = (
    update(payments)
    .where(
        and_(
            payments.c.id == bindparam("of"),
            payments.c.state == PaymentState.AUTHORIZED,
            payments.c.amount >= _TAKEN,
        )
    )
    .values(captured=_TAKEN)
    .returning(*PAYMENT)
)
_PENDING = and_(_IT, captures.c.state == "pending")
_CLOSE = update(captures).where(_PENDING).values(state=bindparam("to"), due=None).returning(captures.c.id)
_LOOK_AGAIN = update(captures).where(_PENDING).values(due=bindparam("until"), tries=captures.c.tries + 1)
_DUE = Due(captures.c.due, captures.c.id)


def request(
    conn: Connection, *, key: str, payment_id: str, amount: Paise, final: bool, now: datetime, due: datetime
) -> tuple[Capture, OpenCapture | None]:
    """Set money of an authorised payment aside to be taken; with it, what the provider has to be asked.

    Raises: UnknownPayment, NotAuthorized, CapturePending, CaptureTooLarge, KeyReused.
    """
    known = conn.execute(_BY_KEY, {"of": key}).one_or_none()
    if known is not None:
        if (known.payment_id, known.amount, known.final) != (payment_id, amount, final):
            raise KeyReused
        return _capture(known), None
    payment = conn.execute(_RESERVE, {"of": payment_id, "more": amount}).one_or_none()
    if payment is None:
        raise _refusal(conn, payment_id)
    if pending(conn, payment_id) is not None:
        raise CapturePending
    kept = Capture(ids.new_id("cap"), payment_id, amount, final, "pending")
    reference = payment_id if payment.captured == amount else kept.id
    conn.execute(_ADD, vars(kept) | {"key": key, "reference": reference, "created": now, "due": due, "tries": 0})
    return kept, OpenCapture(
        kept.id, reference, payment_id, payment.provider, payment.gateway_id, amount, final, 0
    )  # fmt: skip


def pending(conn: Connection, payment_id: str) -> OpenCapture | None:
    """The capture of a payment that is under way, None where there is none."""
    row = conn.execute(_PENDING_OF, {"of": payment_id}).first()
    return None if row is None else _open(row)


def close(conn: Connection, capture_id: str, to: str) -> bool:
    """A capture is done or failed; False when that was known already."""
    return conn.execute(_CLOSE, {"of": capture_id, "to": to}).first() is not None


def any_due(conn: Connection, now: datetime) -> bool:
    """Whether a claim may find something: cheaper to ask than to claim in vain."""
    return _DUE.any(conn, now)


def claim(conn: Connection, *, now: datetime, lease: timedelta, limit: int) -> list[OpenCapture]:
    """Captures that their providers must be asked about now; they come back after the lease."""
    claimed = [row.id for row in _DUE.claim(conn, now, now + lease, limit)]
    return [_open(row) for row in conn.execute(_SOME_OPEN, {"ids": claimed})] if claimed else []


def look_again(conn: Connection, capture_id: str, due: datetime) -> None:
    """Ask about a pending capture again at `due`."""
    conn.execute(_LOOK_AGAIN, {"of": capture_id, "until": due})


def get(conn: Connection, capture_id: str) -> Capture:
    """A capture as it is now."""
    return _capture(conn.execute(_BY_ID, {"of": capture_id}).one())


def of_payment(conn: Connection, payment_id: str) -> list[Capture]:
    """The captures of a payment, oldest first."""
    return [_capture(row) for row in conn.execute(_OF_PAYMENT, {"of": payment_id})]


def _refusal(conn: Connection, payment_id: str) -> UnknownPayment | NotAuthorized | CaptureTooLarge:
    row = conn.execute(_PAYMENT, {"of": payment_id}).one_or_none()
    if row is None:
        return UnknownPayment(payment_id=payment_id)
    if row.state != PaymentState.AUTHORIZED:
        return NotAuthorized(state=row.state)
    return CaptureTooLarge(left=row.amount - row.captured)


def _open(row: Row[Any]) -> OpenCapture:
    return OpenCapture(
        row.id, row.reference, row.payment_id, row.provider, row.gateway_id, Paise(row.amount), row.final, row.tries
    )


def _capture(row: Row[Any]) -> Capture:
    return Capture(row.id, row.payment_id, Paise(row.amount), row.final, row.state)
