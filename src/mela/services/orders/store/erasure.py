"""Orders let go of their person: when the person is known no more, or when the order is long over."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from mela.contracts.accounts import Erased
from mela.kernel import sealed
from mela.kernel.db.statements import insert_new
from mela.services.orders.model import Address, OrderState
from mela.services.orders.tables import cart_items, erasures, orders

_OVER = (OrderState.DELIVERED.value, OrderState.CANCELLED.value, OrderState.RETURNED.value)


def last_erasure(conn: Connection) -> int:
    """Number of the last customer of whom we have heard that they are known no more."""
    return conn.execute(select(func.max(erasures.c.number))).scalar() or 0


def note_erasures(conn: Connection, erased: Sequence[Erased]) -> None:
    """Customers are known no more: their carts go at once, their orders follow."""
    insert_new(conn, erasures, [asdict(each) for each in erased])
    conn.execute(delete(cart_items).where(cart_items.c.customer_id.in_([each.customer_id for each in erased])))


def let_go(conn: Connection, before: datetime, now: datetime, limit: int) -> int:
    """Let up to `limit` orders go of their person: those that are over, of erased customers or unchanged since `before`.

    State and PIN code stay: the place of supply, on which the tax rests. Returns how many.
    """
    gone = orders.c.customer_id.in_(select(erasures.c.customer_id))
    due = and_(orders.c.erased.is_(None), orders.c.state.in_(_OVER), or_(gone, orders.c.updated < before))
    found = conn.execute(select(orders.c.id, orders.c.address, orders.c.version).where(due).limit(limit)).all()
    for row in found:
        conn.execute(update(orders).where(orders.c.id == row.id).values(
            address=sealed.of(row.id, asdict(_place(Address(**row.address)))), instrument=sealed.of(row.id, {}),
            device=None, erased=now, version=row.version + 1,
        ))  # fmt: skip
    return len(found)


def _place(address: Address) -> Address:
    """What is left of an address: where, and nobody."""
    return Address(name="", phone="", line1="", line2="", city="", state_code=address.state_code, pin=address.pin)
