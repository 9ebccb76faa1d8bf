"""Months of the ledger, as PostgreSQL keeps them: from midnight UTC on the first to midnight UTC on the next first.

UTC, as seals and daily sums: a month is whole days of both.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = 3
"""So many months beyond the present one are kept ready."""


def following(moment: datetime) -> datetime:
    """Where the month after a moment's begins."""
    moment = moment.astimezone(UTC)
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def ahead(end: datetime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The months from `end`, where the last one ends, that must be made so that `AHEAD` lie beyond the present one."""
    until = following(now)
    for _ in range(AHEAD):
        until = following(until)
    while end < until:
        yield end, (end := following(end))


def name(start: datetime) -> str:
    """The partition of a month: `transfers_2026_12`."""
    return f"transfers_{start:%Y_%m}"
