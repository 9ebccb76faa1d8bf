"""Payouts of merchants, as settlement tells them: on their way, then paid. For merchants to see; the ledger has the money."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, Row, and_, bindparam, func, select

from mela.contracts.settlement import PayoutOpened, SellerPaid
from mela.kernel.db.statements import insert_new, upsert
from mela.kernel.money import Paise
from mela.services.payments.model import TEST
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.store import ledger
from mela.services.payments.store.merchants import Owner
from mela.services.payments.tables import payouts

_OWN = payouts.c.merchant_id == bindparam("of")
_SENDING = select(func.coalesce(func.sum(payouts.c.amount), 0)).where(and_(_OWN, payouts.c.paid.is_(None)))
_PAGE = select(payouts).where(_OWN).order_by(payouts.c.id.desc()).limit(bindparam("most", type_=Integer))
_BEFORE = _PAGE.where(payouts.c.id < bindparam("before"))


@dataclass(frozen=True)
class Balance:
    """What a merchant has, in paise. `coming`: to be paid out, below zero when the merchant owes; `room`: how far refunds may
    take it below zero. Besides it `held`, kept back, and `sending`, on its way to the bank.
    """

    coming: Paise
    room: Paise
    held: Paise
    sending: Paise


def opened(conn: Connection, event: PayoutOpened) -> None:
    """A payout is on its way. Told again, or after it was paid: nothing changes."""
    row = {"id": event.payout_id, "merchant_id": event.seller_id, "settled_on": event.settled_on, "amount": event.amount,
           "opened": event.at, "utr": None, "paid": None}  # fmt: skip
    insert_new(conn, payouts, row)


def paid(conn: Connection, event: SellerPaid) -> None:
    """A payout has left the bank."""
    row = {"id": event.payout_id, "merchant_id": event.seller_id, "settled_on": event.settled_on, "amount": event.amount,
           "opened": event.at, "utr": event.utr, "paid": event.at}  # fmt: skip
    upsert(conn, payouts, row, key=(payouts.c.id,), keep=(payouts.c.opened,))


def page(conn: Connection, owner: Owner, *, before: str | None, limit: int) -> Sequence[Row[Any]]:
    """A merchant's payouts, the latest first, those opened before the payout `before`; in test mode nothing is paid out."""
    if owner.test:
        return []
    query, at = (_PAGE, {}) if before is None else (_BEFORE, {"before": before})
    return conn.execute(query, {"of": owner.id, "most": limit, **at}).all()


def balance(conn: Connection, owner: Owner) -> Balance:
    """What a merchant has, as the ledger says now."""
    asked = accounts.refund_asked(TEST if owner.test else None, Paise(1), owner.id)
    debits, given = ledger.of_account(conn, asked.debit)
    room = sum(limit.room(asked.debit, [asked]) for limit in ledger.LIMITS if limit.covers(asked.debit))
    coming = Paise(given - debits)
    if owner.test:
        return Balance(coming, Paise(room), Paise(0), Paise(0))
    back, kept = ledger.of_account(conn, accounts.held(owner.id))
    sending = conn.execute(_SENDING, {"of": owner.id}).scalar_one()
    return Balance(coming, Paise(room), Paise(kept - back), Paise(int(sending)))
