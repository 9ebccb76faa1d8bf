"""Every kind of thing that a rehearsal may say happened, in one table.

A happening carries the field of the manifest that decided, where there is one. Report and verdict speak of these kinds;
a kind that is not here cannot be said.
"""

from collections.abc import Mapping
from dataclasses import replace

from mela.rehearsal.model import Field, Happening

KINDS: Mapping[str, str] = {
    "fault": "A fault that was asked for begins or ends.",
    "scaled": "An autoscaler changed the replicas. Field: its target.",
    "floor-raised": "A strategy lifted the autoscaler's floor.",
    "at-maximum": "An autoscaler wants more than maxReplicas allows. Field: maxReplicas.",
    "scale-up-limited": "An autoscaler's scaling policies hold growth back. Field: behavior.scaleUp.",
    "usage-saturated": "CPU is at the limit, so that utilisation cannot show how much is missing. Field: the CPU limit.",
    "metric-missing": "An autoscaler cannot compute replicas. Field: the metric.",
    "quota-refused": "A ResourceQuota or LimitRange refused new pods. Field: the bound.",
    "no-node-fits": "Pods are pending, no node has room. Field: the CPU request.",
    "nodes-added": "The node autoscaler ordered nodes. Field: the node group.",
    "node-group-full": "A node group is at its largest. Field: its maximum.",
    "insufficient-capacity": "The provider has no more machines of the kind.",
    "nodes-removed": "Empty nodes went away.",
    "no-ready-pods": "No replica of a service is ready. Field: the workload's replicas.",
    "overload": "A service is offered more than it can serve. Field: what bounds its replicas.",
    "shed": "A service refuses requests because its queue is full.",
    "slow": "Responses of a service take longer than its callers wait.",
    "failing": "A service answers with errors, or what it calls does.",
    "database-ceiling": "Something outside the cluster, such as a database, is at its ceiling.",
    "pool-exhausted": "All connections of a pool are in use, callers wait for one.",
    "breaker-open": "A caller has stopped calling a service that fails.",
    "retry-storm": "Repeated attempts are a large share of a service's load.",
    "memory-exceeded": "Replicas need more memory than their limit and are killed. Field: the memory limit.",
    "cut-off": "Pods stopped before traffic stopped coming. Field: preStop.",
    "zone-lost": "Pods went with their zone.",
    "drain-blocked": "A disruption budget refused an eviction. Field: the budget.",
    "drained": "A node was drained.",
    "rollout-started": "A new revision is rolled out. Field: the strategy.",
    "rollout-stuck": "A rollout makes no progress. Field: the strategy.",
    "bandwidth-exhausted": "A service sends as much as it can: what it could serve is bounded by bandwidth.",
    "picture-worse": "Viewers ask for more bandwidth than the call graph says there is, and get a lower bitrate.",
}


class Log:
    """Happenings in order, once per episode where that is asked. Of what comes before `from_s` nothing is said."""

    def __init__(self, from_s: int = 0) -> None:
        self.from_s = from_s
        self._all: list[Happening] = []
        self._open: dict[tuple[str, str], tuple[float, int]] = {}
        """By kind and service: when it was seen last, and its place among all."""

    def say(self, at_s: float, kind: str, service: str, text: str, field: Field | None = None) -> None:
        if kind not in KINDS:
            raise KeyError(f"{kind} is no kind of happening; add it to KINDS with a sentence")
        if at_s >= self.from_s:
            self._all.append(Happening(int(at_s), kind, service, text, field, int(at_s)))

    def once(
        self, at_s: float, kind: str, service: str, text: str, field: Field | None = None, *, again_s: float = 300.0
    ) -> None:
        """Say it unless it was said within the last `again_s`, which every repetition renews."""
        if self.is_new(at_s, kind, service, again_s=again_s):
            self.say(at_s, kind, service, text, field)

    def is_new(self, at_s: float, kind: str, service: str, *, again_s: float = 300.0) -> bool:
        """Whether `once` would say it now, for those to whom the words cost something; it counts as a repetition."""
        if at_s < self.from_s:
            return False
        last, place = self._open.get((kind, service), (-1e12, 0))
        is_new = at_s - last > again_s
        self._close(last, place, is_over=is_new)
        self._open[kind, service] = at_s, len(self._all) if is_new else place
        return is_new

    def all(self) -> tuple[Happening, ...]:
        """By their first second, with their last."""
        for last, place in self._open.values():
            self._close(last, place, is_over=True)
        return tuple(sorted(self._all, key=lambda each: each.at_s))

    def _close(self, last_s: float, place: int, *, is_over: bool) -> None:
        if is_over and place < len(self._all):
            self._all[place] = replace(self._all[place], until_s=max(self._all[place].until_s, int(last_s)))
