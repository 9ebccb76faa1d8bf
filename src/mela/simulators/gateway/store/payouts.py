"""Money sent to sellers' bank accounts."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from mela.simulators.gateway import upi
from mela.simulators.gateway.entities import Fields, fields
from mela.simulators.gateway.states import PROCESSED
from mela.simulators.gateway.store import books, rows
from mela.simulators.gateway.tables import payouts

_PAY_OUT = payouts.insert().returning(payouts.c.number)
_NUMBERED = update(payouts).where(payouts.c.number == bindparam("of")).returning(payouts)


def pay_out(conn: Connection, row: Fields, *, now: datetime) -> Fields:
    """Send money to a bank account, once per reference. Raises: ReferenceReused."""
    if (known := rows.by_reference(conn, payouts, row["reference"])) is not None:
        return rows.same(known, row)
    number = conn.execute(_PAY_OUT, {**row, "status": PROCESSED, "utr": ""}).scalar_one()
    books.enter(conn, "paid_out", row["reference"], row["amount"], now)
    return fields(conn.execute(_NUMBERED, {"of": number, "utr": upi.rrn(number, now)}).one())
