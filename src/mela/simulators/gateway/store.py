"""Every query of the gateway. A movement of money, its entry in the books and its callback are one unit."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from mela.kernel import ids
from mela.kernel.db import Instant, row_guarded
from mela.kernel.db.statements import insert_new, upsert
from mela.kernel.errors import Conflict, NotFound, Rejected
from mela.simulators.gateway import upi
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.tables import (
    callbacks,
    captures,
    disputes,
    entries,
    payments,
    payouts,
    plans,
    refunds,
    tokens,
)

Fields = Mapping[str, Any]
CREATED, AUTHORIZED, DEEMED, CAPTURED, VOIDED, FAILED, EXPIRED, PENDING, PROCESSED = (
    "created",
    "authorized",
    "deemed",
    "captured",
    "voided",
    "failed",
    "expired",
    "pending",
    "processed",
)

# Built once: building a statement costs more than running it. What an update sets and is not named here comes by parameter.
_MOST = bindparam("most", type_=Integer)
_NOW = bindparam("now", type_=Instant)
_CLOSE = (
    update(payments)
    .where(and_(payments.c.number == bindparam("of"), payments.c.status == bindparam("was")))
    .returning(payments)
)
_BEGIN = (
    update(payments).where(and_(payments.c.number == bindparam("of"), payments.c.method.is_(None))).returning(payments)
)
_OVER = and_(payments.c.status == CREATED, payments.c.expires <= _NOW)
_SOME_OVER = select(payments.c.number).where(_OVER).limit(_MOST)
_EXPIRE = (
    update(payments)
    .where(and_(payments.c.number.in_(_SOME_OVER), payments.c.status == CREATED))
    .values(status=EXPIRED, error_code=upi.EXPIRED)
    .returning(payments)
)
_UNCONFIRMED = and_(payments.c.status.in_((DEEMED, AUTHORIZED)), payments.c.resolves <= _NOW)
_SOME_UNCONFIRMED = select(payments).where(_UNCONFIRMED).limit(_MOST)
_REFUNDED = payments.c.refunded + bindparam("more", type_=BigInteger)
_REFUND = (
    update(payments)
    .where(and_(payments.c.id == bindparam("of"), payments.c.status == CAPTURED, payments.c.captured >= _REFUNDED))
    .values(refunded=_REFUNDED)
    .returning(payments)
)
_ADD_CAPTURE = captures.insert()
_ADD_REFUND = refunds.insert()
_RIPE = and_(refunds.c.status == PENDING, refunds.c.due <= _NOW)
_SOME_RIPE = select(refunds.c.id).where(_RIPE).limit(_MOST)
_PROCESS = (
    update(refunds)
    .where(and_(refunds.c.id.in_(_SOME_RIPE), refunds.c.status == PENDING))
    .values(status=PROCESSED)
    .returning(refunds)
)
_ANY_WORK = select(or_(exists().where(_OVER), exists().where(_RIPE), exists().where(_UNCONFIRMED)))
_PAY_OUT = payouts.insert().returning(payouts.c.number)
_NUMBERED = update(payouts).where(payouts.c.number == bindparam("of")).returning(payouts)
_ENTER = entries.insert()
_CALL_BACK = callbacks.insert()
_DUE = and_(callbacks.c.state == "waiting", callbacks.c.due <= _NOW)
_ANY_CALLBACK = select(callbacks.c.id).where(_DUE).limit(1)
_FIRST_DUE = select(callbacks.c.id).where(_DUE).order_by(callbacks.c.due).limit(_MOST)
_CLAIM = (
    update(callbacks)
    .where(and_(callbacks.c.id.in_(_FIRST_DUE), _DUE))
    .values(due=bindparam("until"), attempts=callbacks.c.attempts + 1)
    .returning(callbacks)
)
_SETTLE = update(callbacks).where(callbacks.c.id == bindparam("of"))


class ReferenceReused(Conflict):
    """This reference came before with another amount. Params: reference."""

    code = "gateway.reference_reused"


class NotOpen(Conflict):
    """The payment can't be paid, declined or refunded as it is now. Params: status."""

    code = "gateway.not_open"


class WrongUpiPin(Rejected):
    """Not the PIN of this account. Params: left (tries)."""

    code = "gateway.wrong_pin"


