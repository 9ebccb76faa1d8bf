"""Time, and the only module that reads the machine's clocks.

Inside the platform a moment is an aware `datetime` in UTC; people and the law see it in India's time, UTC+05:30 the
whole year. समय यहीं से पढ़ा जाता है, और कहीं से नहीं।
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
FIRST_MONTH_OF_FINANCIAL_YEAR = 4


class Clock(Protocol):
    """What tells the time; services take one as an argument."""

    def now(self) -> datetime:
        """This moment, aware, in UTC. May jump when the machine's clock is corrected."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back: for time-outs and durations."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def unix_ms() -> int:
    """Milliseconds since 1970 by the machine's clock, for what is made for each request."""
    return time.time_ns() // 1_000_000


class FakeClock:
    """A clock that stands still until it is told otherwise, for tests and rehearsals."""

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Lets time pass on both clocks. Raises: ValueError for a negative number; `set` steps back."""
        if seconds < 0:
            raise ValueError(f"time cannot pass by {seconds} seconds; set() steps the clock back")
        self._now += timedelta(seconds=seconds)
        self._elapsed_s += seconds

    def set(self, moment: datetime) -> None:
        """Corrects the wall clock, also backwards; `monotonic` does not notice."""
        self._now = _utc(moment)


def india(moment: datetime) -> datetime:
    """The same moment in India's time. Raises: ValueError for a naive datetime."""
    return _utc(moment).astimezone(INDIA)


def india_date(moment: datetime) -> date:
    """The calendar day in India: 18:30 UTC begins the next one."""
    return india(moment).date()


def financial_year(day: date) -> str:
    """The Indian financial year of a day in India, 1 April to 31 March, as invoices write it: `2026-27`.

    Source: General Clauses Act 1897, s. 3(21), by
    https://catargettestprep.com/learn/p2/the-general-clauses-act--1897/definition-of--financial-year---section-3-21
    (read 2026-11-23).
    """
    if isinstance(day, datetime):
        raise TypeError("a moment has no financial year until its day in India is known: pass india_date(moment)")
    start = day.year if day.month >= FIRST_MONTH_OF_FINANCIAL_YEAR else day.year - 1
    return f"{start}-{(start + 1) % 100:02}"


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; a moment here is always aware")
    return moment.astimezone(UTC)
