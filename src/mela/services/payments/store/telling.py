"""Who hears that a payment has moved: its order, or the merchant who began it."""

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


def tell(conn: Connection, payment: Row[Any], moved: Moved) -> None:
    """Emit an event of a payment, in the form that its owner hears. `payment`: its row as it is now."""
    if payment.merchant_id is None:
        events.emit(conn, moved)
        return
    told = MerchantPaymentMoved(
        payment.id, payment.merchant_id, payment.reference, payment.provider == TEST,
        messages.meta(type(moved)).name.partition(".")[2], getattr(moved, "refund_id", None),
        Paise(getattr(moved, "amount", payment.amount)), PaymentState(payment.state), getattr(moved, "reason", None),
        payment.rrn, moved.at,
    )  # fmt: skip
    events.emit(conn, told)
