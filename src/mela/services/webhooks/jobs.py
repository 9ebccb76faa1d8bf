"""What webhooks does by itself: retries that fall due, and forgetting."""

from mela.kernel.service import Job
from mela.services.webhooks.service import Sender, Webhooks


def jobs(sender: Sender, webhooks: Webhooks) -> list[Job]:
    """Several pods may do so at once: a delivery is taken for a while by one of them."""
    return [Job("send", 1.0, sender.look), Job("forget", 3_600.0, webhooks.forget)]
