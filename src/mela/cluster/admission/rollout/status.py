"""A Deployment's status: counts, conditions, and whether a rollout still progresses.

Source: kubernetes v1.36.3, pkg/controller/deployment/sync.go (calculateStatus), progress.go (syncRolloutStatus) and
util/deployment_util.go, read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import replace

from mela.cluster import arithmetic
from mela.cluster.admission.rollout import bounds, model, sets

PROGRESSING = "Progressing"
COMPLETE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"


def with_condition(status: model.Status, new: model.Condition) -> model.Status:
    """Set a condition, unless one with this status and reason is there already; a changed one moves to the end."""
    old = status.condition(new.type)
    if old and (old.status, old.reason) == (new.status, new.reason):
        return status
    if old and old.status == new.status:
        new = replace(new, since_s=old.since_s)
    return replace(without(status, new.type), conditions=(*without(status, new.type).conditions, new))


def without(status: model.Status, type_: str) -> model.Status:
    """Remove a condition."""
    return replace(status, conditions=tuple(each for each in status.conditions if each.type != type_))


def progressing(value: str, reason: str, message: str, now_s: int) -> model.Condition:
    """Make a condition Progressing."""
    return model.Condition(PROGRESSING, value, reason, message, now_s, now_s)


def calculated(
    deployment: model.Deployment, all_sets: Sequence[model.ReplicaSet], new: model.ReplicaSet | None, now_s: int
) -> model.Status:
    """Count pods and judge availability; conditions are kept."""
    available = sets.available(all_sets)
    counted = model.Status(
        observed_generation=deployment.generation,
        replicas=sum(each.counts.replicas for each in all_sets),
        updated=new.counts.replicas if new else 0,
        ready=sum(each.counts.ready for each in all_sets),
        available=available,
        unavailable=max(0, arithmetic.int32(sets.replicas(all_sets) - available)),
        terminating=_terminating(all_sets),
        conditions=deployment.status.conditions,
    )
    enough = available >= bounds.min_available(deployment)
    return with_condition(counted, _availability(enough=enough, now_s=now_s))


def rolled_out(
    deployment: model.Deployment, all_sets: Sequence[model.ReplicaSet], new: model.ReplicaSet | None, now_s: int
) -> model.Status:
    """Calculate the status after a step of a rollout, progress and the ReplicaSets' failures included."""
    status = calculated(deployment, all_sets, new, now_s)
    status = _with_progress(deployment, status, new, now_s) if deployment.has_deadline else without(status, PROGRESSING)
    failure = _failure(all_sets, new)
    return with_condition(status, failure) if failure else without(status, "ReplicaFailure")


def is_complete(deployment: model.Deployment, status: model.Status) -> bool:
    """Tell whether all pods are of the new version and available, and the status is about the present spec."""
    return (
        status.updated == status.replicas == status.available == deployment.replicas
        and status.observed_generation >= deployment.generation
    )


def _with_progress(
    deployment: model.Deployment, status: model.Status, new: model.ReplicaSet | None, now_s: int
) -> model.Status:
    current = deployment.status.condition(PROGRESSING)
    if current and current.reason == COMPLETE and status.replicas == status.updated:
        return status
    subject = f"ReplicaSet {new.name}" if new else f"Deployment {deployment.name}"
    if is_complete(deployment, status):
        return with_condition(status, progressing("True", COMPLETE, f"{subject} is fully rolled out", now_s))
    if _progresses(deployment.status, status):
        moved = progressing("True", "ReplicaSetUpdated", f"{subject} is progressing", now_s)
        if current and current.status == "True":
            moved = replace(moved, since_s=current.since_s)
        return with_condition(without(status, PROGRESSING) if current else status, moved)
    if _timed_out(deployment, status, now_s):
        return with_condition(status, progressing("False", TIMED_OUT, f"{subject} made no progress in time", now_s))
    return status


def _progresses(old: model.Status, new: model.Status) -> bool:
    """Tell whether there are more new, fewer old, more ready or more available pods than before."""
    return (
        new.updated > old.updated
        or new.replicas - new.updated < old.replicas - old.updated
        or new.ready > old.ready
        or new.available > old.available
    )


def _timed_out(deployment: model.Deployment, status: model.Status, now_s: int) -> bool:
    """Tell whether the last progress is longer ago than the deadline; a rollout that was complete has no deadline."""
    condition = status.condition(PROGRESSING)
    if condition is None or condition.reason == COMPLETE:
        return False
    return condition.reason == TIMED_OUT or condition.updated_s + (deployment.progress_deadline_s or 0) < now_s


def _availability(*, enough: bool, now_s: int) -> model.Condition:
    if enough:
        return model.Condition(
            "Available", "True", "MinimumReplicasAvailable", "enough pods are available", now_s, now_s
        )
    return model.Condition(
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        "fewer pods are available than the strategy wants",
        now_s,
        now_s,
    )


def _terminating(all_sets: Sequence[model.ReplicaSet]) -> int | None:
    """Add up terminating pods; None when one ReplicaSet does not report them."""
    counts = [each.counts.terminating for each in all_sets]
    return None if None in counts else sum(count or 0 for count in counts)


def _failure(all_sets: Sequence[model.ReplicaSet], new: model.ReplicaSet | None) -> model.Condition | None:
    """Take the new ReplicaSet's failure to create pods, else the first of the others."""
    candidates = [new, *all_sets] if new else all_sets
    return next((each.failure for each in candidates if each.failure), None)
