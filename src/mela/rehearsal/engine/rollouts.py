"""A new revision of a Deployment, moved by `cluster.admission.rollout` as pods get ready.

While a rollout is under way its ReplicaSets say how many pods of each revision there should be; the autoscaler only says how
many in all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mela.cluster.admission.rollout import model, sync
from mela.rehearsal.engine.pods import READY, Fleet

EVERY_S = 5
"""The controller looks whenever a pod changes; here at this interval."""


@dataclass(slots=True, eq=False)
class Rollout:
    """The ReplicaSets of a fleet, one per revision, while more than one has pods."""

    fleet: Fleet
    began_s: float
    deployment: model.Deployment
    sets: dict[int, model.ReplicaSet] = field(default_factory=dict)
    stuck: bool = False

    @classmethod
    def begin(cls, fleet: Fleet, now_s: float) -> "Rollout":
        """The fleet's next revision; what runs now is the old one."""
        old = fleet.revision
        deployment = _read(fleet, old + 1)
        before = model.ReplicaSet(
            name=f"r{old}", template=old, created_s=int(now_s) - 1, replicas=fleet.desired, revision=str(old),
            desired=str(fleet.desired), maximum=str(fleet.desired), min_ready_s=deployment.min_ready_s,
        )  # fmt: skip
        fleet.revision = old + 1
        return cls(fleet, now_s, deployment, {old: before})

    def step(self, now_s: float) -> Mapping[int, int]:
        """One pass of the controller; returns how many pods each revision should have."""
        fleet, now = self.fleet, int(now_s)
        self.deployment = replace(self.deployment, replicas=fleet.desired, generation=self.deployment.generation)
        stored = [self._counted(revision, each, now_s) for revision, each in self.sets.items()]
        decision = sync.sync(self.deployment, stored, f"r{fleet.revision}", now)
        self.deployment = decision.deployment
        self.sets = dict(zip(self.sets, stored, strict=True))
        for each in (*([decision.created] if decision.created else []), *decision.written):
            self.sets[int(each.name[1:])] = replace(each, observed=True)
        progressing = self.deployment.status.condition("Progressing")
        self.stuck = progressing is not None and progressing.reason == "ProgressDeadlineExceeded"
        return {revision: each.replicas for revision, each in self.sets.items()}

    def is_over(self) -> bool:
        """Only the new revision has pods, and all of them are available."""
        new = self.sets.get(self.fleet.revision)
        others = sum(
            each.replicas + each.counts.replicas for name, each in self.sets.items() if name != self.fleet.revision
        )
        return new is not None and others == 0 and new.counts.available == new.replicas == self.fleet.desired

    def _counted(self, revision: int, stored: model.ReplicaSet, now_s: float) -> model.ReplicaSet:
        mine = [each for each in self.fleet.cohorts if each.revision == revision]
        ready = [each for each in mine if each.state == READY]
        available = sum(each.count for each in ready if each.ready_s + self.deployment.min_ready_s <= now_s)
        number = sum(each.count for each in mine)
        counts = model.Counts(number, sum(each.count for each in ready), available)
        return replace(stored, counts=counts, pods=number)


def _read(fleet: Fleet, revision: int) -> model.Deployment:
    spec: Mapping[str, Any] = fleet.workload.object.get("spec") or {}
    strategy = spec.get("strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    return model.Deployment(
        name=fleet.workload.object.name,
        generation=revision,
        replicas=fleet.desired,
        template=revision,
        strategy=strategy.get("type") or "RollingUpdate",
        max_surge=rolling.get("maxSurge", "25%"),
        max_unavailable=rolling.get("maxUnavailable", "25%"),
        min_ready_s=spec.get("minReadySeconds") or 0,
        progress_deadline_s=spec.get("progressDeadlineSeconds", 600),
    )
