"""The use cases of payments: units and calls to the gateway in turn, each step of which may be repeated."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter

from mela.contracts.payments import Capture, Instrument, Method, Payer, Payment, Refund, Transfer
from mela.kernel import ids
from mela.kernel.clock import Clock, india_date
from mela.kernel.db import Database
from mela.kernel.errors import Rejected, Unreachable
from mela.kernel.money import Paise
from mela.services.payments.model import (
    TEST,
    Actor,
    CardToken,
    Charge,
    Known,
    Merchant,
    NewPayment,
    Open,
    OpenCapture,
    OpenRefund,
    Outcome,
    ProviderPayment,
    Word,
)
from mela.services.payments.providers import Absent, Declined, Unknown, Unsent
from mela.services.payments.providers.tokens import Tokens
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.rules import methods, schedule, states
from mela.services.payments.rules.risk import Verdict
from mela.services.payments.rules.routing import Candidate
from mela.services.payments.service.desk import Desk
from mela.services.payments.service.offers import Offers
from mela.services.payments.service.risk import Risk
from mela.services.payments.settings import Settings
from mela.services.payments.store import captures, disputes, ledger, payments, refunds
from mela.services.payments.store import risk as risks

log = structlog.get_logger()
BATCH = 20
WORDS = Counter("mela_payments_gateway_words_total", "What providers said about payments", ["actor", "word", "outcome"])


class PaymentsService:
    """Keeps the contract `Payments`; see there for what each of its methods promises."""

    def __init__(
        self, db: Database, clock: Clock, desk: Desk, settings: Settings, *, checks: schedule.StatusChecks, risk: Risk,
        tokens: Tokens, offers: Offers, bearers: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._db, self._clock, self._desk, self._settings, self._checks = db, clock, desk, settings, checks
        self._risk, self._tokens, self._offers, self._bearers = risk, tokens, offers, bearers
        self._lease = timedelta(seconds=2 * settings.gateway_timeout_s)

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
        merchant: Merchant | None = None,
    ) -> Payment:
        """As the contract says; `merchant`: who begins it by the API, in test mode where that says so."""
        _check_amount(amount)
        test = merchant is not None and merchant.test
        now, online, means = self._clock.now(), method != "cod", instrument or Instrument()
        expires = now + timedelta(seconds=seconds) if online else None
        new_id, route, provider = ids.new_id("pay"), None, TEST if test else None
        paid_with = self._offers.check(method, means, test=test)
        if online and not test:
            provider, route = self._desk.first(new_id, amount, method, means.bank)
        new = NewPayment(
            new_id, key, order_id, amount, method, description[:80], now, expires, instrument=means, paid_with=paid_with,
            capture=capture or method != "card", provider=provider, route=route,
            merchant_id=merchant.id if merchant else None, reference=merchant.reference if merchant else None,
        )  # fmt: skip
        attempt = None if payer is None else self._risk.attempt(payer, amount, method, now)
        due = self._again(now, 0) if online else None
        payment, provider = await self._db.run(risks.create, new, due=due, attempt=attempt)
        if payment.state not in states.OPEN or payment.intent_url is not None or (not online and payment.id != new.id):
            return payment
        fresh = payment.id == new.id
        judged = None if attempt is None and fresh else await self._judge(payment)
        if judged is not None or provider is None:
            return judged or payment
        return await self._begin(payment, new, provider, fresh=fresh)

    async def get(self, *, payment_id: str) -> Payment:
        return await self._db.read(payments.get, payment_id)

    async def settle_review(self, payment_id: str, verdict: Verdict, *, by: str, note: str) -> Payment:
        """A person's word on a payment that waits: it goes to its provider, or has failed. Raises: UnknownPayment, NotInReview."""
        return await self._db.run(risks.settle, payment_id, verdict, self._clock.now(), by=by, note=note)

    async def cancel(self, *, payment_id: str, reason: str) -> Payment:
        return await self._db.run(payments.cancel, payment_id, reason=reason, now=self._clock.now())

    async def capture(self, *, key: str, payment_id: str, amount: Paise, final: bool = True) -> Capture:
        _check_amount(amount)
        now = self._clock.now()
        capture, to_ask = await self._db.run(
            captures.request,
            key=key,
            payment_id=payment_id,
            amount=amount,
            final=final,
            now=now,
            due=self._again(now, 0),
        )
        if to_ask is None:
            return capture
        await self._take(to_ask)
        return await self._db.read(captures.get, capture.id)

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
        accounts.check_posted(transfers)
        await self._db.run(ledger.post, key, transfers, self._clock.now())

    async def withheld(self, *, seller_id: str) -> Paise:
        """See `Payments.withheld`."""
        moved = await self._db.read(ledger.by_kind, accounts.seller(seller_id))
        return Paise(moved.get("hold", 0) - moved.get("release", 0) + moved.get("chargeback_lost", 0))

    async def take_callback(self, provider: str, *, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Let a provider's callback have its effect, once. Raises: UnknownProvider, BadSignature, Invalid."""
        now = self._clock.now()
        told = self._desk.at(provider).read_callback(headers, body, now)
        event = (told.event_id, told.event)
        if told.payment is not None:
            return await self._apply(provider, told.payment, Actor.CALLBACK, event=event)
        if told.refund is not None and told.refund.status == "processed":
            return await self._db.run(refunds.process, told.refund, now, provider=provider, event=event)
        if told.dispute is not None:
            return await self._db.run(
                disputes.tell, told.dispute, provider=provider, bearers=self._bearers, now=now, event=event
            )
        if told.look_at_dispute is not None:
            return await self._look_at_dispute(provider, told.look_at_dispute, event)
        return await self._look(provider, told.look) if told.look else Outcome.NOTHING

    async def hear(self, provider: str, told: ProviderPayment, event: tuple[str, str]) -> Outcome:
        """Let what a provider says by itself have its effect, once per event."""
        return await self._apply(provider, told, Actor.CALLBACK, event=event)

    async def ask_gateway(self) -> None:
        """Ask providers about every payment whose time to be asked about has come."""
        while await self._db.read(payments.any_due, self._clock.now()):
            found = await self._db.run(payments.claim, now=self._clock.now(), lease=self._lease, limit=BATCH)
            await asyncio.gather(*(self._ask(payment) for payment in found))

    async def push_captures(self) -> None:
        """Send on every capture whose time has come."""
        while await self._db.read(captures.any_due, self._clock.now()):
            found = await self._db.run(captures.claim, now=self._clock.now(), lease=self._lease, limit=BATCH)
            await asyncio.gather(*(self._take(capture) for capture in found))

    async def push_refunds(self) -> None:
        """Send on every refund whose time has come."""
        while await self._db.read(refunds.any_due, self._clock.now()):
            found = await self._db.run(refunds.claim, now=self._clock.now(), lease=self._lease, limit=BATCH)
            await asyncio.gather(*(self._push(refund) for refund in found))

    async def look(self, payment_id: str) -> tuple[Payment, list[dict[str, Any]], list[Capture], list[Refund]]:
        """A payment, its history, its captures and its refunds. Raises: UnknownPayment."""
        payment, history = await self._db.read(payments.look, payment_id)
        taken = await self._db.read(captures.of_payment, payment_id)
        return payment, history, taken, await self._db.read(refunds.of_payment, payment_id)

    async def route(self, payment_id: str) -> tuple[str | None, list[dict[str, Any]]]:
        """The provider that has a payment, and how all were weighed when it began. Raises: UnknownPayment."""
        return await self._db.read(payments.route, payment_id)

    def weigh(self, amount: Paise, *, method: str, bank: str | None) -> list[Candidate]:
        """The providers as a payment of now would find them, best first."""
        return self._desk.choose(ids.new_id("pay"), amount, method, bank)

    async def compare_books(self) -> dict[str, tuple[Paise, Paise]]:
        """Ours and the providers' sum of what was collected and refunded. Raises: Unreachable."""
        sums: dict[str, list[int]] = {kind: [0, 0] for kind in accounts.AT_GATEWAY}
        for provider in self._desk.all:
            told = await provider.books()
            if isinstance(told, Unknown):
                raise Unreachable(service=provider.name, seconds=1)
            ours = await self._db.read(ledger.by_kind, accounts.place(provider.name))
            for kind, names in accounts.AT_GATEWAY.items():
                sums[kind][0] += sum(ours.get(name, 0) for name in names)
                sums[kind][1] += told.totals[kind].amount if kind in told.totals else 0
        return {kind: (Paise(ours), Paise(theirs)) for kind, (ours, theirs) in sums.items()}

    async def _judge(self, payment: Payment) -> Payment | None:
        """The payment where it may not go on, None where it may. Cash comes at the door: a person has until then to look."""
        if payment.method != "cod" and payment.state is not states.CREATED:
            return None
        decision = await self._risk.judge(payment.id, payment.amount)
        if decision.verdict is Verdict.BLOCK:
            return await self._db.run(payments.refuse, payment.id, now=self._clock.now(), reason=risks.BLOCKED)
        if decision.verdict is Verdict.REVIEW and payment.method != "cod":
            return await self._db.run(payments.hold, payment.id, self._clock.now())
        return None

    async def _begin(
        self, payment: Payment, asked: NewPayment | Open, provider: str, *, fresh: bool = False, late: bool = False
    ) -> Payment:
        """Have a provider begin a payment, and another one where the first cannot have charged.

        That is known of a `fresh` payment only: what was tried before may have happened.
        """
        tried, bank = {provider}, asked.instrument.bank
        card = await self._card(payment, asked.instrument, provider)
        if isinstance(card, Declined | Unknown):
            return await self._not_begun(payment, provider, card)
        while True:
            now, expires = self._clock.now(), payment.expires or payment.created
            charge = Charge(
                payment.id, payment.amount, asked.description, max(1, int((expires - now).total_seconds())), expires, card=card,
                bank=bank, wallet=asked.instrument.wallet, vpa=asked.instrument.vpa, capture=asked.capture,
            )  # fmt: skip
            told = await self._desk.at(provider).create(charge)
            self._desk.answered(provider, told, now.timestamp(), payment.method, bank)
            if isinstance(told, ProviderPayment):
                return await self._begun(payment, provider, told, expires, card, late=late)
            may_move = fresh and isinstance(told, Declined | Unsent)
            following = (
                self._desk.another(tried, payment.id, payment.amount, payment.method, bank) if may_move else None
            )
            if following is None:
                return await self._not_begun(payment, provider, told)
            why = told.code if isinstance(told, Declined) else told.why
            has = await self._db.run(
                payments.move_on, payment.id, before=provider, to=following, why=why, now=self._clock.now()
            )
            if has is None or has in tried:
                return await self._db.read(payments.get, payment.id)
            log.info("payment moves on", payment=payment.id, before=provider, to=has, why=why)
            provider = has
            tried.add(provider)

    async def _card(
        self, payment: Payment, instrument: Instrument, provider: str
    ) -> CardToken | Declined | Unknown | None:
        """The card behind a token, with the cryptogram of this payment; None where none is paid with."""
        if instrument.card is None:
            return None
        if provider == TEST:
            return CardToken(instrument.card, "", "", TEST, instrument.card)
        told = await self._tokens.cryptogram(instrument.card, payment.id)
        if not isinstance(told, CardToken):
            return told
        what = methods.card_fault(told, india_date(self._clock.now()))
        return told if what is None else Declined(f"card_{what}")

    async def _begun(
        self, payment: Payment, provider: str, told: ProviderPayment, expires: datetime, card: CardToken | None, *, late: bool
    ) -> Payment:  # fmt: skip
        now = self._clock.now()
        due = self._checks.next(created=payment.created, expires=expires, now=now)
        if told.status is Word.CREATED:
            shown = f"{card.network} {card.last4}" if card else None
            return await self._db.run(
                payments.sent, payment.id, provider, told, now=now, due=due, late=late, paid_with=shown
            )
        await self._apply(provider, told, Actor.CHECK, due=due)
        return await self._db.read(payments.get, payment.id)

    async def _not_begun(self, payment: Payment, provider: str, told: Declined | Unknown) -> Payment:
        now = self._clock.now()
        if isinstance(told, Declined):
            log.warning("payment refused", payment=payment.id, provider=provider, code=told.code)
            return await self._db.run(payments.refuse, payment.id, now=now)
        again = self._again(now, 0)
        return await self._db.run(payments.sent, payment.id, provider, None, now=now, due=again)

    async def _ask(self, found: Open) -> None:
        """Learn how a payment is, or note when to ask again."""
        now = self._clock.now()
        if found.gateway_id is None and found.payment.state in states.OPEN and now < found.expires:
            if await self._judge(found.payment) is not None:
                return
            payment = await self._begin(found.payment, found, found.provider, late=True)
            if payment.intent_url is None and payment.state in states.OPEN:
                again = self._again(self._clock.now(), found.tries + 1)
                await self._db.run(payments.look_again, payment.id, again)
            return
        due = self._checks.next(created=found.payment.created, expires=found.expires, now=now)
        known = Known(found.payment.id, found.payment.amount, found.gateway_id)
        told = await self._desk.at(found.provider).status(known)
        self._desk.answered(found.provider, told, now.timestamp(), found.payment.method, found.instrument.bank)
        if isinstance(told, ProviderPayment):
            if await self._apply(found.provider, told, Actor.CHECK, due=due) is Outcome.HELD:
                await self._let_go(found.provider, replace(known, id=told.id))
        elif isinstance(told, Absent) and found.gateway_id is None and now > found.expires:
            never = ProviderPayment("", found.payment.id, Word.ABSENT, found.payment.amount)
            await self._apply(found.provider, never, Actor.CLOCK)
        else:
            log.info("provider did not tell", payment=found.payment.id, answer=str(told), tries=found.tries)
            again = (
                due if found.gateway_id or isinstance(told, Absent) else self._again(self._clock.now(), found.tries + 1)
            )
            await self._db.run(payments.look_again, found.payment.id, again)

    async def _let_go(self, provider: str, known: Known) -> None:
        """Have a provider let go of money that nobody will take; who cannot lets it go by itself in some days."""
        told = await self._desk.at(provider).void(known)
        if isinstance(told, ProviderPayment):
            await self._apply(provider, told, Actor.CHECK)
        else:
            log.warning("authorised money not let go yet", payment=known.reference, provider=provider, answer=str(told))

    async def _take(self, capture: OpenCapture) -> None:
        """Have the provider take authorised money, or note when to ask again."""
        known = Known(capture.payment_id, capture.amount, capture.gateway_id)
        told = await self._desk.at(capture.provider).capture(
            known, capture.amount, reference=capture.reference, final=capture.final
        )
        now = self._clock.now()
        if isinstance(told, Declined):
            log.warning("capture refused", capture=capture.id, code=told.code)
            await self._db.run(payments.refuse_capture, capture, now, code=told.code)
        elif isinstance(told, ProviderPayment) and told.status in (Word.AUTHORIZED, Word.CAPTURED):
            await self._db.run(payments.confirm, capture, told, actor=Actor.ORDER, now=now)
        else:
            await self._db.run(captures.look_again, capture.id, self._again(now, capture.tries + 1))

    async def _look(self, provider: str, reference: str) -> Outcome:
        """A hint that something is new about a payment or a refund: ask, instead of believing it."""
        refund = await self._db.read(refunds.find_open, reference)
        if refund is not None and refund.provider == provider:
            await self._push(refund)
            return Outcome.LOOKED
        found = await self._db.read(payments.find_open, reference)
        if found is not None and found.provider == provider:
            await self._ask(found)
            return Outcome.LOOKED
        return Outcome.NOTHING

    async def _look_at_dispute(self, provider: str, dispute_id: str, event: tuple[str, str]) -> Outcome:
        """A hint about a dispute: ask. Nobody asks again by a schedule, so the callback has to come again."""
        told = await self._desk.at(provider).dispute(dispute_id)
        if isinstance(told, Unknown):
            raise Unreachable(service=provider, seconds=5)
        if isinstance(told, Absent):
            return Outcome.NOTHING
        now = self._clock.now()
        await self._db.run(disputes.tell, told, provider=provider, bearers=self._bearers, now=now, event=event)
        return Outcome.LOOKED

    async def _push(self, refund: OpenRefund) -> None:
        """Have the provider refund, or note when to ask again."""
        known = Known(refund.payment_id, refund.amount, refund.gateway_id)
        told = await self._desk.at(refund.provider).refund(known, reference=refund.id, amount=refund.amount)
        now = self._clock.now()
        if isinstance(told, Declined):
            log.warning("refund refused", refund=refund.id, code=told.code)
            await self._db.run(refunds.refuse, refund.id, now, status=told.code)
        elif not isinstance(told, Unknown) and told.status == "processed":
            await self._db.run(refunds.process, told, now, provider=refund.provider)
        else:
            await self._db.run(refunds.look_again, refund.id, self._again(now, refund.tries + 1))

    async def _apply(
        self, provider: str, told: ProviderPayment, actor: Actor, *, due: datetime | None = None,
        event: tuple[str, str] | None = None,
    ) -> Outcome:  # fmt: skip
        outcome = await self._db.run(
            payments.apply, told, provider=provider, actor=actor, now=self._clock.now(), due=due, event=event
        )
        WORDS.labels(actor, told.status, outcome).inc()
        if outcome in (Outcome.MOVED, Outcome.LATE) and len(self._desk.all) > 1:
            method, bank = await self._db.read(payments.means, told.reference)
            self._desk.ended(provider, told, method, bank)
        if outcome is Outcome.PARKED:
            log.error("payment parked", payment=told.reference, provider=provider, status=told.status)
        return outcome

    def _again(self, now: datetime, tries: int) -> datetime:
        return now + schedule.retry_wait(self._settings.retry_s, tries)


def _check_amount(amount: Paise) -> None:
    if not 0 < amount <= accounts.LARGEST:
        raise Rejected("payments.invalid_transfer", what="amount")
