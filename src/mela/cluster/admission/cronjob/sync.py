"""One pass of the CronJob's controller.

Finished Jobs beyond the limits go first. Then the list of active Jobs is set right, and only then is the schedule asked.

Source: kubernetes v1.36.3, pkg/controller/cronjob/cronjob_controllerv2.go (cleanupFinishedJobs, syncCronJob),
read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mela.cluster.admission.cronjob import missed, model, schedule, zones


@dataclass(frozen=True, slots=True)
class Event:
    """An event on the CronJob."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """A Job to create: its name holds the Unix minute, so that one start cannot create two. `annotation` is the local time."""

    name: str
    scheduled_ns: int
    annotation: str

    @property
    def uid(self) -> str:
        """A stand-in until the API server gives one."""
        return f"u-{self.name}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a pass did. `wait_ns` is when to come back; None means not before the CronJob or a Job changes."""

    status: model.Status
    status_written: bool = False
    created: NewJob | None = None
    deleted: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    wait_ns: int | None = None
    error: str | None = None


@dataclass(slots=True)
class _Pass:
    """A pass under way. `existing` are the Jobs in the API by name."""

    cron_job: model.CronJob
    jobs: Sequence[model.Job]
    now_ns: int
    status: model.Status
    existing: dict[str, model.Job]
    changed: bool = False
    created: NewJob | None = None
    deleted: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    wait_ns: int | None = None
    error: str | None = None

    def say(self, reason: str, message: str, type_: str = "Normal") -> None:
        self.events.append(Event(type_, reason, message))

    def is_active(self, uid: str) -> bool:
        return any(each.uid == uid for each in self.status.active)

    def drop(self, uid: str) -> None:
        """Take a Job off the active list."""
        self.status = replace(self.status, active=tuple(each for each in self.status.active if each.uid != uid))
        self.changed = True

    def delete(self, job: model.Job) -> None:
        self.existing.pop(job.name, None)
        self.deleted.append(job.name)
        self.drop(job.uid)
        self.say("SuccessfulDelete", f"deleted Job {job.name}")


def sync(cron_job: model.CronJob, jobs: Sequence[model.Job], status: model.Status, now_ns: int) -> Decision:
    """Make one pass over all Jobs of the namespace that matter, in the order of the controller's list."""
    this = _Pass(cron_job, jobs, now_ns, status, {job.name: job for job in jobs})
    listed = [job for job in jobs if job.listed]
    _clean_up(this, [job for job in listed if job.finished == "Complete"], cron_job.successful_limit)
    _clean_up(this, [job for job in listed if job.finished == "Failed"], cron_job.failed_limit)
    for job in listed:
        _observe(this, job)
    _drop_missing(this, {job.uid for job in listed})
    if not cron_job.terminating:
        _follow_schedule(this)
    return Decision(
        this.status if this.changed else status,
        this.changed,
        this.created,
        tuple(this.deleted),
        tuple(this.events),
        this.wait_ns,
        this.error,
    )


def _clean_up(this: _Pass, finished: list[model.Job], limit: int | None) -> None:
    """Delete the finished Jobs that started first; Jobs without a start time count as the last ones."""
    if limit is None:
        return
    by_start = sorted(finished, key=lambda job: (job.started_ns is None, job.started_ns or 0, job.name))
    for job in by_start[: max(0, len(finished) - limit)]:
        this.delete(job)


def _observe(this: _Pass, job: model.Job) -> None:
    """Set the active list and the last success right for one Job."""
    active = this.is_active(job.uid)
    if not job.finished:
        if not active:
            this.say("UnexpectedJob", f"the controller does not remember Job {job.name}", "Warning")
        return
    if active:
        this.drop(job.uid)
        this.say("SawCompletedJob", f"Job {job.name} finished: {job.finished}")
    if job.finished == "Complete":
        _note_success(this, job.completed_ns)


def _note_success(this: _Pass, completed_ns: int | None) -> None:
    last = this.status.last_successful_ns
    if last is None or (completed_ns is not None and completed_ns > last):
        this.status = replace(this.status, last_successful_ns=completed_ns)
        this.changed = True


