"""Money of sellers that is kept back: into an account of its own, and back, once."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, and_, bindparam, select, update

from mela.kernel import ids
from mela.kernel.errors import NotFound
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.store import ledger
from mela.services.payments.tables import holds

_BY_ID = select(holds).where(holds.c.id == bindparam("of"))
_BY_KEY = select(holds).where(holds.c.key == bindparam("of"))
_OPEN = holds.c.released.is_(None)
_RELEASE = (
    update(holds)
    .where(and_(holds.c.id == bindparam("of"), _OPEN))
    .values(released=bindparam("now"), released_by=bindparam("who"))
    .returning(holds)
)
_PAGE = (
    select(holds)
    .where(and_(_OPEN, holds.c.id > bindparam("after")))
    .order_by(holds.c.id)
    .limit(bindparam("most", type_=Integer))
)


class UnknownHold(NotFound):
    """Nothing is held under this id. Params: hold_id."""

    code = "payments.unknown_hold"


def hold(conn: Connection, *, key: str, seller_id: str, amount: Paise, reason: str, by: str, now: datetime) -> Row[Any]:
    """Keep money of a seller back; the same key again gives the same hold. Raises: AccountOverdrawn, KeyReused."""
    known = conn.execute(_BY_KEY, {"of": key}).one_or_none()
    if known is not None:
        if (known.seller_id, known.amount, known.reason) != (seller_id, amount, reason):
            raise KeyReused
        return known
    made = ids.new_id("hold")
    ledger.enter(conn, f"hold:{made}", [accounts.hold(seller_id, amount)], now)
    row = {"id": made, "key": key, "seller_id": seller_id, "amount": amount, "reason": reason, "by": by, "at": now}
    conn.execute(holds.insert(), {**row, "released": None, "released_by": None})
    return conn.execute(_BY_ID, {"of": made}).one()


def release(conn: Connection, hold_id: str, *, by: str, now: datetime) -> Row[Any]:
    """Give it back to the seller, once; again: nothing changes. Raises: UnknownHold."""
    row = conn.execute(_RELEASE, {"of": hold_id, "now": now, "who": by}).one_or_none()
    if row is not None:
        ledger.enter(conn, f"release:{hold_id}", [accounts.release(row.seller_id, Paise(row.amount))], now)
        return row
    known = conn.execute(_BY_ID, {"of": hold_id}).one_or_none()
    if known is None:
        raise UnknownHold(hold_id=hold_id)
    return known


def release_of(conn: Connection, key: str, *, by: str, now: datetime) -> None:
    """Give back what was kept back under this key, where something was."""
    known = conn.execute(_BY_KEY, {"of": key}).one_or_none()
    if known is not None:
        release(conn, known.id, by=by, now=now)


def page(conn: Connection, *, after: str, limit: int) -> list[Row[Any]]:
    """What is held now, oldest first."""
    return list(conn.execute(_PAGE, {"after": after, "most": limit}))
