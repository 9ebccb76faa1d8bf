"""The use cases of payments: units and calls to the gateway in turn, each step of which may be repeated."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter

from mela.contracts.payments import Method, Payment, Refund, Transfer
from mela.kernel import ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Rejected, Unauthenticated, Unreachable
from mela.kernel.money import Paise
from mela.services.payments.model import Actor, GatewayPayment, NewPayment, Open, OpenRefund, Outcome, Word
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.rules import schedule, signature, states
from mela.services.payments.service import news
from mela.services.payments.service.gateway import Gateway, Refused
from mela.services.payments.settings import Settings
from mela.services.payments.store import ledger, payments, refunds

log = structlog.get_logger()
BATCH = 20
WORDS = Counter(
    "mela_payments_gateway_words_total", "What the gateway said about payments", ["actor", "word", "outcome"]
)


class BadSignature(Unauthenticated):
    """A callback that is not the gateway's."""

    code = "payments.bad_signature"


class PaymentsService:
    """Keeps the contract `Payments`; see there for what each of its methods promises."""

    def __init__(
        self, db: Database, clock: Clock, gateway: Gateway, settings: Settings, checks: schedule.StatusChecks
    ) -> None:
        self._db, self._clock, self._gateway, self._settings, self._checks = db, clock, gateway, settings, checks
        self._lease = timedelta(seconds=2 * settings.gateway_timeout_s)

    async def start(
        self, *, key: str, order_id: str, amount: Paise, method: Method, description: str, seconds: int
    ) -> Payment:
        _check_amount(amount)
        now, upi = self._clock.now(), method == "upi"
        expires = now + timedelta(seconds=seconds) if upi else None
        new = NewPayment(ids.new_id("pay"), key, order_id, amount, method, description[:80], now, expires)
        payment = await self._db.run(payments.create, new, due=self._again(now, 0) if upi else None)
        if not upi or payment.intent_url is not None or payment.state not in states.OPEN:
            return payment
        try:
            return await self._begin(payment, new.description)
        except Unreachable:
            now = self._clock.now()
            return await self._db.run(payments.sent, payment.id, None, now=now, due=self._again(now, 0))

    async def get(self, *, payment_id: str) -> Payment:
        return await self._db.read(payments.get, payment_id)

    async def cancel(self, *, payment_id: str, reason: str) -> Payment:
        return await self._db.run(payments.cancel, payment_id, reason=reason, now=self._clock.now())

    async def collect_cash(self, *, key: str, payment_id: str) -> Payment:
        return await self._db.run(payments.collect_cash, payment_id, now=self._clock.now())

    async def refund(self, *, key: str, payment_id: str, amount: Paise, reason: str) -> Refund:
        _check_amount(amount)
        now = self._clock.now()
        refund, to_send = await self._db.run(
            refunds.request,
            key=key,
            payment_id=payment_id,
            amount=amount,
            reason=reason,
            now=now,
            due=self._again(now, 0),
        )
        if to_send is None:
            return refund
        await self._push(to_send)
        return await self._db.read(refunds.get, refund.id)

    async def post(self, *, key: str, transfers: list[Transfer]) -> None:
        if (what := accounts.fault(transfers)) is not None:
            raise Rejected("payments.invalid_transfer", what=what)
        await self._db.run(ledger.post, key, transfers, self._clock.now())

    async def take_callback(self, *, body: bytes, given: str, event_id: str) -> Outcome:
        """Let a signed callback have its effect, once. Raises: BadSignature, Invalid for a body of another shape."""
        if not signature.is_genuine(self._settings.webhook_secret, body, given):
            log.warning("callback refused", event_id=event_id)
            raise BadSignature
        told = news.read(body)
        now, event = self._clock.now(), (event_id, told.event)
        if told.payment is not None:
            return await self._apply(told.payment, Actor.CALLBACK, event=event)
        if told.refund is not None and told.refund.status == "processed":
            return await self._db.run(refunds.process, told.refund.reference, now, event=event)
        return Outcome.NOTHING

    async def ask_gateway(self) -> None:
        """Ask about every payment whose time to be asked about has come."""
        while await self._db.read(payments.any_due, self._clock.now()):
            found = await self._db.run(payments.claim, now=self._clock.now(), lease=self._lease, limit=BATCH)
            await asyncio.gather(*(self._ask(payment) for payment in found))

    async def push_refunds(self) -> None:
        """Send on every refund whose time has come."""
        while await self._db.read(refunds.any_due, self._clock.now()):
            found = await self._db.run(refunds.claim, now=self._clock.now(), lease=self._lease, limit=BATCH)
            await asyncio.gather(*(self._push(refund) for refund in found))

    async def look(self, payment_id: str) -> tuple[Payment, list[dict[str, Any]], list[Refund]]:
        """A payment, its history and its refunds. Raises: UnknownPayment."""
        payment, history = await self._db.read(payments.look, payment_id)
        return payment, history, await self._db.read(refunds.of_payment, payment_id)

    async def compare_books(self) -> dict[str, tuple[Paise, Paise]]:
        """Ours and the gateway's sum of what was collected and refunded. Raises: Unreachable."""
        theirs = (await self._gateway.books()).totals
        ours = await self._db.read(ledger.by_kind, accounts.PLACE["upi"])
        sums = {kind: Paise(sum(ours.get(name, 0) for name in names)) for kind, names in accounts.AT_GATEWAY.items()}
        return {kind: (amount, theirs[kind].amount if kind in theirs else Paise(0)) for kind, amount in sums.items()}

    async def _begin(self, payment: Payment, description: str) -> Payment:
        """Have the gateway begin a payment. Raises: Unreachable."""
        now, expires = self._clock.now(), payment.expires or payment.created
        try:
            told = await self._gateway.create(
                reference=payment.id, amount=payment.amount, description=description, expires=expires, now=now
            )
        except Refused as error:
            log.warning("payment refused", payment=payment.id, status=error.status)
            return await self._db.run(payments.refuse, payment.id, now=self._clock.now())
        now = self._clock.now()
        due = self._checks.next(created=payment.created, expires=expires, now=now)
        if told.status is Word.CREATED:
            return await self._db.run(payments.sent, payment.id, told, now=now, due=due)
        await self._apply(told, Actor.CHECK, due=due)
        return await self._db.read(payments.get, payment.id)

    async def _ask(self, found: Open) -> None:
        """Learn how a payment is, or note when to ask again."""
        now = self._clock.now()
        due = self._checks.next(created=found.payment.created, expires=found.expires, now=now)
        try:
            if found.gateway_id is None and found.payment.state in states.OPEN and now < found.expires:
                await self._begin(found.payment, found.description)
                return
            told = await self._status(found)
            if told is not None:
                await self._apply(told, Actor.CHECK, due=due)
            elif now > found.expires:
                never = GatewayPayment("", found.payment.id, Word.UNKNOWN, found.payment.amount)
                await self._apply(never, Actor.CLOCK)
            else:
                await self._db.run(payments.look_again, found.payment.id, due)
        except (Unreachable, Refused) as error:
            log.info("gateway did not tell", payment=found.payment.id, reason=str(error), tries=found.tries)
            again = due if found.gateway_id else self._again(self._clock.now(), found.tries + 1)
            await self._db.run(payments.look_again, found.payment.id, again)

    async def _status(self, found: Open) -> GatewayPayment | None:
        if found.gateway_id is not None:
            return await self._gateway.payment(found.gateway_id)
        return await self._gateway.find(found.payment.id)

    async def _push(self, refund: OpenRefund) -> None:
        """Have the gateway refund, or note when to ask again."""
        try:
            told = await self._gateway.refund(gateway_id=refund.gateway_id, reference=refund.id, amount=refund.amount)
        except Refused as error:
            log.warning("refund refused", refund=refund.id, status=error.status)
            await self._db.run(refunds.refuse, refund.id, self._clock.now(), status=error.status)
            return
        except Unreachable:
            told = None
        now = self._clock.now()
        if told is not None and told.status == "processed":
            await self._db.run(refunds.process, refund.id, now)
        else:
            await self._db.run(refunds.look_again, refund.id, self._again(now, refund.tries + 1))

    async def _apply(
        self, told: GatewayPayment, actor: Actor, *, due: datetime | None = None, event: tuple[str, str] | None = None
    ) -> Outcome:
        outcome = await self._db.run(payments.apply, told, actor=actor, now=self._clock.now(), due=due, event=event)
        WORDS.labels(actor, told.status, outcome).inc()
        if outcome is Outcome.PARKED:
            log.error("payment parked", payment=told.reference, status=told.status)
        return outcome

    def _again(self, now: datetime, tries: int) -> datetime:
        return now + schedule.retry_wait(self._settings.retry_s, tries)


def _check_amount(amount: Paise) -> None:
    if not 0 < amount <= accounts.LARGEST:
        raise Rejected("payments.invalid_transfer", what="amount")
