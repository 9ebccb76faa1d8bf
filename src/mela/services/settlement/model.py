"""What settlement keeps: amounts under their heads, entries, payouts."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mela.kernel.money import Paise
from mela.kernel.telemetry.masking import Personal


class EntryKind(StrEnum):
    """What happened: an order's sale and what came back of it; or a payment by the merchant API, what goes back of it, what
    came again because a refund was refused, and what a payer's bank took back.
    """

    SALE = "sale"
    REVERSAL = "reversal"
    PAYMENT = "payment"
    REFUND = "refund"
    RESTORED = "restored"
    CHARGEBACK = "chargeback"


class PayoutState(StrEnum):
    """Whether the bank's answer is known. There is no `failed`: what the bank did not confirm is asked again."""

    SENDING = "sending"
    PAID = "paid"


@dataclass(frozen=True)
class Amounts:
    """`gross` = `taxable` + `tax`, and `gross` less the four deductions = `net`. All negative or zero in a reversal."""

    gross: Paise
    taxable: Paise
    tax: Paise
    commission: Paise
    commission_gst: Paise
    tcs: Paise
    tds: Paise
    net: Paise


DEDUCTIONS = ("commission", "commission_gst", "tcs", "tds")
"""What lies between gross and net, in the order in which a statement shows it."""
HEADS = ("gross", "taxable", "tax", *DEDUCTIONS, "net")


@dataclass(frozen=True)
class EntryLine:
    """One line of an order as its seller is paid for it; `quantity` pieces were sold or came back."""

    sku: str
    category: str
    quantity: int
    amounts: Amounts


@dataclass(frozen=True)
class Entry:
    """One seller's share of what happened. `cause` is the order's id or the refund's, or the event's about a payment by the
    merchant API, whose id then stands in `order_id`: once per cause and seller.

    `booked_on` is the day in India. `event_id` is the ledger's key. `payout_id` is the payout that pays it, None while open.
    """

    id: str
    event_id: str
    cause: str
    order_id: str
    seller_id: str
    kind: EntryKind
    booked_on: date
    at: datetime
    amounts: Amounts
    lines: tuple[EntryLine, ...]
    payout_id: str | None = None


@dataclass(frozen=True)
class BankAccount:
    """Where a seller's money goes."""

    seller_id: str
    name: Personal
    account: Personal
    ifsc: str


@dataclass(frozen=True)
class Payout:
    """One seller's money of one settlement day. `id` is its reference at the bank, `utr` the bank's once paid.

    `reason` says why the last try brought no outcome.
    """

    id: str
    seller_id: str
    settled_on: date
    amount: Paise
    state: PayoutState
    utr: str | None
    reason: str | None
    created: datetime
    paid: datetime | None


@dataclass(frozen=True)
class Run:
    """One settlement day as it stands: payouts by state, and what was carried forward to a later day.

    `carried` counts sellers, `carried_amount` adds up their balances, which may be negative.
    """

    settled_on: date
    started: datetime
    finished: datetime | None
    paid: int
    paid_amount: Paise
    sending: int
    sending_amount: Paise
    carried: int
    carried_amount: Paise


@dataclass(frozen=True)
class Statement:
    """One seller's settlement day: the entries that the payout pays or, without a payout, those carried forward."""

    seller_id: str
    seller_name: str
    settled_on: date
    entries: tuple[Entry, ...]
    totals: Amounts
    payout: Payout | None
    carried_forward: Paise


@dataclass(frozen=True)
class Sums:
    """All of the books at one moment. `open_net`: of entries in no payout; `unposted`: entries that the ledger lacks.

    `wrong_payouts` names payouts whose amount is not the sum of their entries.
    """

    entries: Amounts
    open_net: Paise
    unposted: int
    paid: Paise
    sending: Paise
    wrong_payouts: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """What must agree. `problems` names each sum that does not, and is empty when every rupee is accounted for."""

    sums: Sums
    gateway_paid_out: Paise
    problems: tuple[str, ...]
