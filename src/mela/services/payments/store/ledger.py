"""The ledger: transfers are entered, never changed; triggers in the database refuse anything else.

A limit of an account is checked in the unit that enters: it adds up the account and enters, as if alone. So what fills an
account locks nothing and is held up by nobody; of two units that take from one account at once, PostgreSQL lets one go
again (SERIALIZABLE), and SQLite has a single writer. A unit that is not alone may fill accounts, and is refused here when it takes.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    String,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
    union_all,
)

from mela.contracts.payments import Transfer
from mela.kernel import tables
from mela.kernel.db import Instant, require_alone
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.rules import limits
from mela.services.payments.store import seals
from mela.services.payments.tables import totals, transfers

_ENTER = transfers.insert()
_KEYS = table(
    "transfer_keys", column("key", String), column("line", Integer), column("id", BigInteger), column("at", Instant)
)
_NAMED = (
    select(transfers.c.debit, transfers.c.credit, transfers.c.amount, transfers.c.kind)
    .where(transfers.c.key == bindparam("of"))
    .order_by(transfers.c.line)
)
_NOTED = _KEYS.c.key == bindparam("of")
_NOTED_AT = select(_KEYS.c.at).where(and_(_NOTED, _KEYS.c.line == 0)).scalar_subquery()
_NOTED_IDS = select(_KEYS.c.id).where(_NOTED)
_OF_KEY = {
    "sqlite": _NAMED,
    "postgresql": _NAMED.where(and_(transfers.c.at == _NOTED_AT, transfers.c.id.in_(_NOTED_IDS))),
}
_DAYS = totals.alias("days")
_LATEST = select(totals).where(
    totals.c.day
    == select(func.max(_DAYS.c.day))
    .where(and_(_DAYS.c.account == totals.c.account, _DAYS.c.kind == totals.c.kind, _DAYS.c.day <= bindparam("until")))
    .scalar_subquery()
)
_OF_LATEST = _LATEST.subquery()
_SEALED = select(
    _OF_LATEST.c.account, func.sum(_OF_LATEST.c.debits).label("debits"), func.sum(_OF_LATEST.c.credits).label("credits")
).group_by(_OF_LATEST.c.account)
_OF_ACCOUNT = _LATEST.where(totals.c.account == bindparam("of"))
_SINCE = transfers.c.id > bindparam("after")
_FRESH = union_all(
    select(func.coalesce(func.sum(transfers.c.amount), 0)).where(and_(transfers.c.debit == bindparam("of"), _SINCE)),
    select(func.coalesce(func.sum(transfers.c.amount), 0)).where(and_(transfers.c.credit == bindparam("of"), _SINCE)),
)
"""Built once: building a statement costs more than running it."""
LIMITS = limits.read(tables.read(Path(__file__).parents[1] / "data" / "limits.yaml")["limits"])


def enter(
    conn: Connection, key: str, entered: Sequence[Transfer], now: datetime, *, payment_id: str | None = None
) -> None:
    """Enter transfers under a key that no others have. A key that is known fails the unit. Raises: AccountOverdrawn."""
    for limit, account, wanted in limits.taken(LIMITS, entered):
        require_alone(conn)
        debits, given = of_account(conn, account)
        limits.check(limit, account, wanted, debits=debits, credits_=given, room=limit.room(account, entered))
    rows = [
        {"key": key, "line": line, "debit": t.debit, "credit": t.credit, "amount": t.amount, "kind": t.kind,
         "payment_id": payment_id, "at": now}
        for line, t in enumerate(entered)
    ]  # fmt: skip
    conn.execute(_ENTER, rows)


def post(conn: Connection, key: str, wanted: Sequence[Transfer], now: datetime) -> None:
    """Enter another service's transfers, once per key. Raises: AccountOverdrawn; KeyReused when the key has others."""
    own = f"post:{key}"
    known = conn.execute(_OF_KEY[conn.dialect.name], {"of": own}).all()
    if not known:
        enter(conn, own, wanted, now)
    elif [Transfer(*row) for row in known] != list(wanted):
        raise KeyReused


def sealed(conn: Connection, until: date = date.max) -> dict[str, tuple[Paise, Paise]]:
    """Debits and credits by account, of the blocks that were sealed up to a UTC day."""
    rows = conn.execute(_SEALED, {"until": until})
    return {account: (Paise(int(debits)), Paise(int(given))) for account, debits, given in rows}


def of_account(conn: Connection, account: str) -> tuple[Paise, Paise]:
    """Debits and credits of an account, with what this unit has entered. Sealed blocks are added up already."""
    base = seals.newest(conn)
    rows = conn.execute(_OF_ACCOUNT, {"of": account, "until": base.day}).all()
    debits, given = conn.execute(_FRESH, {"of": account, "after": base.last_id}).scalars()
    return Paise(sum(row.debits for row in rows) + int(debits)), Paise(sum(row.credits for row in rows) + int(given))


def balances(conn: Connection, at: datetime | None = None) -> list[tuple[str, Paise, Paise]]:
    """Every account with the sums of its debits and its credits, by name: now, or as of the end of a moment.

    Sealed blocks are added up already; only what came after the last of them that lies wholly before is read.
    """
    base = seals.newest(conn) if at is None else seals.last_before(conn, at.astimezone(UTC).date())
    sums: dict[str, list[int]] = {account: list(both) for account, both in sealed(conn, base.day).items()}
    since = transfers.c.id > base.last_id if at is None else and_(transfers.c.id > base.last_id, transfers.c.at <= at)
    for side, account_of in enumerate((transfers.c.debit, transfers.c.credit)):
        fresh = select(account_of, func.sum(transfers.c.amount)).where(since).group_by(account_of)
        for account, total in conn.execute(fresh):
            sums.setdefault(account, [0, 0])[side] += int(total)
    return [(account, Paise(debits), Paise(given)) for account, (debits, given) in sorted(sums.items())]


def by_kind(conn: Connection, account: str) -> dict[str, Paise]:
    """What moved into and out of an account, by kind of transfer."""
    base = seals.newest(conn)
    rows = conn.execute(_LATEST.where(totals.c.account == account), {"until": base.day})
    sums = {row.kind: int(row.debits) + int(row.credits) for row in rows}
    touched = and_(transfers.c.id > base.last_id, or_(transfers.c.debit == account, transfers.c.credit == account))
    fresh = select(transfers.c.kind, func.sum(transfers.c.amount)).where(touched).group_by(transfers.c.kind)
    for kind, total in conn.execute(fresh):
        sums[kind] = sums.get(kind, 0) + int(total)
    return {kind: Paise(total) for kind, total in sums.items()}


def page(conn: Connection, *, account: str | None, after: int, limit: int) -> list[Row[Any]]:
    """Transfers after a position, of one account or of all, oldest first."""
    wanted = select(transfers).where(transfers.c.id > after).order_by(transfers.c.id).limit(limit)
    if account is not None:
        wanted = wanted.where(or_(transfers.c.debit == account, transfers.c.credit == account))
    return list(conn.execute(wanted))
