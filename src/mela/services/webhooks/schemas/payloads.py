"""The published messages: what receivers may rely on, apart from what services tell each other.

A field that is there stays, with its meaning; fields may be added, so a receiver ignores those that it does not know. What breaks
a receiver gets a new `version`, sent beside the old one for as long as its page says. Money is integer paise, moments are UTC.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from mela.contracts.orders import OrderSold, OrderUnsold, SoldLine
from mela.contracts.payments import (
    MerchantPaymentMoved,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    RefundFailed,
)
from mela.contracts.settlement import SellerPaid
from mela.contracts.webhooks import EndpointDisabled
from mela.services.webhooks.model import PLATFORM, Publication

ORDER = "ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
PAYMENT = "pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
REFUND = "rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
PAYOUT = "po_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
ENDPOINT = "we_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
PING = "ping"


class Line(BaseModel):
    """A line of an order, as its seller is paid for it."""

    sku: str = Field(description="What", examples=["RICE-SONA-5KG"])
    seller_id: str = Field(description="Whose", examples=["kaveri-traders"])
    category: str = Field(description="Of the catalogue; sets the commission", examples=["grocery"])
    quantity: int = Field(description="Pieces", examples=[2])
    gross_paise: int = Field(description="For all pieces, GST included", examples=[85800])
    taxable_paise: int = Field(description="Of it, without GST", examples=[81714])
    tax_paise: int = Field(description="Of it, GST", examples=[4086])


class Sold(BaseModel):
    """Paid for and promised, or the cash handed over. A seller is told the own lines only."""

    order_id: str = Field(description="The order", examples=[ORDER])
    payment_id: str = Field(description="How it was paid", examples=[PAYMENT])
    lines: list[Line] = Field(description="What was sold")
    gross_paise: int = Field(description="Sum of these lines", examples=[85800])


class Unsold(BaseModel):
    """Lines of a sold order whose money went back: cancelled or returned. A seller is told the own lines only."""

    order_id: str = Field(description="The order", examples=[ORDER])
    refund_id: str = Field(description="How the money went back", examples=[REFUND])
    lines: list[Line] = Field(description="What came back")
    gross_paise: int = Field(description="Sum of these lines", examples=[85800])


class Captured(BaseModel):
    """The payer's money is held."""

    payment_id: str = Field(description="The payment", examples=[PAYMENT])
    order_id: str = Field(description="What it is for", examples=[ORDER])
    amount_paise: int = Field(description="How much", examples=[85800])
    method: str = Field(
        description="`upi`, `card`, `netbanking`, `wallet`, `cod`; others may be added", examples=["upi"]
    )
    rrn: str | None = Field(description="The bank's reference", examples=["632715000007"])


class Authorized(BaseModel):
    """The payer's bank holds the money: capture it, or let it go."""

    payment_id: str = Field(description="The payment", examples=[PAYMENT])
    order_id: str = Field(description="What it is for", examples=[ORDER])
    amount_paise: int = Field(description="How much may be captured", examples=[85800])
    method: str = Field(description="`card`; others may be added", examples=["card"])


class Failed(BaseModel):
    """No money will come from this payment."""

    payment_id: str = Field(description="The payment", examples=[PAYMENT])
    order_id: str = Field(description="What it was for", examples=[ORDER])
    state: str = Field(description="`failed`, `expired` or `cancelled`", examples=["failed"])
    reason: str = Field(description="A code, of NPCI or ours", examples=["ZA"])


class Refunded(BaseModel):
    """A refund, as far as the type says."""

    refund_id: str = Field(description="The refund", examples=[REFUND])
    payment_id: str = Field(description="Of this payment", examples=[PAYMENT])
    order_id: str = Field(description="Of this order", examples=[ORDER])
    amount_paise: int = Field(description="How much", examples=[85800])


class Paid(BaseModel):
    """A seller's payout of one settlement day has left the bank."""

    payout_id: str = Field(description="Its reference", examples=[PAYOUT])
    seller_id: str = Field(description="Who gets it", examples=["kaveri-traders"])
    settled_on: date = Field(description="Settlement day, in India", examples=[date(2026, 11, 25)])
    amount_paise: int = Field(description="How much", examples=[81255])
    utr: str = Field(description="The bank's reference", examples=["632715000007"])


