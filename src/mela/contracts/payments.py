"""Payments: money from the payer to the platform and back, and the ledger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from mela.kernel.errors import Conflict, NotFound, Rejected
from mela.kernel.messages import event
from mela.kernel.money import Paise

Method = Literal["upi", "cod"]


class PaymentState(StrEnum):
    """Where a payment is. A time-out leaves it PENDING: nobody knows yet, so nobody says failed."""

    CREATED = "created"
    PENDING = "pending"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Payment:
    """A payment as its order sees it. `intent_url` opens a UPI app; `rrn` is the bank's reference once captured."""

    id: str
    order_id: str
    amount: Paise
    refunded: Paise
    method: Method
    state: PaymentState
    intent_url: str | None
    rrn: str | None
    reason: str | None
    created: datetime
    expires: datetime | None


@dataclass(frozen=True)
class Refund:
    """Money on its way back. `state`: pending, processed or failed."""

    id: str
    payment_id: str
    amount: Paise
    state: Literal["pending", "processed", "failed"]
    reason: str


@dataclass(frozen=True)
class Transfer:
    """An entry of the ledger: `amount` paise, above zero, from the credit side of one account to the debit side of another.

    So every entry balances by construction. Accounts are named `escrow`, `gateway:upi`, `seller:<id>` and so on.
    """

    debit: str
    credit: str
    amount: Paise
    kind: str


@dataclass(frozen=True)
class Payer:
    """Who pays, as far as the one who asks knows: fraud rules look at it. What is None, they can't look at.

    `name` is compared with the screening list and not kept. `device`: a browser's random mark. `place`: the State of
    delivery by its GST code. `payees`: the sellers.
    """

    id: str
    name: str
    device: str | None
    place: str | None
    payees: list[str]


class UnknownPayment(NotFound):
    """No payment has this id. Params: payment_id."""

    code = "payments.unknown_payment"


class RefundTooLarge(Rejected):
    """More than what was captured and not yet refunded. Params: left (paise)."""

    code = "payments.refund_too_large"


class NotCaptured(Conflict):
    """There is no money to give back or to count. Params: state."""

    code = "payments.not_captured"


@event("payments.ready", key="order_id")
@dataclass(frozen=True)
class PaymentReady:
    """A payment that could not begin at once, or waited for a person, can be made now: `intent_url` opens a UPI app."""

    payment_id: str
    order_id: str
    intent_url: str
    at: datetime


@event("payments.captured", key="order_id")
@dataclass(frozen=True)
class PaymentCaptured:
    """The payer's money is ours to hold. For cash on delivery: the cash has been handed over."""

    payment_id: str
    order_id: str
    amount: Paise
    method: Method
    rrn: str | None
    at: datetime


@event("payments.failed", key="order_id")
@dataclass(frozen=True)
class PaymentFailed:
    """No money will come from this payment: declined, expired or cancelled. `reason` is a code such as ZA or expired."""

    payment_id: str
    order_id: str
    state: PaymentState
    reason: str
    at: datetime


@event("payments.refunded", key="order_id")
@dataclass(frozen=True)
class PaymentRefunded:
    """A refund has reached the payer."""

    refund_id: str
    payment_id: str
    order_id: str
    amount: Paise
    at: datetime


@event("payments.refund_failed", key="order_id")
@dataclass(frozen=True)
class RefundFailed:
    """The gateway refused a refund: the money is held again, and a person looks at it."""

    refund_id: str
    payment_id: str
    order_id: str
    amount: Paise
    at: datetime


@event("payments.refund_retried", key="order_id")
@dataclass(frozen=True)
class RefundRetried:
    """A refund that was refused, `instead_of`, is tried once more as `refund_id`."""

    refund_id: str
    instead_of: str
    payment_id: str
    order_id: str
    amount: Paise
    at: datetime


@event("payments.case_closed", key="case_id")
@dataclass(frozen=True)
class CaseClosed:
    """A person has closed a case; for whoever audits. `about`: the payment, refund or movement."""

    case_id: str
    kind: str
    about: str
    resolution: str
    note: str
    actor: str
    at: datetime


class Payments(Protocol):
    """Takes payments, refunds them, keeps the books."""

    async def start(
        self,
        *,
        key: str,
        order_id: str,
        amount: Paise,
        method: Method,
        description: str,
        seconds: int,
        payer: Payer | None = None,
    ) -> Payment:
        """Begin a payment that expires after `seconds`. The same key again returns the same payment as it is now.

        With a `payer` it is judged before it goes to a gateway: FAILED with the reason `risk_blocked` when it is refused,
        CREATED with the reason `risk_review` while it waits for a person.

        UPI: returns with an `intent_url`, or PENDING without one when the gateway did not answer; the truth comes by event.
        """
        ...

    async def get(self, *, payment_id: str) -> Payment:
        """A payment as it is now. Raises: UnknownPayment."""
        ...

    async def cancel(self, *, payment_id: str, reason: str) -> Payment:
        """No longer wanted. Captured money stays; money that arrives later is refunded. Raises: UnknownPayment."""
        ...

    async def collect_cash(self, *, key: str, payment_id: str) -> Payment:
        """Cash on delivery was handed over. Raises: UnknownPayment, NotCaptured when it was cancelled."""
        ...

    async def refund(self, *, key: str, payment_id: str, amount: Paise, reason: str) -> Refund:
        """Give back `amount`. The same key again returns the same refund. Raises: UnknownPayment, NotCaptured, RefundTooLarge."""
        ...

    async def post(self, *, key: str, transfers: list[Transfer]) -> None:
        """Enter transfers into the ledger, all or none, once per key. Raises: KeyReused for other transfers."""
        ...
