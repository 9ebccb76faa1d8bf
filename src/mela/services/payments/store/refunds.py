"""Refunds: asked, processed, refused. The sum of what was asked and not refused stays within the payment."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, and_, bindparam, select, update

from mela.contracts.payments import (
    NotCaptured,
    PaymentRefunded,
    PaymentState,
    Refund,
    RefundFailed,
    RefundRetried,
    RefundTooLarge,
    UnknownPayment,
)
from mela.kernel import ids
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.model import OpenRefund, Outcome, ProviderRefund
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.store import cases, ledger, telling
from mela.services.payments.store.due import Due
from mela.services.payments.store.telling import tell
from mela.services.payments.tables import PAYMENT, payments, refunds

LATE = "arrived_late"

# Built once: building a statement costs more than running it.
_ADD = refunds.insert()
_IT = refunds.c.id == bindparam("of")
_BY_ID = select(refunds).where(_IT)
_BY_KEY = select(refunds).where(refunds.c.key == bindparam("of"))
_OF_PAYMENT = select(refunds).where(refunds.c.payment_id == bindparam("of")).order_by(refunds.c.id)
_PAYMENT = select(*PAYMENT).where(payments.c.id == bindparam("of"))
_REFUNDED = payments.c.refunded + bindparam("more", type_=BigInteger)
_CAPTURED = and_(payments.c.id == bindparam("of"), payments.c.state == PaymentState.CAPTURED)
_RESERVE = (
    update(payments)
    .where(and_(_CAPTURED, payments.c.captured >= _REFUNDED))
    .values(refunded=_REFUNDED)
    .returning(*PAYMENT)
)
_WITHIN = and_(payments.c.id == bindparam("of"), payments.c.captured >= _REFUNDED)
_HOLD = update(payments).where(_WITHIN).values(refunded=_REFUNDED).returning(*PAYMENT)
_PENDING = and_(_IT, refunds.c.state == "pending")
_CLOSE = update(refunds).where(_PENDING).values(state=bindparam("to"), due=None).returning(refunds)
_LOOK_AGAIN = update(refunds).where(_PENDING).values(due=bindparam("until"), tries=refunds.c.tries + 1)
_DUE = Due(refunds.c.due, refunds.c.id)
_GATEWAY_IDS = select(payments.c.id, payments.c.provider, payments.c.gateway_id).where(
    payments.c.id.in_(bindparam("ids", expanding=True))
)


def request(
    conn: Connection, *, key: str, payment_id: str, amount: Paise, reason: str, now: datetime, due: datetime
) -> tuple[Refund, OpenRefund | None]:
    """Promise money back; with it, what the gateway has to be asked (nothing for cash).

    Raises: UnknownPayment, NotCaptured, RefundTooLarge, KeyReused.
    """
    known = conn.execute(_BY_KEY, {"of": key}).one_or_none()
    if known is not None:
        if (known.payment_id, known.amount) != (payment_id, amount):
            raise KeyReused
        return _refund(known), None
    payment = conn.execute(_RESERVE, {"of": payment_id, "more": amount}).one_or_none()
    if payment is None:
        raise _refusal(conn, payment_id)
    return _promise(conn, payment, key=key, amount=amount, reason=reason, now=now, due=due)


def again(conn: Connection, refund_id: str, now: datetime) -> str:
    """Promise the money of a refused refund once more, as a refund of its own, whose id it returns. Its order learns of it.

    Raises: RefundTooLarge when other refunds have taken the money meanwhile.
    """
    refused = conn.execute(_BY_ID, {"of": refund_id}).one()
    payment = conn.execute(_HOLD, {"of": refused.payment_id, "more": refused.amount}).one_or_none()
    if payment is None:
        raise _too_large(conn.execute(_PAYMENT, {"of": refused.payment_id}).one())
    key, amount, reason = f"again:{refund_id}", refused.amount, refused.reason
    fresh, _ = _promise(conn, payment, key=key, amount=amount, reason=reason, now=now, due=now)
    tell(conn, payment, RefundRetried(fresh.id, refund_id, payment.id, payment.order_id, amount, now))
    return fresh.id


def return_late_money(conn: Connection, payment: Row[Any], now: datetime) -> None:
    """Promise back the whole of a payment that came after it was given up."""
    _promise(conn, payment, key=f"late:{payment.id}", amount=payment.amount, reason=LATE, now=now, due=now)


def process(
    conn: Connection, told: ProviderRefund, now: datetime, *, provider: str, event: tuple[str, str] | None = None
) -> Outcome:
    """The money is with the payer, says the provider. `event`: id and name of the callback that says so.

    What is not the provider's, or another amount than it was asked for, is parked for a person.
    """
    if event is not None and not cases.first_time(conn, *event, now, about=told.reference):
        return Outcome.REPEATED
    known = conn.execute(_BY_ID, {"of": told.reference}).one_or_none()
    payment = None if known is None else conn.execute(_PAYMENT, {"of": known.payment_id}).one()
    if known is None or payment is None or payment.provider != provider or known.amount != told.amount:
        kind = "amount_differs" if payment is not None and payment.provider == provider else "unknown_refund"
        cases.park(conn, kind, told.reference, {"provider": provider, "amount": told.amount}, now)
        return Outcome.PARKED
    if _close(conn, known.id, "processed") is None:
        return Outcome.NOTHING
    _processed(conn, known.id, payment, known.amount, now)
    return Outcome.MOVED


def refuse(conn: Connection, refund_id: str, now: datetime, *, status: str) -> None:
    """The provider will not do it: hold the money again, tell its order and let a person see it."""
    row = _close(conn, refund_id, "failed")
    if row is not None:
        left = payments.c.refunded - row.amount
        held = update(payments).where(payments.c.id == row.payment_id).values(refunded=left)
        payment = conn.execute(held.returning(*PAYMENT)).one()
        back = accounts.refund_failed(payment.provider, row.amount, telling.merchant(payment))
        ledger.enter(conn, f"refund_failed:{row.id}", [back], now, payment_id=row.payment_id)
        detail = {"status": status, "payment_id": row.payment_id, "amount": row.amount}
        cases.park(conn, "refund_refused", row.id, detail, now)
        tell(conn, payment, RefundFailed(row.id, row.payment_id, payment.order_id, row.amount, now))


def any_due(conn: Connection, now: datetime) -> bool:
    """Whether a claim may find something: cheaper to ask than to claim in vain."""
    return _DUE.any(conn, now)


def claim(conn: Connection, *, now: datetime, lease: timedelta, limit: int) -> list[OpenRefund]:
    """Refunds that the gateway must be asked about now; they come back after the lease."""
    rows = _DUE.claim(conn, now, now + lease, limit)
    of = {"ids": [row.payment_id for row in rows]}
    there = {row.id: (row.provider, row.gateway_id) for row in conn.execute(_GATEWAY_IDS, of)} if rows else {}
    return [OpenRefund(r.id, r.payment_id, *there[r.payment_id], r.amount, r.tries) for r in rows]


def find_open(conn: Connection, refund_id: str) -> OpenRefund | None:
    """A refund that is not with the payer yet, None for any other."""
    r = conn.execute(_BY_ID, {"of": refund_id}).one_or_none()
    if r is None or r.state != "pending":
        return None
    payment = conn.execute(_PAYMENT, {"of": r.payment_id}).one()
    return OpenRefund(r.id, r.payment_id, payment.provider, payment.gateway_id, r.amount, r.tries)


def look_again(conn: Connection, refund_id: str, due: datetime) -> None:
    """Ask about a pending refund again at `due`."""
    conn.execute(_LOOK_AGAIN, {"of": refund_id, "until": due})


def get(conn: Connection, refund_id: str) -> Refund:
    """A refund as it is now."""
    return _refund(conn.execute(_BY_ID, {"of": refund_id}).one())


def of_payment(conn: Connection, payment_id: str) -> list[Refund]:
    """The refunds of a payment, oldest first."""
    return [_refund(row) for row in conn.execute(_OF_PAYMENT, {"of": payment_id})]


def _promise(
    conn: Connection, payment: Row[Any], *, key: str, amount: Paise, reason: str, now: datetime, due: datetime
) -> tuple[Refund, OpenRefund | None]:
    cash = payment.method == "cod"
    kept = Refund(ids.new_id("rfnd"), payment.id, amount, "processed" if cash else "pending", reason[:200])
    conn.execute(
        _ADD,
        vars(kept)
        | {"key": key, "created": now, "due": None if cash else due, "tries": 0, "merchant_id": payment.merchant_id},
    )
    asked = accounts.refund_asked(payment.provider, amount, telling.merchant(payment))
    ledger.enter(conn, f"refund:{kept.id}", [asked], now, payment_id=payment.id)
    telling.tell_merchant(conn, payment, "refund_requested", amount, now, refund_id=kept.id)
    if cash:
        _processed(conn, kept.id, payment, amount, now)
        return kept, None
    return kept, OpenRefund(kept.id, payment.id, payment.provider, payment.gateway_id, amount, 0)


def _processed(conn: Connection, refund_id: str, payment: Row[Any], amount: Paise, now: datetime) -> None:
    moved = accounts.refund_processed(payment.provider, amount)
    ledger.enter(conn, f"refund_processed:{refund_id}", [moved], now, payment_id=payment.id)
    tell(conn, payment, PaymentRefunded(refund_id, payment.id, payment.order_id, amount, now))


def _close(conn: Connection, refund_id: str, state: str) -> Row[Any] | None:
    return conn.execute(_CLOSE, {"of": refund_id, "to": state}).one_or_none()


def _refusal(conn: Connection, payment_id: str) -> UnknownPayment | NotCaptured | RefundTooLarge:
    row = conn.execute(_PAYMENT, {"of": payment_id}).one_or_none()
    if row is None:
        return UnknownPayment(payment_id=payment_id)
    if row.state != PaymentState.CAPTURED:
        return NotCaptured(state=row.state)
    return _too_large(row)


def _too_large(payment: Row[Any]) -> RefundTooLarge:
    return RefundTooLarge(left=payment.captured - payment.refunded)


def _refund(row: Row[Any]) -> Refund:
    return Refund(row.id, row.payment_id, row.amount, row.state, row.reason)
