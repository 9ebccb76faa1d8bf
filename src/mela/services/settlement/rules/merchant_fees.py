"""What a payment by the merchant API leaves its merchant, and what refunds and chargebacks take back. Whole paise.

The ledger has the payment in the merchant's account at once (see payments); what settlement enters is the fee. Tax is neither
collected nor withheld: these payments are no sales on the marketplace, so CGST Act s. 52 and the TDS on e-commerce are not
about them (UNVERIFIED).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mela.contracts.payments import MerchantPaymentMoved, PaymentState
from mela.kernel import money
from mela.kernel.clock import india_date
from mela.kernel.money import Paise
from mela.services.settlement.model import Amounts, Entry, EntryKind, EntryLine
from mela.services.settlement.rules import rates
from mela.services.settlement.rules.rates import NoRate, Rates

KINDS = {
    "captured": EntryKind.PAYMENT, "refund_requested": EntryKind.REFUND, "refund_failed": EntryKind.RESTORED,
    "charged_back": EntryKind.CHARGEBACK,
}  # fmt: skip
_TAKEN = (PaymentState.AUTHORIZED, PaymentState.CAPTURED)
_NOTHING = Paise(0)


@dataclass(frozen=True)
class Fee:
    """Basis points of a payment from and to the named days, both included; fees for at most `gst_free_up_to` bear no GST."""

    rate_bp: int
    gst_free_up_to: Paise
    since: date
    until: date | None


Fees = Mapping[str, Sequence[Fee]]
"""By method."""


def read(rows: Iterable[Mapping[str, Any]]) -> Fees:
    """The fees of a data file."""
    found: dict[str, list[Fee]] = {}
    for row in rows:
        fee = Fee(row["rate_bp"], Paise(row["gst_free_up_to_paise"]), row["effective_from"], row["effective_to"])
        found.setdefault(row["method"], []).append(fee)
    return found


def entry(event: MerchantPaymentMoved, event_id: str, entry_id: str, fees: Fees, dated: Rates) -> Entry | None:
    """What an event does to what its merchant has coming; None for what moves none of the merchant's money. Raises: NoRate.

    Money that came too late is not the merchant's, so its refund, refused or not, is none of these.
    """
    kind = KINDS.get(event.what)
    if kind is None or event.test or event.state not in _TAKEN:
        return None
    booked_on = india_date(event.at)
    if kind is EntryKind.PAYMENT:
        amounts = _payment(event.amount, event.method, booked_on, fees, dated)
    else:
        amounts = _moved(event.amount if kind is EntryKind.RESTORED else Paise(-event.amount))
    line = EntryLine(event.reference, event.method, 1, amounts)
    return Entry(
        entry_id, event_id, event_id, event.payment_id, event.merchant_id, kind, booked_on, event.at, amounts, (line,)
    )


def _payment(amount: Paise, method: str, on: date, by_method: Fees, dated: Rates) -> Amounts:
    fee = _in_force(by_method, method, on)
    commission = money.percent(amount, fee.rate_bp)
    gst_bp = 0 if amount <= fee.gst_free_up_to else rates.rate(dated, rates.COMMISSION_GST, on)
    gst = money.percent(commission, gst_bp)
    net = Paise(amount - commission - gst)
    return Amounts(amount, amount, _NOTHING, commission, gst, _NOTHING, _NOTHING, net)


def _moved(amount: Paise) -> Amounts:
    return Amounts(amount, amount, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, amount)


def _in_force(by_method: Fees, method: str, day: date) -> Fee:
    for fee in by_method.get(method, ()):
        if fee.since <= day and (fee.until is None or day <= fee.until):
            return fee
    raise NoRate(name=f"merchant:{method}", day=day.isoformat())
