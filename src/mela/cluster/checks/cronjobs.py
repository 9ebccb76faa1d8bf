"""CronJobs in time: schedules that name a moment, deadlines that can be met, runs that neither pile up nor block one another.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ (2026-11-23).
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from mela.cluster import workloads
from mela.cluster.admission.cronjob import schedule
from mela.cluster.admission.cronjob.model import SECOND
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, System
from mela.cluster.workloads import number, text

LOOKS_EVERY_S = 10
"""How often the controller looks, at least."""
FROM_NS = 1_767_225_600 * SECOND
"""Where the next times are counted from: 2026-01-01 UTC. Any start gives the same gaps over a week."""
RUNS = 50
"""So many runs are looked at for the shortest gap."""
JOB = ("spec", "jobTemplate", "spec")

_REPORT = """
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: report, namespace: shop}
    spec:
      schedule: "30 2 * * *"
      timeZone: Asia/Kolkata
      concurrencyPolicy: Forbid
      startingDeadlineSeconds: 3600
      jobTemplate:
        spec:
          activeDeadlineSeconds: 7200
          template:
            spec:
              restartPolicy: Never
              containers: [{name: report, image: "example.org/report:1.0.3"}]
    """


@lru_cache(maxsize=4096)
def _times(written: str) -> tuple[int, ...] | None:
    """The next runs in seconds; fewer where the schedule ends; None where it cannot be read."""
    try:
        line = schedule.parse(written)
    except schedule.InvalidSchedule:
        return None
    found: list[int] = []
    at = line.next(FROM_NS)
    while at is not None and len(found) < RUNS:
        found.append(at // SECOND)
        at = line.next(at)
    return tuple(found)


def _gap_s(job: Object) -> int | None:
    """The shortest time between two runs."""
    times = _times(text(job.get("spec", "schedule"))) or ()
    return min((later - earlier for earlier, later in pairwise(times)), default=None)


def _limit_s(job: Object) -> int | None:
    """How long one run may take, by the Job's or the pod's own deadline."""
    limits = [job.get(*JOB, "activeDeadlineSeconds"), job.get(*JOB, "template", "spec", "activeDeadlineSeconds")]
    known = [each for each in limits if isinstance(each, int)]
    return min(known, default=None)


def _span(seconds: int) -> str:
    """In the largest unit that divides it: 90 min, 2 h."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds % unit == 0 and seconds:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


@rule(
    id="schedule-names-no-time",
    severity="error",
    about="A CronJob's schedule names days that exist.",
    good=_REPORT,
    bad=_REPORT.replace("30 2 * * *", "30 2 31 2 *"),
)
def schedule_names_no_time(system: System) -> Iterator[Finding]:
    for job in system.kind("CronJob"):
        if _times(text(job.get("spec", "schedule"))) == ():
            yield Finding(
                job,
                ("spec", "schedule"),
                says=f"`{job.get('spec', 'schedule')}` names no time in the next five years.",
                happens="The CronJob is accepted and never runs.",
                mend="Correct day and month; fields are minute, hour, day, month, weekday.",
            )


@rule(
    id="schedule-deadline-too-short",
    severity="error",
    about="startingDeadlineSeconds leaves the controller, which looks every 10 seconds, time to start the Job.",
    good=_REPORT,
    bad=_REPORT.replace("startingDeadlineSeconds: 3600", "startingDeadlineSeconds: 5"),
)
def schedule_deadline_too_short(system: System) -> Iterator[Finding]:
    for job in system.kind("CronJob"):
        deadline = job.get("spec", "startingDeadlineSeconds")
        if isinstance(deadline, int) and deadline < LOOKS_EVERY_S:
            yield Finding(
                job,
                ("spec", "startingDeadlineSeconds"),
                says=f"A run has to start within {deadline} s, and the controller looks only every {LOOKS_EVERY_S} s.",
                happens="Runs are skipped at random, or always.",
                mend="Allow as much delay as the work bears: minutes or an hour.",
            )


@rule(
    id="schedule-without-catch-up",
    severity="info",
    about="A CronJob that forbids overlap says until when a run may be made up for.",
    good=_REPORT,
    bad=_REPORT.replace("      startingDeadlineSeconds: 3600\n", ""),
)
def schedule_without_catch_up(system: System) -> Iterator[Finding]:
    """Without a deadline the latest missed run is started whenever the controller comes back."""
    for job in system.kind("CronJob"):
        if job.get("spec", "startingDeadlineSeconds") is None and job.get("spec", "concurrencyPolicy") == "Forbid":
            yield Finding(
                job,
                ("spec",),
                says="Nothing says until when a missed run may still start.",
                happens="After an outage of the control plane, or a run that took too long, the latest missed run "
                "starts at once, at whatever hour that is.",
                mend="Set startingDeadlineSeconds to the delay that the work bears.",
            )


