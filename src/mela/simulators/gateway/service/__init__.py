"""What the gateway does for merchants; beside it the payer's side, card tokens, the books, and the plan that makes things go wrong."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table

from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import NotFound
from mela.simulators.gateway import entities, schemas, states, tables
from mela.simulators.gateway.callbacks import Sender
from mela.simulators.gateway.entities import Fields, fields
from mela.simulators.gateway.service.books import Books
from mela.simulators.gateway.service.faults import Faults
from mela.simulators.gateway.service.payer import Payer, link
from mela.simulators.gateway.service.tokens import Tokens
from mela.simulators.gateway.settings import Settings
from mela.simulators.gateway.store import disputes, due, payments, payouts, refunds, rows

BATCH = 200


class Gateway:
    """Payments, refunds, disputes and payouts. Whatever a merchant hears by callback is sent at once."""

    def __init__(
        self, db: Database, clock: Clock, sender: Sender, settings: Settings, *, name: str = "gateway"
    ) -> None:
        self._db, self._clock, self._sender, self._settings = db, clock, sender, settings
        self.faults = Faults(db, clock)
        self.payer = Payer(db, clock, sender, settings, self.faults)
        self.tokens, self.books = Tokens(db, clock), Books(db, clock, self.faults, name)

    async def create_payment(
        self, *, reference: str, amount: int, description: str, seconds: int, callback_url: str, method: str | None,
        manual: bool = False, card: str | None = None, bank: str | None = None, vpa: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Begin a payment, or without a method an order that nobody pays yet. Raises: ReferenceReused."""
        now = self._clock.now()
        row = {
            "id": entities.new_id("gp"), "reference": reference, "amount": amount, "description": description, "method": method,
            "manual": manual, "card": card, "bank": bank, "asked_vpa": vpa, "callback_url": callback_url, "created": now,
            "expires": now + timedelta(seconds=seconds),
        }  # fmt: skip
        return self._shown(await self.faults.carry_out("pay", reference, lambda: self._db.run(payments.create, row)))

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

        return self._shown(fields(await self.faults.carry_out("begin", payment_id, effect)))

    async def capture(
        self, payment_id: str, amount: int, *, reference: str | None = None, final: bool = True
    ) -> dict[str, Any]:
        """Take money of an authorised payment. Raises: NotFound, NotOpen, OverCaptured, ReferenceReused."""
        return await self._changed(
            "capture", payment_id, payments.capture, amount=amount, reference=reference, final=final
        )

    async def void(self, payment_id: str) -> dict[str, Any]:
        """Let an authorised payment go. Raises: NotFound, NotOpen."""
        return await self._changed("void", payment_id, payments.void)

    async def downtimes(self) -> list[dict[str, Any]]:
        """Banks and wallets that are down, by the plan; a bank is written in capital letters."""
        now = int(self._clock.now().timestamp())
        return [
            {"method": "netbanking" if name.isupper() else "wallet", "bank": name, "begin": now, "end": None}
            for name in (await self.faults.plan()).banks_down
        ]

    async def payment(self, payment_id: str) -> dict[str, Any]:
        """A payment by its id. Raises: NotFound."""
        row = await self.faults.carry_out("status", payment_id, lambda: self._db.read(payments.get, payment_id))
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
        plan, now = await self.faults.plan(), self._clock.now()
        pending = plan.hits("refund_pending", reference)
        wait = timedelta(milliseconds=plan.refund_pending_ms if pending else 0)
        row = {
            "id": entities.new_id("gr"), "payment_id": payment_id, "reference": reference, "amount": amount, "created": now,
            "due": now + wait,
        }  # fmt: skip

        async def effect() -> Fields:
            found = await self._db.run(refunds.create, row, pending=pending, now=now, plan=plan)
            self._sender.wake()
            return found

        return entities.refund(await self.faults.carry_out("refund", reference, effect))

    async def refund_of(self, reference: str) -> dict[str, Any]:
        """A refund by the merchant's name. Raises: NotFound."""
        return entities.refund(fields(await self._of(tables.refunds, reference)))

    async def refunds_of(self, payment_id: str) -> list[dict[str, Any]]:
        """The refunds of a payment, oldest first."""
        found = await self.faults.carry_out("status", payment_id, lambda: self._db.read(refunds.of_payment, payment_id))
        return [entities.refund(fields(row)) for row in found]

    async def open_dispute(self, reference: str, amount: int | None, reason: str, days: int) -> dict[str, Any]:
        """A payer disputes a payment, in whole or in part; the merchant may answer for so many days.

        Raises: NotFound, NotOpen, OverCaptured.
        """
        now = self._clock.now()
        row = {
            "id": entities.new_id("gd"), "amount": amount, "reason": reason, "respond_by": now + timedelta(days=days), "created": now,
        }  # fmt: skip
        made = await self._db.run(disputes.open_dispute, reference, row, now=now, plan=await self.faults.plan())
        self._sender.wake()
        return dict(made)

    async def close_dispute(self, dispute_id: str, status: str) -> dict[str, Any]:
        """A dispute is won or lost. Raises: NotFound, NotOpen."""
        now, plan = self._clock.now(), await self.faults.plan()
        closed = await self._db.run(disputes.close_dispute, dispute_id, status, now=now, plan=plan)
        self._sender.wake()
        return dict(closed)

    async def dispute(self, dispute_id: str) -> dict[str, Any]:
        """A dispute. Raises: NotFound."""
        found = await self.faults.carry_out("status", dispute_id, lambda: self._db.read(disputes.get, dispute_id))
        return dict(found)

    async def pay_out(self, asked: schemas.NewPayout) -> dict[str, Any]:
        """Send money to a bank account, once per reference. Raises: ReferenceReused."""
        now = self._clock.now()
        row = {"id": entities.new_id("go"), "reference": asked.reference, "amount": asked.amount, "created": now}
        row |= asked.beneficiary.model_dump()
        return entities.payout(
            await self.faults.carry_out("payout", asked.reference, lambda: self._db.run(payouts.pay_out, row, now=now))
        )

    async def payout_of(self, reference: str) -> dict[str, Any]:
        """A payout by the merchant's name. Raises: NotFound."""
        return entities.payout(fields(await self._of(tables.payouts, reference)))

    async def let_time_pass(self) -> None:
        """Close what has expired, process refunds that were pending, end what is deemed. Called by a timer."""
        plan, now = await self.faults.plan(), self._clock.now()
        if not await self._db.read(due.any_work, now):
            return
        closed = await self._db.run(due.expire, now=now, limit=BATCH, plan=plan)
        done = await self._db.run(due.process_refunds, now=now, limit=BATCH, plan=plan)
        confirmed = await self._db.run(due.resolve, now=now, limit=BATCH, plan=plan)
        if closed or done or confirmed:
            self._sender.wake()

    async def _changed(self, kind: str, payment_id: str, unit: Any, **given: Any) -> dict[str, Any]:
        plan = await self.faults.plan()

        async def effect() -> Row[Any]:
            row: Row[Any] = await self._db.run(unit, payment_id, now=self._clock.now(), plan=plan, **given)
            self._sender.wake()
            return row

        return self._shown(fields(await self.faults.carry_out(kind, payment_id, effect)))

    async def _of(self, table: Table, reference: str) -> Row[Any]:
        row = await self.faults.carry_out(
            "status", reference, lambda: self._db.read(rows.by_reference, table, reference)
        )
        if row is None:
            raise NotFound("kernel.not_found")
        return row

    def _told(self, row: Row[Any], asked: str) -> dict[str, Any]:
        """What a status check is told: the truth, unless the plan has the gateway lie this time."""
        shown = self._shown(fields(row))
        if row.status != states.CAPTURED or not self.faults.lies(row.reference, asked):
            return shown
        return shown | {"status": states.FAILED, "error_code": "U30", "rrn": None, "vpa": None}

    def _shown(self, row: Fields) -> dict[str, Any]:
        more = {"intent_url": link(self._settings, row), "expires": row["expires"], "description": row["description"]}
        return entities.payment(row) | more