class WrongOtp(Rejected):
    """Not the code that the card's bank has sent. Params: left (tries)."""

    code = "gateway.wrong_otp"


class OverCaptured(Rejected):
    """More than what was captured and not refunded. Params: left (paise)."""

    code = "gateway.over_captured"


class RefundRefused(Rejected):
    """The payer's bank does not take the money; another reference may fare better."""

    code = "gateway.refund_refused"


def create_payment(conn: Connection, row: Fields) -> Fields:
    """Keep a new payment; a known reference gives the payment of that time. Raises: ReferenceReused."""
    kept = {
        **row, "status": CREATED, "captured": 0, "refunded": 0, "vpa": None, "rrn": None, "error_code": None, "wrong_pins": 0,
        "resolves": None,
    }  # fmt: skip
    if insert_new(conn, payments, kept):
        return kept
    return _same(conn.execute(_by(payments.c.reference), {"wanted": row["reference"]}).one(), row)


def begin(conn: Connection, payment_id: str, how: Fields) -> Row[Any]:
    """Say how an order is paid: method, manual, card. What has begun stays as it is. Raises: NotFound."""
    found = _one(conn, payments, payment_id)
    return conn.execute(_BEGIN, {"of": found.number, **how}).one_or_none() or found


def payment(conn: Connection, payment_id: str) -> Row[Any]:
    """A payment by its id. Raises: NotFound."""
    return _one(conn, payments, payment_id)


def by_reference(conn: Connection, table: Table, reference: str) -> Row[Any] | None:
    """The row that the merchant named so, if any."""
    return conn.execute(_by(table.c.reference), {"wanted": reference}).one_or_none()


def approve(
    conn: Connection, payment_id: str, *, vpa: str, now: datetime, plan: Plan, held: timedelta = timedelta(days=5)
) -> Row[Any]:
    """Debit the payer, unless the plan has the bank decline. What is captured stays as it is. Raises: NotFound, NotOpen.

    `held`: how long authorised money waits to be captured.
    """
    found = _one(conn, payments, payment_id)
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
        _call_back(conn, "payment.authorized", row, now, plan, payment=payment_json(fields(row)))
        return row
    return _collect(conn, _close(conn, found, now, changes | {"status": CAPTURED, "captured": found.amount}), now, plan)


def capture(
    conn: Connection, payment_id: str, *, amount: int, reference: str | None = None, final: bool = True, now: datetime, plan: Plan
) -> Row[Any]:  # fmt: skip
    """Take money of an authorised payment, once per reference; after the final time what is left is let go.

    Raises: NotFound, NotOpen, OverCaptured, ReferenceReused.
    """
    found = _one(conn, payments, payment_id)
    name = reference or found.reference
    kept = {"reference": name, "payment_id": payment_id, "amount": amount, "final": final}
    if (known := by_reference(conn, captures, name)) is not None:
        _same(known, kept)
        return found
    if found.status != AUTHORIZED:
        raise NotOpen(status=found.status)
    if found.captured + amount > found.amount:
        raise OverCaptured(left=found.amount - found.captured)
    conn.execute(_ADD_CAPTURE, kept)
    taken, last = found.captured + amount, final or found.captured + amount == found.amount
    status = CAPTURED if last else AUTHORIZED
    row = conn.execute(_CLOSE, {"of": found.number, "was": AUTHORIZED, "status": status, "captured": taken}).one()
    return _collect(conn, row, now, plan, amount=amount, reference=name)


def void(conn: Connection, payment_id: str, *, now: datetime, plan: Plan) -> Row[Any]:
    """Let go of what was authorised and not taken. Raises: NotFound, NotOpen."""
    found = _one(conn, payments, payment_id)
    if found.status == VOIDED or (found.status == CAPTURED and found.manual):
        return found
    if found.status != AUTHORIZED:
        raise NotOpen(status=found.status)
    status = CAPTURED if found.captured else VOIDED
    row = conn.execute(_CLOSE, {"of": found.number, "was": AUTHORIZED, "status": status}).one()
    _call_back(conn, "payment.voided", row, now, plan, payment=payment_json(fields(row)))
    return row


