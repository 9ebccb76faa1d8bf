"""The schedule of retries: a day long, never shorter than promised, and told by data."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mela.services.webhooks import app
from mela.services.webhooks.rules import answers, schedule
from mela.services.webhooks.rules.schedule import Schedule

ROWS = yaml.safe_load((Path(app.__file__).parent / "data" / "schedule.yaml").read_text())
TODAY = schedule.in_force(ROWS, date(2026, 11, 26))
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SCHEDULES = st.builds(
    Schedule, st.lists(st.floats(0.1, 1e5), min_size=1, max_size=12).map(tuple), st.floats(0, 1), st.floats(1, 1e6)
)


def test_last_try_is_a_day_after_the_first_even_where_chance_is_unkind() -> None:
    waits = [TODAY.wait_s(failures, 1.0) or 0.0 for failures in range(1, len(TODAY.waits_s) + 1)]
    assert 24 * 3_600 <= sum(waits) <= 28 * 3_600
    assert waits == sorted(waits)


def test_scaled_schedule_is_the_same_one_faster() -> None:
    hurried = schedule.in_force(ROWS, date(2026, 11, 26), scale=0.001)
    assert hurried.wait_s(2, 0.0) == pytest.approx(0.3)
    assert hurried.disable_after_s == pytest.approx(432)


def test_day_without_a_schedule_is_refused() -> None:
    with pytest.raises(LookupError):
        schedule.in_force(ROWS, date(2019, 12, 31))


@given(SCHEDULES, st.integers(-3, 20), st.floats(0, 1), st.none() | st.floats(0, 1e9))
def test_wait_lies_between_what_jitter_leaves_and_the_longest_one(
    made: Schedule, failures: int, chance: float, asked_s: float | None
) -> None:
    wait = made.wait_s(failures, chance, asked_s)
    assert (wait is None) == (not 1 <= failures <= len(made.waits_s))
    if wait is not None:
        assert made.waits_s[failures - 1] * (1 - made.jitter) * 0.999 <= wait <= max(made.waits_s)
        assert wait >= min(asked_s or 0.0, max(made.waits_s))


@given(SCHEDULES, st.floats(0, 2e6))
def test_endpoint_is_hopeless_after_its_time_and_not_before(made: Schedule, failing_s: float) -> None:
    since = NOW - timedelta(seconds=failing_s)
    assert made.is_hopeless(since, NOW) == (NOW - since >= timedelta(seconds=made.disable_after_s))


@given(st.none() | st.text(max_size=20))
def test_retry_after_of_any_kind_is_seconds_or_nothing(header: str | None) -> None:
    found = answers.retry_after_s(header)
    assert found is None or (0 <= found < 1e9 and header is not None and header.strip().isdigit())


@given(st.binary(max_size=2_000))
def test_any_answer_becomes_a_short_text_that_a_database_keeps(body: bytes) -> None:
    text = answers.first_bytes(body)
    assert len(text) <= answers.FIRST_BYTES
    assert "\x00" not in text
    text.encode()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "taken"), (202, "taken"), (299, "taken"), (301, "failed"), (400, "failed"), (410, "gone"), (500, "failed"), (None, "failed")],
)  # fmt: skip
def test_only_2xx_takes_a_message_and_410_ends_the_endpoint(status: int | None, outcome: str) -> None:
    assert answers.outcome(status) == outcome
