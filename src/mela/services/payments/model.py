"""What payments works with inside."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

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
    """What a provider says about a payment; CREATED: nobody has paid yet; ABSENT: it has never heard of it."""

    CREATED = "created"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    VOIDED = "voided"
    FAILED = "failed"
    EXPIRED = "expired"
    ABSENT = "absent"


@dataclass(frozen=True)
class CardToken:
    """A network's token in place of a card's number, with the cryptogram of this one payment. `expiry`: MMYY."""

    token: str = field(repr=False)
    cryptogram: str = field(repr=False)
    expiry: str
    network: str
    last4: str


@dataclass(frozen=True)
class Charge:
    """A payment that a provider is asked to begin. `reference` is our payment's id.

    Without a `card` it is a UPI link. `capture` false: a card is authorised only, and captured or voided later.
    """

    reference: str
    amount: Paise
    description: str
    seconds: int
    expires: datetime
    card: CardToken | None = None
    capture: bool = True


@dataclass(frozen=True)
class Known:
    """A payment that a provider may have. `id`: its own name for it, None as long as it has told none."""

    reference: str
    amount: Paise
    id: str | None = None


@dataclass(frozen=True)
class ProviderPayment:
    """A payment as a provider tells it. `reference` is our payment's id.

    `amount` is what was captured, once it is. `intent_url`: what opens a UPI app, or the page of the payer's bank.
    """

    id: str
    reference: str
    status: Word
    amount: Paise
    rrn: str | None = None
    error_code: str | None = None
    intent_url: str | None = None


@dataclass(frozen=True)
class ProviderRefund:
    """A refund as a provider tells it. `reference` is our refund's id."""

    reference: str
    amount: Paise
    status: Literal["pending", "processed", "failed"]


@dataclass(frozen=True)
class ProviderTotal:
    """A sum of a provider's books."""

    count: int
    amount: Paise


@dataclass(frozen=True)
class ProviderBooks:
    """The sums of a provider's books by kind: collected, refunded, paid_out."""

    totals: dict[str, ProviderTotal]


@dataclass(frozen=True)
class NewPayment:
    """A payment that an order asks for. `provider` and `route`: whom it goes to first, and why; None for cash."""

    id: str
    key: str
    order_id: str
    amount: Paise
    method: Method
    description: str
    created: datetime
    expires: datetime | None
    provider: str | None = None
    route: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Open:
    """A payment that somebody has to ask its provider about. `tries`: requests that found no answer."""

    payment: Payment
    description: str
    provider: str
    gateway_id: str | None
    expires: datetime
    tries: int


@dataclass(frozen=True)
class OpenRefund:
    """A refund that the provider has not processed yet."""

    id: str
    payment_id: str
    provider: str
    gateway_id: str
    amount: Paise
    tries: int


class Outcome(StrEnum):
    """What became of a provider's word on a payment."""

    MOVED = "moved"
    LATE = "late"
    NOTHING = "nothing"
    REPEATED = "repeated"
    LOOKED = "looked"
    PARKED = "parked"
