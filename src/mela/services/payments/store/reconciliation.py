"""Our side of a day, for the file that it is held against, and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, or_, select

from mela.kernel.db.statements import upsert
from mela.kernel.money import Paise
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.rules import reconciliation as rules
from mela.services.payments.rules.reconciliation import Outcome
from mela.services.payments.store import cases, seals
from mela.services.payments.tables import reconciliations, transfers

_KINDS = {kind: theirs for theirs, kinds in accounts.AT_GATEWAY.items() for kind in kinds}
_PLACE: Any = bindparam("place")
_MOVED = (
    select(transfers.c.id, transfers.c.key, transfers.c.kind, transfers.c.amount, transfers.c.at)
    .where(and_(
        transfers.c.id > bindparam("after"), transfers.c.kind.in_(list(_KINDS)),
        transfers.c.at >= bindparam("start"), transfers.c.at < bindparam("end"),
        or_(transfers.c.debit == _PLACE, transfers.c.credit == _PLACE),
    ))
    .order_by(transfers.c.id)
    .limit(bindparam("most"))
)  # fmt: skip
Found = tuple[str, str, dict[str, Any]]
"""A break: its outcome or the kind of its case, what it is about, and the detail."""
_AROUND = timedelta(days=1)
"""We may have learnt of a movement on the day beside that on which it happened."""


def first_position(conn: Connection, start: datetime) -> int:
    """A position before every transfer from `start` on, found by the seals."""
    return seals.last_before(conn, (start - _AROUND).date()).last_id


def moved(
    conn: Connection, start: datetime, *, place: str, after: int, limit: int
) -> tuple[list[tuple[str, str, int, str]], int | None]:
    """What moved in a provider's account around the day that begins at `start`: kind, reference, paise, moment; and where to go on."""
    window = (start - _AROUND, start + 2 * _AROUND)
    looked_at = {"start": window[0], "end": window[1] + 2 * _AROUND}
    rows: list[Any] = list(conn.execute(_MOVED, {"place": place, "after": after, "most": limit, **looked_at}))
    found = [_line(row) for row in rows if window[0] <= row.at < window[1]]
    is_over = len(rows) < limit or rows[-1].at >= window[1] + _AROUND
    return found, None if is_over else rows[-1].id


def keep(
    conn: Connection, day: date, outcomes: dict[str, tuple[int, Paise]], breaks: Sequence[Found],
    settled: Mapping[str, Any], found: Sequence[Found], now: datetime,
) -> None:  # fmt: skip
    """A day as it came out, by movements and, `settled`, by settlements. Each break opens a case, once: of the latter those in
    `found`, which name the kind of their case.

    What an earlier day's file had and we did not, and which we have learnt since, is no break of the day we learnt it.
    """
    for outcome, reference, detail in breaks:
        if outcome == Outcome.MISSING_THERE and cases.known(conn, _kind(Outcome.MISSING_HERE), reference):
            outcomes = rules.moved(outcomes, Outcome.MISSING_THERE, Outcome.DATE_DIFFERS, Paise(detail["ours"]))
        else:
            cases.park(conn, _kind(outcome), reference, detail, now)
    for kind, reference, detail in found:
        cases.park(conn, kind, reference, detail, now)
    row = {
        "day": day,
        "outcomes": {str(outcome): both for outcome, both in outcomes.items()},
        "settled": settled,
        "at": now,
    }
    upsert(conn, reconciliations, row, key=(reconciliations.c.day,))


def get(conn: Connection, day: date) -> Row[Any] | None:
    """A day as it came out last."""
    return conn.execute(select(reconciliations).where(reconciliations.c.day == day)).one_or_none()


def page(conn: Connection, *, before: date | None, limit: int) -> list[Row[Any]]:
    """Days, the latest first."""
    wanted = select(reconciliations).order_by(reconciliations.c.day.desc()).limit(limit)
    return list(conn.execute(wanted if before is None else wanted.where(reconciliations.c.day < before)))


def _kind(outcome: str) -> str:
    return f"reconciliation_{outcome}"


def _line(row: Any) -> tuple[str, str, int, str]:
    return _KINDS[row.kind], row.key.split(":", 1)[1], row.amount, row.at.strftime("%Y-%m-%dT%H:%M:%SZ")
