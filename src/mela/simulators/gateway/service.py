"""What the gateway does, under its plan."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import Row, Table

from mela.kernel import cards, clock, ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import NotFound, Rejected, Retryable
from mela.simulators.gateway import entities, schemas, settling, states, tables, upi
from mela.simulators.gateway.callbacks import Sender
from mela.simulators.gateway.entities import Fields, fields
from mela.simulators.gateway.payers import payers
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.settings import Settings
from mela.simulators.gateway.store import books, disputes, due, payments, payouts, plans, refunds, rows, tokens

T = TypeVar("T")
BATCH = 200
REPORT_ROWS = 2_000
_WRONG_OTP = "000000"
"""No SMS is sent for a card: any other six digits are the right ones."""


class UnknownCode(Rejected):
    """No response code that closes a payment. Params: rejected (the code)."""

    code = "gateway.unknown_code"


class BadCard(Rejected):
    """No card that a network knows. Params: field."""

    code = "gateway.bad_card"


class LinkAltered(Rejected):
    """Not a link of this gateway, or changed on its way. Params: field."""

    code = "gateway.link_altered"


class WrongUpiPin(Rejected):
    """Not the PIN of this account. Params: left (tries)."""

    code = "gateway.wrong_pin"


class WrongOtp(Rejected):
    """Not the code that the card's bank has sent. Params: left (tries)."""

    code = "gateway.wrong_otp"


