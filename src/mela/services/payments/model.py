"""What payments works with inside."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from mela.contracts.payments import Method, Payment
from mela.kernel.money import Paise


class Actor(StrEnum):
    """Who moved a payment on."""

    ORDER = "order"
    PAYER = "payer"
    CALLBACK = "gateway_callback"
    CHECK = "status_check"
    CLOCK = "clock"


class Word(StrEnum):
    """What the gateway says about a payment; UNKNOWN: it has never heard of it."""

    CREATED = "created"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class GatewayPayment:
    """A payment as the gateway tells it. `reference` is our payment's id."""

    id: str
    reference: str
    status: Word
    amount: Paise
    rrn: str | None = None
    error_code: str | None = None
    intent_url: str | None = None


@dataclass(frozen=True)
class GatewayRefund:
    """A refund as the gateway tells it. `reference` is our refund's id."""

    reference: str
    amount: Paise
    status: Literal["pending", "processed"]


@dataclass(frozen=True)
class GatewayTotal:
    """A sum of the gateway's books."""

    count: int
    amount: Paise


@dataclass(frozen=True)
class GatewayBooks:
    """The sums of the gateway's books by kind: collected, refunded, paid_out."""

    totals: dict[str, GatewayTotal]


@dataclass(frozen=True)
class NewPayment:
    """A payment that an order asks for."""

    id: str
    key: str
    order_id: str
    amount: Paise
    method: Method
    description: str
    created: datetime
    expires: datetime | None


@dataclass(frozen=True)
class Open:
    """A payment that somebody has to ask the gateway about. `tries`: requests that found no answer."""

    payment: Payment
    description: str
    gateway_id: str | None
    expires: datetime
    tries: int


@dataclass(frozen=True)
class OpenRefund:
    """A refund that the gateway has not processed yet."""

    id: str
    payment_id: str
    gateway_id: str
    amount: Paise
    tries: int


class Outcome(StrEnum):
    """What became of the gateway's word on a payment."""

    MOVED = "moved"
    LATE = "late"
    NOTHING = "nothing"
    REPEATED = "repeated"
    PARKED = "parked"
