"""The payer's side: what an app or a bank's page shows, and what the payer answers."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from mela.kernel import clock
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Rejected, Retryable
from mela.simulators.gateway import states, upi
from mela.simulators.gateway.callbacks import Sender
from mela.simulators.gateway.entities import Fields, fields
from mela.simulators.gateway.payers import payers
from mela.simulators.gateway.service.faults import Faults
from mela.simulators.gateway.settings import Settings
from mela.simulators.gateway.store import payments

_WRONG_OTP = "000000"
"""No SMS is sent for a card: any other six digits are the right ones."""


class LinkAltered(Rejected):
    """Not a link of this gateway, or changed on its way. Params: field."""

    code = "gateway.link_altered"


class WrongUpiPin(Rejected):
    """Not the PIN of this account. Params: left (tries)."""

    code = "gateway.wrong_pin"


class WrongOtp(Rejected):
    """Not the code that the card's bank has sent. Params: left (tries)."""

    code = "gateway.wrong_otp"


class Payer:
    """Sees a bill, pays it or says no."""

    def __init__(self, db: Database, clock: Clock, sender: Sender, settings: Settings, faults: Faults) -> None:
        self._db, self._clock, self._sender, self._settings, self._faults = db, clock, sender, settings, faults

    async def bill(self, payment_id: str) -> dict[str, Any]:
        """What the payer's app shows. Raises: NotFound."""
        return self._bill(await self._db.read(payments.get, payment_id))

    async def bill_of(self, opened: str) -> dict[str, Any]:
        """What the payer's app shows of a link or a QR code. Raises: NotFound, LinkAltered."""
        given = upi.read_link(opened)
        if not given.get("tr"):
            raise LinkAltered(field="tr")
        row = await self._db.read(payments.get, given["tr"][:40])
        right = upi.read_link(link(self._settings, fields(row)))
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

    async def approve(self, payment_id: str, vpa: str) -> dict[str, Any]:
        """The payer agrees: debit, unless the plan has the bank decline. Raises: NotFound, NotOpen."""
        plan, now = await self._faults.plan(), self._clock.now()

        async def effect() -> Row[Any]:
            held = timedelta(days=self._settings.authorization_days)
            row = await self._db.run(payments.approve, payment_id, vpa=vpa, now=now, plan=plan, held=held)
            self._sender.wake()
            return row

        row = await self._faults.carry_out("approve", payment_id, effect)
        if row.status in (states.CAPTURED, states.AUTHORIZED) and plan.hits("drop_after_debit", row.reference):
            raise Retryable("kernel.unavailable", seconds=1)
        return self._bill(row)

    async def decline(self, payment_id: str, code: str) -> dict[str, Any]:
        """The payer or the bank says no. Raises: NotFound, NotOpen, UnknownCode."""
        upi.check_closes(code, clock.india_date(self._clock.now()))
        row = await self._db.run(
            payments.fail, payment_id, code=code, now=self._clock.now(), plan=await self._faults.plan()
        )
        self._sender.wake()
        return self._bill(row)

    async def _wrong(self, payment_id: str, wrong: type[Rejected]) -> dict[str, Any]:
        """Raises: NotFound, NotOpen; `wrong` while there is a try left."""
        most, now = payers().tries, self._clock.now()
        row = await self._db.run(
            payments.note_wrong_pin, payment_id, most=most, now=now, plan=await self._faults.plan()
        )
        self._sender.wake()
        if row.status == states.CREATED:
            raise wrong(left=most - row.wrong_pins)
        return self._bill(row)

    def _bill(self, row: Row[Any]) -> dict[str, Any]:
        now = self._clock.now()
        left = int((row.expires - now).total_seconds()) if row.status == states.CREATED else 0
        meant = upi.codes(clock.india_date(now)).get(row.error_code or "")
        return {
            "intent_url": link(self._settings, fields(row)), "expires": row.expires, "error": meant.meaning if meant else None,
            "pin_tries_left": max(0, payers().tries - row.wrong_pins),
            "method": row.method or "upi", "paid_with": row.card or row.bank or row.asked_vpa,
            "id": row.id, "payee": self._settings.payee_name, "payee_vpa": self._settings.payee_vpa, "amount": row.amount,
            "description": row.description, "status": row.status, "rrn": row.rrn, "error_code": row.error_code,
            "seconds_left": max(0, left),
        }  # fmt: skip


def link(settings: Settings, row: Fields) -> str:
    """What the payer opens: a UPI app, or the page of a bank or a wallet."""
    if row["method"] not in ("upi", None):
        return f"{settings.page_url}/{row['id']}"
    return upi.intent_url(
        vpa=settings.payee_vpa,
        name=settings.payee_name,
        reference=row["id"],
        description=row["description"],
        amount=row["amount"],
    )
