"""What merchants do by the API: begin payments, take and let go, give back, look, also at their money. Each may be repeated under its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from mela.contracts.payments import Capture, Instrument, Method, Payer
from mela.contracts.settlement import PayoutOpened, SellerPaid
from mela.kernel.db import Database
from mela.kernel.errors import Rejected
from mela.kernel.money import Paise
from mela.services.payments.model import Merchant
from mela.services.payments.service import PaymentsService
from mela.services.payments.service.history import Wanted
from mela.services.payments.service.play import PlayBank
from mela.services.payments.store import merchants as store
from mela.services.payments.store import payouts

Owner = store.Owner
"""Whose payments, and of which mode."""


Balance = payouts.Balance
"""What a merchant has."""


class NoSuchOutcome(Rejected):
    """Test mode knows no such magic value."""

    code = "payments.no_such_outcome"


@dataclass(frozen=True)
class Asked:
    """A payment that a merchant wants. `payer`: who pays, for the fraud rules; None: they can't look."""

    amount: Paise
    method: Method
    reference: str
    description: str
    seconds: int
    instrument: Instrument
    capture: bool
    payer: Payer | None


class Merchants:
    """The own payments of each merchant; `name` names a request, whose repetition changes nothing."""

    def __init__(self, db: Database, payments: PaymentsService, bank: PlayBank) -> None:
        self._db, self._payments, self._bank = db, payments, bank

    async def start(self, owner: Owner, name: str, asked: Asked) -> Row[Any]:
        """Begin a payment. Raises: NoSuchOutcome, BadInstrument, CollectNotAllowed, BankDown."""
        if owner.test and not self._bank.knows(asked.instrument):
            raise NoSuchOutcome
        made = await self._payments.start(
            key=name, order_id=name, amount=asked.amount, method=asked.method, description=asked.description,
            seconds=asked.seconds, payer=None if owner.test else asked.payer, instrument=asked.instrument,
            capture=asked.capture, merchant=Merchant(owner.id, asked.reference, owner.test),
        )  # fmt: skip
        return await self.get(owner, made.id)

    async def get(self, owner: Owner, payment_id: str) -> Row[Any]:
        """A payment as it is now. Raises: UnknownPayment."""
        return await self._db.read(store.find, owner, payment_id)

    async def page(self, owner: Owner, wanted: Wanted, *, before: str | None, limit: int) -> list[Row[Any]]:
        """Payments, the latest first."""
        return await self._db.read(store.page, owner, wanted, before=before, limit=limit)

    async def capture(self, owner: Owner, name: str, payment_id: str, amount: Paise | None, *, final: bool) -> Capture:
        """Take authorised money; without an `amount` all that is left. Raises: as `Payments.capture`."""
        row = await self.get(owner, payment_id)
        wanted = amount or await self._left(name, row.amount - row.captured)
        return await self._payments.capture(key=name, payment_id=payment_id, amount=wanted, final=final)

    async def cancel(self, owner: Owner, payment_id: str) -> Row[Any]:
        """Let a payment go. Raises: UnknownPayment, CapturePending."""
        await self.get(owner, payment_id)
        await self._payments.cancel(payment_id=payment_id, reason="cancelled by the merchant")
        return await self.get(owner, payment_id)

    async def refund(self, owner: Owner, name: str, payment_id: str, amount: Paise | None, reason: str) -> Row[Any]:
        """Give back; without an `amount` all that is left. Raises: as `Payments.refund`."""
        row = await self.get(owner, payment_id)
        wanted = amount or await self._left(name, row.captured - row.refunded)
        made = await self._payments.refund(key=name, payment_id=payment_id, amount=wanted, reason=reason)
        return await self.get_refund(owner, made.id)

    async def _left(self, name: str, left: int) -> Paise:
        """All that is left, as it was when this request was first made. Of nothing a paisa is asked, which is refused."""
        return Paise(await self._db.read(store.amount_of, name) or left or 1)

    async def get_refund(self, owner: Owner, refund_id: str) -> Row[Any]:
        """A refund as it is now. Raises: UnknownRefund."""
        return await self._db.read(store.refund, owner, refund_id)

    async def balance(self, owner: Owner) -> Balance:
        """What a merchant has coming."""
        return await self._db.read(payouts.balance, owner)

    async def payouts(self, owner: Owner, *, before: str | None, limit: int) -> Sequence[Row[Any]]:
        """Payouts, the latest first."""
        return await self._db.read(payouts.page, owner, before=before, limit=limit)

    async def payout_opened(self, event: PayoutOpened) -> None:
        """Settlement has a payout on its way."""
        await self._db.run(payouts.opened, event)

    async def payout_paid(self, event: SellerPaid) -> None:
        """The bank has paid."""
        await self._db.run(payouts.paid, event)

    async def refunds(self, owner: Owner, *, payment_id: str | None, before: str | None, limit: int) -> list[Row[Any]]:
        """Refunds, the latest first."""
        return await self._db.read(store.refunds_page, owner, payment_id=payment_id, before=before, limit=limit)
