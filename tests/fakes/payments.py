"""A `Payments` that lives in memory. Its tests are the contract's: tests/service/payments/test_contract.py.

What the payer and the gateway do, the test does: `pay`, `decline`, `process_refund` return the event that would follow.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from mela.contracts.payments import (
    BadInstrument,
    Capture,
    CaptureTooLarge,
    Instrument,
    Method,
    NotAuthorized,
    NotCaptured,
    Payer,
    Payment,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentState,
    Refund,
    RefundFailed,
    RefundRetried,
    RefundTooLarge,
    Transfer,
    UnknownPayment,
)
from mela.kernel import ids
from mela.kernel.clock import Clock, SystemClock
from mela.kernel.errors import Conflict, Rejected, Unreachable
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise

_NEEDS = {"card": "card", "netbanking": "bank", "wallet": "wallet"}
OPEN = (PaymentState.CREATED, PaymentState.PENDING)


class FakePayments:
    """Keeps the contract. `away`: every call fails as if the service could not be reached; `silent`: no `intent_url`; `refuses`: no transfers."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.captures: dict[str, Capture] = {}
        self.transfers: list[Transfer] = []
        self.held: dict[str, int] = {}
        self.away = self.silent = self.refuses = False
        self._clock = clock or SystemClock()
        self._known: dict[tuple[str, str], tuple[Any, str]] = {}

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
        means = instrument or Instrument()
        if sum(value is not None for value in vars(means).values()) != (method in _NEEDS):
            raise BadInstrument(what=_NEEDS.get(method, "card"))
        found, new = self._once("start", key, (order_id, amount, method, means, capture), "pay")
        if new:
            online, now = method != "cod", self._clock.now()
            link = f"upi://pay?pa=mela@simbank&tr={found}" if online and not self.silent else None
            expires = now + timedelta(seconds=seconds) if online else None
            self.payments[found] = Payment(
                found, order_id, amount, Paise(0), Paise(0), method, None, PaymentState.PENDING, link, None, None, now, expires
            )  # fmt: skip
        return self.payments[found]

    async def capture(self, *, key: str, payment_id: str, amount: Paise, final: bool = True) -> Capture:
        payment, known = self._find(payment_id), ("capture", key) in self._known
        if not known and payment.state is not PaymentState.AUTHORIZED:
            raise NotAuthorized(state=payment.state)
        if not known and payment.captured + amount > payment.amount:
            raise CaptureTooLarge(left=payment.amount - payment.captured)
        found, new = self._once("capture", key, (payment_id, amount, final), "cap")
        if new:
            taken = Paise(payment.captured + amount)
            state = PaymentState.CAPTURED if final or taken == payment.amount else payment.state
            self._set(payment, captured=taken, state=state)
            self.captures[found] = Capture(found, payment_id, amount, final, "done")
        return self.captures[found]

    async def get(self, *, payment_id: str) -> Payment:
        return self._find(payment_id)

    async def cancel(self, *, payment_id: str, reason: str) -> Payment:
        payment = self._find(payment_id)
        waits = payment.state in (*OPEN, PaymentState.AUTHORIZED)
        return self._set(payment, state=PaymentState.CANCELLED, reason=reason) if waits else payment

    async def collect_cash(self, *, key: str, payment_id: str) -> Payment:
        payment = self._find(payment_id)
        if payment.method != "cod":
            raise Rejected("payments.not_cash")
        if payment.state not in (*OPEN, PaymentState.CAPTURED):
            raise NotCaptured(state=payment.state)
        return self._set(payment, state=PaymentState.CAPTURED, captured=payment.amount)

    async def refund(self, *, key: str, payment_id: str, amount: Paise, reason: str) -> Refund:
        payment, known = self._find(payment_id), ("refund", key) in self._known
        if not known and payment.state != PaymentState.CAPTURED:
            raise NotCaptured(state=payment.state)
        if not known and payment.refunded + amount > payment.captured:
            raise RefundTooLarge(left=payment.captured - payment.refunded)
        found, new = self._once("refund", key, (payment_id, amount), "rfnd")
        if new:
            self._set(payment, refunded=Paise(payment.refunded + amount))
            self.refunds[found] = Refund(found, payment_id, amount, "pending", reason)
        return self.refunds[found]

    async def post(self, *, key: str, transfers: list[Transfer]) -> None:
        if self.refuses:
            raise Conflict("payments.account_overdrawn", account=transfers[0].debit, left=0, wanted=transfers[0].amount)
        if not transfers or any(t.amount <= 0 or t.debit == t.credit for t in transfers):
            raise Rejected("payments.invalid_transfer", what="amount")
        if any(t.kind == "capture" for t in transfers):
            raise Rejected("payments.kind_reserved", kind="capture")
        if self._once("post", key, transfers, "post")[1]:
            self.transfers += transfers

    async def withheld(self, *, seller_id: str) -> Paise:
        """See `Payments.withheld`."""
        self._reach()
        return Paise(self.held.get(seller_id, 0))

    def pay(self, payment_id: str, rrn: str = "632715000042") -> PaymentCaptured:
        """The payer pays. The event that would follow."""
        found = self._find(payment_id)
        paid = self._set(found, state=PaymentState.CAPTURED, captured=found.amount, rrn=rrn)
        return PaymentCaptured(paid.id, paid.order_id, paid.amount, paid.method, paid.rrn, self._clock.now())

    def authorize(self, payment_id: str) -> Payment:
        """The payer's bank holds the money."""
        return self._set(self._find(payment_id), state=PaymentState.AUTHORIZED)

    def decline(self, payment_id: str, reason: str = "ZA") -> PaymentFailed:
        """The payer declines. The event that would follow."""
        failed = self._set(self._find(payment_id), state=PaymentState.FAILED, reason=reason)
        return PaymentFailed(failed.id, failed.order_id, failed.state, reason, self._clock.now())

    def process_refund(self, refund_id: str) -> PaymentRefunded:
        """The gateway has sent a refund. The event that would follow."""
        refund = self.refunds[refund_id] = replace(self.refunds[refund_id], state="processed")
        order_id = self.payments[refund.payment_id].order_id
        return PaymentRefunded(refund.id, refund.payment_id, order_id, refund.amount, self._clock.now())

    def refuse_refund(self, refund_id: str) -> RefundFailed:
        """The gateway will not send a refund. The event that would follow."""
        refund = self.refunds[refund_id] = replace(self.refunds[refund_id], state="failed")
        payment = self._find(refund.payment_id)
        self._set(payment, refunded=Paise(payment.refunded - refund.amount))
        return RefundFailed(refund.id, payment.id, payment.order_id, refund.amount, self._clock.now())

    def retry_refund(self, refund_id: str) -> RefundRetried:
        """A person lets a refused refund be tried once more. The event that would follow."""
        first = self.refunds[refund_id]
        second = replace(first, id=ids.new_id("rfnd"), state="pending")
        self.refunds[second.id] = second
        payment = self._find(first.payment_id)
        self._set(payment, refunded=Paise(payment.refunded + first.amount))
        return RefundRetried(second.id, refund_id, payment.id, payment.order_id, first.amount, self._clock.now())

    def balance(self, account: str) -> int:
        """Debits less credits of the posted transfers."""
        debits = sum(t.amount for t in self.transfers if t.debit == account)
        return debits - sum(t.amount for t in self.transfers if t.credit == account)

    def _find(self, payment_id: str) -> Payment:
        self._reach()
        if payment_id not in self.payments:
            raise UnknownPayment(payment_id=payment_id)
        return self.payments[payment_id]

    def _set(self, payment: Payment, **changes: Any) -> Payment:
        self.payments[payment.id] = changed = replace(payment, **changes)
        return changed

    def _once(self, verb: str, key: str, request: Any, prefix: str) -> tuple[str, bool]:
        """The id that this key stands for, and whether it is new. Raises: KeyReused."""
        self._reach()
        new = (verb, key) not in self._known
        known, found = self._known.setdefault((verb, key), (request, ids.new_id(prefix)))
        if known != request:
            raise KeyReused
        return found, new

    def _reach(self) -> None:
        if self.away:
            raise Unreachable(service="payments", seconds=1)
