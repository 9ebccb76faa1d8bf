"""What webhooks does when it is told something: it publishes it."""

from typing import Any

from mela.kernel.events import Delivery, Subscription
from mela.services.webhooks.schemas import payloads
from mela.services.webhooks.service import Webhooks


def subscriptions(webhooks: Webhooks) -> list[Subscription]:
    """Event to messages. They are written in the unit that marks the event done, so a second delivery writes nothing."""

    async def publish(event: Any, delivery: Delivery) -> None:
        await webhooks.publish(delivery, payloads.PUBLISHED[type(event)](event))

    return [Subscription(event, publish) for event in payloads.PUBLISHED]