class Moved(BaseModel):
    """A payment that you began by the API, or a refund of it, has moved."""

    payment_id: str = Field(description="The payment", examples=[PAYMENT])
    mode: Literal["test", "live"] = Field(description="`test`: no money moves", examples=["test"])
    merchant_id: str = Field(description="Who began it", examples=["kaveri-traders"])
    reference: str = Field(description="What you call it", examples=["order-1042"])
    refund_id: str | None = Field(description="The refund, where one has moved", examples=[None])
    amount_paise: int = Field(description="Of what moved", examples=[129900])
    state: str = Field(description="Of the payment", examples=["captured"])
    reason: str | None = Field(description="Why it failed: an NPCI code, or ours", examples=[None])
    rrn: str | None = Field(description="The bank's reference, once it is captured", examples=["632715000007"])


class Disabled(BaseModel):
    """Nothing is sent to one of your endpoints any more; what happens meanwhile becomes dead letters."""

    endpoint_id: str = Field(description="Which", examples=[ENDPOINT])
    seller_id: str | None = Field(description="Whose; null: the operator's own", examples=["kaveri-traders"])
    url: str = Field(description="Where it was", examples=["https://mela-seller.example/hooks"])
    reason: Literal["gone", "failing"] = Field(description="It answered 410, or failed for days", examples=["failing"])
    failing_since: datetime | None = Field(
        description="First failure after the last success", examples=["2026-11-21T12:30:00Z"]
    )


class Ping(BaseModel):
    """A test message, sent when you ask for one."""

    endpoint_id: str = Field(description="To which endpoint", examples=[ENDPOINT])


@dataclass(frozen=True)
class EventType:
    """A published type. `for_sellers`: sellers hear it, as far as it concerns them; else the operator's endpoints only."""

    name: str
    data: type[BaseModel]
    about: str
    for_sellers: bool = False
    version: int = 1


TYPES: Mapping[str, EventType] = {
    each.name: each
    for each in (
        EventType("orders.sold", Sold, "An order is paid for and promised; for cash, handed over and paid.", True),
        EventType("orders.unsold", Unsold, "Lines of a sold order were cancelled or returned.", True),
        EventType("settlement.paid", Paid, "A payout has left the bank.", True),
        EventType("webhooks.endpoint_disabled", Disabled, "We no longer send to an endpoint.", True),
        EventType("payments.authorized", Authorized, "A payment's money is held by its bank, to be captured."),
        EventType("payments.captured", Captured, "A payment's money is held."),
        EventType("payments.failed", Failed, "A payment was declined, expired or cancelled."),
        EventType("payments.refunded", Refunded, "A refund has reached the payer."),
        EventType("payments.refund_failed", Refunded, "The gateway refused a refund; the money is held again."),
        EventType("payment.ready", Moved, "A payment of yours that could not begin at once can be made now.", True),
        EventType("payment.authorized", Moved, "Money of a payment of yours waits to be captured.", True),
        EventType("payment.captured", Moved, "Money of a payment of yours is held.", True),
        EventType("payment.failed", Moved, "A payment of yours was declined, expired or cancelled.", True),
        EventType("payment.charged_back", Moved, "A payer's bank has taken a payment of yours back for good.", True),
        EventType("refund.processed", Moved, "A refund of yours has reached the payer.", True),
        EventType("refund.failed", Moved, "A refund of yours was refused; the money is held again.", True),
        EventType("refund.retried", Moved, "A refund of yours that was refused is tried again.", True),
        EventType(PING, Ping, "A test message; sent only when asked for.", True),
    )
}
FOR_SELLERS = frozenset(each.name for each in TYPES.values() if each.for_sellers)


def sold(event: OrderSold) -> list[Publication]:
    """For each seller the own lines, for the operator all of them."""
    return [
        _publication(
            "orders.sold", owner, event.at, Sold(order_id=event.order_id, payment_id=event.payment_id, **lines)
        )
        for owner, lines in _shares(event.lines)
    ]


def unsold(event: OrderUnsold) -> list[Publication]:
    """For each seller the own lines, for the operator all of them."""
    return [
        _publication(
            "orders.unsold", owner, event.at, Unsold(order_id=event.order_id, refund_id=event.refund_id, **lines)
        )
        for owner, lines in _shares(event.lines)
    ]


def authorized(event: PaymentAuthorized) -> list[Publication]:
    """For the operator."""
    data = Authorized(
        payment_id=event.payment_id, order_id=event.order_id, amount_paise=event.amount, method=event.method
    )
    return [_publication("payments.authorized", PLATFORM, event.at, data)]


