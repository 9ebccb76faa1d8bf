"""What settlement does when orders or payments tells it something."""

from mela.contracts.orders import OrderSold, OrderUnsold
from mela.contracts.payments import MerchantPaymentMoved
from mela.kernel.events import Delivery, Subscription
from mela.services.settlement.service import Settlement


def subscriptions(settlement: Settlement) -> list[Subscription]:
    """Event to use case. Entries are kept once per order and refund, so a second delivery changes nothing."""

    async def sold(event: OrderSold, delivery: Delivery) -> None:
        await settlement.sold(event, delivery.envelope.id)

    async def unsold(event: OrderUnsold, delivery: Delivery) -> None:
        await settlement.unsold(event, delivery.envelope.id)

    async def moved(event: MerchantPaymentMoved, delivery: Delivery) -> None:
        await settlement.merchant_moved(event, delivery.envelope.id)

    return [Subscription(OrderSold, sold), Subscription(OrderUnsold, unsold), Subscription(MerchantPaymentMoved, moved)]
