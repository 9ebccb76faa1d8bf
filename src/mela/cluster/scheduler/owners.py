"""Which pods belong together, judged by the Services and the controller of one of them.

Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/scheduler/framework/plugins/helper/spread.go
(read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mela.cluster import labels
from mela.cluster.scheduler.pods import Pod

CONTROLLERS = {("v1", "ReplicationController"), ("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet")}


def selector(pod: Pod, workloads: Iterable[Mapping[str, Any]]) -> labels.Selector:
    """All the selectors that select the pod, in one; empty if there is none.

    `workloads` are Service, ReplicationController, ReplicaSet and StatefulSet objects. Other controllers do not count.
    """
    nearby = [each for each in workloads if _metadata(each, "namespace", "default") == pod.namespace]
    services = [_selector(each) for each in nearby if each.get("kind") == "Service" and _selector(each) is not None]
    exact: dict[str, str] = {}
    for each in services:
        if labels.of_map(each).matches(pod.labels):
            exact |= each
    controller = _controller(pod, nearby)
    if controller is not None and controller["kind"] == "ReplicationController":
        return labels.of_map(exact | (_selector(controller) or {}))
    own = _parsed(_selector(controller)) if controller is not None else labels.NOTHING
    return labels.Selector((*labels.of_map(exact).requirements, *own.requirements))


def _controller(pod: Pod, nearby: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    if pod.owner is None or pod.owner[:2] not in CONTROLLERS:
        return None
    kind, name = pod.owner[1:]
    return next((each for each in nearby if (each.get("kind"), _metadata(each, "name")) == (kind, name)), None)


def _parsed(stated: Mapping[str, Any] | None) -> labels.Selector:
    try:
        return labels.parse(stated)
    except labels.InvalidSelector:
        return labels.NOTHING


def _selector(workload: Mapping[str, Any]) -> Any:
    return (workload.get("spec") or {}).get("selector")


def _metadata(workload: Mapping[str, Any], key: str, default: str = "") -> str:
    return (workload.get("metadata") or {}).get(key) or default
