"""What the provider of test mode knows of each payment that it was asked for."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from mela.kernel.db.statements import insert_new
from mela.services.payments.store.due import Due
from mela.services.payments.tables import test_bank

_IT = select(test_bank).where(test_bank.c.reference == bindparam("of"))
_CHANGE = update(test_bank).where(test_bank.c.reference == bindparam("of"))
_DUE = Due(test_bank.c.rings, test_bank.c.reference)
"""Built once: building a statement costs more than running it."""


def begin(conn: Connection, row: dict[str, Any]) -> Row[Any]:
    """Keep a payment; asked again, the one of then."""
    insert_new(conn, test_bank, row)
    return conn.execute(_IT, {"of": row["reference"]}).one()


def find(conn: Connection, reference: str) -> Row[Any] | None:
    """A payment, None where nobody asked for it."""
    return conn.execute(_IT, {"of": reference}).one_or_none()


def take(conn: Connection, reference: str, capture: str, amount: int, *, final: bool) -> Row[Any]:
    """Take a part of an authorised payment, once by the name of its capture."""
    row = conn.execute(_IT, {"of": reference}).one()
    taken = {**row.taken, capture: amount}
    ended = "captured" if final or sum(taken.values()) >= row.amount else row.ended
    conn.execute(_CHANGE, {"of": reference, "taken": taken, "ended": ended})
    return conn.execute(_IT, {"of": reference}).one()


def let_go(conn: Connection, reference: str) -> Row[Any]:
    """Let an authorised payment go."""
    conn.execute(_CHANGE, {"of": reference, "ended": "voided"})
    return conn.execute(_IT, {"of": reference}).one()


def any_due(conn: Connection, now: datetime) -> bool:
    """Whether somebody is to be called back: cheaper to ask than to claim in vain."""
    return _DUE.any(conn, now)


def claim(conn: Connection, now: datetime, until: datetime, limit: int) -> list[Row[Any]]:
    """Payments whose time to call back has come; they come again at `until` unless `rang` says otherwise."""
    return _DUE.claim(conn, now, until, limit)


def rang(conn: Connection, reference: str, rings: datetime | None) -> None:
    """Called back; when to call next."""
    conn.execute(_CHANGE, {"of": reference, "rings": rings})
