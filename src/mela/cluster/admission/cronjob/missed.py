"""Which start is due, how many were missed, and when to look again.

The number of missed starts is estimated from the distance of the first two; where starts are irregular, the estimate is off
and may even skip one.

Source: kubernetes v1.36.3, pkg/controller/cronjob/utils.go (mostRecentScheduleTime, nextScheduleTimeDuration),
read 2026-11-23.
"""

from dataclasses import dataclass

from mela.cluster import arithmetic
from mela.cluster.admission.cronjob import model, schedule

MANY = 100
"""More missed starts than this earn a warning."""
PADDING_NS = 100_000_000
"""Added to every wait, so that a clock a little slow does not wake the controller too early."""


class NeverStarts(ValueError):
    """A schedule that names no time, or no second one."""


@dataclass(frozen=True, slots=True)
class Due:
    """The most recent start that is due, if any, counted from `earliest_ns`, and an estimate of how many are."""

    earliest_ns: int
    at_ns: int | None
    n_missed: int


def most_recent(
    cron_job: model.CronJob, last_ns: int | None, line: schedule.Schedule, now_ns: int, *, within_deadline: bool
) -> Due:
    """Find the most recent start since the last one (or creation), with the deadline not before it. Raises: NeverStarts."""
    earliest = cron_job.created_ns if last_ns is None else last_ns
    if within_deadline and cron_job.starting_deadline_s is not None:
        earliest = max(earliest, now_ns - deadline_ns(cron_job.starting_deadline_s))
    first = line.next(earliest)
    second = None if first is None else line.next(first)
    if first is not None and now_ns < first:
        return Due(earliest, None, 0)
    if first is not None and second is not None and now_ns < second:
        return Due(earliest, first, 0)
    if first is None or second is None or second - first < model.SECOND:
        raise NeverStarts("the schedule names no two times; it may ask for a day that no month has")
    return _latest(line, earliest, first, second, now_ns)


def wait_ns(cron_job: model.CronJob, last_ns: int | None, line: schedule.Schedule, now_ns: int) -> int | None:
    """Return how long to wait for the start after the most recent one; None when there is none."""
    try:
        due = most_recent(cron_job, last_ns, line, now_ns, within_deadline=False)
    except NeverStarts:
        start: int | None = now_ns
    else:
        start = due.earliest_ns if due.n_missed == 0 and due.at_ns is None else due.at_ns
    following = line.next(now_ns if start is None else start)
    return None if following is None else following + PADDING_NS - now_ns


def deadline_ns(seconds: int) -> int:
    """Turn a startingDeadlineSeconds into nanoseconds; beyond 292 years it wraps, as upstream's does."""
    return arithmetic.int64(seconds * model.SECOND)


def _latest(line: schedule.Schedule, earliest: int, first: int, second: int, now_ns: int) -> Due:
    """Jump close to now by whole distances, then walk."""
    distance = second - first
    n_missed = (now_ns - first) // distance + 1
    latest = None
    following = line.next(first + (n_missed - 2) * distance)
    while following is not None and following <= now_ns:
        latest, following = following, line.next(following)
    return Due(earliest, latest, n_missed)
