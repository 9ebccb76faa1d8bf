"""Taints keep pods away unless they tolerate them (plugins NodeUnschedulable and TaintToleration).

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ (read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mela.cluster.scheduler.nodes import Node, Taint
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.verdicts import UNRESOLVABLE, Rejection

CORDON = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
"""What a pod must tolerate to run on a cordoned node."""
KEEPING_AWAY = ("NoSchedule", "NoExecute")

Tolerations = Sequence[Mapping[str, Any]]


def tolerates(toleration: Mapping[str, Any], taint: Taint) -> bool:
    """An empty effect or key of a toleration stands for all; a missing operator is Equal."""
    if toleration.get("effect") and toleration["effect"] != taint.effect:
        return False
    if toleration.get("key") and toleration["key"] != taint.key:
        return False
    operator = toleration.get("operator") or "Equal"
    return operator == "Exists" or (operator == "Equal" and (toleration.get("value") or "") == taint.value)


def is_kept_away(taints: Iterable[Taint], tolerations: Tolerations) -> bool:
    """Is there a NoSchedule or NoExecute taint that nothing tolerates?"""
    return bool(_untolerated((taint for taint in taints if taint.effect in KEEPING_AWAY), tolerations))


def reject_cordoned(pod: Pod, node: Node) -> Rejection | None:
    if not node.is_cordoned or not _untolerated([CORDON], tolerations(pod)):
        return None
    return Rejection("NodeUnschedulable", UNRESOLVABLE, ("node(s) were unschedulable",))


def reject(pod: Pod, node: Node) -> Rejection | None:
    if not is_kept_away(node.taints, tolerations(pod)):
        return None
    return Rejection("TaintToleration", UNRESOLVABLE, ("node(s) had untolerated taint(s)",))


def score(pod: Pod, feasible: Sequence[Node]) -> list[int]:
    """100 for nodes without untolerated PreferNoSchedule taints, down to 0 for the most of them."""
    counts = [
        len(_untolerated([taint for taint in node.taints if taint.effect == "PreferNoSchedule"], tolerations(pod)))
        for node in feasible
    ]
    most = max(counts)
    return [100 - 100 * count // most if most else 100 for count in counts]


def tolerations(pod: Pod) -> Tolerations:
    return pod.spec.get("tolerations") or ()


def _untolerated(taints: Iterable[Taint], accepted: Tolerations) -> list[Taint]:
    return [taint for taint in taints if not any(tolerates(each, taint) for each in accepted)]
