"""What payments works with inside."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from mela.contracts.payments import Instrument, Method, Payment
from mela.kernel.money import Paise


class Actor(StrEnum):
    """Who moved a payment on."""

    ORDER = "order"
    PAYER = "payer"
    CALLBACK = "gateway_callback"
    CHECK = "status_check"
    CLOCK = "clock"


class Word(StrEnum):
    """What a provider says about a payment; CREATED: nobody has paid yet; ABSENT: it has never heard of it.

    DEEMED: the payer was debited and the other bank has not confirmed (NPCI's RB): it may still be captured, or reversed.
    """

    CREATED = "created"
    AUTHORIZED = "authorized"
    DEEMED = "deemed"
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

    With a `card`, a `bank` (net banking) or a `wallet` it is that; otherwise UPI, as a link, or asked of a `vpa`.
    `capture` false: a card is authorised only, and captured or voided later.
    """

    reference: str
    amount: Paise
    description: str
    seconds: int
    expires: datetime
    card: CardToken | None = None
    bank: str | None = None
    wallet: str | None = None
    vpa: str | None = None
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

    `amount` is what was captured, once it is: with several captures, so far. `intent_url`: what opens a UPI app, or the page of
    the payer's bank.
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
class ProviderDispute:
    """A dispute as a provider tells it: the payer's bank has taken the money back. `reference` is our payment's id."""

    id: str
    reference: str
    amount: Paise
    status: Literal["opened", "won", "lost"]
    reason: str
    respond_by: datetime | None


@dataclass(frozen=True)
class ProviderTotal:
    """A sum of a provider's books."""

    count: int
    amount: Paise


@dataclass(frozen=True)
class ProviderBooks:
    """The sums of a provider's books by kind: collected, refunded, paid_out."""

    totals: dict[str, ProviderTotal]


TEST = "test"
"""The provider of payments that move no money."""


@dataclass(frozen=True)
class Merchant:
    """Who began a payment by the API, and what it is called there. `test`: it moves no money."""

    id: str
    reference: str
    test: bool


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
    instrument: Instrument = field(default_factory=Instrument)
    paid_with: str | None = None
    capture: bool = True
    merchant_id: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Open:
    """A payment that somebody has to ask its provider about. `tries`: requests that found no answer."""

    payment: Payment
    description: str
    provider: str
    gateway_id: str | None
    expires: datetime
    tries: int
    instrument: Instrument
    capture: bool


@dataclass(frozen=True)
class OpenCapture:
    """A capture that the provider has not confirmed yet. `reference`: what it is told apart by there."""

    id: str
    reference: str
    payment_id: str
    provider: str
    gateway_id: str
    amount: Paise
    final: bool
    tries: int


@dataclass(frozen=True)
class Downtime:
    """A bank, a wallet or a card network that a provider does not reach well, until `ends` if that is known."""

    method: Method
    instrument: str
    begins: datetime
    ends: datetime | None


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
    """What became of a provider's word on a payment. HELD: money that nobody will take has to be let go."""

    MOVED = "moved"
    LATE = "late"
    NOTHING = "nothing"
    REPEATED = "repeated"
    LOOKED = "looked"
    HELD = "held"
    PARKED = "parked"
