"""Who hears that a payment has moved: its order, or the merchant who began it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from mela.contracts.payments import (
    MerchantPaymentMoved,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentReady,
    PaymentRefunded,
    PaymentState,
    RefundFailed,
    RefundRetried,
)
from mela.kernel import events, messages
from mela.kernel.money import Paise
from mela.services.payments.model import TEST

Moved = (
    PaymentReady | PaymentAuthorized | PaymentCaptured | PaymentFailed | PaymentRefunded | RefundFailed | RefundRetried
)

_TAKEN = (PaymentState.AUTHORIZED, PaymentState.CAPTURED)


def merchant(payment: Row[Any]) -> str | None:
    """Whose the money of a payment is: the merchant's who began it by the API; None where it came too late, or for an order."""
    return payment.merchant_id if payment.state in _TAKEN else None


def tell(conn: Connection, payment: Row[Any], moved: Moved) -> None:
    """Emit an event of a payment, in the form that its owner hears. `payment`: its row as it is now."""
    if payment.merchant_id is None:
        events.emit(conn, moved)
        return
    what, amount = messages.meta(type(moved)).name.partition(".")[2], Paise(getattr(moved, "amount", payment.amount))
    refund_id, reason = getattr(moved, "refund_id", None), getattr(moved, "reason", None)
    _emit(conn, payment, what, amount, moved.at, refund_id=refund_id, reason=reason)


def tell_merchant(
    conn: Connection, payment: Row[Any], what: str, amount: Paise, at: datetime, *, refund_id: str | None = None,
    reason: str | None = None,
) -> None:  # fmt: skip
    """Emit what only a merchant hears, of money that is the merchant's; nothing of any other payment."""
    if merchant(payment) is not None:
        _emit(conn, payment, what, amount, at, refund_id=refund_id, reason=reason)


def _emit(
    conn: Connection, payment: Row[Any], what: str, amount: Paise, at: datetime, *, refund_id: str | None, reason: str | None
) -> None:  # fmt: skip
    told = MerchantPaymentMoved(
        payment.id, payment.merchant_id, payment.reference, payment.provider == TEST, payment.method, what, refund_id,
        amount, PaymentState(payment.state), reason, payment.rrn, at,
    )  # fmt: skip
    events.emit(conn, told)
