"""Pods in cohorts: pods of one workload that were made together and share their state stand as one.

    refused   could not be created: quota, limit range
    pending   no node has room
    starting  bound: image, sandbox, init containers, boot, probes
    ready     in the endpoints
    lost      its node is gone, and the cluster has not given it up yet

A cohort remembers the node of each of its pods, so that a lost zone takes exactly its own.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mela.rehearsal.engine.nodes import Ints
from mela.rehearsal.system import Workload

PENDING, STARTING, READY, LOST = "pending", "starting", "ready", "lost"
NOWHERE = np.zeros(0, dtype=np.int64)


@dataclass(slots=True, eq=False)
class Cohort:
    """`count` pods. Times are seconds after the start; a time that has not come yet is infinite. `bad`: never gets ready.

    `restarts` of its containers that the kubelet remembers, `died_s` the last time they were killed.
    """

    id: int
    count: int
    created_s: float
    revision: int = 1
    state: str = PENDING
    nodes: Ints = field(default_factory=lambda: NOWHERE)
    bound_s: float = np.inf
    running_s: float = np.inf
    ready_s: float = np.inf
    bad: bool = False
    restarts: int = 0
    died_s: float = np.inf

    def split(self, count: int, new_id: int) -> "Cohort":
        """Take `count` pods out, the last ones, as a cohort of their own."""
        rest = self.count - count
        out = replace(self, id=new_id, count=count, nodes=self.nodes[rest:] if len(self.nodes) else NOWHERE)
        self.count = rest
        self.nodes = self.nodes[:rest] if len(self.nodes) else NOWHERE
        return out

    def keep(self, kept: np.ndarray) -> None:
        """Only the pods where `kept` is true stay."""
        self.nodes = self.nodes[kept]
        self.count = int(kept.sum())


class Fleet:
    """All pods of a workload, and the replicas that its scale asks for."""

    def __init__(self, index: int, workload: Workload) -> None:
        self.index, self.workload = index, workload
        self.desired = workload.replicas
        self.cohorts: list[Cohort] = []
        self.refused = 0
        self.revision = 1
        self.rollout: Any = None
        """The rollout under way, if there is one (`rollouts.Rollout`)."""
        self._ids = 0

    def new_id(self) -> int:
        self._ids += 1
        return self._ids

    def number(self, *states: str) -> int:
        """Pods in these states, in all without any."""
        number = 0
        for each in self.cohorts:
            if not states or each.state in states:
                number += each.count
        return number

    def by_state(self) -> tuple[int, int, int]:
        """Pods that are ready, starting and pending."""
        found = {READY: 0, STARTING: 0, PENDING: 0, LOST: 0}
        for each in self.cohorts:
            found[each.state] += each.count
        return found[READY], found[STARTING], found[PENDING]

    def drop_empty(self) -> None:
        self.cohorts = [each for each in self.cohorts if each.count]

    def merge(self, before_s: float) -> None:
        """Ready pods that have been ready since before then, of one revision and past, are alike: one cohort holds them."""
        old = [each for each in self.cohorts if each.state == READY and each.ready_s <= before_s and not each.bad]
        if len(old) < 2:
            return
        for kind in sorted({(each.revision, each.restarts) for each in old}):
            same = [each for each in old if (each.revision, each.restarts) == kind]
            if len(same) > 1:
                first = same[0]
                first.count = sum(each.count for each in same)
                first.nodes = np.concatenate([each.nodes for each in same])
                first.ready_s = max(each.ready_s for each in same)
                first.bound_s = max(each.bound_s for each in same)
                first.running_s = max(each.running_s for each in same)
                gone = {each.id for each in same[1:]}
                self.cohorts = [each for each in self.cohorts if each.id not in gone]

    def gather(self, before_s: float) -> list[Cohort]:
        """Pending pods that were made before then, those of one revision as one cohort."""
        waiting = [each for each in self.cohorts if each.state == PENDING and each.created_s <= before_s]
        kept: dict[int, Cohort] = {}
        for each in waiting:
            first = kept.setdefault(each.revision, each)
            if first is not each:
                first.count += each.count
                each.count = 0
        self.drop_empty()
        return list(kept.values())

    def victims(self, count: int, revision: int = 0) -> list[Cohort]:
        """Take out the pods that a ReplicaSet deletes first: without node, not ready, doubled up on a node, youngest.

        Source: kubernetes v1.36.3, pkg/controller/controller_utils.go (ActivePodsWithRanks), read 2026-11-26. Deletion
        costs and restarts are not modelled. `revision`: of this one only.
        """
        order = {PENDING: 0, STARTING: 1, LOST: 1, READY: 2}
        mine = [each for each in self.cohorts if not revision or each.revision == revision]
        taken: list[Cohort] = []
        for cohort in sorted(mine, key=lambda each: (order[each.state], -each.ready_s, -each.created_s)):
            if count <= 0:
                break
            if cohort.state == READY and cohort.ready_s == self._oldest_ready():
                self._crowded_last(cohort)
            out = cohort.split(min(count, cohort.count), self.new_id())
            taken.append(out)
            count -= out.count
        self.drop_empty()
        return taken

    def _oldest_ready(self) -> float:
        return min(each.ready_s for each in self.cohorts if each.state == READY)

    def _crowded_last(self, cohort: Cohort) -> None:
        """Sort a cohort's pods so that those on nodes with the most of its pods come last, where `split` takes them."""
        if len(cohort.nodes):
            ordered = np.sort(cohort.nodes)
            within = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
            cohort.nodes = ordered[np.argsort(within, kind="stable")]
