"""Blocks of the ledger: sealed once, in the order of their positions, with the sums of each account kept beside them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, select

from mela.kernel.db.statements import hold_writers, upsert
from mela.kernel.money import Paise
from mela.services.payments.rules import seals as chain
from mela.services.payments.rules.seals import Entered, Seal
from mela.services.payments.tables import seals, totals, transfers

_NEWEST = select(seals).order_by(seals.c.number.desc()).limit(1)
_OF_NUMBER = select(seals).where(seals.c.number == bindparam("of"))
_LAST_BEFORE = (
    select(seals).where(seals.c.day < bindparam("before")).order_by(seals.c.day.desc(), seals.c.number.desc()).limit(1)
)
_BLOCK = (
    select(transfers)
    .where(and_(transfers.c.id > bindparam("after"), transfers.c.id <= bindparam("until")))
    .order_by(transfers.c.id)
)
_NEXT = select(transfers).where(transfers.c.id > bindparam("after")).order_by(transfers.c.id).limit(chain.MOST)
_UNSEALED = select(func.count()).select_from(transfers).where(transfers.c.id > bindparam("after"))
_ANY = select(transfers.c.id).where(transfers.c.id > bindparam("after")).limit(1)
_LATEST_TOTAL = (
    select(totals.c.debits, totals.c.credits)
    .where(and_(totals.c.account == bindparam("of"), totals.c.kind == bindparam("why")))
    .order_by(totals.c.day.desc())
    .limit(1)
)


def any_unsealed(conn: Connection) -> bool:
    """Whether a block waits to be sealed: cheaper to ask than to hold the writers for nothing."""
    return conn.execute(_ANY, {"after": newest(conn).last_id}).first() is not None


def seal_next(conn: Connection, now: datetime) -> Seal | None:
    """Seal the next block; None when nothing is left. Writers of the ledger wait meanwhile."""
    hold_writers(conn, transfers)
    before = newest(conn)
    block = [_entered(row) for row in conn.execute(_NEXT, {"after": before.last_id})]
    if not block:
        return None
    fresh = chain.seal(before, block)
    conn.execute(seals.insert(), _columns(fresh) | {"sealed": now})
    _add_up(conn, block, fresh.day)
    return fresh


def newest(conn: Connection) -> Seal:
    """The head of the chain."""
    return _seal(conn.execute(_NEWEST).one_or_none())


def last_before(conn: Connection, day: date) -> Seal:
    """The last block that holds no transfer of `day` or later."""
    return _seal(conn.execute(_LAST_BEFORE, {"before": day}).one_or_none())


def recompute(conn: Connection, number: int) -> tuple[Seal, Seal, list[Entered]]:
    """A kept seal, what its transfers give today, and these. A seal that is gone is told as an empty one."""
    before = _of_number(conn, number - 1)
    kept = _of_number(conn, number)
    block = [_entered(row) for row in conn.execute(_BLOCK, {"after": before.last_id, "until": kept.last_id})]
    return kept, chain.seal(before, block), block


def unsealed(conn: Connection) -> int:
    """Transfers that no block holds yet."""
    return int(conn.execute(_UNSEALED, {"after": newest(conn).last_id}).scalar_one())


def page(conn: Connection, *, before: int | None, limit: int) -> list[Row[Any]]:
    """Seals, the newest first, those before a number."""
    wanted = select(seals).order_by(seals.c.number.desc()).limit(limit)
    return list(conn.execute(wanted if before is None else wanted.where(seals.c.number < before)))


def moved(block: Iterable[Entered]) -> dict[tuple[str, str], list[int]]:
    """Debits and credits by account and kind."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for each in block:
        sums[each.debit, each.kind][0] += each.amount
        sums[each.credit, each.kind][1] += each.amount
    return dict(sums)


def _add_up(conn: Connection, block: list[Entered], day: date) -> None:
    for (account, kind), (debits, given) in sorted(moved(block).items()):
        known = conn.execute(_LATEST_TOTAL, {"of": account, "why": kind}).one_or_none()
        row = {
            "account": account, "kind": kind, "day": day,
            "debits": debits + (known.debits if known else 0), "credits": given + (known.credits if known else 0),
        }  # fmt: skip
        upsert(conn, totals, row, key=(totals.c.account, totals.c.kind, totals.c.day))


def _columns(seal: Seal) -> dict[str, Any]:
    return {column.name: getattr(seal, column.name) for column in seals.c if column.name != "sealed"}


def _of_number(conn: Connection, number: int) -> Seal:
    row = conn.execute(_OF_NUMBER, {"of": number}).one_or_none()
    return replace(chain.BEFORE_ALL, number=number) if row is None else _seal(row)


def _seal(row: Row[Any] | None) -> Seal:
    if row is None:
        return chain.BEFORE_ALL
    return Seal(row.number, row.last_id, row.size, Paise(row.amount), row.day, row.digest)


def _entered(row: Row[Any]) -> Entered:
    return Entered(
        row.id, row.key, row.line, row.debit, row.credit, Paise(row.amount), row.kind, row.payment_id, row.at
    )
