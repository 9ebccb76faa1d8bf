"""Status checks keep the published clock."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mela.services.payments.app import DATA
from mela.services.payments.rules import schedule

START = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ROWS = yaml.safe_load(Path(DATA / "status-checks.yaml").read_text())
TODAY = schedule.in_force(ROWS, date(2026, 11, 23))


def moments(checks: schedule.StatusChecks, *, seconds: float, until: timedelta) -> list[timedelta]:
    """When a payment that expires after `seconds` is asked about, since its start."""
    now, found = START, []
    while now - START <= until:
        now = checks.next(created=START, expires=START + timedelta(seconds=seconds), now=now)
        found.append(now - START)
    return [moment for moment in found if moment <= until]


def test_the_first_check_of_a_payment_comes_45_to_60_seconds_after_its_start() -> None:
    first = moments(TODAY, seconds=600, until=timedelta(hours=1))[0]
    assert timedelta(seconds=45) <= first <= timedelta(seconds=60)


@given(st.integers(1, 86_400))
def test_no_payment_is_asked_about_more_than_three_times_in_two_hours(seconds: int) -> None:
    assert len(moments(TODAY, seconds=seconds, until=timedelta(hours=2))) <= 3


@given(st.integers(1, 86_400))
def test_every_payment_is_asked_about_after_its_expiry_and_then_for_ever(seconds: int) -> None:
    asked = moments(TODAY, seconds=seconds, until=timedelta(days=3))
    assert any(timedelta(seconds=seconds) < moment <= timedelta(seconds=seconds + 5) for moment in asked)
    assert asked[-1] > timedelta(days=2, hours=20)


def test_an_earlier_day_has_the_earlier_rule() -> None:
    assert schedule.in_force(ROWS, date(2025, 6, 15)).after_s[0] == 90
    assert schedule.in_force(ROWS, date(2025, 6, 16)).after_s[0] == 50


def test_a_laptop_may_shorten_the_waits() -> None:
    assert schedule.in_force(ROWS, date(2026, 11, 23), scale=0.1) == schedule.StatusChecks((5.0, 360.0), 0.5, 720.0)


def test_a_day_without_a_rule_is_an_error() -> None:
    with pytest.raises(LookupError, match="2019"):
        schedule.in_force(ROWS, date(2019, 1, 1))


@pytest.mark.parametrize(("tries", "seconds"), [(0, 2), (1, 4), (4, 32), (5, 60), (10_000, 60)])
def test_retries_wait_longer_each_time_up_to_a_minute(tries: int, seconds: int) -> None:
    assert schedule.retry_wait(2.0, tries) == timedelta(seconds=seconds)
