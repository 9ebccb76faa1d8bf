"""Banking days. A year without published holidays is refused: a guess would promise money on a day when banks are closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from mela.kernel.errors import Rejected

SATURDAY, SUNDAY = 5, 6


class NoCalendar(Rejected):
    """The bank holidays of this year are not in the data. Params: year."""

    code = "settlement.no_calendar"


@dataclass(frozen=True)
class Calendar:
    """`holidays` by year; `closed_saturdays`: which Saturdays of a month, from the first day of the rule, latest first."""

    holidays: Mapping[int, frozenset[date]]
    closed_saturdays: Sequence[tuple[date, frozenset[int]]]


def read(document: Mapping[str, Any]) -> Calendar:
    """The calendar of `data/bank_holidays.yaml`."""
    rules = [(row["effective_from"], frozenset(row["closed"])) for row in document["saturdays"]]
    years = {int(row["year"]): frozenset(day["date"] for day in row["holidays"]) for row in document["years"]}
    return Calendar(years, sorted(rules, reverse=True))


def is_banking_day(calendar: Calendar, day: date) -> bool:
    """Whether banks are open. Raises: NoCalendar."""
    if day.year not in calendar.holidays:
        raise NoCalendar(year=day.year)
    return day.weekday() != SUNDAY and not _closed_saturday(calendar, day) and day not in calendar.holidays[day.year]


def due_on(calendar: Calendar, sold_on: date) -> date:
    """The first banking day after the day of a sale (T+1). Raises: NoCalendar.

    Source: RBI's payment aggregator directions of 15 Sep 2025 by press summaries, which say T+1 banking day (W),
    https://www.billcut.com/blogs/pa-settlement-rules-when-merchants-get-paid (2025-11).
    """
    day = sold_on + timedelta(days=1)
    while not is_banking_day(calendar, day):
        day += timedelta(days=1)
    return day


def _closed_saturday(calendar: Calendar, day: date) -> bool:
    if day.weekday() != SATURDAY:
        return False
    which = (day.day + 6) // 7
    return which in next((closed for since, closed in calendar.closed_saturdays if since <= day), ())
