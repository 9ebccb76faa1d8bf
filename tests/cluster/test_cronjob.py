"""CronJobs, rule by rule."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster.admission.cronjob import missed, model, schedule, sync, zones

MINUTE = 60 * model.SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(text: str) -> int:
    """Read `2026-10-25 01:30`, with optional seconds, as UTC."""
    return round((datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH).total_seconds()) * model.SECOND


def shown(at_ns: int | None) -> str:
    return "" if at_ns is None else zones.clock("").reading(at_ns // model.SECOND).isoformat(" ").removesuffix(":00")


def starts(text: str, after: str, count: int = 3) -> list[str]:
    line, now, found = schedule.parse(text), at(after), []
    for _ in range(count):
        following = line.next(now)
        if following is None:
            break
        found.append(shown(following))
        now = following
    return found


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("*/20 9-10 * * *", "2026-01-01 09:50", ["2026-01-01 10:00", "2026-01-01 10:20", "2026-01-01 10:40"]),
        ("5/25 * * * *", "2026-01-01 00:00", ["2026-01-01 00:05", "2026-01-01 00:30", "2026-01-01 00:55"]),
        ("0 0 1,15 * *", "2026-01-01 00:00", ["2026-01-15 00:00", "2026-02-01 00:00", "2026-02-15 00:00"]),
        ("0 0 31 * *", "2026-01-31 00:00", ["2026-03-31 00:00", "2026-05-31 00:00", "2026-07-31 00:00"]),
        ("0 0 29 2 *", "2026-01-01 00:00", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("0 0 13 * FRI", "2026-02-01 00:00", ["2026-02-06 00:00", "2026-02-13 00:00", "2026-02-20 00:00"]),
        ("0 0 ? jan-mar mon", "2026-01-28 00:00", ["2026-02-02 00:00", "2026-02-09 00:00", "2026-02-16 00:00"]),
        ("0 12 * 11 *", "2026-11-29 13:00", ["2026-11-30 12:00", "2027-11-01 12:00", "2027-11-02 12:00"]),
        ("@monthly", "2026-01-15 00:00", ["2026-02-01 00:00", "2026-03-01 00:00", "2026-04-01 00:00"]),
        ("@every 90m", "2026-01-01 00:00", ["2026-01-01 01:30", "2026-01-01 03:00", "2026-01-01 04:30"]),
        (
            "TZ=Asia/Kolkata 30 9 * * *",
            "2026-01-01 00:00",
            ["2026-01-01 04:00", "2026-01-02 04:00", "2026-01-03 04:00"],
        ),
        ("CRON_TZ=UTC @daily", "2026-01-01 00:00", ["2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00"]),
    ],
)
def test_schedule_names_its_next_times(text: str, after: str, expected: list[str]) -> None:
    assert starts(text, after) == expected


@pytest.mark.parametrize("text", ["0 0 30 2 *", ", 0 * * *", "0 , * * *", "0 0 * , *", "0 0 31 4,6 *"])
def test_schedule_without_any_day_names_no_time(text: str) -> None:
    assert starts(text, "2026-01-01 00:00") == []


def test_hour_that_the_clock_skips_is_left_out() -> None:
    berlin = "TZ=Europe/Berlin 30 2 * * *"
    assert starts(berlin, "2026-03-28 02:00") == ["2026-03-30 00:30", "2026-03-31 00:30", "2026-04-01 00:30"]


def test_hour_that_the_clock_repeats_starts_twice() -> None:
    assert starts("TZ=Europe/Berlin 30 2 * * *", "2026-10-24 12:00", 2) == ["2026-10-25 00:30", "2026-10-25 01:30"]


def test_day_whose_midnight_the_clock_skips_is_skipped_as_a_whole() -> None:
    """Upstream does the same: in Beirut 29 March 2026 begins at one o'clock."""
    assert starts("TZ=Asia/Beirut 0 * 29 3 *", "2026-03-27 12:00", 2) == ["2027-03-28 21:00", "2027-03-28 22:00"]
    assert starts("TZ=Asia/Beirut 0 5 * * *", "2026-03-28 12:00", 1) == ["2026-03-29 02:00"]