def note_wrong_pin(conn: Connection, payment_id: str, *, most: int, now: datetime, plan: Plan) -> Row[Any]:
    """One more wrong PIN; at the `most`-th the bank declines. Raises: NotFound, NotOpen."""
    found = _one(conn, payments, payment_id)
    if found.wrong_pins + 1 >= most:
        return fail(conn, payment_id, code=upi.PIN_TRIES_SPENT, now=now, plan=plan)
    return _close(conn, found, now, {"wrong_pins": found.wrong_pins + 1})


def fail(conn: Connection, payment_id: str, *, code: str, now: datetime, plan: Plan) -> Row[Any]:
    """Close a payment without money. One that has failed already stays as it is. Raises: NotFound, NotOpen."""
    found = _one(conn, payments, payment_id)
    if found.status == FAILED:
        return found
    row = _close(conn, found, now, {"status": FAILED, "error_code": code})
    _call_back(conn, "payment.failed", row, now, plan, payment=payment_json(fields(row)))
    return row


def any_work(conn: Connection, now: datetime) -> bool:
    """Whether `expire` or `process_refunds` may find something: cheaper to ask than to try in vain."""
    return bool(conn.execute(_ANY_WORK, {"now": now}).scalar())


def expire(conn: Connection, *, now: datetime, limit: int, plan: Plan) -> list[Row[Any]]:
    """Close payments whose time is over."""
    rows = conn.execute(_EXPIRE, {"now": now, "most": limit}).all()
    for row in rows:
        _call_back(conn, "payment.failed", row, now, plan, payment=payment_json(fields(row)))
    return list(rows)


def resolve(conn: Connection, *, now: datetime, limit: int, plan: Plan) -> list[Row[Any]]:
    """Payments that the other bank has confirmed at last, or that are reversed, as the plan has it; authorised ones that lapse."""
    rows = conn.execute(_SOME_UNCONFIRMED, {"now": now, "most": limit}).all()
    for row in rows:
        if row.status == AUTHORIZED:
            void(conn, row.id, now=now, plan=plan)
            continue
        was = {"of": row.number, "was": DEEMED, "resolves": None}
        if plan.hits("deemed_reversed", row.reference):
            back = conn.execute(_CLOSE, {**was, "status": FAILED, "error_code": upi.REVERSED, "rrn": None}).one()
            _call_back(conn, "payment.failed", back, now, plan, payment=payment_json(fields(back)))
        else:
            changes = {"status": CAPTURED, "captured": row.amount, "error_code": None}
            _collect(conn, conn.execute(_CLOSE, was | changes).one(), now, plan)
    return list(rows)


def keep_token(conn: Connection, row: Fields) -> None:
    """Remember a card by its token; the same card again gives a token of its own."""
    conn.execute(tokens.insert(), row)


def token(conn: Connection, token_id: str) -> Row[Any]:
    """A token by its name. Raises: NotFound."""
    return _one(conn, tokens, token_id)


def create_refund(conn: Connection, row: Fields, *, pending: bool, now: datetime, plan: Plan) -> Fields:
    """Give money back. Raises: NotFound, NotOpen, OverCaptured, ReferenceReused, RefundRefused."""
    if (known := by_reference(conn, refunds, row["reference"])) is not None:
        return _same(known, row)
    if plan.hits("refund_refused", row["reference"]):
        raise RefundRefused
    of = conn.execute(_REFUND, {"of": row["payment_id"], "more": row["amount"]}).one_or_none()
    if of is None:
        payment = _one(conn, payments, row["payment_id"])
        raise (
            OverCaptured(left=payment.captured - payment.refunded)
            if payment.status == CAPTURED
            else NotOpen(status=payment.status)
        )
    kept = {**row, "status": PENDING if pending else PROCESSED}
    conn.execute(_ADD_REFUND, kept)
    if not pending:
        _returned(conn, kept, of, now, plan)
    return kept


def process_refunds(conn: Connection, *, now: datetime, limit: int, plan: Plan) -> list[Row[Any]]:
    """Carry out pending refunds whose time has come."""
    rows = conn.execute(_PROCESS, {"now": now, "most": limit}).all()
    for row in rows:
        _returned(conn, fields(row), _one(conn, payments, row.payment_id), now, plan)
    return list(rows)


def refunds_of(conn: Connection, payment_id: str) -> list[Row[Any]]:
    """The refunds of a payment, oldest first."""
    return list(conn.execute(select(refunds).where(refunds.c.payment_id == payment_id).order_by(refunds.c.id)))