def _drop_missing(this: _Pass, children: set[str]) -> None:
    for each in this.status.active:
        if each.uid not in children and each.name not in this.existing:
            this.say("MissingJob", f"active Job {each.name} is gone")
            this.drop(each.uid)


def _follow_schedule(this: _Pass) -> None:
    cron_job = this.cron_job
    try:
        clock = zones.clock(cron_job.time_zone or "")
    except zones.UnknownZone as error:
        this.say("UnknownTimeZone", str(error), "Warning")
        return
    if cron_job.suspended:
        return
    try:
        line = schedule.parse(_text(this))
        due = missed.most_recent(cron_job, this.status.last_schedule_ns, line, this.now_ns, within_deadline=True)
    except schedule.InvalidSchedule as error:
        this.say("UnparseableSchedule", str(error), "Warning")
        return
    except missed.NeverStarts as error:
        this.say("InvalidSchedule", str(error), "Warning")
        return
    if due.at_ns is None or _start(this, due.at_ns, due.n_missed, clock):
        this.wait_ns = missed.wait_ns(cron_job, this.status.last_schedule_ns, line, this.now_ns)


def _text(this: _Pass) -> str:
    """Put the time zone before the schedule; a schedule that says TZ anywhere is left alone."""
    cron_job = this.cron_job
    if "TZ" in cron_job.schedule:
        this.say("UnsupportedSchedule", "write the zone into spec.timeZone, not into the schedule", "Warning")
        return cron_job.schedule
    return cron_job.schedule if cron_job.time_zone is None else f"TZ={cron_job.time_zone} {cron_job.schedule}"


def _start(this: _Pass, at_ns: int, n_missed: int, clock: zones.Clock) -> bool:
    """Start what is due, if nothing speaks against it; tell whether to come back for the next start."""
    cron_job = this.cron_job
    if n_missed > missed.MANY:
        this.say("TooManyMissedTimes", "more than 100 starts were missed; set startingDeadlineSeconds", "Warning")
    deadline_s = cron_job.starting_deadline_s
    if deadline_s is not None and at_ns + missed.deadline_ns(deadline_s) < this.now_ns:
        this.say("MissSchedule", "the start is later than startingDeadlineSeconds allows", "Warning")
        return True
    name = f"{cron_job.name}-{at_ns // (60 * model.SECOND)}"
    if this.status.last_schedule_ns == at_ns or any(each.name == name for each in this.status.active):
        return True
    if cron_job.concurrency == "Forbid" and this.status.active:
        this.say("JobAlreadyActive", "the last Job still runs and concurrencyPolicy is Forbid")
        return True
    if cron_job.concurrency == "Replace" and not _replace(this):
        return False
    return _create(this, NewJob(name, at_ns, _local(at_ns, clock)))


def _replace(this: _Pass) -> bool:
    """Delete all active Jobs; fails at the first that does not exist."""
    for each in this.status.active:
        job = this.existing.get(each.name)
        if job is None:
            this.error = f"active Job {each.name} does not exist"
            this.say("FailedGet", this.error, "Warning")
            return False
        this.delete(job)
    return True


def _create(this: _Pass, new: NewJob) -> bool:
    """Create the Job; one of that name is adopted if it is ours, and left alone if it is not."""
    existing = this.existing.get(new.name)
    if existing is not None and (not existing.owned or this.is_active(existing.uid)):
        return False
    if existing is None:
        this.created = new
        this.say("SuccessfulCreate", f"created Job {new.name}")
    started = model.Active(new.name, existing.uid if existing else new.uid)
    this.status = replace(this.status, active=(*this.status.active, started), last_schedule_ns=new.scheduled_ns)
    this.changed = True
    return True


def _local(at_ns: int, clock: zones.Clock) -> str:
    """Write an instant on the CronJob's own clock, as RFC 3339."""
    at_s = at_ns // model.SECOND
    offset = clock.offset(at_s)
    hours, minutes = divmod(abs(offset) // 60, 60)
    zone = f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}" if offset else "Z"
    return f"{(zones.EPOCH + timedelta(seconds=at_s + offset)).isoformat()}{zone}"