def test_clock_that_goes_back_at_midnight_is_set_to_midnight_again() -> None:
    assert starts("TZ=Asia/Beirut 0 12 25 10 *", "2026-10-20 00:00", 1) == ["2026-10-25 10:00"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (".5m", 30),
        ("1500ms", 1),
        ("0", 1),
        ("-5m", 1),
        ("+2m", 120),
        ("5.s", 5),
        ("70000000us", 70),
    ],
)
def test_distance_is_in_whole_seconds_and_at_least_one(text: str, seconds: int) -> None:
    assert schedule.parse(f"@every {text}") == schedule.Every(seconds * model.SECOND)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 1 *",
        "0 0 * 13 *",
        "0 0 * * 7",
        "5-1 * * * *",
        "*/0 * * * *",
        "1-2-3 * * * *",
        "*/2/2 * * * *",
        "five * * * *",
        "-5 * * * *",
        "1- * * * *",
        "@reboot",
        "@every",
        "@every ",
        "@every 5",
        "@every 5y",
        "@every 1h-",
        "@every 9999999h",
        "TZ=UTC",
        "TZ=Mars/Olympus * * * * *",
        "TZ=UTC @daily now",
    ],
)
def test_schedule_is_refused(text: str) -> None:
    with pytest.raises(schedule.InvalidSchedule):
        schedule.parse(text)