def open_dispute(conn: Connection, reference: str, row: Fields, *, now: datetime, plan: Plan) -> Fields:
    """A payer's bank takes the money of a payment back, until somebody has decided. Raises: NotFound, NotOpen, OverCaptured."""
    of = by_reference(conn, payments, reference)
    if of is None:
        raise NotFound("kernel.not_found")
    if of.status != CAPTURED:
        raise NotOpen(status=of.status)
    kept = {**row, "payment_id": of.id, "amount": row["amount"] or of.captured - of.refunded, "status": "opened"}
    if not 0 < kept["amount"] <= of.captured - of.refunded:
        raise OverCaptured(left=of.captured - of.refunded)
    conn.execute(disputes.insert(), kept)
    return _disputed(conn, kept, of, now, plan)


def close_dispute(conn: Connection, dispute_id: str, status: str, *, now: datetime, plan: Plan) -> Fields:
    """The merchant has won or lost it, once. Raises: NotFound, NotOpen."""
    found = _one(conn, disputes, dispute_id)
    if found.status != "opened":
        raise NotOpen(status=found.status)
    closed = update(disputes).where(disputes.c.id == dispute_id).values(status=status).returning(disputes)
    kept = fields(conn.execute(closed).one())
    return _disputed(conn, kept, _one(conn, payments, found.payment_id), now, plan)


def dispute(conn: Connection, dispute_id: str) -> Fields:
    """A dispute, with the merchant's name of its payment. Raises: NotFound."""
    found = _one(conn, disputes, dispute_id)
    return dispute_json(fields(found)) | {"reference": _one(conn, payments, found.payment_id).reference}


def pay_out(conn: Connection, row: Fields, *, now: datetime) -> Fields:
    """Send money to a bank account, once per reference. Raises: ReferenceReused."""
    if (known := by_reference(conn, payouts, row["reference"])) is not None:
        return _same(known, row)
    number = conn.execute(_PAY_OUT, {**row, "status": PROCESSED, "utr": ""}).scalar_one()
    conn.execute(_ENTER, {"kind": "paid_out", "reference": row["reference"], "amount": row["amount"], "at": now})
    return fields(conn.execute(_NUMBERED, {"of": number, "utr": upi.rrn(number, now)}).one())


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


def read_plan(conn: Connection) -> Any:
    """The plan as it was kept, None where there is none."""
    return conn.execute(select(plans.c.plan)).scalar()


def keep_plan(conn: Connection, plan: Any) -> None:
    """Replace the plan."""
    upsert(conn, plans, {"id": 1, "plan": plan}, key=[plans.c.id])


def any_callback(conn: Connection, now: datetime) -> bool:
    """Whether `claim_callbacks` may find something: cheaper to ask than to claim in vain."""
    return conn.execute(_ANY_CALLBACK, {"now": now}).first() is not None


@row_guarded
def claim_callbacks(conn: Connection, *, now: datetime, lease_s: float, limit: int) -> list[Row[Any]]:
    """Take callbacks that are due; they come back after the lease unless `settle_callbacks` says what became of them."""
    return list(conn.execute(_CLAIM, {"now": now, "until": now + timedelta(seconds=lease_s), "most": limit}))


@row_guarded
def settle_callbacks(conn: Connection, changes: Mapping[str, Fields]) -> None:
    """Note what became of callbacks, by id."""
    for callback_id, values in changes.items():
        conn.execute(_SETTLE, {"of": callback_id, **values})


def fields(row: Row[Any]) -> Fields:
    """A row by the names of its columns."""
    return dict(row._mapping)  # noqa: SLF001


def payment_json(row: Fields) -> dict[str, Any]:
    """A payment as merchants see it, also inside callbacks."""
    names = ("id", "reference", "status", "method", "refunded", "card", "bank", "vpa", "rrn", "error_code")
    amount = row["captured"] if row["status"] == CAPTURED else row["amount"]
    more = {"amount": amount, "currency": "INR", "created_at": int(row["created"].timestamp())}
    return {name: row[name] for name in names} | more


def refund_json(row: Fields) -> dict[str, Any]:
    """A refund as merchants see it, also inside callbacks."""
    names = ("id", "reference", "payment_id", "amount", "status")
    return {name: row[name] for name in names} | {"created_at": int(row["created"].timestamp())}


