"""What payments does when settlement tells it something: it shows merchants their payouts."""

from mela.contracts.settlement import PayoutOpened, SellerPaid
from mela.kernel.events import Delivery, Subscription
from mela.services.payments.service.merchants import Merchants


def subscriptions(merchants: Merchants) -> list[Subscription]:
    """Event to use case. A payout is a row by its id, so a second delivery changes nothing."""

    async def opened(event: PayoutOpened, _delivery: Delivery) -> None:
        await merchants.payout_opened(event)

    async def paid(event: SellerPaid, _delivery: Delivery) -> None:
        await merchants.payout_paid(event)

    return [Subscription(PayoutOpened, opened), Subscription(SellerPaid, paid)]
