"""Payments: every move is guarded by the state it starts from, and carries its ledger entry and its event with it.

On PostgreSQL the units that keep a payment, send it and let a provider's word have its effect run at READ COMMITTED: they hold
the payment's row before they read it, and every other promise has a guard of its own. Decision 0014 names them one by one.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from prometheus_client import Counter
from sqlalchemy import Connection, Row, Select, and_, bindparam, select, update

from mela.contracts.payments import (
    CapturePending,
    Instrument,
    NotCaptured,
    Payment,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentReady,
    PaymentState,
    UnknownPayment,
)
from mela.kernel import sealed
from mela.kernel.db.database import after_commit, row_guarded
from mela.kernel.db.statements import insert_new
from mela.kernel.errors import Rejected
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.model import Actor, NewPayment, Open, OpenCapture, Outcome, ProviderPayment, Word
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.rules import states
from mela.services.payments.store import captures, cases, cash, ledger, refunds
from mela.services.payments.store.due import Due
from mela.services.payments.store.telling import tell
from mela.services.payments.tables import PAYMENT, payments

_RRN = 20
NO_ANSWER, IN_REVIEW, DEEMED = "no_answer", "risk_review", "deemed"
MOVED = Counter("mela_payments_total", "Payments, by the state they came to and their method", ["state", "method"])

# Built once: building a statement costs more than running it. What an update sets and is not named here comes by parameter.
_IT = payments.c.id == bindparam("of")
_FROM = and_(_IT, payments.c.state == bindparam("was"))
_BY_ID = select(*PAYMENT).where(_IT)
_HOLD = _BY_ID.with_for_update()  # on SQLite a unit is alone, and the words are left out
_WHOLE = select(payments).where(_IT)
_BY_KEY = select(payments).where(payments.c.key == bindparam("of"))
_MOVE = update(payments).where(_FROM).returning(*PAYMENT)
_SENT = update(payments).where(and_(_FROM, payments.c.provider == bindparam("there"))).returning(*PAYMENT)
_TAKE_LATE = update(payments).where(and_(_FROM, payments.c.rrn.is_(None))).returning(*PAYMENT)
_NOTE = update(payments).where(_IT)
_LOOK_AGAIN = (
    update(payments)
    .where(and_(_IT, payments.c.due.is_not(None)))
    .values(due=bindparam("until"), tries=payments.c.tries + 1)
)
_DUE = Due(payments.c.due, payments.c.id)


def create(conn: Connection, new: NewPayment, *, due: datetime | None) -> tuple[Payment, str | None]:
    """Keep a new payment, or give the one that this key began; and the provider that has it. Raises: KeyReused where it asked for something else."""
    state = PaymentState.PENDING if new.method == "cod" else PaymentState.CREATED
    row = vars(new) | {
        "state": state, "captured": 0, "refunded": 0, "reason": None, "gateway_id": None, "intent_url": None, "rrn": None,
        "history": [], "due": due, "tries": 0, "instrument": _kept(new.instrument),
    }  # fmt: skip
    if insert_new(conn, payments, sealed.row(payments, row)):
        after_commit(conn, MOVED.labels(PaymentState.CREATED.value, new.method).inc)
        return _payment(row), new.provider
    known = conn.execute(_BY_KEY, {"of": new.key}).one()
    asked = (new.order_id, new.amount, new.method, new.capture, _kept(new.instrument))
    if (known.order_id, known.amount, known.method, known.capture, known.instrument) != asked:
        raise KeyReused
    return _payment(_fields(known)), known.provider


@row_guarded
def sent(
    conn: Connection, payment_id: str, provider: str, told: ProviderPayment | None, *, now: datetime, due: datetime,
    late: bool = False, paid_with: str | None = None,
) -> Payment:  # fmt: skip
    """The provider has the payment, or (None) did not answer: pending either way. `late`: whoever asked for it waits no more.

    `paid_with`: what is paid with, where that was not known before.

    A payment that is closed, or has moved on to another provider meanwhile, stays as it is.
    """
    step = _step(states.CREATED, states.PENDING, Actor.ORDER, None if told else NO_ANSWER, now)
    values: dict[str, Any] = {"due": due} | ({"paid_with": paid_with} if paid_with else {})
    if told is not None:
        values |= {"gateway_id": told.id, "intent_url": told.intent_url, "tries": 0}
    guard = {"of": payment_id, "there": provider}
    fresh = {"was": states.CREATED, "state": states.PENDING, "history": [step]}
    row = conn.execute(_SENT, guard | fresh | values).one_or_none()
    if row is None and told is not None:
        row = conn.execute(_SENT, guard | {"was": states.PENDING} | values).one_or_none()
    if row is not None and late and row.intent_url is not None:
        tell(conn, row, PaymentReady(row.id, row.order_id, row.intent_url, now))
    return _payment(_fields(row if row is not None else _find(conn, payment_id)))


def move_on(conn: Connection, payment_id: str, *, before: str, to: str, why: str, now: datetime) -> str | None:
    """Give an open payment that the payer has no link for to another provider; the provider that has it then.

    Whoever asks first decides. None: there is nothing to move on any more.
    """
    row = _find(conn, payment_id)
    if row.state not in states.OPEN or row.intent_url is not None:
        return None
    if row.provider == before:
        step = _step(row.state, states.PENDING, Actor.ORDER, f"{before}: {why}, on to {to}"[:200], now)
        gone = {"provider": to, "gateway_id": None, "state": states.PENDING, "history": [*row.history, step]}
        conn.execute(_NOTE, {"of": payment_id} | gone)
        return to
    return str(row.provider)


@row_guarded
def apply(
    conn: Connection, told: ProviderPayment, *, provider: str, actor: Actor, now: datetime, due: datetime | None = None,
    event: tuple[str, str] | None = None,
) -> Outcome:  # fmt: skip
    """Let a provider's word have its effect, once per `event` (id and name of a callback). Words about a payment wait for each other.

    `due`: when to ask again, for a word that settles nothing. What does not fit is parked for a person.
    """
    if event is not None and not cases.first_time(conn, *event, now, about=told.reference):
        return Outcome.REPEATED
    row = conn.execute(_HOLD, {"of": told.reference}).one_or_none()
    if row is not None and row.provider != provider:
        return _elsewhere(conn, told, provider, now)
    if row is None or (told.status is Word.CAPTURED and told.amount != _expected(row)):
        return _park(conn, row, told, now)
    return _effect(conn, row, told, actor=actor, now=now, due=due)


def _effect(
    conn: Connection, row: Row[Any], told: ProviderPayment, *, actor: Actor, now: datetime, due: datetime | None
) -> Outcome:
    """What a word that fits does to a payment. A failure that a status check told is asked about once more: it may be a lie.

    A payment of which something is taken, or being taken, is not given up: what comes later would be taken for late money.
    """
    state = PaymentState(row.state)
    if states.is_late(state, told.status):
        return _take_late(conn, row, told, now)
    to = states.after(state, told.status)
    if states.is_held_in_vain(state, told.status):
        conn.execute(_NOTE, {"of": row.id, "due": due or now, **_learnt(row, told)})
        return Outcome.HELD
    if state is PaymentState.AUTHORIZED and told.status is Word.CAPTURED and row.captured:
        done = captures.pending(conn, row.id)
        if done is not None:
            confirm(conn, done, told, actor=actor, now=now)
        return Outcome.MOVED if done is not None else _stay(conn, row, told, due, now)
    if state is PaymentState.AUTHORIZED and to in (PaymentState.FAILED, PaymentState.EXPIRED) and row.captured:
        conn.execute(_NOTE, {"of": row.id, "due": due or row.due})  # a lie, or the answer to the capture will say so
        return Outcome.NOTHING
    if states.is_over(state, told.status, row.expires, now):
        to, actor = PaymentState.EXPIRED, Actor.CLOCK
    if to is state:
        return _stay(conn, row, told, due, now)
    asked_again = not states.is_settled(to, told.status) or (to is PaymentState.FAILED and actor is Actor.CHECK)
    _move(conn, row, to, actor, now, told=told, due=(due or row.due) if asked_again else None)
    return Outcome.MOVED


@row_guarded
def confirm(
    conn: Connection, capture: OpenCapture, told: ProviderPayment, *, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """The provider has taken a part of an authorised payment: into the ledger, once; the last part closes the payment."""
    row = _find(conn, capture.payment_id, _HOLD)  # before its capture, as whoever brings a word does
    if not captures.close(conn, capture.id, "done"):
        return
    money = accounts.capture(row.provider, capture.amount, row.merchant_id)
    ledger.enter(conn, f"capture:{capture.reference}", [money], now, payment_id=row.id)
    state = PaymentState(row.state)
    last = capture.final or row.captured == row.amount or told.status is Word.CAPTURED
    if state is PaymentState.AUTHORIZED and last:
        states.check(state, PaymentState.CAPTURED, actor)
        _close_taken(conn, row, actor, now, told)
    tell(conn, row, PaymentCaptured(row.id, row.order_id, capture.amount, row.method, told.rrn or row.rrn, now))


@row_guarded
def refuse_capture(conn: Connection, capture: OpenCapture, now: datetime, *, code: str) -> None:
    """The provider will not take this part: the money waits as before, and whether it still does is asked now."""
    row = _find(conn, capture.payment_id, _HOLD)
    if captures.close(conn, capture.id, "failed"):
        step = _step(row.state, row.state, Actor.CHECK, f"capture refused: {code}"[:200], now)
        left = {"captured": row.captured - capture.amount, "due": now, "history": [*row.history, step]}
        conn.execute(_NOTE, {"of": row.id, **left})


def refuse(conn: Connection, payment_id: str, *, now: datetime, reason: str = "gateway_refused") -> Payment:
    """No provider will have this payment, or none may. A closed payment stays as it is."""
    return _close(conn, payment_id, PaymentState.FAILED, reason, now)


def hold(conn: Connection, payment_id: str, now: datetime) -> Payment:
    """Keep a payment that nobody has been asked for until a person has looked at it; it expires as ever."""
    row = _find(conn, payment_id)
    if row.state == PaymentState.CREATED and row.gateway_id is None:
        conn.execute(_NOTE, {"of": payment_id, "reason": IN_REVIEW, "due": max(row.expires or now, now)})
    return get(conn, payment_id)


def let_go(conn: Connection, payment_id: str, now: datetime) -> Payment:
    """A person has looked: the payment may go to its provider, now."""
    row = _find(conn, payment_id)
    if row.reason == IN_REVIEW:
        conn.execute(_NOTE, {"of": payment_id, "reason": None, "due": now})
    return get(conn, payment_id)


def cancel(conn: Connection, payment_id: str, *, reason: str, now: datetime) -> Payment:
    """No longer wanted. A closed payment stays as it is; the gateway is still asked, for money may come. Raises: UnknownPayment."""
    return _close(conn, payment_id, PaymentState.CANCELLED, reason[:200], now)


def collect_cash(conn: Connection, payment_id: str, *, now: datetime) -> Payment:
    """The courier has the cash. Repeating it changes nothing. Raises: UnknownPayment, NotCaptured."""
    row = _find(conn, payment_id)
    if row.method != "cod":
        raise Rejected("payments.not_cash")
    if row.state == PaymentState.CAPTURED:
        return _payment(_fields(row))
    if row.state not in states.OPEN:
        raise NotCaptured(state=row.state)
    moved = _move(conn, row, PaymentState.CAPTURED, Actor.PAYER, now)  # first: of many at once one moves it
    cash.collected(conn, row.id, now)
    return _payment(_fields(moved))


def get(conn: Connection, payment_id: str) -> Payment:
    """A payment as it is now. Raises: UnknownPayment."""
    return _payment(_fields(_find(conn, payment_id)))


def look(conn: Connection, payment_id: str) -> tuple[Payment, list[dict[str, Any]]]:
    """A payment and its history. Raises: UnknownPayment."""
    row = _find(conn, payment_id)
    return _payment(_fields(row)), row.history


def route(conn: Connection, payment_id: str) -> tuple[str | None, list[dict[str, Any]]]:
    """Which provider has a payment, and how all were weighed when it began. Raises: UnknownPayment."""
    row = _find(conn, payment_id)
    return row.provider, row.route or []


def means(conn: Connection, payment_id: str) -> tuple[str, str | None]:
    """By which method and which bank a payment that there is is made."""
    row = conn.execute(_WHOLE, {"of": payment_id}).one()
    return row.method, row.instrument.get("bank")


def any_due(conn: Connection, now: datetime) -> bool:
    """Whether a claim may find something: cheaper to ask than to claim in vain."""
    return _DUE.any(conn, now)


def claim(conn: Connection, *, now: datetime, lease: timedelta, limit: int) -> list[Open]:
    """Payments that their providers must be asked about now; they come back after the lease."""
    return [_open(row) for row in _DUE.claim(conn, now, now + lease, limit)]


def find_open(conn: Connection, payment_id: str) -> Open | None:
    """A payment that somebody still has to ask about, None for any other."""
    row = conn.execute(_WHOLE, {"of": payment_id}).one_or_none()
    return None if row is None or row.due is None else _open(row)


def look_again(conn: Connection, payment_id: str, due: datetime) -> None:
    """Ask about a payment again at `due`, unless it has been settled meanwhile."""
    conn.execute(_LOOK_AGAIN, {"of": payment_id, "until": due})


def _close(conn: Connection, payment_id: str, to: PaymentState, reason: str, now: datetime) -> Payment:
    row = _find(conn, payment_id)
    if row.state in states.OPEN:
        due = row.due if to is PaymentState.CANCELLED else None
        row = _move(conn, row, to, Actor.ORDER, now, reason=reason, due=due)
    elif row.state == PaymentState.AUTHORIZED and to is PaymentState.CANCELLED:
        if captures.pending(conn, row.id) is not None:
            raise CapturePending
        if row.captured:
            row = _close_taken(conn, row, Actor.ORDER, now, None, due=now)
        else:
            row = _move(conn, row, to, Actor.ORDER, now, reason=reason, due=now)
    return _payment(_fields(row))


def _close_taken(
    conn: Connection, row: Row[Any], actor: Actor, now: datetime, told: ProviderPayment | None, *, due: datetime | None = None
) -> Row[Any]:  # fmt: skip
    """An authorised payment of which all is taken that will be; `due`: when to have the provider let the rest go."""
    step = _step(row.state, PaymentState.CAPTURED, actor, None, now)
    rrn = (told.rrn or told.id)[:_RRN] or row.rrn if told is not None else row.rrn
    values = {"state": PaymentState.CAPTURED, "history": [*row.history, step], "rrn": rrn, "due": due}
    moved = conn.execute(_MOVE, {"of": row.id, "was": row.state, **values}).one()
    after_commit(conn, MOVED.labels(PaymentState.CAPTURED.value, row.method).inc)
    return moved


def _expected(row: Row[Any]) -> int:
    """What a provider takes of a payment: all, or of one that was authorised first what we asked it to take."""
    return int(row.captured or row.amount)


def _move(
    conn: Connection, row: Row[Any], to: PaymentState, actor: Actor, now: datetime, *,
    told: ProviderPayment | None = None, reason: str | None = None, due: datetime | None = None,
) -> Row[Any]:  # fmt: skip
    """Move a payment on, with its entry in the ledger and its event."""
    states.check(PaymentState(row.state), to, actor)
    reason = reason or _reason(to, told)
    values = {
        "state": to,
        "reason": reason,
        "due": due,
        "history": [*row.history, _step(row.state, to, actor, reason, now)],
    }
    if to is PaymentState.CAPTURED:
        values["captured"] = row.amount
    guard = {"of": row.id, "was": row.state}
    moved = conn.execute(_MOVE, guard | values | _learnt(row, told)).one()
    after_commit(conn, MOVED.labels(to.value, row.method).inc)
    if to is PaymentState.CAPTURED:
        _enter(conn, moved, now)
        captured = PaymentCaptured(moved.id, moved.order_id, moved.amount, moved.method, moved.rrn, now)
        tell(conn, moved, captured)
    elif to is PaymentState.AUTHORIZED:
        tell(conn, moved, PaymentAuthorized(moved.id, moved.order_id, moved.amount, moved.method, now))
    elif to is not PaymentState.PENDING:
        tell(conn, moved, PaymentFailed(moved.id, moved.order_id, to, reason or to.value, now))
    return moved


def _take_late(conn: Connection, row: Row[Any], told: ProviderPayment, now: datetime) -> Outcome:
    """Money for a payment that was given up: into the ledger and back, once. Nothing of such a one was taken before."""
    step = _step(row.state, row.state, Actor.PAYER, refunds.LATE, now)
    values = {
        "captured": row.amount,
        "refunded": row.amount,
        "due": None,
        "history": [*row.history, step],
        **_learnt(row, told),
    }
    moved = conn.execute(_TAKE_LATE, {"of": row.id, "was": row.state, **values}).one_or_none()
    if moved is None:
        return Outcome.NOTHING
    _enter(conn, moved, now, late=True)
    refunds.return_late_money(conn, moved, now)
    return Outcome.LATE


def _park(conn: Connection, row: Row[Any] | None, told: ProviderPayment, now: datetime) -> Outcome:
    """Leave a word that does not fit to a person; asking again would bring the same word."""
    kind = "unknown_payment" if row is None else "amount_differs"
    detail = {"gateway_id": told.id, "status": told.status, "amount": told.amount}
    cases.park(conn, kind, told.reference, detail, now)
    if row is not None:
        conn.execute(_NOTE, {"of": row.id, "due": None})
    return Outcome.PARKED


def _elsewhere(conn: Connection, told: ProviderPayment, provider: str, now: datetime) -> Outcome:
    """A word from a provider that the payment has left: money there is a person's case, anything else nobody's."""
    if told.status is not Word.CAPTURED:
        return Outcome.NOTHING
    cases.park(conn, "captured_elsewhere", told.reference, {"provider": provider, "gateway_id": told.id}, now)
    return Outcome.PARKED


def _stay(conn: Connection, row: Row[Any], told: ProviderPayment, due: datetime | None, now: datetime) -> Outcome:
    """Nothing moves; note when to ask again, if at all, and what the provider calls the payment."""
    due = None if states.is_settled(PaymentState(row.state), told.status) else (due or row.due)
    learnt = _learnt(row, told)
    if told.status is Word.DEEMED and row.state in states.OPEN and row.reason != DEEMED:
        step = _step(row.state, row.state, Actor.CHECK, DEEMED, now)
        learnt |= {"reason": DEEMED, "history": [*row.history, step]}
    if due != row.due or learnt.get("gateway_id") != row.gateway_id or "reason" in learnt:
        conn.execute(_NOTE, {"of": row.id, "due": due, "tries": 0, **learnt})
    return Outcome.NOTHING


def _enter(conn: Connection, row: Row[Any], now: datetime, *, late: bool = False) -> None:
    money = accounts.capture(row.provider, row.amount, None if late else row.merchant_id, late=late)
    ledger.enter(conn, f"capture:{row.id}", [money], now, payment_id=row.id)


def _learnt(row: Row[Any], told: ProviderPayment | None) -> dict[str, Any]:
    """What a provider's word adds to a row."""
    if told is None:
        return {}
    return {
        "gateway_id": told.id or row.gateway_id,
        "intent_url": told.intent_url or row.intent_url,
        "rrn": (told.rrn or told.id)[:_RRN] if told.status is Word.CAPTURED else row.rrn,
    }