def dispute_json(row: Fields) -> dict[str, Any]:
    """A dispute as merchants see it, also inside callbacks."""
    names = ("id", "payment_id", "amount", "reason", "status")
    return {name: row[name] for name in names} | {
        "respond_by": int(row["respond_by"].timestamp()), "created_at": int(row["created"].timestamp()),
    }  # fmt: skip


def _disputed(conn: Connection, row: Fields, of: Row[Any], now: datetime, plan: Plan) -> Fields:
    shown = dispute_json(row) | {"reference": of.reference}
    _call_back(conn, f"dispute.{row['status']}", of, now, plan, payment=payment_json(fields(of)), dispute=shown)
    return shown


def _collect(
    conn: Connection, row: Row[Any], now: datetime, plan: Plan, *, amount: int | None = None, reference: str | None = None
) -> Row[Any]:  # fmt: skip
    """Enter what was captured into the books, and tell the merchant; `amount` and `reference` of a part."""
    entry = {"reference": reference or row.reference, "amount": amount or row.captured}
    conn.execute(_ENTER, {"kind": "collected", "at": now, **entry})
    _call_back(conn, "payment.captured", row, now, plan, payment=payment_json(fields(row)))
    return row


def _returned(conn: Connection, refund: Fields, of: Row[Any], now: datetime, plan: Plan) -> None:
    conn.execute(_ENTER, {"kind": "refunded", "reference": refund["reference"], "amount": refund["amount"], "at": now})
    body = refund_json({**refund, "status": PROCESSED})
    _call_back(conn, "refund.processed", of, now, plan, payment=payment_json(fields(of)), refund=body)


def _call_back(conn: Connection, name: str, of: Row[Any], now: datetime, plan: Plan, **entities: Fields) -> None:
    """Leave a callback to be sent, or not, as the plan has it.

    Source: the envelope of Razorpay's webhooks, razorpay/markdown-docs @ab3bda5 (2026-11-23).
    """
    payload = {kind: {"entity": entity} for kind, entity in entities.items()}
    envelope = {
        "entity": "event",
        "event": name,
        "contains": list(payload),
        "payload": payload,
        "created_at": int(now.timestamp()),
    }
    silent = name == "payment.captured" and plan.hits("drop_after_debit", of.reference)
    lost = silent or not of.callback_url or plan.hits("callback_lost", of.reference, kind=name)
    late = plan.callback_late_ms if plan.hits("callback_late", of.reference, kind=name) else 0
    conn.execute(
        _CALL_BACK,
        {"id": ids.new_id("evt"), "url": of.callback_url, "body": orjson.dumps(envelope).decode(), "attempts": 0,
         "state": "lost" if lost else "waiting", "sends": 2 if plan.hits("callback_twice", of.reference, kind=name) else 1,
         "bad": plan.hits("sign_wrongly", of.reference, kind=name),
         "created": now, "due": now + timedelta(milliseconds=plan.callback_delay_ms + late)},
    )  # fmt: skip


def _close(conn: Connection, found: Row[Any], now: datetime, changes: Fields) -> Row[Any]:
    """Move an open payment on. Raises: NotOpen, also when its time is over but nobody has noted it yet."""
    if found.status != CREATED or found.expires <= now:
        raise NotOpen(status=found.status if found.status != CREATED else EXPIRED)
    return conn.execute(_CLOSE, {"of": found.number, "was": CREATED, **changes}).one()


@cache
def _by(column: Column[Any]) -> Select[Any]:
    """The rows whose `column` is `wanted`; built once for each column."""
    return select(column.table).where(column == bindparam("wanted"))


def _one(conn: Connection, table: Table, row_id: str) -> Row[Any]:
    row = conn.execute(_by(table.c.id), {"wanted": row_id}).one_or_none()
    if row is None:
        raise NotFound("kernel.not_found")
    return row


def _same(known: Row[Any], asked: Fields) -> Fields:
    """The row of this reference, provided that it is about the same. Raises: ReferenceReused."""
    kept = fields(known)
    if any(kept[name] != asked[name] for name in {"amount", "payment_id", "account", "ifsc"} & asked.keys()):
        raise ReferenceReused(reference=asked["reference"])
    return kept