@rule(
    id="schedule-piles-up",
    severity="warning",
    about="Runs that may overlap end by a deadline before many of them run at the same time.",
    good=_REPORT,
    bad=_REPORT.replace("concurrencyPolicy: Forbid", "concurrencyPolicy: Allow").replace("          activeDeadlineSeconds: 7200\n", ""),
)  # fmt: skip
def schedule_piles_up(system: System) -> Iterator[Finding]:
    for job in system.kind("CronJob"):
        gap, limit = _gap_s(job), _limit_s(job)
        if (job.get("spec", "concurrencyPolicy") or "Allow") == "Allow" and gap and (limit is None or limit > gap):
            yield Finding(
                job,
                ("spec", "concurrencyPolicy"),
                says=f"A run starts every {_span(gap)}, whether or not the one before has ended"
                + (f", and may take {_span(limit)}." if limit else ", and may take for ever."),
                happens="When runs hang, they pile up until quota, nodes or the database give way.",
                mend="Set `concurrencyPolicy: Forbid`, or an activeDeadlineSeconds below the interval.",
            )


@rule(
    id="schedule-hangs-for-ever",
    severity="warning",
    about="Where runs may not overlap, each ends by a deadline, shorter than the interval.",
    good=_REPORT,
    bad=_REPORT.replace("          activeDeadlineSeconds: 7200\n", ""),
)
def schedule_hangs_for_ever(system: System) -> Iterator[Finding]:
    for job in system.kind("CronJob"):
        gap, limit = _gap_s(job), _limit_s(job)
        if job.get("spec", "concurrencyPolicy") == "Forbid" and gap and (limit is None or limit > gap):
            yield Finding(
                job,
                (*JOB, "activeDeadlineSeconds"),
                says=f"A run may take {_span(limit)}, longer than the {_span(gap)} between two runs."
                if limit
                else "A run may take for ever, and the next starts only when it has ended.",
                happens="A run that hangs stops all later ones, without an error anywhere."
                if limit is None
                else "A slow run makes the next one late or skips it.",
                mend="Set `jobTemplate.spec.activeDeadlineSeconds` below the interval.",
            )


@rule(
    id="schedule-in-utc",
    severity="info",
    about="A schedule with an hour says in which time zone.",
    good=_REPORT,
    bad=_REPORT.replace("      timeZone: Asia/Kolkata\n", ""),
)
def schedule_in_utc(system: System) -> Iterator[Finding]:
    for job in system.kind("CronJob"):
        fields = text(job.get("spec", "schedule")).split()
        if job.get("spec", "timeZone") is None and len(fields) == 5 and fields[1].isdigit() and fields[0].isdigit():
            minutes = int(fields[1]) * 60 + int(fields[0]) + 330
            yield Finding(
                job,
                ("spec", "schedule"),
                says=f"No timeZone is given: {int(fields[1]):02}:{int(fields[0]):02} is the control plane's time, usually UTC.",
                happens=f"If so it runs at {minutes // 60 % 24:02}:{minutes % 60:02} in India.",
                mend="Add `timeZone`, such as Asia/Kolkata or Etc/UTC.",
            )


@rule(
    id="job-retries-for-ever",
    severity="warning",
    about="A Job that restarts its container in place has a deadline or a bound on its retries.",
    good=_REPORT,
    bad=_REPORT.replace("          activeDeadlineSeconds: 7200\n", "          backoffLimit: 1000\n"),
)
def job_retries_for_ever(system: System) -> Iterator[Finding]:
    """Retries wait 10 s, doubled each time up to 6 min: 1000 of them take four days.

    Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy (2026-11-23)."""
    for workload in workloads.of(system).all:
        if workload.type not in ("Job", "CronJob"):
            continue
        at = workload.at[:-1]
        retries = number(workload.object.get(*at, "backoffLimit"), 6)
        deadline = workload.object.get(*at, "activeDeadlineSeconds") or workload.spec.get("activeDeadlineSeconds")
        if deadline is None and retries > 20:
            hours = (retries - 6) * 360 // 3600
            yield Finding(
                workload.object,
                (*at, "backoffLimit"),
                says=f"A failing run is tried again {retries} times and has no deadline.",
                happens=f"With pauses that grow to six minutes it is reported as failed only after some {hours} hours.",
                mend="Lower backoffLimit, or set activeDeadlineSeconds.",
            )
