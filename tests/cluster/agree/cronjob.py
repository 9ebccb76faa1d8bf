"""CronJobs: Jobs created and deleted, events, status and the time to come back, per pass."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mela.cluster.admission.cronjob import model, sync

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def differences(case: dict[str, Any]) -> list[str]:
    """Where our passes depart from upstream's."""
    found = []
    for number, step in enumerate(case["steps"]):
        created_ns = _ns(case["creationTimestamp"]) or 0
        cron_job = model.read(case["name"], created_ns, case["spec"], terminating=step.get("deleting", False))
        jobs = [_job(each) for each in step.get("jobs") or []]
        decision = sync.sync(cron_job, jobs, _status(step.get("status", {})), _ns(step["now"]) or 0)
        ours, theirs = _ours(decision), _theirs(step["out"])
        found += [
            f"step {number} {key}: ours {ours[key]}, upstream {theirs[key]}" for key in ours if ours[key] != theirs[key]
        ]
    return found


def _ours(decision: sync.Decision) -> dict[str, Any]:
    new = decision.created
    return {
        "created": [new.name, new.scheduled_ns, new.annotation] if new else None,
        "deleted": list(decision.deleted),
        "events": [[each.type, each.reason] for each in decision.events],
        "status": decision.status,
        "written": decision.status_written,
        "requeue": None if decision.wait_ns is None else round(decision.wait_ns / 1_000_000, 2),
        "error": decision.error is not None,
    }


def _theirs(out: dict[str, Any]) -> dict[str, Any]:
    new = out.get("created")
    return {
        "created": [new["name"], _ns(new["scheduledTime"]), new["annotation"]] if new else None,
        "deleted": out.get("deleted") or [],
        "events": [[type_, reason] for type_, reason, _ in out.get("events") or []],
        "status": _status(out.get("status", {})),
        "written": out.get("statusWritten", False),
        "requeue": None if out.get("requeueAfterMs") is None else round(out["requeueAfterMs"], 2),
        "error": bool(out.get("error")),
    }


def _job(each: dict[str, Any]) -> model.Job:
    return model.Job(
        name=each["name"],
        uid=each["uid"],
        started_ns=_ns(each.get("startTime")),
        completed_ns=_ns(each.get("completionTime")),
        finished=each.get("finished", ""),
        listed=each.get("listed", False),
        owned=each.get("owned", False),
    )


def _status(status: dict[str, Any]) -> model.Status:
    return model.Status(
        _ns(status.get("lastScheduleTime")),
        _ns(status.get("lastSuccessfulTime")),
        tuple(model.Active(name, uid) for name, uid in status.get("active") or []),
    )


def _ns(text: str | None) -> int | None:
    """An RFC 3339 time in nanoseconds."""
    if text is None:
        return None
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1) * 1000
