"""Draining nodes: cordon one, evict its pods as budgets allow, go on to the next.

Budgets and evictions are those of `cluster.admission.disruption`, asked pod by pod as `kubectl drain` does, every five
seconds. A drained node is gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mela.cluster.admission.disruption import budget, eviction, model, owners
from mela.cluster.objects import Object
from mela.rehearsal.engine.nodes import Nodes
from mela.rehearsal.engine.pods import READY, Cohort, Fleet
from mela.rehearsal.engine.world import World
from mela.rehearsal.model import Field

RETRY_S = 5
"""Source: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_drain/ and its code's pause (2026-11-26)."""


@dataclass(slots=True, eq=False)
class Drain:
    """Nodes still to be drained, the first of them under way."""

    world: World
    nodes: Nodes
    left: list[int]
    statuses: dict[str, model.BudgetStatus] = field(default_factory=dict)
    generations: Mapping[str, int] = field(default_factory=dict)

    def step(self, now_s: float) -> None:
        """Evict what may go from the first node; come back until all are done."""
        if not self.left:
            return
        node = self.left[0]
        self.nodes.cordoned[node] = True
        for fleet in self.world.fleets:
            if self.nodes.held[fleet.index, node]:
                self._evict(fleet, node, now_s)
        if not self.nodes.held[:, node].any():
            self.nodes.take_away(node)
            self.left.pop(0)
            self.world.log.say(now_s, "drained", "", f"a node is drained, {len(self.left)} are left")
        self.world.agenda.at(now_s + RETRY_S, self.step)

    def _evict(self, fleet: Fleet, node: int, now_s: float) -> None:
        """Ask for each of the fleet's pods on the node; what may go ends, and the fleet makes up for it."""
        guards = {each.name: each for each in self.world.system.budgets(fleet.workload.namespace)}
        taken: list[Cohort] = []
        for cohort in list(fleet.cohorts):
            for number in range(int((cohort.nodes == node).sum())):
                answer = self._ask(fleet, cohort, f"c{cohort.id}-{number}", guards, int(now_s))
                if answer.code != 201:
                    guard = next((each for each in guards.values() if f"budget {each.name} " in answer.message), None)
                    where = Field(guard, ("spec",)) if guard else None
                    self.world.log.once(now_s, "drain-blocked", fleet.workload.name, answer.message, where)
                    break
                taken.append(_without(cohort, node, fleet.new_id()))
        if taken:
            self.world.end(fleet, taken, now_s)
            self.world.reconcile(fleet, now_s)

    def _ask(
        self, fleet: Fleet, cohort: Cohort, name: str, guards: Mapping[str, Object], now_s: int
    ) -> eviction.Answer:
        """The API server's answer, budgets having been recomputed from the namespace's pods."""
        workload = fleet.workload
        peers = [each for each in self.world.fleets if each.workload.namespace == workload.namespace]
        pods = [pod for each in peers for pod in _pods(each)]
        cluster = owners.Cluster(
            [
                model.Workload("apps/v1", "ReplicaSet", each.workload.object.name, each.workload.name, each.desired)
                for each in peers
            ]
        )
        stated = [
            budget.sync(model.read(key, 1, each.get("spec") or {}), pods, cluster, now_s)
            for key, each in guards.items()
        ]
        held = [
            model.read(key, 1, each.get("spec") or {}, done.status)
            for (key, each), done in zip(guards.items(), stated, strict=True)
        ]
        return eviction.evict(_pod(fleet, cohort, name), held, now_s)


def first(nodes: Nodes, count: int, now_s: float) -> list[int]:
    """The nodes to drain: the fullest first, because an upgrade spares nobody."""
    usable = np.flatnonzero(nodes.usable(now_s))
    pods = nodes.held.sum(axis=0)[usable]
    return [int(each) for each in usable[np.argsort(-pods, kind="stable")][:count]]


def _pods(fleet: Fleet) -> Sequence[model.Pod]:
    """The fleet's pods as budgets see them; those of a cohort are one object, many times."""
    return [pod for each in fleet.cohorts for pod in [_pod(fleet, each, f"c{each.id}")] * each.count]


def _pod(fleet: Fleet, cohort: Cohort, name: str) -> model.Pod:
    workload = fleet.workload
    owner = model.Owner("apps/v1", "ReplicaSet", workload.object.name, workload.name)
    running = cohort.running_s < np.inf
    return model.Pod(
        name=name,
        labels=workload.template.labels,
        owner=owner,
        phase="Running" if running else "Pending",
        ready="True" if cohort.state == READY else "False",
    )


def _without(cohort: Cohort, node: int, new_id: int) -> Cohort:
    """Take one pod on the node out of a cohort."""
    place = int(np.flatnonzero(cohort.nodes == node)[0])
    order = np.append(np.delete(np.arange(len(cohort.nodes)), place), place)
    cohort.nodes = cohort.nodes[order]
    return cohort.split(1, new_id)
