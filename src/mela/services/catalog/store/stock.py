"""Pieces: held for a key, sold, given up, run out, put back. Every unit may be repeated and takes all lines or none.

A piece is free when it is on hand and not reserved. Each change is one guarded UPDATE per sku, so no order of events sells a
piece twice, and the table's own check would refuse it. Skus are taken in their order, so two units never wait for each other.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from mela.contracts.catalog import OutOfStock, ReservationLost, UnknownSku
from mela.kernel.db.statements import insert_new
from mela.kernel.idempotency import KeyReused
from mela.services.catalog.model import Reservation, ReservationState, StockLevel
from mela.services.catalog.tables import reservation_lines, reservations, restocks, stock

_FREE = stock.c.on_hand - stock.c.reserved
HELD, COMMITTED, RELEASED, EXPIRED = ReservationState


def reserve(conn: Connection, *, key: str, pieces: dict[str, int], now: datetime, seconds: int) -> datetime:
    """Hold the pieces for a key; returns until when. A key that came before keeps its moment.

    Raises: UnknownSku, OutOfStock, ReservationLost when the key was given up, KeyReused when it came with other pieces.
    """
    expires = now + timedelta(seconds=seconds)
    if not insert_new(conn, reservations, {"key": key, "state": HELD, "expires": expires}):
        return _as_before(conn, key, pieces)
    for sku, quantity in pieces.items():
        if not _hold(conn, sku, quantity) and not (_expire_of(conn, sku, now) and _hold(conn, sku, quantity)):
            raise OutOfStock(sku=sku, left=max(level(conn, sku).free, 0))
    conn.execute(insert(reservation_lines), [{"key": key, "sku": sku, "quantity": n} for sku, n in pieces.items()])
    return expires


def commit(conn: Connection, *, key: str, now: datetime) -> bool:
    """Sell what the key holds; pieces that ran out are taken up again if all are free. True the first time.

    Raises: ReservationLost, also for a key that is unknown or was given up.
    """
    known = _reservation(conn, key)
    if known is None or known.state == RELEASED:
        raise ReservationLost(key=key)
    if known.state == COMMITTED:
        return False
    for sku, quantity in known.pieces.items():
        taken = _sell_held(conn, sku, quantity) if known.state == HELD else _sell_free(conn, sku, quantity, now)
        if not taken:
            raise ReservationLost(key=key)
    _set_state(conn, key, COMMITTED)
    return True


def release(conn: Connection, *, key: str, now: datetime) -> bool:
    """Give back what the key holds or has bought; from now on it can neither hold nor buy. True when something changed.

    Also for a key that has not come yet: whoever cancels first wins, however late the other call arrives.
    """
    if insert_new(conn, reservations, {"key": key, "state": RELEASED, "expires": now}):
        return True
    known = _reservation(conn, key)
    assert known is not None
    if known.state == RELEASED:
        return False
    if known.state == HELD:
        _give_back(conn, known.pieces)
    elif known.state == COMMITTED:
        for sku, quantity in known.pieces.items():
            receive(conn, sku=sku, quantity=quantity)
    _set_state(conn, key, RELEASED)
    return True


def expire(conn: Connection, *, now: datetime, limit: int = 100) -> int:
    """Give back the pieces of up to `limit` reservations that have run out, the oldest first; how many there were."""
    due = select(reservations.c.key).where(reservations.c.state == HELD, reservations.c.expires <= now)
    keys = list(conn.scalars(due.order_by(reservations.c.expires).limit(limit)))
    return _expire(conn, keys)


def restock(conn: Connection, *, key: str, pieces: dict[str, int], now: datetime) -> bool:
    """Put pieces on hand, once per key; True the first time. Raises: UnknownSku."""
    if not insert_new(conn, restocks, {"key": key, "at": now}):
        return False
    for sku, quantity in pieces.items():
        receive(conn, sku=sku, quantity=quantity)
    return True


def receive(conn: Connection, *, sku: str, quantity: int) -> None:
    """More pieces are on hand. Raises: UnknownSku."""
    change = update(stock).where(stock.c.sku == sku).values(on_hand=stock.c.on_hand + quantity)
    if conn.execute(change).rowcount == 0:
        raise UnknownSku(sku=sku)


def level(conn: Connection, sku: str) -> StockLevel:
    """Pieces of a sku. Raises: UnknownSku."""
    row = conn.execute(select(stock).where(stock.c.sku == sku)).first()
    if row is None:
        raise UnknownSku(sku=sku)
    return StockLevel(row.sku, row.on_hand, row.reserved)


def _as_before(conn: Connection, key: str, pieces: dict[str, int]) -> datetime:
    known = _reservation(conn, key)
    assert known is not None
    if known.state == RELEASED:
        raise ReservationLost(key=key)
    if known.pieces != pieces:
        raise KeyReused
    return known.expires


def _reservation(conn: Connection, key: str) -> Reservation | None:
    joined = reservations.outerjoin(reservation_lines, reservation_lines.c.key == reservations.c.key)
    columns = (reservations.c.state, reservations.c.expires, reservation_lines.c.sku, reservation_lines.c.quantity)
    query = select(*columns).select_from(joined).where(reservations.c.key == key).order_by(reservation_lines.c.sku)
    rows = conn.execute(query).all()
    if not rows:
        return None
    return Reservation(
        key, ReservationState(rows[0].state), rows[0].expires, {row.sku: row.quantity for row in rows if row.sku}
    )


def _hold(conn: Connection, sku: str, quantity: int) -> bool:
    change = update(stock).where(stock.c.sku == sku, quantity <= _FREE)
    return conn.execute(change.values(reserved=stock.c.reserved + quantity)).rowcount == 1


def _sell_held(conn: Connection, sku: str, quantity: int) -> bool:
    values = {"on_hand": stock.c.on_hand - quantity, "reserved": stock.c.reserved - quantity}
    return conn.execute(update(stock).where(stock.c.sku == sku).values(values)).rowcount == 1


def _sell_free(conn: Connection, sku: str, quantity: int, now: datetime) -> bool:
    """Sell pieces that nobody holds any longer; what others let run out counts as free."""

    def sell() -> bool:
        change = update(stock).where(stock.c.sku == sku, quantity <= _FREE)
        return conn.execute(change.values(on_hand=stock.c.on_hand - quantity)).rowcount == 1

    return sell() or (_expire_of(conn, sku, now) > 0 and sell())


def _give_back(conn: Connection, pieces: dict[str, int]) -> None:
    for sku, quantity in pieces.items():
        conn.execute(update(stock).where(stock.c.sku == sku).values(reserved=stock.c.reserved - quantity))


def _expire_of(conn: Connection, sku: str, now: datetime) -> int:
    """Let run out what is due among those who hold this sku; how many reservations."""
    joined = reservations.join(reservation_lines, reservation_lines.c.key == reservations.c.key)
    due = (reservation_lines.c.sku == sku, reservations.c.state == HELD, reservations.c.expires <= now)
    keys = conn.scalars(select(reservations.c.key).select_from(joined).where(*due).order_by(reservations.c.key))
    return _expire(conn, list(keys))


def _expire(conn: Connection, keys: list[str]) -> int:
    if not keys:
        return 0
    lines = reservation_lines
    quantity = func.sum(lines.c.quantity).label("quantity")
    rows = conn.execute(
        select(lines.c.sku, quantity).where(lines.c.key.in_(keys)).group_by(lines.c.sku).order_by(lines.c.sku)
    )
    _give_back(conn, {row.sku: int(row.quantity) for row in rows})
    conn.execute(update(reservations).where(reservations.c.key.in_(keys)).values(state=EXPIRED))
    return len(keys)


def _set_state(conn: Connection, key: str, state: ReservationState) -> None:
    conn.execute(update(reservations).where(reservations.c.key == key).values(state=state))
