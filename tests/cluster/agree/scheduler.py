"""Scheduler decisions: feasible nodes, reasons, scores, the best ones, preemption, the event's message."""

from __future__ import annotations

from typing import Any

from mela.cluster.scheduler import decide, nodes, pods, verdicts
from tests.cluster.agree import Case

WORKLOADS = {
    "services": "Service",
    "replicaSets": "ReplicaSet",
    "statefulSets": "StatefulSet",
    "replicationControllers": "ReplicationController",
}


def differences(case: Case) -> list[str]:
    """Every key of `out`."""
    places = nodes.occupied(map(nodes.parse, case["nodes"]), map(pods.parse, case.get("pods") or []))
    snapshot = decide.Snapshot(
        places=places,
        nominated=[pods.parse(each) for each in case.get("nominated") or []],
        namespaces={
            each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in case.get("namespaces") or []
        },
        workloads=[{**each, "kind": kind} for key, kind in WORKLOADS.items() for each in case.get(key) or []],
        budgets=case.get("pdbs") or [],
    )
    ours, upstream = _as_upstream(decide.decide(pods.parse(case["pod"]), snapshot)), case["out"]
    return [
        f"{key}: ours {ours.get(key)}, upstream {upstream.get(key)}"
        for key in sorted({*ours, *upstream})
        if (ours.get(key) or None) != (upstream.get(key) or None)
    ]


def _as_upstream(decision: verdicts.Decision) -> dict[str, Any]:
    plugins = list(next(iter(decision.scores.values()), {}))
    return {
        "feasible": sorted(decision.feasible),
        "rejected": {name: _rejection(each) for name, each in decision.rejected.items()},
        "scorePlugins": plugins,
        "scores": {name: [decision.total(name), *each.values()] for name, each in decision.scores.items()},
        "best": sorted(decision.best),
        "message": decision.message,
        "preemption": decision.preemption and _preemption(decision.preemption),
    }


def _preemption(preemption: verdicts.Preemption) -> dict[str, Any]:
    parts = {
        "candidates": {name: _candidate(each) for name, each in preemption.candidates.items()},
        "failed": {name: _rejection(each) for name, each in preemption.failed.items()},
        "nominated": sorted(preemption.nominated),
    }
    return {"eligible": preemption.eligible, **{key: value for key, value in parts.items() if value}}


def _candidate(candidate: verdicts.Candidate) -> dict[str, Any]:
    violations = {"pdbViolations": candidate.pdb_violations} if candidate.pdb_violations else {}
    return {"victims": list(candidate.victims), **violations}


def _rejection(rejection: verdicts.Rejection) -> list[Any]:
    return [rejection.plugin, rejection.code, sorted(rejection.reasons)]
