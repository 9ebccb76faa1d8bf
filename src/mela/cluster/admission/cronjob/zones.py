"""Wall clocks: from an instant to what they show, and back.

Where a clock jumps, one reading stands for two instants or for none; `instant` chooses as Go's time.Date does. Zone rules come
from the machine's tz database.

Source: Go 1.26, time.Date and time.LoadLocation (read 2026-11-23).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock's own zero
UTC_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownZone(ValueError):
    """A time zone that the tz database does not have."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A zone's wall clock. Instants are seconds since 1970 UTC; readings are datetimes without a zone."""

    zone: tzinfo

    def offset(self, at_s: int) -> int:
        """Return the seconds that the clock is ahead of UTC."""
        if self.zone is UTC:
            return 0
        ahead = (UTC_EPOCH + timedelta(seconds=at_s)).astimezone(self.zone).utcoffset()
        return int(ahead.total_seconds()) if ahead else 0

    def reading(self, at_s: int) -> datetime:
        """Return what the clock shows."""
        return EPOCH + timedelta(seconds=at_s + self.offset(at_s))

    def instant(self, reading: datetime) -> int:
        """Return when the clock shows a reading."""
        as_utc = round((reading - EPOCH).total_seconds())
        guess = self.offset(as_utc)
        return as_utc - self.offset(as_utc - guess) if guess else as_utc


@lru_cache(maxsize=256)
def clock(name: str) -> Clock:
    """Find a zone by its name; the empty one is UTC, `Local` the controller's zone, UTC too. Raises: UnknownZone."""
    if name in ("", "UTC", "Local"):
        return Clock(UTC)
    try:
        return Clock(ZoneInfo(name))
    except (ValueError, LookupError, OSError) as error:
        raise UnknownZone(f"the tz database has no zone {name!r}; names look like Asia/Kolkata") from error
