"""The books: an entry for each movement of money."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from mela.simulators.gateway.tables import captures, entries, payments

_ENTER = entries.insert()


def enter(conn: Connection, kind: str, reference: str, amount: int, now: datetime) -> None:
    """Money was collected, refunded or paid out: once for each kind and reference."""
    conn.execute(_ENTER, {"kind": kind, "reference": reference, "amount": amount, "at": now})


def totals(conn: Connection) -> dict[str, tuple[int, int]]:
    """Number and sum of the entries of each kind."""
    rows = conn.execute(select(entries.c.kind, func.count(), func.sum(entries.c.amount)).group_by(entries.c.kind))
    return {"collected": (0, 0), "refunded": (0, 0), "paid_out": (0, 0)} | {
        kind: (n, int(total)) for kind, n, total in rows
    }


def page(conn: Connection, *, after: int, limit: int) -> list[Row[Any]]:
    """Entries after a position, oldest first."""
    return list(
        conn.execute(select(entries).where(entries.c.position > after).order_by(entries.c.position).limit(limit))
    )


def entries_between(conn: Connection, start: datetime, end: datetime, *, after: int, limit: int) -> list[Row[Any]]:
    """Money collected and refunded in [start, end), after a position, in the order of the books; `method` of what was collected."""
    wanted = and_(
        entries.c.position > after,
        entries.c.kind.in_(("collected", "refunded")),
        entries.c.at >= start,
        entries.c.at < end,
    )
    of = or_(payments.c.reference == entries.c.reference, payments.c.id == captures.c.payment_id)
    found = (
        select(entries, payments.c.method)
        .join_from(entries, captures, captures.c.reference == entries.c.reference, isouter=True)
        .join(payments, of, isouter=True)
    )
    return list(conn.execute(found.where(wanted).order_by(entries.c.position).limit(limit)))
