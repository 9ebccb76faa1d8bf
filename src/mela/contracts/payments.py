"""Payments: money from the payer to the platform and back, and the ledger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from mela.kernel.errors import Conflict, NotFound, NotYet, Rejected, Retryable
from mela.kernel.messages import event
from mela.kernel.money import Paise

Method = Literal["upi", "card", "netbanking", "wallet", "cod"]


class PaymentState(StrEnum):
    """Where a payment is. A time-out leaves it PENDING: nobody knows yet, so nobody says failed.

    AUTHORIZED: the payer's bank holds the money for us, and we have not taken it yet.
    """

    CREATED = "created"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_OPEN = (PaymentState.CREATED, PaymentState.PENDING)


@dataclass(frozen=True)
class Instrument:
    """What the payer pays with, beside the method: what is None does not belong to it.

    `card`: a token's name, never a card's number. `bank`: the code of a bank for net banking. `wallet`: its name.
    `vpa`: a UPI address that is asked to pay (UPI collect), which few may still do.
    """

    card: str | None = None
    bank: str | None = None
    wallet: str | None = None
    vpa: str | None = None


@dataclass(frozen=True)
class Payment:
    """A payment as its order sees it. `intent_url`: where the payer pays, a UPI app or a bank's page.

    `captured`: taken, or being taken. `rrn`: the bank's reference once captured. `paid_with`: as a payer would know it.
    """

    id: str
    order_id: str
    amount: Paise
    captured: Paise
    refunded: Paise
    method: Method
    paid_with: str | None
    state: PaymentState
    intent_url: str | None
    rrn: str | None
    reason: str | None
    created: datetime
    expires: datetime | None


@dataclass(frozen=True)
class Capture:
    """Money of an authorised payment that is taken. `final`: what is left of the payment is let go."""

    id: str
    payment_id: str
    amount: Paise
    final: bool
    state: Literal["pending", "done", "failed"]


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


class BadInstrument(Rejected):
    """What is to be paid with does not fit the method, or nobody knows it. Params: what."""

    code = "payments.bad_instrument"


class CollectNotAllowed(Rejected):
    """UPI collect has ended for this kind of merchant: a link or a QR code does it. Params: since (a day)."""

    code = "payments.collect_not_allowed"


class BankDown(Retryable):
    """No provider reaches the payer's bank at present. Params: bank, seconds."""

    code = "payments.bank_down"


class NotAuthorized(Conflict):
    """No money waits to be taken. Params: state."""

    code = "payments.not_authorized"

    @property
    def is_final(self) -> bool:
        """A payment that is open may be authorised yet."""
        return self.params.get("state") not in _OPEN


class CapturePending(NotYet):
    """Another capture of the payment is under way."""

    code = "payments.capture_pending"


class CaptureTooLarge(Rejected):
    """More than what was authorised and not yet taken. Params: left (paise)."""

    code = "payments.capture_too_large"


class NotCaptured(Conflict):
    """There is no money to give back or to count. Params: state."""

    code = "payments.not_captured"

    @property
    def is_final(self) -> bool:
        """A payment that is open, or authorised, may be captured yet."""
        return self.params.get("state") not in (*_OPEN, PaymentState.AUTHORIZED)


@event("payments.ready", key="order_id")
@dataclass(frozen=True)
class PaymentReady:
    """A payment that could not begin at once, or waited for a person, can be made now: `intent_url` opens a UPI app."""

    payment_id: str
    order_id: str
    intent_url: str
    at: datetime


@event("payments.authorized", key="order_id")
@dataclass(frozen=True)
class PaymentAuthorized:
    """The payer's bank holds the money for us, until it is captured, let go, or lapses."""

    payment_id: str
    order_id: str
    amount: Paise
    method: Method
    at: datetime


@event("payments.captured", key="order_id")
@dataclass(frozen=True)
class PaymentCaptured:
    """The payer's money is ours to hold. For cash on delivery: the cash has been handed over.

    `amount`: what was taken now; a payment that was authorised may be taken in several parts.
    """

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


@event("payments.merchant_moved", key="payment_id")
@dataclass(frozen=True)
class MerchantPaymentMoved:
    """A payment that a merchant began by the API has moved, or a refund of it; nobody hears of it as of an order's payment.

    `what`: ready, authorized, captured, failed, refund_requested, refunded, refund_failed, refund_retried or charged_back.
    `amount`: of what moved. A refund of money that came too late is never `refund_requested`: that money was not the merchant's.
    """

    payment_id: str
    merchant_id: str
    reference: str
    test: bool
    method: Method
    what: str
    refund_id: str | None
    amount: Paise
    state: PaymentState
    reason: str | None
    rrn: str | None
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
        instrument: Instrument | None = None,
        capture: bool = True,
    ) -> Payment:
        """Begin a payment that expires after `seconds`. The same key again returns the same payment as it is now.

        With a `payer` it is judged before it goes to a gateway: FAILED with the reason `risk_blocked` when it is refused,
        CREATED with the reason `risk_review` while it waits for a person.

        Returns with an `intent_url`, or PENDING without one when the gateway did not answer; the truth comes by event.
        `capture` false: a card is authorised only, to be captured or cancelled later. Raises: BadInstrument, CollectNotAllowed,
        BankDown.
        """
        ...

    async def get(self, *, payment_id: str) -> Payment:
        """A payment as it is now. Raises: UnknownPayment."""
        ...

    async def capture(self, *, key: str, payment_id: str, amount: Paise, final: bool = True) -> Capture:
        """Take money of an authorised payment; what is left after the `final` capture is let go. The same key: the same capture.

        Raises: UnknownPayment, NotAuthorized, CapturePending, CaptureTooLarge.
        """
        ...

    async def cancel(self, *, payment_id: str, reason: str) -> Payment:
        """No longer wanted. Captured money stays; money that arrives later is refunded; what was only authorised is let go.

        Raises: UnknownPayment.
        """
        ...

    async def collect_cash(self, *, key: str, payment_id: str) -> Payment:
        """Cash on delivery was handed over. Raises: UnknownPayment, NotCaptured when it was cancelled."""
        ...

    async def refund(self, *, key: str, payment_id: str, amount: Paise, reason: str) -> Refund:
        """Give back `amount`. The same key again returns the same refund. Raises: UnknownPayment, NotCaptured, RefundTooLarge."""
        ...

    async def post(self, *, key: str, transfers: list[Transfer]) -> None:
        """Enter transfers into the ledger, all or none, once per key. Raises: KeyReused for other transfers.

        Refused with `payments.kind_reserved` where a kind is payments' own, such as `capture`, and with
        `payments.account_overdrawn` where an account that may not be overdrawn would be.
        """
        ...

    async def withheld(self, *, seller_id: str) -> Paise:
        """What a seller has coming and may not be paid: held for a reason, or lost to a payer's dispute."""
        ...
