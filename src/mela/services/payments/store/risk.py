"""What payments were attempted, by whom and where, and which of them wait for a person."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from mela.contracts.payments import Payment, PaymentState
from mela.kernel import sealed
from mela.kernel.db import row_guarded
from mela.kernel.db.statements import insert_new
from mela.kernel.errors import Conflict
from mela.kernel.money import Paise
from mela.services.payments.model import NewPayment
from mela.services.payments.rules import states
from mela.services.payments.rules.risk import Attempt, Decision, History, Past, Verdict
from mela.services.payments.store import payments
from mela.services.payments.tables import attempts, payers
from mela.services.payments.tables import payments as table

RULES, BLOCKED = "rules", "risk_blocked"
NEWEST = 100
"""At most so many earlier payments are looked at, so that a decision costs the same however many there are."""

_PAST = select(
    attempts.c.at, attempts.c.payer, table.c.amount, table.c.method, table.c.state, attempts.c.payees, attempts.c.place
).join_from(attempts, table, table.c.id == attempts.c.payment_id)  # fmt: skip
_RECENT = and_(attempts.c.at >= bindparam("since"), attempts.c.payment_id != bindparam("but"))


def _newest(alike: ColumnElement[bool]) -> Select[Any]:
    found = _PAST.where(and_(alike, _RECENT)).order_by(attempts.c.at.desc())
    return found.limit(bindparam("most", type_=Integer))


_OF_PAYER = _newest(attempts.c.payer == bindparam("of"))
_OF_DEVICE = _newest(sealed.found_by(attempts.c.device_index, "of"))
_IT = attempts.c.payment_id == bindparam("of")
_ATTEMPT = (
    select(*sealed.unsealed(attempts), table.c.amount, table.c.method, payers.c.tier)
    .join_from(attempts, table, table.c.id == attempts.c.payment_id)
    .join(payers, payers.c.id == attempts.c.payer, isouter=True)
    .where(_IT)
)
_ENTER = attempts.insert()
_DECIDE = update(attempts).where(_IT)
_DECIDE_BY_RULES = _DECIDE.where(or_(attempts.c.by.is_(None), attempts.c.by == RULES)).returning(attempts.c.payment_id)
_DECIDED = select(attempts.c.verdict, attempts.c.reasons).where(_IT)
"""Built once: building a statement costs more than running it."""


class NotInReview(Conflict):
    """The payment waits for nobody. Params: payment_id."""

    code = "payments.not_in_review"


@row_guarded
def create(
    conn: Connection, new: NewPayment, *, due: datetime | None, attempt: Attempt | None
) -> tuple[Payment, str | None]:
    """Keep a new payment as `payments.create` does, and who attempts it: whoever comes at the same time is counted too."""
    made, provider = payments.create(conn, new, due=due)
    if attempt is not None and made.id == new.id:
        _note(conn, made.id, attempt)
    return made, provider


def _note(conn: Connection, payment_id: str, attempt: Attempt) -> None:
    row = {
        "payment_id": payment_id, "payer": attempt.payer, "likeness": attempt.likeness, "device": attempt.device, "place": attempt.place,
        "payees": sorted(attempt.payees), "at": attempt.at, "verdict": None, "reasons": [], "by": None, "note": None,
        "decided": None,
    }  # fmt: skip
    conn.execute(_ENTER, sealed.row(attempts, row))


def of_payment(conn: Connection, payment_id: str, look_back: timedelta) -> tuple[Row[Any], Attempt, History] | None:
    """An attempt as it was kept, and the earlier payments of its payer and device. None where nobody said who pays."""
    row: Any = conn.execute(_ATTEMPT, {"of": payment_id}).one_or_none()
    if row is None:
        return None
    attempt = Attempt(
        payer=row.payer, amount=Paise(row.amount), method=row.method, at=row.at, payees=frozenset(row.payees),
        device=row.device_index, place=row.place, tier=row.tier or "none", likeness=row.likeness,
    )  # fmt: skip
    bounds = {"since": row.at - look_back, "but": payment_id, "most": NEWEST}
    own = _past(conn.execute(_OF_PAYER, {"of": row.payer, **bounds}).all())
    same_device = []
    if row.device_index:
        marks = sealed.hashes_like(conn, attempts.c.device_index, row.device_index, payment_id)
        same_device = _past(conn.execute(_OF_DEVICE, {"of": marks, **bounds}).all())
    return row, attempt, History(own, same_device)


@row_guarded
def ruled(conn: Connection, payment_id: str, decision: Decision, now: datetime) -> Decision:
    """Write down what the rules decided, unless a person has decided meanwhile; what stands."""
    if conn.execute(_DECIDE_BY_RULES, _decision(payment_id, decision, now, RULES)).first() is not None:
        return decision
    row = conn.execute(_DECIDED, {"of": payment_id}).one_or_none()
    return decision if row is None else Decision(Verdict(row.verdict), tuple(row.reasons))


def _decision(payment_id: str, decision: Decision, now: datetime, by: str, note: str | None = None) -> dict[str, Any]:
    values = {"verdict": decision.verdict, "reasons": list(decision.reasons), "by": by, "note": note, "decided": now}
    return {"of": payment_id, **values}


def settle(conn: Connection, payment_id: str, verdict: Verdict, now: datetime, *, by: str, note: str) -> Payment:
    """A person's word on a payment that waits: it may go on now, or has failed. The same word again changes nothing.

    Raises: UnknownPayment, NotInReview.
    """
    row = conn.execute(_ATTEMPT, {"of": payment_id}).one_or_none()
    payment = payments.get(conn, payment_id)
    if row is None or row.verdict is None:
        raise NotInReview(payment_id=payment_id)
    if row.verdict == verdict and row.by != RULES:
        return payment
    if row.verdict != Verdict.REVIEW or payment.state not in states.OPEN:
        raise NotInReview(payment_id=payment_id)
    conn.execute(_DECIDE, _decision(payment_id, Decision(verdict, tuple(row.reasons)), now, by, note))
    if verdict is Verdict.BLOCK:
        return payments.refuse(conn, payment_id, now=now, reason=BLOCKED)
    return payments.let_go(conn, payment_id, now)


def waiting(conn: Connection, *, after: str | None, limit: int) -> list[Row[Any]]:
    """Payments that wait for a person, in the order of their ids, the oldest first."""
    query = (
        select(*sealed.unsealed(attempts), table.c.amount, table.c.method, table.c.order_id, table.c.expires)
        .join_from(attempts, table, table.c.id == attempts.c.payment_id)
        .where(attempts.c.verdict == Verdict.REVIEW, table.c.state.in_([PaymentState.CREATED, PaymentState.PENDING]))
        .order_by(attempts.c.payment_id)
        .limit(limit)
    )
    return list(conn.execute(query if after is None else query.where(attempts.c.payment_id > after)))


def know_payer(conn: Connection, payer: str, tier: str, now: datetime, *, by: str) -> None:
    """Note how well a payer is known. Saying it again changes nothing but the moment."""
    values = {"tier": tier, "since": now, "by": by}
    if not insert_new(conn, payers, {"id": payer, **values}):
        conn.execute(update(payers).where(payers.c.id == payer).values(values))


def _past(rows: Iterable[Any]) -> list[Past]:
    return [
        Past(
            row.at, row.payer, Paise(row.amount), row.method, PaymentState(row.state), frozenset(row.payees), row.place
        )
        for row in rows
    ]
