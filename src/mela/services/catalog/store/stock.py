"""Pieces: held for a key, sold, given up, run out, put back. Every unit may be repeated and takes all lines or none.

A piece is free when it is on hand and not reserved. Each change is one guarded UPDATE per sku, so no order of events sells a
piece twice, and the table's own check would refuse it. Skus are taken in their order, so two units never wait for each other.
"""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, Integer, Update, bindparam, func, insert, select, update

from mela.contracts.catalog import OutOfStock, ReservationLost, UnknownSku
from mela.kernel.db.statements import insert_new
from mela.kernel.idempotency import KeyReused
from mela.services.catalog.model import Reservation, ReservationState, StockLevel
from mela.services.catalog.tables import reservation_lines, reservations, restocks, stock

_FREE = stock.c.on_hand - stock.c.reserved
HELD, COMMITTED, RELEASED, EXPIRED = ReservationState

# Built once: building a statement costs more than running it.
_RESERVATION = (
    select(reservations.c.state, reservations.c.expires, reservation_lines.c.sku, reservation_lines.c.quantity)
    .select_from(reservations.outerjoin(reservation_lines, reservation_lines.c.key == reservations.c.key))
    .where(reservations.c.key == bindparam("key"))
    .order_by(reservation_lines.c.sku)
)
_ADD_LINES = insert(reservation_lines)
_SOLD = (
    update(reservations)
    .where(reservations.c.key == bindparam("of_key"))
    .values(state=COMMITTED, buyer=bindparam("bought_by"))
)
_SET_STATE = update(reservations).where(reservations.c.key == bindparam("of_key")).values(state=bindparam("now_is"))
_RUN_OUT = select(reservations.c.key).where(reservations.c.state == HELD, reservations.c.expires <= bindparam("now"))
_OLDEST_RUN_OUT = _RUN_OUT.order_by(reservations.c.expires).limit(bindparam("most", type_=Integer))
_RUN_OUT_OF_SKU = (
    _RUN_OUT.join(reservation_lines, reservation_lines.c.key == reservations.c.key)
    .where(reservation_lines.c.sku == bindparam("sku"))
    .order_by(reservations.c.key)
)
_PIECES_OF = (
    select(reservation_lines.c.sku, func.sum(reservation_lines.c.quantity).label("quantity"))
    .where(reservation_lines.c.key.in_(bindparam("keys", expanding=True)))
    .group_by(reservation_lines.c.sku)
    .order_by(reservation_lines.c.sku)
)
_LEVEL = select(stock).where(stock.c.sku == bindparam("sku"))
_PIECES = bindparam("pieces", type_=BigInteger)
_OF_SKU = update(stock).where(stock.c.sku == bindparam("of_sku"))
_RECEIVE = _OF_SKU.values(on_hand=stock.c.on_hand + _PIECES)
_HOLD = _OF_SKU.where(_FREE >= _PIECES).values(reserved=stock.c.reserved + _PIECES)
_GIVE_BACK = _OF_SKU.values(reserved=stock.c.reserved - _PIECES)
_SELL_HELD = _OF_SKU.values(on_hand=stock.c.on_hand - _PIECES, reserved=stock.c.reserved - _PIECES)
_SELL_FREE = _OF_SKU.where(_FREE >= _PIECES).values(on_hand=stock.c.on_hand - _PIECES)


def reserve(conn: Connection, *, key: str, pieces: dict[str, int], now: datetime, seconds: int) -> datetime:
    """Hold the pieces for a key; returns until when. A key that came before keeps its moment.

    Raises: UnknownSku, OutOfStock, ReservationLost when the key was given up, KeyReused when it came with other pieces.
    """
    expires = now + timedelta(seconds=seconds)
    if not insert_new(conn, reservations, {"key": key, "state": HELD, "expires": expires}):
        return _as_before(conn, key, pieces)
    for sku, quantity in pieces.items():
        if not _take_free(conn, _HOLD, sku, quantity, now):
            raise OutOfStock(sku=sku, left=max(level(conn, sku).free, 0))
    conn.execute(_ADD_LINES, [{"key": key, "sku": sku, "quantity": n} for sku, n in pieces.items()])
    return expires