class Gateway:
    """Both sides of the gateway: merchants and payers."""

    def __init__(
        self, db: Database, clock: Clock, sender: Sender, settings: Settings, *, name: str = "gateway"
    ) -> None:
        self._db, self._clock, self._sender, self._settings, self._name = db, clock, sender, settings, name
        self._plan: Plan | None = None
        self._answers = 0
        self._tries: dict[tuple[str, str], int] = {}

    async def plan(self) -> Plan:
        """The plan in force; it survives a restart."""
        if self._plan is None:
            self._plan = Plan.model_validate(await self._db.read(plans.read) or {})
        return self._plan

    async def follow(self, plan: Plan) -> Plan:
        """Follow another plan from now on. Raises: UnknownCode."""
        for code in plan.decline_codes:
            self._closing(code)
        await self._db.run(plans.keep, plan.model_dump(mode="json"))
        self._plan, self._tries, self._answers = plan, {}, 0
        return plan

    async def create_payment(
        self, *, reference: str, amount: int, description: str, seconds: int, callback_url: str, method: str | None,
        manual: bool = False, card: str | None = None, bank: str | None = None, vpa: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Begin a payment, or without a method an order that nobody pays yet. Raises: ReferenceReused."""
        now = self._clock.now()
        row = {
            "id": _name("gp"), "reference": reference, "amount": amount, "description": description, "method": method,
            "manual": manual, "card": card, "bank": bank, "asked_vpa": vpa, "callback_url": callback_url, "created": now,
            "expires": now + timedelta(seconds=seconds),
        }  # fmt: skip
        return self._shown(await self._planned("pay", reference, lambda: self._db.run(payments.create, row)))

    async def begin(
        self, payment_id: str, method: str, *, manual: bool | None = None, card: str | None = None, bank: str | None = None,
        seconds: int | None = None, description: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """Say how an order is paid; what is left out, or has begun, stays as it is. Raises: NotFound."""
        expires = None if seconds is None else self._clock.now() + timedelta(seconds=seconds)
        told = {
            "method": method,
            "manual": manual,
            "card": card,
            "bank": bank,
            "expires": expires,
            "description": description or None,
        }
        how = {name: value for name, value in told.items() if value is not None}

        async def effect() -> Row[Any]:
            return await self._db.run(payments.begin, payment_id, how)

        return self._shown(fields(await self._planned("begin", payment_id, effect)))

    async def capture(
        self, payment_id: str, amount: int, *, reference: str | None = None, final: bool = True
    ) -> dict[str, Any]:
        """Take money of an authorised payment. Raises: NotFound, NotOpen, OverCaptured, ReferenceReused."""
        return await self._changed(
            "capture", payment_id, payments.capture, amount=amount, reference=reference, final=final
        )

    async def downtimes(self) -> list[dict[str, Any]]:
        """Banks and wallets that are down, by the plan; a bank is written in capital letters."""
        now = int(self._clock.now().timestamp())
        return [
            {"method": "netbanking" if name.isupper() else "wallet", "bank": name, "begin": now, "end": None}
            for name in (await self.plan()).banks_down
        ]

    async def tokenize(self, number: str, expiry: str) -> dict[str, Any]:
        """A token for a card, whose number is not kept. Raises: BadCard."""
        today, network = clock.india_date(self._clock.now()), cards.network(number)
        if network is None or not cards.luhn(number):
            raise BadCard(field="number")
        if (2000 + int(expiry[2:]), int(expiry[:2])) < (today.year, today.month):
            raise BadCard(field="expiry")
        digits = "9" + "".join(str(ord(c) % 10) for c in ids.new_secret()[:14])
        row = {
            "id": _name("ctok"), "token": digits + next(d for d in "0123456789" if cards.luhn(digits + d)), "network": network,
            "expiry": expiry, "last4": number[-4:], "created": self._clock.now(),
        }  # fmt: skip
        await self._db.run(tokens.keep, row)
        return row

    async def token(self, token_id: str) -> dict[str, Any]:
        """A token by its name. Raises: NotFound."""
        return dict(fields(await self._db.read(tokens.get, token_id)))

    async def cryptogram(self, token_id: str, reference: str) -> dict[str, Any]:
        """A token's digits, and a cryptogram for one payment. Raises: NotFound."""
        found = await self.token(token_id)
        digest = hashlib.sha256(f"{found['token']}:{reference}".encode()).digest()
        shown = {name: found[name] for name in ("token", "expiry", "network", "last4")}
        return shown | {"cryptogram": b64encode(digest[:20]).decode()}

    async def void(self, payment_id: str) -> dict[str, Any]:
        """Let an authorised payment go. Raises: NotFound, NotOpen."""
        return await self._changed("void", payment_id, payments.void)

    async def payment(self, payment_id: str) -> dict[str, Any]:
        """A payment by its id. Raises: NotFound."""
        row = await self._planned("status", payment_id, lambda: self._db.read(payments.get, payment_id))
        return self._told(row, payment_id)

    async def payment_of(self, reference: str) -> dict[str, Any]:
        """A payment by the merchant's name. Raises: NotFound."""
        return self._told(await self._of(tables.payments, reference), reference)

    async def find(self, reference: str) -> dict[str, Any] | None:
        """A payment by the merchant's name, None when it never arrived."""
        try:
            return await self.payment_of(reference)
        except NotFound:
            return None

    def seconds_until(self, moment: datetime) -> int:
        """From now."""
        return int((moment - self._clock.now()).total_seconds())

    async def refund(self, payment_id: str, *, reference: str, amount: int) -> dict[str, Any]:
        """Give money back. Raises: NotFound, NotOpen, OverCaptured, ReferenceReused, RefundRefused."""
        plan, now = await self.plan(), self._clock.now()
        pending = plan.hits("refund_pending", reference)
        wait = timedelta(milliseconds=plan.refund_pending_ms if pending else 0)
        row = {
            "id": _name("gr"), "payment_id": payment_id, "reference": reference, "amount": amount, "created": now,
            "due": now + wait,
        }  # fmt: skip

        async def effect() -> Fields:
            found = await self._db.run(refunds.create, row, pending=pending, now=now, plan=plan)
            self._sender.wake()
            return found

        return entities.refund(await self._planned("refund", reference, effect))

    async def refund_of(self, reference: str) -> dict[str, Any]:
        """A refund by the merchant's name. Raises: NotFound."""
        return entities.refund(fields(await self._of(tables.refunds, reference)))

    async def refunds_of(self, payment_id: str) -> list[dict[str, Any]]:
        """The refunds of a payment, oldest first."""
        found = await self._planned("status", payment_id, lambda: self._db.read(refunds.of_payment, payment_id))
        return [entities.refund(fields(row)) for row in found]

    async def open_dispute(self, reference: str, amount: int | None, reason: str, days: int) -> dict[str, Any]:
        """A payer disputes a payment, in whole or in part; the merchant may answer for so many days.

        Raises: NotFound, NotOpen, OverCaptured.
        """
        now = self._clock.now()
        row = {
            "id": _name("gd"), "amount": amount, "reason": reason, "respond_by": now + timedelta(days=days), "created": now,
        }  # fmt: skip
        made = await self._db.run(disputes.open_dispute, reference, row, now=now, plan=await self.plan())
        self._sender.wake()
        return dict(made)

    async def close_dispute(self, dispute_id: str, status: str) -> dict[str, Any]:
        """A dispute is won or lost. Raises: NotFound, NotOpen."""
        now, plan = self._clock.now(), await self.plan()
        closed = await self._db.run(disputes.close_dispute, dispute_id, status, now=now, plan=plan)
        self._sender.wake()
        return dict(closed)

    async def dispute(self, dispute_id: str) -> dict[str, Any]:
        """A dispute. Raises: NotFound."""
        found = await self._planned("status", dispute_id, lambda: self._db.read(disputes.get, dispute_id))
        return dict(found)

    async def pay_out(self, asked: schemas.NewPayout) -> dict[str, Any]:
        """Send money to a bank account, once per reference. Raises: ReferenceReused."""
        now = self._clock.now()
        row = {"id": _name("go"), "reference": asked.reference, "amount": asked.amount, "created": now}
        row |= asked.beneficiary.model_dump()
        return entities.payout(
            await self._planned("payout", asked.reference, lambda: self._db.run(payouts.pay_out, row, now=now))
        )

    async def payout_of(self, reference: str) -> dict[str, Any]:
        """A payout by the merchant's name. Raises: NotFound."""
        return entities.payout(fields(await self._of(tables.payouts, reference)))

    async def books(self, *, after: int, limit: int) -> dict[str, Any]:
        """Sums of all entries, and the entries after a position."""
        totals = await self._db.read(books.totals)
        page = await self._db.read(books.page, after=after, limit=limit)
        held = totals["collected"][1] - totals["refunded"][1] - totals["paid_out"][1]
        return {
            "totals": {kind: {"count": count, "amount": amount} for kind, (count, amount) in totals.items()},
            "held": held,
            "entries": [{**fields(row), "at": int(row.at.timestamp())} for row in page],
            "cursor": str(page[-1].position) if len(page) == limit else None,
        }

    async def report(self, day: date) -> AsyncIterator[str]:
        """The lines of an Indian day's file in a form of our own; the last one counts and adds up those before."""
        count = total = 0
        yield "kind,reference,amount_paise,at_utc\n"
        async for row, amount in self.movements(day):
            count, total = count + 1, total + amount
            yield f"{row.kind},{row.reference},{amount},{row.at:%Y-%m-%dT%H:%M:%SZ}\n"
        yield f"total,{count},{total},\n"

    async def movements(self, day: date) -> AsyncIterator[tuple[Row[Any], int]]:
        """What moved on an Indian day, and the amount that its file has, as the plan has them."""
        plan = await self.plan()
        async for row in self._moved(day):
            if plan.hits("report_omits", row.reference, kind=row.kind):
                continue
            amount = row.amount + 100 * plan.hits("report_wrong_amount", row.reference, kind=row.kind)
            for _ in range(1 + plan.hits("report_repeats", row.reference, kind=row.kind)):
                yield row, amount

    async def settled(self, day: date) -> list[settling.Item]:
        """What was settled on an Indian day, as the plan has it; nothing of a day that has not come."""
        plan, found = await self.plan(), list[settling.Item]()
        if day <= clock.india_date(self._clock.now()):
            async for row in self._moved(day - timedelta(days=1)):
                found += settling.items(self._name, row, day, plan)
        return found

    async def settlements(self, day: date) -> AsyncIterator[str]:
        """The lines of the file of a day's settlements, in a form of our own."""
        found = await self.settled(day)
        yield settling.HEADER + "\n"
        for item in found:
            yield item.line
        yield settling.total(found)

    async def _moved(self, day: date) -> AsyncIterator[Row[Any]]:
        """What moved on an Indian day."""
        start = datetime.combine(day, time(), tzinfo=clock.INDIA)
        after = 0
        while found := await self._db.read(
            books.entries_between, start, start + timedelta(days=1), after=after, limit=REPORT_ROWS
        ):
            after = found[-1].position
            for row in found:
                yield row

    async def bill(self, payment_id: str) -> dict[str, Any]:
        """What the payer's app shows. Raises: NotFound."""
        return self._bill(await self._db.read(payments.get, payment_id))

    async def bill_of(self, link: str) -> dict[str, Any]:
        """What the payer's app shows of a link or a QR code. Raises: NotFound, LinkAltered."""
        given = upi.read_link(link)
        if not given.get("tr"):
            raise LinkAltered(field="tr")
        row = await self._db.read(payments.get, given["tr"][:40])
        right = upi.read_link(self._link(fields(row)))
        for field in ("pa", "am", "cu"):
            if given.get(field) != right[field]:
                raise LinkAltered(field=field)
        return self._bill(row)

    async def enter_pin(self, payment_id: str, vpa: str, pin: str) -> dict[str, Any]:
        """The payer enters a PIN for one of the known accounts. Raises: NotFound, NotOpen, WrongUpiPin.

        A wrong one may be entered again; after the last try, or above the bank's limit, the payment fails.
        """
        known = payers()
        account = known.accounts.get(vpa.lower())
        if pin != (account.pin if account else known.pin):
            return await self._wrong(payment_id, WrongUpiPin)
        bill = await self.bill(payment_id)
        if account is not None and bill["amount"] > account.most and bill["status"] == states.CREATED:
            return await self.decline(payment_id, account.code)
        return await self.approve(payment_id, vpa)

    async def enter_otp(self, payment_id: str, otp: str) -> dict[str, Any]:
        """A card's owner enters the code that the bank has sent. Raises: NotFound, NotOpen, WrongOtp."""
        if otp == _WRONG_OTP:
            return await self._wrong(payment_id, WrongOtp)
        return await self.approve(payment_id, "")

    async def _wrong(self, payment_id: str, wrong: type[Rejected]) -> dict[str, Any]:
        """Raises: NotFound, NotOpen; `wrong` while there is a try left."""
        most, now = payers().tries, self._clock.now()
        row = await self._db.run(payments.note_wrong_pin, payment_id, most=most, now=now, plan=await self.plan())
        self._sender.wake()
        if row.status == states.CREATED:
            raise wrong(left=most - row.wrong_pins)
        return self._bill(row)

    async def approve(self, payment_id: str, vpa: str) -> dict[str, Any]:
        """The payer agrees: debit, unless the plan has the bank decline. Raises: NotFound, NotOpen."""
        plan, now = await self.plan(), self._clock.now()

        async def effect() -> Row[Any]:
            held = timedelta(days=self._settings.authorization_days)
            row = await self._db.run(payments.approve, payment_id, vpa=vpa, now=now, plan=plan, held=held)
            self._sender.wake()
            return row

        row = await self._planned("approve", payment_id, effect)
        if row.status in (states.CAPTURED, states.AUTHORIZED) and plan.hits("drop_after_debit", row.reference):
            raise Retryable("kernel.unavailable", seconds=1)
        return self._bill(row)

    async def decline(self, payment_id: str, code: str) -> dict[str, Any]:
        """The payer or the bank says no. Raises: NotFound, NotOpen, UnknownCode."""
        self._closing(code)
        row = await self._db.run(payments.fail, payment_id, code=code, now=self._clock.now(), plan=await self.plan())
        self._sender.wake()
        return self._bill(row)

    async def let_time_pass(self) -> None:
        """Close what has expired, process refunds that were pending, end what is deemed. Called by a timer."""
        plan, now = await self.plan(), self._clock.now()
        if not await self._db.read(due.any_work, now):
            return
        closed = await self._db.run(due.expire, now=now, limit=BATCH, plan=plan)
        done = await self._db.run(due.process_refunds, now=now, limit=BATCH, plan=plan)
        confirmed = await self._db.run(due.resolve, now=now, limit=BATCH, plan=plan)
        if closed or done or confirmed:
            self._sender.wake()

    async def _planned(self, kind: str, reference: str, effect: Callable[[], Awaitable[T]]) -> T:
        """Carry out a request as the plan has it. Raises: Retryable for one that is dropped, before or after its effect."""
        plan, attempt = await self.plan(), self._count(kind, reference)
        if plan.hits("drop_before", reference, kind=kind, attempt=attempt):
            raise Retryable("kernel.unavailable", seconds=1)
        result = await effect()
        self._answers += 1
        if wait_ms := plan.latency_ms + plan.leak_ms * self._answers:
            await asyncio.sleep(wait_ms / 1000)
        if plan.hits("drop_after", reference, kind=kind, attempt=attempt):
            raise Retryable("kernel.unavailable", seconds=1)
        return result

    async def _changed(self, kind: str, payment_id: str, unit: Any, **given: Any) -> dict[str, Any]:
        plan = await self.plan()

        async def effect() -> Row[Any]:
            row: Row[Any] = await self._db.run(unit, payment_id, now=self._clock.now(), plan=plan, **given)
            self._sender.wake()
            return row

        return self._shown(fields(await self._planned(kind, payment_id, effect)))

    def _count(self, kind: str, reference: str) -> int:
        """How often this was asked before under the plan; counted only while tries can be dropped."""
        if self._plan is None or not self._plan.drops():
            return 0
        attempt = self._tries.get((kind, reference), 0)
        self._tries[kind, reference] = attempt + 1
        return attempt

    async def _of(self, table: Table, reference: str) -> Row[Any]:
        row = await self._planned("status", reference, lambda: self._db.read(rows.by_reference, table, reference))
        if row is None:
            raise NotFound("kernel.not_found")
        return row

    def _closing(self, code: str) -> None:
        known = upi.codes(clock.india_date(self._clock.now())).get(code)
        if known is None or known.treat != "failed":
            raise UnknownCode(rejected=code)

    def _told(self, row: Row[Any], asked: str) -> dict[str, Any]:
        """What a status check is told: the truth, unless the plan has the gateway lie this time."""
        shown = self._shown(fields(row))
        attempt = self._tries.get(("status", asked), 0)
        lies = self._plan is not None and self._plan.hits("lie", row.reference, attempt=attempt)
        if row.status != states.CAPTURED or not lies:
            return shown
        return shown | {"status": states.FAILED, "error_code": "U30", "rrn": None, "vpa": None}

    def _shown(self, row: Fields) -> dict[str, Any]:
        more = {"intent_url": self._link(row), "expires": row["expires"], "description": row["description"]}
        return entities.payment(row) | more

    def _link(self, row: Fields) -> str:
        """What the payer opens: a UPI app, or the page of a bank or a wallet."""
        settings = self._settings
        if row["method"] not in ("upi", None):
            return f"{settings.page_url}/{row['id']}"
        return upi.intent_url(
            vpa=settings.payee_vpa,
            name=settings.payee_name,
            reference=row["id"],
            description=row["description"],
            amount=row["amount"],
        )

    def _bill(self, row: Row[Any]) -> dict[str, Any]:
        now = self._clock.now()
        left = int((row.expires - now).total_seconds()) if row.status == states.CREATED else 0
        meant = upi.codes(clock.india_date(now)).get(row.error_code or "")
        return {
            "intent_url": self._link(fields(row)), "expires": row.expires, "error": meant.meaning if meant else None,
            "pin_tries_left": max(0, payers().tries - row.wrong_pins),
            "method": row.method or "upi", "paid_with": row.card or row.bank or row.asked_vpa,
            "id": row.id, "payee": self._settings.payee_name, "payee_vpa": self._settings.payee_vpa, "amount": row.amount,
            "description": row.description, "status": row.status, "rrn": row.rrn, "error_code": row.error_code,
            "seconds_left": max(0, left),
        }  # fmt: skip


def _name(prefix: str) -> str:
    """An id of letters and digits only: it becomes `tr` of a UPI link."""
    return ids.new_id(prefix).replace("_", "")
