"""Payments as people look for them, and all that is written down about one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, tuple_

from mela.contracts.payments import PaymentState, UnknownPayment
from mela.kernel import sealed
from mela.kernel.errors import Rejected
from mela.services.payments.store import cases
from mela.services.payments.tables import PAYMENT, attempts, callbacks, captures, disputes, payments, refunds, transfers
from mela.services.payments.tables import cases as case_rows

_SHOWN = (
    payments.c.id, payments.c.order_id, payments.c.amount, payments.c.refunded, payments.c.method,
    payments.c.paid_with, payments.c.state, payments.c.reason, payments.c.provider, payments.c.rrn, payments.c.created, payments.c.expires,
    payments.c.merchant_id, payments.c.reference,
)  # fmt: skip
_ENTERED = ("capture", "refund", "refund_processed", "refund_failed", "dispute", "dispute_ended")
"""What a payment's entries in the ledger are keyed by, each with the id of what is entered."""


@dataclass(frozen=True)
class Wanted:
    """Which payments; None or nothing: any. `since` is included, `until` is not; amounts in paise, both included."""

    states: Sequence[PaymentState] = ()
    method: str | None = None
    provider: str | None = None
    order_id: str | None = None
    rrn: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    least: int | None = None
    most: int | None = None
    merchant_id: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Traces:
    """What is written down about a payment, in whole rows. `attempt` None: nobody said who pays."""

    payment: Row[Any]
    attempt: Row[Any] | None
    captures: list[Row[Any]]
    refunds: list[Row[Any]]
    transfers: list[Row[Any]]
    callbacks: list[Row[Any]]
    cases: list[Row[Any]]


def page(conn: Connection, wanted: Wanted, *, before: str | None, limit: int) -> list[Row[Any]]:
    """Payments, the latest first, those that began before the payment `before`. Raises: Rejected where that is none."""
    return latest(conn, select(*_SHOWN).where(*conditions(wanted)), before=before, limit=limit)


def latest(conn: Connection, query: Select[Any], *, before: str | None, limit: int) -> list[Row[Any]]:
    """The latest of some payments, those that began before the payment `before`. Raises: Rejected where that is none."""
    if before is not None:
        since = conn.execute(select(payments.c.created).where(payments.c.id == before)).scalar()
        if since is None:
            raise Rejected("kernel.bad_cursor")
        query = query.where(tuple_(payments.c.created, payments.c.id) < (since, before))
    return list(conn.execute(query.order_by(payments.c.created.desc(), payments.c.id.desc()).limit(limit)))


def conditions(wanted: Wanted) -> list[Any]:
    """What each payment that is wanted fulfils."""
    names = ("method", "provider", "order_id", "rrn", "merchant_id", "reference")
    given = [(name, getattr(wanted, name)) for name in names]
    equal = [getattr(payments.c, name) == value for name, value in given if value is not None]
    bounds = (
        (wanted.since, payments.c.created.__ge__), (wanted.until, payments.c.created.__lt__),
        (wanted.least, payments.c.amount.__ge__), (wanted.most, payments.c.amount.__le__),
    )  # fmt: skip
    within = [compare(value) for value, compare in bounds if value is not None]
    return [*equal, *within, *([payments.c.state.in_(wanted.states)] if wanted.states else [])]


def traces(conn: Connection, payment_id: str) -> Traces:
    """All that is written down about a payment, each kind in its order. Raises: UnknownPayment."""
    payment = conn.execute(select(*PAYMENT).where(payments.c.id == payment_id)).one_or_none()
    if payment is None:
        raise UnknownPayment(payment_id=payment_id)
    returned = list(conn.execute(select(refunds).where(refunds.c.payment_id == payment_id).order_by(refunds.c.id)))
    taken = list(conn.execute(select(captures).where(captures.c.payment_id == payment_id).order_by(captures.c.id)))
    disputed = conn.execute(select(disputes.c.id).where(disputes.c.payment_id == payment_id)).scalars()
    names = [payment_id, *(row.id for row in (*taken, *returned)), *disputed]
    keys = [f"{kind}:{name}" for name in names for kind in _ENTERED]
    entries = select(transfers).where(transfers.c.at >= payment.created)
    return Traces(
        payment=payment,
        attempt=conn.execute(
            select(*sealed.unsealed(attempts)).where(attempts.c.payment_id == payment_id)
        ).one_or_none(),
        captures=taken,
        refunds=returned,
        transfers=list(conn.execute(entries.where(transfers.c.key.in_(keys)).order_by(transfers.c.id))),
        callbacks=list(
            conn.execute(select(callbacks).where(callbacks.c.about.in_(names)).order_by(callbacks.c.received))
        ),
        cases=list(conn.execute(cases.ALL.where(case_rows.c.about.in_(names)).order_by(case_rows.c.id))),
    )