@given(st.integers(0, 59), st.integers(0, 23), st.integers(at("2026-01-01 00:00"), at("2027-01-01 00:00")))
def test_next_start_is_the_first_that_matches(minute: int, hour: int, after_ns: int) -> None:
    following = schedule.parse(f"{minute} {hour} * * *").next(after_ns)
    assert following is not None
    reading = zones.clock("UTC").reading(following // model.SECOND)
    assert (reading.minute, reading.hour, reading.second) == (minute, hour, 0)
    assert 0 < following - after_ns <= 24 * 60 * MINUTE


CREATED = at("2026-05-01 00:00")


def cron(text: str = "0 * * * *", **spec: Any) -> model.CronJob:
    return model.read("tick", CREATED, {"schedule": text, **spec})


def run(
    cron_job: model.CronJob,
    now: str,
    *jobs: model.Job,
    last: str | None = None,
    active: tuple[tuple[str, str], ...] = (),
) -> sync.Decision:
    status = model.Status(at(last) if last else None, None, tuple(model.Active(*each) for each in active))
    return sync.sync(cron_job, jobs, status, at(now))


def reasons(decision: sync.Decision) -> list[str]:
    return [each.reason for each in decision.events]


def test_due_start_creates_a_job_named_by_its_minute() -> None:
    decision = run(cron(), "2026-05-01 01:00:02")
    assert decision.created is not None
    assert decision.created.name == f"tick-{at('2026-05-01 01:00') // MINUTE}"
    assert decision.status.last_schedule_ns == at("2026-05-01 01:00")
    assert decision.wait_ns == 3598 * model.SECOND + missed.PADDING_NS


def test_local_time_is_noted_on_the_job() -> None:
    decision = run(cron("30 9 * * *", timeZone="Asia/Kolkata"), "2026-05-01 04:00")
    assert decision.created is not None
    assert decision.created.annotation == "2026-05-01T09:30:00+05:30"
    west = run(cron("0 9 * * *", timeZone="America/St_Johns"), "2026-05-01 11:30")
    assert west.created is not None
    assert west.created.annotation == "2026-05-01T09:00:00-02:30"


def test_nothing_due_waits_for_the_next_start() -> None:
    decision = run(cron(), "2026-05-01 00:30")
    assert (decision.created, decision.status_written) == (None, False)
    assert decision.wait_ns == 30 * MINUTE + missed.PADDING_NS


def test_of_several_missed_starts_only_the_last_is_made_up_for() -> None:
    decision = run(cron(), "2026-05-01 05:30")
    assert decision.status.last_schedule_ns == at("2026-05-01 05:00")
    assert reasons(decision) == ["SuccessfulCreate"]


def test_more_than_a_hundred_missed_starts_are_warned_of() -> None:
    assert reasons(run(cron(), "2026-05-06 00:00")) == ["TooManyMissedTimes", "SuccessfulCreate"]
    assert reasons(run(cron(startingDeadlineSeconds=7200), "2026-05-06 00:00")) == ["SuccessfulCreate"]


def test_estimate_from_two_starts_may_skip_one() -> None:
    irregular = cron("1,2,30 * * * *")
    decision = run(irregular, "2026-05-01 00:29:59")
    assert (decision.created, decision.wait_ns) == (None, model.SECOND + missed.PADDING_NS)
    assert run(irregular, "2026-05-01 00:02:59").status.last_schedule_ns == at("2026-05-01 00:02")


def test_deadline_moves_the_earliest_start() -> None:
    assert run(cron(startingDeadlineSeconds=60), "2026-05-01 01:00:59").created is not None
    assert run(cron(startingDeadlineSeconds=60), "2026-05-01 01:01:01").created is None


def test_deadline_in_the_future_starts_nothing() -> None:
    assert run(cron(startingDeadlineSeconds=-1), "2026-05-01 01:00").created is None


def test_deadline_of_centuries_wraps() -> None:
    assert missed.deadline_ns(10**10) < 0


@pytest.mark.parametrize("spec", [{"suspend": True}, {"timeZone": "Mars/Olympus"}, {"schedule": "nonsense"}])
def test_what_cannot_start_is_not_looked_at_again(spec: dict[str, Any]) -> None:
    decision = run(cron(**{"text": spec.pop("schedule", "0 * * * *"), **spec}), "2026-05-01 01:00")
    assert (decision.created, decision.wait_ns) == (None, None)


def test_reasons_tell_bad_zones_schedules_and_days_apart() -> None:
    assert reasons(run(cron(timeZone="Mars/Olympus"), "2026-05-01 01:00")) == ["UnknownTimeZone"]
    assert reasons(run(cron("* * *"), "2026-05-01 01:00")) == ["UnparseableSchedule"]
    assert reasons(run(cron("0 0 30 2 *"), "2026-05-01 01:00")) == ["InvalidSchedule"]


def test_zone_in_the_schedule_wins_and_is_warned_of() -> None:
    decision = run(cron("TZ=Asia/Kolkata 30 9 * * *", timeZone="America/New_York"), "2026-05-01 04:00")
    assert reasons(decision) == ["UnsupportedSchedule", "SuccessfulCreate"]
    assert decision.created is not None
    assert decision.created.annotation == "2026-05-01T00:00:00-04:00"


RUNNING = model.Job("old", "o", at("2026-05-01 00:00"))
ACTIVE = (("old", "o"),)


def test_forbid_skips_while_a_job_runs() -> None:
    decision = run(cron(concurrencyPolicy="Forbid"), "2026-05-01 01:00", RUNNING, active=ACTIVE)
    assert (decision.created, reasons(decision)) == (None, ["JobAlreadyActive"])


def test_replace_deletes_what_runs() -> None:
    decision = run(cron(concurrencyPolicy="Replace"), "2026-05-01 01:00", RUNNING, active=ACTIVE)
    assert (decision.deleted, reasons(decision)) == (("old",), ["SuccessfulDelete", "SuccessfulCreate"])
    assert [each.name for each in decision.status.active] == ["tick-29626620"]


def test_replace_fails_when_another_deletion_took_the_job() -> None:
    twice = (*ACTIVE, ("old", "p"))
    jobs = [RUNNING, replace(RUNNING, name="new", uid="p")]
    decision = run(cron(concurrencyPolicy="Replace"), "2026-05-01 01:00", *jobs, active=twice)
    assert (decision.error is not None, decision.created, decision.wait_ns) == (True, None, None)
    assert reasons(decision) == ["SuccessfulDelete", "FailedGet"]


def test_start_that_was_made_is_not_made_again() -> None:
    name = "tick-29626620"
    assert run(cron(), "2026-05-01 01:00:05", last="2026-05-01 01:00").created is None
    listed = run(cron(), "2026-05-01 01:00:05", model.Job(name, "x"), active=((name, "x"),))
    assert (listed.created, listed.wait_ns is not None) == (None, True)


def test_job_of_that_name_is_adopted_if_owned_and_left_alone_if_not() -> None:
    name = "tick-29626620"
    ours = run(cron(), "2026-05-01 01:00", model.Job(name, "x", finished="Complete", completed_ns=CREATED))
    assert (ours.created, ours.status.active) == (None, (model.Active(name, "x"),))
    foreign = run(cron(), "2026-05-01 01:00", model.Job(name, "x", listed=False, owned=False))
    assert (foreign.created, foreign.wait_ns, foreign.status_written) == (None, None, False)


def test_finished_job_leaves_the_active_list_and_its_success_is_noted() -> None:
    done = replace(RUNNING, finished="Complete", completed_ns=at("2026-05-01 00:20"))
    decision = run(cron(), "2026-05-01 00:30", done, active=ACTIVE)
    assert (reasons(decision), decision.status.active) == (["SawCompletedJob"], ())
    assert decision.status.last_successful_ns == done.completed_ns
    older = sync.sync(cron(), [replace(done, completed_ns=1)], decision.status, at("2026-05-01 00:31"))
    assert not older.status_written


def test_success_without_a_time_is_written_but_says_nothing() -> None:
    decision = run(cron(), "2026-05-01 00:30", replace(RUNNING, finished="Complete"))
    assert (decision.status_written, decision.status.last_successful_ns) == (True, None)


def test_unknown_child_is_warned_of_and_a_missing_one_is_forgotten() -> None:
    assert reasons(run(cron(), "2026-05-01 00:30", RUNNING)) == ["UnexpectedJob"]
    gone = run(cron(), "2026-05-01 00:30", active=ACTIVE)
    assert (reasons(gone), gone.status.active) == (["MissingJob"], ())
    stranger = run(cron(), "2026-05-01 00:30", replace(RUNNING, listed=False), active=ACTIVE)
    assert stranger.status.active == (model.Active("old", "o"),)


def test_history_keeps_the_last_started_jobs() -> None:
    done = [
        model.Job("late", "1", None, finished="Complete"),
        model.Job("b", "2", 5, finished="Complete"),
        model.Job("a", "3", 5, finished="Complete"),
        model.Job("c", "4", 6, finished="Failed"),
        model.Job("d", "5", 7, finished="Failed"),
    ]
    decision = run(cron(successfulJobsHistoryLimit=1), "2026-05-01 00:30", *done)
    assert decision.deleted == ("a", "b", "c")
    everything = replace(cron(), successful_limit=None, failed_limit=None)
    assert run(everything, "2026-05-01 00:30", *done).deleted == ()


def test_terminating_cron_job_only_tidies_up() -> None:
    decision = run(replace(cron(), terminating=True), "2026-05-01 01:00", active=ACTIVE)
    assert (decision.created, reasons(decision), decision.wait_ns) == (None, ["MissingJob"], None)


@pytest.mark.parametrize("name", ["Mars/Olympus", "/etc/localtime", "../etc", "Asia", "asia/kolkata", "IST\0"])
def test_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(zones.UnknownZone):
        zones.clock(name)


def test_reading_that_never_shows_takes_the_offset_before_the_jump() -> None:
    reading = zones.EPOCH.replace(year=2026, month=3, day=29, hour=2, minute=30)
    assert shown(zones.clock("Europe/Berlin").instant(reading) * model.SECOND) == "2026-03-29 01:30"
