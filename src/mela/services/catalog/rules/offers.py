"""What counts as an offer: a price that was lowered lately, beside the lowest price of the time before.

An MRP is no price that anybody paid, so it makes no offer. Source: the shape of the rule is the European one (directive
98/6/EC, article 6a, recalled: the lowest price of the 30 days before); that India asks for it is not said here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mela.kernel.money import Paise
from mela.services.catalog.model import Offer, PriceChange

LOOKED_BACK = timedelta(days=30)
LASTS = timedelta(days=30)
"""A price that has been low for longer is simply the price."""


def offer(changes: Sequence[PriceChange], price: Paise, now: datetime) -> Offer | None:
    """The offer in a price, None where there is none. `changes`: those of one variant in one place, oldest first."""
    last = changes[-1] if changes else None
    if last is None or last.after != price or now - last.at > LASTS:
        return None
    before = min(change.before for change in changes if last.at - change.at <= LOOKED_BACK)
    return Offer(last.sku, Paise(before), price, last.at) if before > price else None


def off_bp(offer: Offer) -> int:
    """How much less it is, in basis points of the price before, rounded down."""
    return (offer.before - offer.price) * 10_000 // offer.before
