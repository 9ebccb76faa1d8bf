"""Disruption budgets: the controller's passes and the answers to evictions, step by step."""

import re
from dataclasses import dataclass, replace
from typing import Any

from mela.cluster.admission.disruption import budget, eviction, model, owners

KINDS = {
    **owners.BUILT_IN,
    ("cache.example.com/v1", "Cache"): True,
    ("ops.example.com/v1", "Task"): False,
}
CAUSES = [
    (re.compile(r".* is still being processed by the server\."), "NotProcessed"),
    (re.compile(r".* because it failed sync: .*", re.DOTALL), "SyncFailed"),
    (re.compile(r".* needs -?\d+ healthy pods and has -?\d+ currently"), "NeedsHealthy"),
    (re.compile(r".* does not allow evicting pods currently.*", re.DOTALL), "NotAllowed"),
]


@dataclass
class _World:
    workloads: dict[str, model.Workload]
    pods: dict[str, model.Pod]
    budgets: dict[str, model.Budget]


def differences(case: dict[str, Any]) -> list[str]:
    """Where our answers depart from upstream's; the first step that differs ends the comparison."""
    world = _World(
        {each["uid"]: _workload(each) for each in case.get("workloads", [])},
        {each["name"]: _pod(each) for each in case.get("pods", [])},
        {each["name"]: _budget(each) for each in case.get("pdbs", [])},
    )
    steps = {"sync": _sync, "evict": _evict, "change": _change}
    for number, step in enumerate(case["steps"]):
        ours, theirs = steps[step["op"]](world, step)
        if ours != theirs:
            return [
                f"step {number} {key}: ours {ours.get(key)}, upstream {theirs.get(key)}"
                for key in sorted({*ours, *theirs})
                if ours.get(key) != theirs.get(key)
            ]
    return []


def _sync(world: _World, step: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    old = world.budgets[step["pdb"]]
    synced = budget.sync(old, list(world.pods.values()), _cluster(world), step["t"])
    world.budgets[step["pdb"]] = replace(old, status=synced.status)
    out = step["out"]
    ours = {"written": synced.written, "events": sorted(synced.events), "status": _shown(synced.status)}
    theirs = {
        "written": out.get("written", False),
        "events": sorted(out.get("events", [])),
        "status": _shown(_status(out["status"][step["pdb"]])),
    }
    return ours, theirs


def _evict(world: _World, step: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    pod = world.pods.get(step["pod"])
    answer = eviction.evict(pod, list(world.budgets.values()), step["t"], dry_run=step.get("dryRun", False))
    if answer.budget:
        world.budgets[answer.budget.name] = answer.budget
    if pod and answer.deletes:
        world.pods[pod.name] = replace(pod, terminating=True)
    out = step["out"]
    ours = {
        "code": answer.code,
        "reason": answer.reason,
        "retry": answer.retry_after_s,
        "cause": answer.cause,
        "deleted": answer.deletes,
        "precondition": answer.only_unchanged,
        "status": {answer.budget.name: _shown(answer.budget.status)} if answer.budget else {},
    }
    theirs = {
        "code": out["code"],
        "reason": out.get("reason", ""),
        "retry": out.get("retryAfterSeconds", 0),
        "cause": "".join(_cause(message) for _, message in out.get("causes", [])),
        "deleted": out.get("deleted", False),
        "precondition": out.get("precondition", False),
        "status": {name: _shown(_status(status)) for name, status in out.get("status", {}).items()},
    }
    return ours, theirs


def _change(world: _World, step: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    for name in step.get("removePods", []):
        world.pods.pop(name, None)
    world.pods |= {each["name"]: _pod(each) for each in step.get("setPods", [])}
    world.workloads |= {each["uid"]: _workload(each) for each in step.get("setWorkloads", [])}
    for each in step.get("setPDBs", []):
        old = world.budgets.get(each["name"])
        new = _budget(each)
        world.budgets[new.name] = replace(new, status=old.status) if old else new
    return {}, {}


def _cluster(world: _World) -> owners.Cluster:
    return owners.Cluster(list(world.workloads.values()), KINDS)


def _cause(message: str) -> str:
    return next(cause for pattern, cause in CAUSES if pattern.fullmatch(message))


def _shown(status: model.BudgetStatus) -> dict[str, Any]:
    condition = status.condition
    return {
        "numbers": [
            status.observed_generation,
            status.current_healthy,
            status.desired_healthy,
            status.expected_pods,
            status.disruptions_allowed,
        ],
        "disrupted": dict(status.disrupted_pods),
        "condition": condition and [condition.status, condition.reason, condition.observed_generation],
    }


def _owner(owner: dict[str, Any] | None) -> model.Owner | None:
    return model.Owner(owner["apiVersion"], owner["kind"], owner["name"], owner["uid"]) if owner else None


def _workload(each: dict[str, Any]) -> model.Workload:
    replicas = each.get("replicas", 0)
    return model.Workload(
        each["apiVersion"], each["kind"], each["name"], each["uid"], replicas, _owner(each.get("owner"))
    )


def _pod(each: dict[str, Any]) -> model.Pod:
    return model.Pod(
        name=each["name"],
        labels=each.get("labels", {}),
        owner=_owner(each.get("owner")),
        phase=each.get("phase", ""),
        ready=each.get("ready"),
        terminating=each.get("deleting", False),
    )


def _budget(each: dict[str, Any]) -> model.Budget:
    status = _status(each["status"]) if "status" in each else None
    return model.read(each["name"], each.get("generation", 0), each["spec"], status)


def _status(status: dict[str, Any]) -> model.BudgetStatus:
    condition = status.get("condition")
    return model.BudgetStatus(
        observed_generation=status.get("observedGeneration", 0),
        current_healthy=status.get("currentHealthy", 0),
        desired_healthy=status.get("desiredHealthy", 0),
        expected_pods=status.get("expectedPods", 0),
        disruptions_allowed=status.get("disruptionsAllowed", 0),
        disrupted_pods=status.get("disruptedPods", {}),
        condition=model.Condition(*condition) if condition else None,
    )
