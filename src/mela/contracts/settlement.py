"""Settlement: what sellers get, and when."""

from dataclasses import dataclass
from datetime import date, datetime

from mela.kernel.messages import event
from mela.kernel.money import Paise


@event("settlement.payout_opened", key="seller_id")
@dataclass(frozen=True)
class PayoutOpened:
    """A seller's payout of one settlement date is on its way to the bank; there is one such payout at most."""

    payout_id: str
    seller_id: str
    settled_on: date
    amount: Paise
    at: datetime


@event("settlement.paid", key="seller_id")
@dataclass(frozen=True)
class SellerPaid:
    """A seller's payout of one settlement date has left the bank; `utr` is the bank's reference."""

    payout_id: str
    seller_id: str
    settled_on: date
    amount: Paise
    utr: str
    at: datetime
