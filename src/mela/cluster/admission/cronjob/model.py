"""CronJobs and Jobs as the controller sees them. Instants are nanoseconds since 1970 UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Active:
    """A Job in status.active."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Status:
    """A CronJob's status."""

    last_schedule_ns: int | None = None
    last_successful_ns: int | None = None
    active: tuple[Active, ...] = ()


@dataclass(frozen=True, slots=True)
class CronJob:
    """A CronJob. The limits say how many finished Jobs are kept; None keeps all."""

    name: str
    created_ns: int
    schedule: str
    time_zone: str | None = None
    concurrency: str = "Allow"
    suspended: bool = False
    starting_deadline_s: int | None = None
    successful_limit: int | None = 3
    failed_limit: int | None = 1
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A Job that exists. `finished` is Complete, Failed or empty.

    `listed`: its controller reference has the CronJob's name, so the controller counts it as a child. `owned`: the reference
    has the CronJob's UID too.
    """

    name: str
    uid: str
    started_ns: int | None = None
    completed_ns: int | None = None
    finished: str = ""
    listed: bool = True
    owned: bool = True


def read(name: str, created_ns: int, spec: Mapping[str, Any], *, terminating: bool = False) -> CronJob:
    """Read the spec of a batch/v1 CronJob, with the API's defaults for what it leaves out."""
    successful, failed = spec.get("successfulJobsHistoryLimit"), spec.get("failedJobsHistoryLimit")
    return CronJob(
        name=name,
        created_ns=created_ns,
        schedule=spec.get("schedule", ""),
        time_zone=spec.get("timeZone"),
        concurrency=spec.get("concurrencyPolicy") or "Allow",
        suspended=bool(spec.get("suspend")),
        starting_deadline_s=spec.get("startingDeadlineSeconds"),
        successful_limit=3 if successful is None else successful,
        failed_limit=1 if failed is None else failed,
        terminating=terminating,
    )
