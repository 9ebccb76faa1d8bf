"""What orders does when payments tells it something."""

from mela.contracts.payments import (
    PaymentCaptured,
    PaymentFailed,
    PaymentReady,
    PaymentRefunded,
    RefundFailed,
    RefundRetried,
)
from mela.kernel.events import Delivery, Subscription
from mela.services.orders.service import Orders


def subscriptions(orders: Orders) -> list[Subscription]:
    """Event to use case. Each use case looks at the order first, so a second delivery changes nothing."""

    async def captured(event: PaymentCaptured, delivery: Delivery) -> None:
        if event.method == "cod":
            await orders.cash_collected(delivery, event.order_id, event.payment_id)
        else:
            await orders.paid(event.order_id, event.payment_id, "payments")

    async def ready(event: PaymentReady, _delivery: Delivery) -> None:
        await orders.payment_ready(event)

    async def failed(event: PaymentFailed, _delivery: Delivery) -> None:
        await orders.unpaid(event.order_id, event.reason)

    async def refunded(event: PaymentRefunded, _delivery: Delivery) -> None:
        await orders.refunded(event)

    async def refund_failed(event: RefundFailed, _delivery: Delivery) -> None:
        await orders.refund_failed(event)

    async def refund_retried(event: RefundRetried, _delivery: Delivery) -> None:
        await orders.refund_retried(event)

    return [
        Subscription(PaymentCaptured, captured),
        Subscription(PaymentReady, ready),
        Subscription(PaymentFailed, failed),
        Subscription(PaymentRefunded, refunded),
        Subscription(RefundFailed, refund_failed),
        Subscription(RefundRetried, refund_retried),
    ]
