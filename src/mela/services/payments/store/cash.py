"""Cash that couriers have collected and not yet handed in. A payment's cash is handed in once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, func, select, update

from mela.kernel import ids
from mela.kernel.errors import Conflict, Rejected
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.store import cases, ledger
from mela.services.payments.tables import cash, payments, refunds, remittances

# Built once: building a statement costs more than running it.
_COLLECTED = cash.insert()
_BACK = (
    select(func.coalesce(func.sum(refunds.c.amount), 0))
    .where(refunds.c.payment_id == payments.c.id, refunds.c.state == "processed")
    .scalar_subquery()
)
_CASH = (
    select(payments.c.id, payments.c.order_id, (payments.c.captured - _BACK).label("held"), cash.c.collected)
    .join_from(cash, payments, payments.c.id == cash.c.payment_id)
    .where(cash.c.remittance_id.is_(None))
)
_THESE = _CASH.where(payments.c.id.in_(bindparam("ids", expanding=True)))
_PAGE = _CASH.where(payments.c.id > bindparam("after")).order_by(payments.c.id).limit(bindparam("most", type_=Integer))
_LATE = _CASH.where(cash.c.collected < bindparam("before"))
_HANDED_IN = (
    update(cash)
    .where(cash.c.payment_id.in_(bindparam("ids", expanding=True)), cash.c.remittance_id.is_(None))
    .values(remittance_id=bindparam("to"))
)
_BY_KEY = select(remittances).where(remittances.c.key == bindparam("of"))
_OF_REMITTANCE = select(cash.c.payment_id).where(cash.c.remittance_id == bindparam("of"))


class NotWithCourier(Conflict):
    """No cash of this payment is with a courier: unknown, not collected, or handed in already. Params: payment_id."""

    code = "payments.not_with_courier"


class TooMuchCash(Rejected):
    """More than was collected for these payments. Params: expected (paise)."""

    code = "payments.too_much_cash"


def collected(conn: Connection, payment_id: str, now: datetime) -> None:
    """A courier has the cash of a payment."""
    conn.execute(_COLLECTED, {"payment_id": payment_id, "collected": now, "remittance_id": None})


def hand_in(
    conn: Connection, *, key: str, courier: str, bank_reference: str, amount: Paise, of: Sequence[str], by: str, now: datetime
) -> Row[Any]:  # fmt: skip
    """The cash of some payments is at the bank; what is short the courier owes, and a person looks. The same key: the same row.

    Raises: NotWithCourier, TooMuchCash, KeyReused.
    """
    known = conn.execute(_BY_KEY, {"of": key}).one_or_none()
    if known is not None:
        before = set(conn.execute(_OF_REMITTANCE, {"of": known.id}).scalars())
        if (known.courier, known.bank_reference, known.amount, before) != (courier, bank_reference, amount, set(of)):
            raise KeyReused
        return known
    made, wanted = ids.new_id("rem"), sorted(set(of))
    held = {row.id: int(row.held) for row in conn.execute(_THESE, {"ids": wanted})}
    expected = sum(held.values())
    if amount > expected and len(held) == len(wanted):
        raise TooMuchCash(expected=expected)
    taken = conn.execute(_HANDED_IN, {"ids": wanted, "to": made}).rowcount
    if taken != len(wanted):
        raise NotWithCourier(payment_id=next((each for each in wanted if each not in held), wanted[0]))
    row = {"id": made, "key": key, "courier": courier, "bank_reference": bank_reference, "amount": amount}
    conn.execute(remittances.insert(), {**row, "expected": expected, "by": by, "at": now})
    if expected:
        ledger.enter(conn, f"cash:{made}", accounts.handed_in(courier, amount, Paise(expected)), now)
    if amount < expected:
        detail = {"courier": courier, "amount": expected - amount, "theirs": amount, "ours": expected}
        cases.park(conn, "cash_short", made, detail, now)
    return conn.execute(_BY_KEY, {"of": key}).one()


def page(conn: Connection, *, after: str, limit: int) -> list[Row[Any]]:
    """Cash that was collected and not handed in, the oldest payment first."""
    return list(conn.execute(_PAGE, {"after": after, "most": limit}))


def watch(conn: Connection, before: datetime, now: datetime) -> int:
    """Open a case for all cash that was collected before a moment and not handed in; how much of it there is."""
    rows = conn.execute(_LATE, {"before": before}).all()
    for row in rows:
        cases.park(conn, "cash_overdue", row.id, {"amount": int(row.held), "collected": row.collected.isoformat()}, now)
    return len(rows)
