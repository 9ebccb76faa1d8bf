"""The filters in the scheduler's order; the first that rejects a node is the one that is told.

Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/scheduler/framework/runtime/framework.go
(read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mela.cluster.scheduler import capacity, node_affinity, pod_affinity, spread, taints
from mela.cluster.scheduler.nodes import Occupied
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.verdicts import Rejection


@dataclass(slots=True)
class Attempt:
    """One pod's attempt: what the filters counted over the whole cluster beforehand.

    `spread` and `affinity` are None where they have nothing to say; pods that are added later do not change that.
    """

    pod: Pod
    wanted: node_affinity.Required
    spread: spread.Counts | None
    affinity: pod_affinity.Counts | None
    nominated: Mapping[str, Sequence[Pod]]
    """Pending pods by the node that is kept for them."""

    def copy(self) -> Attempt:
        return replace(self, spread=self.spread and self.spread.copy(), affinity=self.affinity and self.affinity.copy())

    def add(self, other: Pod, place: Occupied) -> None:
        place.add(other)
        self._update(other, place, 1)

    def remove(self, other: Pod, place: Occupied) -> None:
        place.remove(other)
        self._update(other, place, -1)

    def reject(self, place: Occupied) -> Rejection | None:
        """The node must have room both with and without the nominated pods that matter at least as much."""
        ahead = [
            each
            for each in self.nominated.get(place.node.name, ())
            if each.priority >= self.pod.priority and each.id != self.pod.id
        ]
        if ahead:
            attempt, crowded = self.copy(), place.copy()
            for each in ahead:
                attempt.add(each, crowded)
            if rejection := attempt.first_rejection(crowded):
                return rejection
        return self.first_rejection(place)

    def first_rejection(self, place: Occupied) -> Rejection | None:
        """Of the filters, with the pods that are there."""
        pod, node = self.pod, place.node
        return (
            taints.reject_cordoned(pod, node)
            or node_affinity.reject_name(pod, node)
            or taints.reject(pod, node)
            or node_affinity.reject(self.wanted, node)
            or capacity.reject_ports(pod, place)
            or capacity.reject(pod, place)
            or (self.spread.reject(node) if self.spread else None)
            or (self.affinity.reject(node) if self.affinity else None)
        )

    def _update(self, other: Pod, place: Occupied, change: int) -> None:
        if self.spread:
            self.spread.update(other, place.node, change)
        if self.affinity:
            self.affinity.update(other, place.node, change)
