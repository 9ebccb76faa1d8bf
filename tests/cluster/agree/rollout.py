"""Deployment rollouts: what every pass creates, scales, deletes and reports."""

from dataclasses import replace
from typing import Any

from mela.cluster.admission.rollout import model, sync

FAILURE = model.Condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota", 0, 0)


def differences(case: dict[str, Any]) -> list[str]:
    """Where our passes depart from upstream's; the first step that differs ends the comparison."""
    begin = case.get("begin", {})
    revision, status = begin.get("revision", ""), _status(begin.get("status", {}))
    min_ready: dict[str, int] = {}
    spec: dict[str, Any] = {}
    for number, step in enumerate(case["steps"]):
        spec = step.get("spec", spec)
        deployment = _deployment(spec, revision, status)
        replica_sets = [_replica_set(each, min_ready, deployment.min_ready_s) for each in step.get("rs", [])]
        created = step["out"].get("created", [{"name": "web-new"}])
        decision = sync.sync(deployment, replica_sets, created[0]["name"], step["t"])
        written = [*decision.written, *([decision.created] if decision.created else [])]
        min_ready |= {each.name: each.min_ready_s for each in written}
        ours, theirs = _ours(decision, revision), _theirs(step["out"])
        if ours != theirs:
            return [
                f"step {number} {key}: ours {ours[key]}, upstream {theirs[key]}"
                for key in ours
                if ours[key] != theirs[key]
            ]
        revision, status = decision.deployment.revision, decision.deployment.status
    return []


def _ours(decision: sync.Decision, revision: str) -> dict[str, Any]:
    after, created = decision.deployment, decision.created
    return {
        "created": [_shown(created) | {"lag": not created.observed}] if created else [],
        "scaled": {each.name: [each.replicas, each.revision, each.desired, each.maximum] for each in decision.written},
        "deleted": list(decision.deleted),
        "revision": after.revision if after.revision != revision else "",
        "events": sorted(_event(each) for each in decision.events),
        "written": decision.status_written,
        "status": _comparable(after.status) if decision.status_written else None,
    }


def _theirs(out: dict[str, Any]) -> dict[str, Any]:
    return {
        "created": [_given(each) for each in out.get("created", [])],
        "scaled": {name: rest for name, *rest in out.get("scaled", [])},
        "deleted": out.get("deleted", []),
        "revision": out.get("revision", ""),
        "events": out.get("events", []),
        "written": out.get("statusWritten", False),
        "status": _comparable(_status(out["status"])) if "status" in out else None,
    }


def _event(scaled: sync.Scaled) -> str:
    way = "up" if scaled.after > scaled.before else "down"
    return f"Normal ScalingReplicaSet Scaled {way} replica set {scaled.name} from {scaled.before} to {scaled.after}"


def _shown(each: model.ReplicaSet) -> dict[str, Any]:
    counts = each.counts
    return {
        "name": each.name,
        "template": each.template,
        "created": each.created_s,
        "replicas": each.replicas,
        "status": [counts.replicas, counts.ready, counts.available, counts.terminating],
        "pods": each.pods,
        "revision": each.revision,
        "desired": each.desired,
        "max": each.maximum,
    }


def _given(each: dict[str, Any]) -> dict[str, Any]:
    return {"lag": False, "pods": 0, "replicas": 0, "revision": None} | each


def _comparable(status: model.Status) -> dict[str, Any]:
    """Messages are ours; conditions are sorted by type."""
    conditions = sorted(status.conditions, key=lambda each: each.type)
    return {
        "numbers": replace(status, conditions=()),
        "conditions": [(each.type, each.status, each.reason, each.updated_s, each.since_s) for each in conditions],
    }


def _deployment(spec: dict[str, Any], revision: str, status: model.Status) -> model.Deployment:
    return model.Deployment(
        name="web",
        generation=spec.get("generation", 0),
        replicas=spec.get("replicas", 0),
        template=spec["template"],
        strategy=spec["strategy"],
        max_surge=spec.get("maxSurge", 0),
        max_unavailable=spec.get("maxUnavailable", 0),
        min_ready_s=spec.get("minReadySeconds", 0),
        progress_deadline_s=spec.get("progressDeadlineSeconds"),
        revision_history_limit=spec.get("revisionHistoryLimit"),
        paused=spec.get("paused", False),
        revision=revision,
        status=status,
    )


def _replica_set(each: dict[str, Any], min_ready: dict[str, int], present: int) -> model.ReplicaSet:
    replicas, ready, available, terminating = each.get("status", [0, 0, 0, 0])
    return model.ReplicaSet(
        name=each["name"],
        template=each["template"],
        created_s=each.get("created", 0),
        replicas=each.get("replicas", 0),
        revision=each.get("revision"),
        desired=each.get("desired"),
        maximum=each.get("max"),
        min_ready_s=min_ready.get(each["name"], present),
        counts=model.Counts(replicas, ready, available, terminating),
        observed=not each.get("lag", False),
        pods=each.get("pods", 0),
        failure=FAILURE if each.get("replicaFailure") else None,
    )


def _status(status: dict[str, Any]) -> model.Status:
    return model.Status(
        observed_generation=status.get("observedGeneration", 0),
        replicas=status.get("replicas", 0),
        updated=status.get("updated", 0),
        ready=status.get("ready", 0),
        available=status.get("available", 0),
        unavailable=status.get("unavailable", 0),
        terminating=status.get("terminating"),
        conditions=tuple(model.Condition(*each) for each in status.get("conditions", [])),
    )
