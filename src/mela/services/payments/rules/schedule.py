"""When to ask the gateway about a payment that nobody has told us about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

LONGEST_RETRY_S = 60.0


@dataclass(frozen=True)
class StatusChecks:
    """Seconds: `after_s` since initiation, `after_expiry_s` since expiry, then every `then_every_s`."""

    after_s: tuple[float, ...]
    after_expiry_s: float
    then_every_s: float

    def next(self, *, created: datetime, expires: datetime, now: datetime) -> datetime:
        """The next status check after `now`."""
        moments = [created + timedelta(seconds=s) for s in self.after_s]
        moments.append(expires + timedelta(seconds=self.after_expiry_s))
        coming = [moment for moment in moments if moment > now]
        return min(coming) if coming else now + timedelta(seconds=self.then_every_s)


def in_force(rows: Sequence[Mapping[str, Any]], day: date, *, scale: float = 1.0) -> StatusChecks:
    """The schedule of a day, its waits multiplied by `scale`. Raises: LookupError when there is none."""
    for row in rows:
        if row["effective_from"] <= day and (row["effective_to"] is None or day <= row["effective_to"]):
            after_s = tuple(float(s) * scale for s in row["after_s"])
            return StatusChecks(after_s, float(row["after_expiry_s"]) * scale, float(row["then_every_s"]) * scale)
    raise LookupError(f"no status schedule is in force on {day}")


def retry_wait(first_s: float, tries: int) -> timedelta:
    """Wait before a request that found no answer is sent again: it doubles, up to a minute."""
    return timedelta(seconds=min(first_s * 2 ** min(tries, 16), max(first_s, LONGEST_RETRY_S)))
