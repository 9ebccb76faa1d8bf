"""What providers have settled to our bank, and which movements each settlement paid. Rows are added, never changed."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select

from mela.kernel import clock as clocks
from mela.kernel.db.statements import insert_new
from mela.services.payments.rules import arrivals as rules
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.rules.arrivals import Arrival
from mela.services.payments.store import cases, ledger, seals
from mela.services.payments.tables import arrivals, payments, settled, transfers

CHANGED = "settlement_changed"
OPEN_DAYS = 31
"""A movement that no settlement paid for so long is not looked for any more; its case has been open for most of them."""
_KEYS = {"collected": "capture", "refunded": "refund_processed"}
_KINDS = {kind: theirs for theirs, kinds in accounts.AT_GATEWAY.items() for kind in kinds}
_PLACE: Any = bindparam("place")
_OPEN = (
    select(transfers.c.id, transfers.c.key, transfers.c.kind, transfers.c.amount, transfers.c.at, payments.c.method, settled.c.utr)
    .join_from(transfers, settled, settled.c.key == transfers.c.key, isouter=True)
    .join(payments, payments.c.id == transfers.c.payment_id, isouter=True)
    .where(and_(
        transfers.c.id > bindparam("after"), transfers.c.kind.in_(list(_KINDS)),
        or_(transfers.c.debit == _PLACE, transfers.c.credit == _PLACE),
        transfers.c.at >= bindparam("start"), transfers.c.at < bindparam("end"),
        or_(settled.c.key.is_(None), settled.c.day == bindparam("day")),
    ))
    .order_by(transfers.c.id)
    .limit(bindparam("most"))
)  # fmt: skip
_KNOWN = select(arrivals.c.net).where(
    and_(arrivals.c.provider == bindparam("of"), arrivals.c.utr == bindparam("named"))
)
_UTR = select(settled.c.utr).where(settled.c.key == bindparam("of"))

Line = tuple[str, str, int, str, str | None, str | None]


def window(day: date) -> tuple[datetime, datetime]:
    """The movements that a settlement of an Indian day may pay: up to its end."""
    end = datetime.combine(day, time(), tzinfo=clocks.INDIA) + timedelta(days=1)
    return end - timedelta(days=OPEN_DAYS), end


def first_position(conn: Connection, day: date) -> int:
    """A position before every such movement, found by the seals."""
    return seals.last_before(conn, (window(day)[0] - timedelta(days=1)).date()).last_id


def unpaid(conn: Connection, day: date, *, place: str, after: int, limit: int) -> tuple[list[Line], int | None]:
    """What no settlement before this day's has paid, in a provider's account: kind, reference, paise, moment, method, and the utr
    where one of this day has; and where to go on.
    """
    start, end = window(day)
    given = {"place": place, "after": after, "most": limit, "start": start, "end": end, "day": day}
    rows: list[Any] = list(conn.execute(_OPEN, given))
    lines = [
        (_KINDS[row.kind], row.key.split(":", 1)[1], row.amount, f"{row.at:%Y-%m-%dT%H:%M:%SZ}", row.method, row.utr)
        for row in rows
    ]
    return lines, rows[-1].id if len(rows) == limit else None


def enter(conn: Connection, provider: str, arrival: Arrival, day: date, now: datetime) -> bool:
    """A settlement into the ledger, once; False when it was there. One that comes again with another sum is a person's case."""
    names = ("settlement", "utr", "items", "net", "held", "fee", "tax")
    row = {"provider": provider, "day": day, "at": now, **{name: getattr(arrival, name) for name in names}}
    if insert_new(conn, arrivals, row):
        if entered := rules.transfers(provider, arrival):
            ledger.enter(conn, f"arrival:{provider}:{arrival.utr}", entered, now)
        return True
    before = int(conn.execute(_KNOWN, {"of": provider, "named": arrival.utr}).scalar_one())
    if before != arrival.net:
        detail = {"provider": provider, "theirs": arrival.net, "ours": before, "day": day.isoformat()}
        cases.park(conn, CHANGED, arrival.utr, detail, now)
    return False


def mark(conn: Connection, paid: Sequence[tuple[str, str, str]], day: date) -> None:
    """Note which settlement paid movements: kind, reference, utr. Again: nothing changes."""
    rows = [{"key": f"{_KEYS[kind]}:{reference}", "utr": utr, "day": day} for kind, reference, utr in paid]
    insert_new(conn, settled, rows)


def is_paid(conn: Connection, kind: str, reference: str) -> bool:
    """Whether a settlement has paid a movement."""
    return conn.execute(_UTR, {"of": f"{_KEYS[kind]}:{reference}"}).first() is not None
