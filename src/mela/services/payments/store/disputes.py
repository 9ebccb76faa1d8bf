"""Disputes: money that a payer's bank has taken back, until it is won or lost. Told by the provider, in any order, each once.

While one is open, whoever would bear it is kept from being paid so much, as far as there is something coming: by a hold, which
ends with the dispute.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select, update

from mela.kernel.db.statements import insert_new
from mela.kernel.money import Paise
from mela.services.payments.model import Outcome, ProviderDispute
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.store import cases, holds, ledger, telling
from mela.services.payments.tables import PAYMENT, attempts, disputes, payments

CASE, BY = "chargeback", "dispute"
_PAYMENT = select(*PAYMENT).where(payments.c.id == bindparam("of"))
_PAYEES = select(attempts.c.payees).where(attempts.c.payment_id == bindparam("of"))
_END = update(disputes).where(and_(disputes.c.id == bindparam("of"), disputes.c.state == "opened"))


def tell(
    conn: Connection, told: ProviderDispute, *, provider: str, bearers: Mapping[str, str], now: datetime, event: tuple[str, str]
) -> Outcome:  # fmt: skip
    """A provider's word on a dispute, with its entry in the ledger; a new one opens a case with its deadline.

    `bearers`: who bears a lost one, by reason: seller or platform.
    """
    if not cases.first_time(conn, *event, now, about=told.reference):
        return Outcome.REPEATED
    payment = conn.execute(_PAYMENT, {"of": told.reference}).one_or_none()
    if payment is None or payment.provider != provider or not 0 < told.amount <= payment.captured:
        kind = "unknown_payment" if payment is None or payment.provider != provider else "amount_differs"
        cases.park(conn, kind, told.reference, {"dispute": told.id, "amount": told.amount, "provider": provider}, now)
        return Outcome.PARKED
    name = f"{provider}:{told.id}"[:60]
    moved = _open(conn, name, told, provider, now)
    if moved and told.status == "opened":
        _hold(conn, name, told, _bearer(conn, told, payment, bearers), now)
    if told.status != "opened":
        moved = _end(conn, name, told, payment, bearers, now) or moved
    return Outcome.MOVED if moved else Outcome.NOTHING


def _open(conn: Connection, name: str, told: ProviderDispute, provider: str, now: datetime) -> bool:
    row = {
        "id": name, "payment_id": told.reference, "provider": provider, "amount": told.amount, "reason": told.reason,
        "state": "opened", "borne_by": None, "respond_by": told.respond_by, "opened": now, "ended": None,
    }  # fmt: skip
    if not insert_new(conn, disputes, row):
        return False
    taken = accounts.dispute_opened(provider, told.amount)
    ledger.enter(conn, f"dispute:{name}", [taken], now, payment_id=told.reference)
    deadline = told.respond_by.isoformat() if told.respond_by else None
    detail = {"payment_id": told.reference, "amount": told.amount, "reason": told.reason, "respond_by": deadline}
    cases.park(conn, CASE, name, detail, now)
    return True


def _hold(conn: Connection, name: str, told: ProviderDispute, bearer: str, now: datetime) -> None:
    """Keep back what a seller would bear, or what there is of it: what was paid out already is not here."""
    seller_id = accounts.seller_of(bearer)
    if seller_id is None:
        return
    debits, given = ledger.of_account(conn, bearer)
    amount = Paise(min(told.amount, given - debits))
    if amount > 0:
        why = f"{told.id}: {told.reason}"
        holds.hold(conn, key=_held(name), seller_id=seller_id, amount=amount, reason=why, by=BY, now=now)


def _held(name: str) -> str:
    return f"dispute:{name}"


def _end(
    conn: Connection, name: str, told: ProviderDispute, payment: Row[Any], bearers: Mapping[str, str], now: datetime
) -> bool:
    bearer = _bearer(conn, told, payment, bearers) if told.status == "lost" else None
    ended = _END.values(state=told.status, borne_by=bearer, ended=now).returning(disputes.c.amount)
    amount = conn.execute(ended, {"of": name}).scalar()
    if amount is None:
        return False
    holds.release_of(conn, _held(name), by=BY, now=now)
    if bearer is None:
        back = accounts.dispute_won(payment.provider, Paise(amount))
    else:
        back = accounts.dispute_lost(bearer, Paise(amount), booked=telling.merchant(payment) is not None)
        telling.tell_merchant(conn, payment, "charged_back", Paise(amount), now, reason=told.reason)
    ledger.enter(conn, f"dispute_ended:{name}", [back], now, payment_id=told.reference)
    return True


def _bearer(conn: Connection, told: ProviderDispute, payment: Row[Any], bearers: Mapping[str, str]) -> str:
    """The account that bears a lost dispute: the merchant's who took the payment by the API; else the seller's, where the rules
    say so and there is one alone.
    """
    merchant = telling.merchant(payment)
    if merchant is not None:
        return accounts.seller(merchant)
    payees = conn.execute(_PAYEES, {"of": told.reference}).scalar() or []
    if bearers.get(told.reason) == "seller" and len(payees) == 1:
        return accounts.seller(payees[0])
    return accounts.LOSSES
