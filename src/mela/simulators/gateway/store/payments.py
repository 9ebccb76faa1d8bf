"""A payment, from the order that nobody pays yet to its last capture."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, update

from mela.kernel.db.statements import insert_new
from mela.simulators.gateway import upi
from mela.simulators.gateway.entities import Fields
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.states import (
    AUTHORIZED,
    CAPTURED,
    CREATED,
    DEEMED,
    EXPIRED,
    FAILED,
    VOIDED,
    NotOpen,
    OverCaptured,
)
from mela.simulators.gateway.store import books, callbacks, rows
from mela.simulators.gateway.tables import captures, payments

# Built once: building a statement costs more than running it. What an update sets and is not named here comes by parameter.
CLOSE = (
    update(payments)
    .where(and_(payments.c.number == bindparam("of"), payments.c.status == bindparam("was")))
    .returning(payments)
)
_BEGIN = (
    update(payments).where(and_(payments.c.number == bindparam("of"), payments.c.method.is_(None))).returning(payments)
)
_ADD_CAPTURE = captures.insert()


def create(conn: Connection, row: Fields) -> Fields:
    """Keep a new payment; a known reference gives the payment of that time. Raises: ReferenceReused."""
    kept = {
        **row, "status": CREATED, "captured": 0, "refunded": 0, "vpa": None, "rrn": None, "error_code": None, "wrong_pins": 0,
        "resolves": None,
    }  # fmt: skip
    if insert_new(conn, payments, kept):
        return kept
    known = rows.by_reference(conn, payments, row["reference"])
    assert known is not None
    return rows.same(known, row)


def begin(conn: Connection, payment_id: str, how: Fields) -> Row[Any]:
    """Say how an order is paid: method, manual, card. What has begun stays as it is. Raises: NotFound."""
    found = rows.one(conn, payments, payment_id)
    return conn.execute(_BEGIN, {"of": found.number, **how}).one_or_none() or found


def get(conn: Connection, payment_id: str) -> Row[Any]:
    """A payment by its id. Raises: NotFound."""
    return rows.one(conn, payments, payment_id)


def approve(
    conn: Connection, payment_id: str, *, vpa: str, now: datetime, plan: Plan, held: timedelta = timedelta(days=5)
) -> Row[Any]:
    """Debit the payer, unless the plan has the bank decline. What is captured stays as it is. Raises: NotFound, NotOpen.

    `held`: how long authorised money waits to be captured.
    """
    found = rows.one(conn, payments, payment_id)
    if found.status in (CAPTURED, AUTHORIZED, DEEMED):
        return found
    if found.bank in plan.banks_down:
        return fail(conn, payment_id, code=upi.DEBIT_FAILED, now=now, plan=plan)
    if plan.hits("decline", found.reference):
        return fail(conn, payment_id, code=plan.decline_code(found.reference), now=now, plan=plan)
    changes = {"vpa": vpa if found.method == "upi" else None, "rrn": upi.rrn(found.number, now)}
    if found.method == "upi" and plan.hits("deemed", found.reference):
        resolves = now + timedelta(milliseconds=plan.deemed_ms)
        return _close(conn, found, now, changes | {"status": DEEMED, "error_code": upi.DEEMED, "resolves": resolves})
    if found.manual:
        row = _close(conn, found, now, changes | {"status": AUTHORIZED, "resolves": now + held})
        callbacks.leave(conn, "payment.authorized", row, now, plan)
        return row
    return collect(conn, _close(conn, found, now, changes | {"status": CAPTURED, "captured": found.amount}), now, plan)


def capture(
    conn: Connection, payment_id: str, *, amount: int, reference: str | None = None, final: bool = True, now: datetime, plan: Plan
) -> Row[Any]:  # fmt: skip
    """Take money of an authorised payment, once per reference; after the final time what is left is let go.

    Raises: NotFound, NotOpen, OverCaptured, ReferenceReused.
    """
    found = rows.one(conn, payments, payment_id)
    name = reference or found.reference
    kept = {"reference": name, "payment_id": payment_id, "amount": amount, "final": final}
    if (known := rows.by_reference(conn, captures, name)) is not None:
        rows.same(known, kept)
        return found
    if found.status != AUTHORIZED:
        raise NotOpen(status=found.status)
    if found.captured + amount > found.amount:
        raise OverCaptured(left=found.amount - found.captured)
    conn.execute(_ADD_CAPTURE, kept)
    taken, last = found.captured + amount, final or found.captured + amount == found.amount
    status = CAPTURED if last else AUTHORIZED
    row = conn.execute(CLOSE, {"of": found.number, "was": AUTHORIZED, "status": status, "captured": taken}).one()
    return collect(conn, row, now, plan, amount=amount, reference=name)


def void(conn: Connection, payment_id: str, *, now: datetime, plan: Plan) -> Row[Any]:
    """Let go of what was authorised and not taken. Raises: NotFound, NotOpen."""
    found = rows.one(conn, payments, payment_id)
    if found.status == VOIDED or (found.status == CAPTURED and found.manual):
        return found
    if found.status != AUTHORIZED:
        raise NotOpen(status=found.status)
    status = CAPTURED if found.captured else VOIDED
    row = conn.execute(CLOSE, {"of": found.number, "was": AUTHORIZED, "status": status}).one()
    callbacks.leave(conn, "payment.voided", row, now, plan)
    return row


def note_wrong_pin(conn: Connection, payment_id: str, *, most: int, now: datetime, plan: Plan) -> Row[Any]:
    """One more wrong PIN; at the `most`-th the bank declines. Raises: NotFound, NotOpen."""
    found = rows.one(conn, payments, payment_id)
    if found.wrong_pins + 1 >= most:
        return fail(conn, payment_id, code=upi.PIN_TRIES_SPENT, now=now, plan=plan)
    return _close(conn, found, now, {"wrong_pins": found.wrong_pins + 1})


def fail(conn: Connection, payment_id: str, *, code: str, now: datetime, plan: Plan) -> Row[Any]:
    """Close a payment without money. One that has failed already stays as it is. Raises: NotFound, NotOpen."""
    found = rows.one(conn, payments, payment_id)
    if found.status == FAILED:
        return found
    row = _close(conn, found, now, {"status": FAILED, "error_code": code})
    callbacks.leave(conn, "payment.failed", row, now, plan)
    return row


def collect(
    conn: Connection, row: Row[Any], now: datetime, plan: Plan, *, amount: int | None = None, reference: str | None = None
) -> Row[Any]:  # fmt: skip
    """Enter what was captured into the books, and tell the merchant; `amount` and `reference` of a part."""
    books.enter(conn, "collected", reference or row.reference, amount or row.captured, now)
    callbacks.leave(conn, "payment.captured", row, now, plan)
    return row


def _close(conn: Connection, found: Row[Any], now: datetime, changes: Fields) -> Row[Any]:
    """Move an open payment on. Raises: NotOpen, also when its time is over but nobody has noted it yet."""
    if found.status != CREATED or found.expires <= now:
        raise NotOpen(status=found.status if found.status != CREATED else EXPIRED)
    return conn.execute(CLOSE, {"of": found.number, "was": CREATED, **changes}).one()
