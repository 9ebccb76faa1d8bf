"""The ledger: transfers are entered, never changed; triggers in the database refuse anything else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select

from mela.contracts.payments import Transfer
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.tables import transfers

_ENTER = transfers.insert()
_OF_KEY = (
    select(transfers.c.debit, transfers.c.credit, transfers.c.amount, transfers.c.kind)
    .where(transfers.c.key == bindparam("of"))
    .order_by(transfers.c.line)
)
"""Built once: building a statement costs more than running it."""


def enter(
    conn: Connection, key: str, entered: Sequence[Transfer], now: datetime, *, payment_id: str | None = None
) -> None:
    """Enter transfers under a key that no others have. A key that is known fails the unit."""
    rows = [
        {"key": key, "line": line, "debit": t.debit, "credit": t.credit, "amount": t.amount, "kind": t.kind,
         "payment_id": payment_id, "at": now}
        for line, t in enumerate(entered)
    ]  # fmt: skip
    conn.execute(_ENTER, rows)


def post(conn: Connection, key: str, wanted: Sequence[Transfer], now: datetime) -> None:
    """Enter another service's transfers, once per key. Raises: KeyReused when the key has others."""
    own = f"post:{key}"
    known = conn.execute(_OF_KEY, {"of": own}).all()
    if not known:
        enter(conn, own, wanted, now)
    elif [Transfer(*row) for row in known] != list(wanted):
        raise KeyReused


def balances(conn: Connection) -> list[tuple[str, Paise, Paise]]:
    """Every account with the sums of its debits and its credits, by name."""
    sums: dict[str, list[int]] = {}
    for side, column in enumerate((transfers.c.debit, transfers.c.credit)):
        for account, total in conn.execute(select(column, func.sum(transfers.c.amount)).group_by(column)):
            sums.setdefault(account, [0, 0])[side] = int(total)
    return [(account, Paise(debits), Paise(given)) for account, (debits, given) in sorted(sums.items())]


def by_kind(conn: Connection, account: str) -> dict[str, Paise]:
    """What moved into and out of an account, by kind of transfer."""
    touched = or_(transfers.c.debit == account, transfers.c.credit == account)
    rows = conn.execute(
        select(transfers.c.kind, func.sum(transfers.c.amount)).where(touched).group_by(transfers.c.kind)
    )
    return {kind: Paise(int(total)) for kind, total in rows}


def page(conn: Connection, *, account: str | None, after: int, limit: int) -> list[Row[Any]]:
    """Transfers after a position, of one account or of all, oldest first."""
    wanted = select(transfers).where(transfers.c.id > after).order_by(transfers.c.id).limit(limit)
    if account is not None:
        wanted = wanted.where(or_(transfers.c.debit == account, transfers.c.credit == account))
    return list(conn.execute(wanted))
