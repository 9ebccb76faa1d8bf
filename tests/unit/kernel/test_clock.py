"""Time: fake clocks, India's day and the financial year."""

import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel import clock

NEW_YEAR_IN_INDIA = datetime(2026, 3, 31, 18, 30, tzinfo=UTC)


def test_system_clock_tells_utc() -> None:
    assert clock.SystemClock().now().utcoffset() == timedelta(0)


def test_system_monotonic_is_the_machines_own() -> None:
    before = time.monotonic()
    assert before <= clock.SystemClock().monotonic() <= time.monotonic()


def test_fake_clock_stands_still() -> None:
    fake = clock.FakeClock(NEW_YEAR_IN_INDIA)
    assert (fake.now(), fake.monotonic()) == (fake.now(), fake.monotonic()) == (NEW_YEAR_IN_INDIA, 0.0)


def test_advance_moves_both_clocks() -> None:
    fake = clock.FakeClock(NEW_YEAR_IN_INDIA)
    fake.advance(90.5)
    assert fake.now() == NEW_YEAR_IN_INDIA + timedelta(seconds=90.5)
    assert fake.monotonic() == 90.5


def test_time_does_not_pass_backwards() -> None:
    with pytest.raises(ValueError, match="set"):
        clock.FakeClock(NEW_YEAR_IN_INDIA).advance(-1)


def test_a_corrected_wall_clock_leaves_monotonic_alone() -> None:
    fake = clock.FakeClock(NEW_YEAR_IN_INDIA)
    fake.advance(10)
    fake.set(NEW_YEAR_IN_INDIA - timedelta(days=1))
    assert (fake.now(), fake.monotonic()) == (NEW_YEAR_IN_INDIA - timedelta(days=1), 10.0)


def test_a_fake_clock_answers_in_utc_whatever_zone_it_was_set_in() -> None:
    fake = clock.FakeClock(datetime(2026, 4, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    assert fake.now().isoformat() == "2026-03-31T18:30:00+00:00"


def test_a_naive_moment_is_refused() -> None:
    naive = datetime(2026, 4, 1)  # noqa: DTZ001 (the point)
    for read in (clock.FakeClock, clock.india, clock.india_date):
        with pytest.raises(ValueError, match="time zone"):
            read(naive)


def test_indias_day_begins_at_half_past_six_in_the_evening_utc() -> None:
    assert clock.india_date(NEW_YEAR_IN_INDIA - timedelta(microseconds=1)) == date(2026, 3, 31)
    assert clock.india_date(NEW_YEAR_IN_INDIA) == date(2026, 4, 1)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 (Hypothesis adds the zone)
def test_india_keeps_one_offset_all_year(moment: datetime) -> None:
    assert clock.india(moment).utcoffset() == timedelta(hours=5, minutes=30)
    assert clock.india(moment) == moment


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 3, 31), "2025-26"),
        (date(2026, 4, 1), "2026-27"),
        (date(2027, 1, 1), "2026-27"),
        (date(1999, 4, 1), "1999-00"),
        (date(2009, 2, 1), "2008-09"),
    ],
)
def test_financial_year_turns_on_the_first_of_april(day: date, year: str) -> None:
    assert clock.financial_year(day) == year


def test_a_moment_has_no_financial_year_before_its_day_in_india_is_known() -> None:
    with pytest.raises(TypeError, match="india_date"):
        clock.financial_year(NEW_YEAR_IN_INDIA)