def commit(conn: Connection, *, key: str, buyer: str | None = None, now: datetime) -> bool:
    """Sell what the key holds; pieces that ran out are taken up again if all are free. True the first time.

    Raises: ReservationLost, also for a key that is unknown or was given up.
    """
    known = _reservation(conn, key)
    if known is None or known.state == RELEASED:
        raise ReservationLost(key=key)
    if known.state == COMMITTED:
        return False
    for sku, quantity in known.pieces.items():
        held = known.state == HELD
        sold = _change(conn, _SELL_HELD, sku, quantity) if held else _take_free(conn, _SELL_FREE, sku, quantity, now)
        if not sold:
            raise ReservationLost(key=key)
    conn.execute(_SOLD, {"of_key": key, "bought_by": buyer})
    return True


def release(conn: Connection, *, key: str, now: datetime) -> bool:
    """Give back what the key holds or has bought; from now on it can neither hold nor buy. True when something changed.

    Also for a key that has not come yet: whoever cancels first wins, however late the other call arrives.
    """
    known = _reservation(conn, key)
    if known is None:
        return insert_new(conn, reservations, {"key": key, "state": RELEASED, "expires": now})
    if known.state == RELEASED:
        return False
    if known.state == HELD:
        _give_back(conn, known.pieces)
    elif known.state == COMMITTED:
        for sku, quantity in known.pieces.items():
            receive(conn, sku=sku, quantity=quantity)
    _set_state(conn, key, RELEASED)
    return True


def any_run_out(conn: Connection, now: datetime) -> bool:
    """Whether `expire` would find something: cheaper to ask than to expire in vain."""
    return conn.execute(_OLDEST_RUN_OUT, {"now": now, "most": 1}).first() is not None


def expire(conn: Connection, *, now: datetime, limit: int = 100) -> int:
    """Give back the pieces of up to `limit` reservations that have run out, the oldest first; how many there were."""
    return _expire(conn, list(conn.scalars(_OLDEST_RUN_OUT, {"now": now, "most": limit})))


def restock(conn: Connection, *, key: str, pieces: dict[str, int], now: datetime) -> bool:
    """Put pieces on hand, once per key; True the first time. Raises: UnknownSku."""
    if not insert_new(conn, restocks, {"key": key, "at": now}):
        return False
    for sku, quantity in pieces.items():
        receive(conn, sku=sku, quantity=quantity)
    return True


def receive(conn: Connection, *, sku: str, quantity: int) -> None:
    """More pieces are on hand. Raises: UnknownSku."""
    if not _change(conn, _RECEIVE, sku, quantity):
        raise UnknownSku(sku=sku)


def level(conn: Connection, sku: str) -> StockLevel:
    """Pieces of a sku. Raises: UnknownSku."""
    row = conn.execute(_LEVEL, {"sku": sku}).first()
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
    rows = conn.execute(_RESERVATION, {"key": key}).all()
    if not rows:
        return None
    return Reservation(
        key, ReservationState(rows[0].state), rows[0].expires, {row.sku: row.quantity for row in rows if row.sku}
    )


def _change(conn: Connection, change: Update, sku: str, pieces: int) -> bool:
    """Whether the change was possible, and made."""
    return conn.execute(change, {"of_sku": sku, "pieces": pieces}).rowcount == 1


def _take_free(conn: Connection, change: Update, sku: str, pieces: int, now: datetime) -> bool:
    """Hold or sell pieces that nobody holds; what others let run out counts as free."""
    if _change(conn, change, sku, pieces):
        return True
    return _expire_of(conn, sku, now) > 0 and _change(conn, change, sku, pieces)


def _give_back(conn: Connection, pieces: dict[str, int]) -> None:
    for sku, quantity in pieces.items():
        _change(conn, _GIVE_BACK, sku, quantity)


def _expire_of(conn: Connection, sku: str, now: datetime) -> int:
    """Let run out what is due among those who hold this sku; how many reservations."""
    return _expire(conn, list(conn.scalars(_RUN_OUT_OF_SKU, {"sku": sku, "now": now})))


def _expire(conn: Connection, keys: list[str]) -> int:
    if not keys:
        return 0
    _give_back(conn, {row.sku: int(row.quantity) for row in conn.execute(_PIECES_OF, {"keys": keys})})
    conn.execute(_SET_STATE, [{"of_key": key, "now_is": EXPIRED} for key in keys])
    return len(keys)


def _set_state(conn: Connection, key: str, state: ReservationState) -> None:
    conn.execute(_SET_STATE, {"of_key": key, "now_is": state})