def captured(event: PaymentCaptured) -> list[Publication]:
    """For the operator: a payment is the whole order's, which may be of several sellers."""
    data = Captured(
        payment_id=event.payment_id,
        order_id=event.order_id,
        amount_paise=event.amount,
        method=event.method,
        rrn=event.rrn,
    )
    return [_publication("payments.captured", PLATFORM, event.at, data)]


def failed(event: PaymentFailed) -> list[Publication]:
    """For the operator."""
    data = Failed(payment_id=event.payment_id, order_id=event.order_id, state=str(event.state), reason=event.reason)
    return [_publication("payments.failed", PLATFORM, event.at, data)]


def refunded(event: PaymentRefunded) -> list[Publication]:
    """For the operator."""
    return [_publication("payments.refunded", PLATFORM, event.at, _refund(event))]


def refund_failed(event: RefundFailed) -> list[Publication]:
    """For the operator."""
    return [_publication("payments.refund_failed", PLATFORM, event.at, _refund(event))]


_OF_MERCHANT = {
    "ready": "payment.ready", "authorized": "payment.authorized", "captured": "payment.captured", "failed": "payment.failed",
    "refunded": "refund.processed", "refund_failed": "refund.failed", "refund_retried": "refund.retried",
    "charged_back": "payment.charged_back",
}  # fmt: skip
"""What else moves, such as a refund that was asked for, its merchant did by itself."""


def of_merchant(event: MerchantPaymentMoved) -> list[Publication]:
    """For the merchant who began it, and for the operator unless it is a test."""
    if event.what not in _OF_MERCHANT:
        return []
    data = Moved(
        payment_id=event.payment_id, mode="test" if event.test else "live", merchant_id=event.merchant_id,
        reference=event.reference, refund_id=event.refund_id, amount_paise=event.amount, state=str(event.state),
        reason=event.reason, rrn=event.rrn,
    )  # fmt: skip
    owners = (event.merchant_id,) if event.test else (event.merchant_id, PLATFORM)
    return [_publication(_OF_MERCHANT[event.what], owner, event.at, data) for owner in owners]


def paid(event: SellerPaid) -> list[Publication]:
    """For its seller and the operator."""
    data = Paid(
        payout_id=event.payout_id, seller_id=event.seller_id, settled_on=event.settled_on, amount_paise=event.amount,
        utr=event.utr,
    )  # fmt: skip
    return [_publication("settlement.paid", owner, event.at, data) for owner in (event.seller_id, PLATFORM)]


def endpoint_disabled(event: EndpointDisabled) -> list[Publication]:
    """For the other endpoints of its owner, and the operator's."""
    data = Disabled(
        endpoint_id=event.endpoint_id, seller_id=event.seller_id, url=event.url, reason=event.reason,
        failing_since=event.failing_since,
    )  # fmt: skip
    owners = dict.fromkeys((event.seller_id or PLATFORM, PLATFORM))
    return [_publication("webhooks.endpoint_disabled", owner, event.at, data) for owner in owners]


PUBLISHED: Mapping[type, Callable[[Any], list[Publication]]] = {
    OrderSold: sold, OrderUnsold: unsold, SellerPaid: paid, EndpointDisabled: endpoint_disabled,
    PaymentAuthorized: authorized, PaymentCaptured: captured, PaymentFailed: failed, PaymentRefunded: refunded, RefundFailed: refund_failed,
    MerchantPaymentMoved: of_merchant,
}  # fmt: skip
"""What each event that is heard becomes."""


def _publication(name: str, owner: str, at: datetime, data: BaseModel) -> Publication:
    return Publication(owner, name, TYPES[name].version, at, data.model_dump(mode="json"))


def _refund(event: PaymentRefunded | RefundFailed) -> Refunded:
    return Refunded(
        refund_id=event.refund_id, payment_id=event.payment_id, order_id=event.order_id, amount_paise=event.amount
    )


def _shares(lines: Iterable[SoldLine]) -> list[tuple[str, dict[str, Any]]]:
    """By owner, the platform last, their lines and the sum of them."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        shown = Line(
            sku=line.sku, seller_id=line.seller_id, category=line.category, quantity=line.quantity, gross_paise=line.gross,
            taxable_paise=line.taxable, tax_paise=line.tax,
        )  # fmt: skip
        found.setdefault(line.seller_id, []).append(shown)
        found.setdefault(PLATFORM, []).append(shown)
    shares = {
        owner: {"lines": own, "gross_paise": sum(line.gross_paise for line in own)} for owner, own in found.items()
    }
    return sorted(shares.items(), reverse=True)
