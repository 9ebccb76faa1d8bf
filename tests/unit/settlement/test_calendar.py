"""Banking days of the data, day by day."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mela.services.settlement import model
from mela.services.settlement.rules import calendar
from mela.services.settlement.rules.calendar import NoCalendar

DOCUMENT = yaml.safe_load((Path(model.__file__).parent / "data" / "bank_holidays.yaml").read_text(encoding="utf-8"))
CALENDAR = calendar.read(DOCUMENT)
days = st.dates(date(2026, 1, 1), date(2026, 12, 30))


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        ("2026-11-07", True),  # first Saturday
        ("2026-11-14", False),  # second Saturday
        ("2026-11-21", True),  # third Saturday
        ("2026-11-28", False),  # fourth Saturday
        ("2026-08-29", True),  # fifth Saturday
        ("2026-11-22", False),  # Sunday
        ("2026-01-26", False),
        ("2026-08-15", False),
        ("2026-10-02", False),
        ("2026-11-24", False),  # Guru Nanak Jayanti
        ("2026-11-25", True),
    ],
)
def test_banks_are_open_or_closed_as_published(day: str, open_: bool) -> None:
    assert calendar.is_banking_day(CALENDAR, date.fromisoformat(day)) is open_


@pytest.mark.parametrize(
    ("sold_on", "due"),
    [
        ("2026-11-16", "2026-11-17"),
        ("2026-11-13", "2026-11-16"),  # over a second Saturday and a Sunday
        ("2026-11-20", "2026-11-21"),  # the third Saturday is a banking day
        ("2026-11-23", "2026-11-25"),  # over Guru Nanak Jayanti
        ("2026-10-01", "2026-10-03"),  # over Gandhi Jayanti to the first Saturday
    ],
)
def test_sale_is_due_on_first_banking_day_after(sold_on: str, due: str) -> None:
    assert calendar.due_on(CALENDAR, date.fromisoformat(sold_on)) == date.fromisoformat(due)


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_year_without_published_holidays_is_refused(day: date) -> None:
    with pytest.raises(NoCalendar) as refused:
        calendar.is_banking_day(CALENDAR, day)
    assert refused.value.params == {"year": day.year}


def test_sale_of_the_last_day_of_the_last_known_year_has_no_due_day_yet() -> None:
    with pytest.raises(NoCalendar):
        calendar.due_on(CALENDAR, date(2026, 12, 31))


def test_saturdays_before_the_rule_are_banking_days() -> None:
    old = calendar.read({**DOCUMENT, "years": [{"year": 2015, "holidays": []}]})
    assert calendar.is_banking_day(old, date(2015, 8, 8))
    assert not calendar.is_banking_day(old, date(2015, 9, 12))


def test_a_later_rule_for_saturdays_takes_over_on_its_first_day() -> None:
    later = {"effective_from": date(2026, 7, 1), "effective_to": None, "closed": [1, 2, 3, 4, 5]}
    five_days = calendar.read({**DOCUMENT, "saturdays": [*DOCUMENT["saturdays"], later]})
    assert calendar.is_banking_day(five_days, date(2026, 6, 6))
    assert not calendar.is_banking_day(five_days, date(2026, 7, 4))


@given(days, days)
def test_run_of_a_banking_day_takes_exactly_what_is_due_until_it(sold_on: date, day: date) -> None:
    """Why the store may compare the day of the sale with the day of the run: the calendar need not be asked per entry."""
    while not calendar.is_banking_day(CALENDAR, day):
        day -= timedelta(days=1)
        if day.year < 2026:
            return
    try:
        due = calendar.due_on(CALENDAR, sold_on)
    except NoCalendar:
        assert sold_on >= day
        return
    assert (due <= day) == (sold_on < day)