def _reason(to: PaymentState, told: ProviderPayment | None) -> str | None:
    if to is PaymentState.FAILED:
        return (told.error_code if told else None) or "declined"
    return "expired" if to is PaymentState.EXPIRED else None


def _step(before: str, to: PaymentState, actor: Actor, reason: str | None, now: datetime) -> dict[str, Any]:
    return {"at": now.isoformat(), "from": str(before), "to": str(to), "actor": str(actor), "reason": reason}


def _find(conn: Connection, payment_id: str, how: Select[Any] = _BY_ID) -> Row[Any]:
    row = conn.execute(how, {"of": payment_id}).one_or_none()
    if row is None:
        raise UnknownPayment(payment_id=payment_id)
    return row


def _fields(row: Row[Any]) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], row._mapping)  # noqa: SLF001


def _open(row: Row[Any]) -> Open:
    return Open(
        _payment(_fields(row)), row.description, row.provider, row.gateway_id, row.expires, row.tries,
        Instrument(**row.instrument), row.capture,
    )  # fmt: skip


def _kept(instrument: Instrument) -> dict[str, str]:
    """An instrument as it is kept: only what is there."""
    return {name: value for name, value in vars(instrument).items() if value is not None}


def _payment(row: Mapping[str, Any]) -> Payment:
    return Payment(
        id=row["id"], order_id=row["order_id"], amount=Paise(row["amount"]), captured=Paise(row["captured"]),
        refunded=Paise(row["refunded"]), method=row["method"], paid_with=row["paid_with"], state=PaymentState(row["state"]), intent_url=row["intent_url"], rrn=row["rrn"],
        reason=row["reason"], created=row["created"], expires=row["expires"],
    )  # fmt: skip
