"""Which of a Deployment's ReplicaSets are new, old, active or saturated; their order and sums.

Source: kubernetes v1.36.3, pkg/controller/deployment/util/deployment_util.go and pkg/controller/controller_utils.go,
read 2026-11-23.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mela.cluster import arithmetic
from mela.cluster.admission.rollout import bounds, model

SIGNED = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
UNSIGNED = re.compile(r"[0-9]{1,20}", re.ASCII)


def by_age(replica_sets: Iterable[model.ReplicaSet]) -> list[model.ReplicaSet]:
    """Sort, the oldest first; by name where they are of one second."""
    return sorted(replica_sets, key=lambda each: (each.created_s, each.name))


def split(
    deployment: model.Deployment, replica_sets: Iterable[model.ReplicaSet]
) -> tuple[model.ReplicaSet | None, list[model.ReplicaSet]]:
    """Find the new ReplicaSet, the oldest with the Deployment's template, and the old ones by age."""
    ordered = by_age(replica_sets)
    new = next((each for each in ordered if each.template == deployment.template), None)
    return new, [each for each in ordered if each is not new]


def together(olds: Sequence[model.ReplicaSet], new: model.ReplicaSet | None) -> list[model.ReplicaSet]:
    """List the old ones and the new one, if there is one."""
    return [*olds, new] if new else [*olds]


def active(replica_sets: Iterable[model.ReplicaSet]) -> list[model.ReplicaSet]:
    """Keep those that should have pods."""
    return [each for each in replica_sets if each.replicas > 0]


def replicas(replica_sets: Iterable[model.ReplicaSet]) -> int:
    """Add up the pods that should be."""
    return arithmetic.int32(sum(each.replicas for each in replica_sets))


def available(replica_sets: Iterable[model.ReplicaSet]) -> int:
    """Add up the pods that have been ready for long enough."""
    return arithmetic.int32(sum(each.counts.available for each in replica_sets))


def only_active_or_latest(olds: Sequence[model.ReplicaSet], new: model.ReplicaSet | None) -> model.ReplicaSet | None:
    """Find the only active ReplicaSet, or the newest when none is active; None when there are several, or none at all."""
    running = active(together(olds, new))
    if running:
        return running[0] if len(running) == 1 else None
    return new or (olds[-1] if olds else None)


def is_saturated(deployment: model.Deployment, new: model.ReplicaSet | None) -> bool:
    """Tell whether the new ReplicaSet has all pods of the Deployment, available, and was scaled for this many."""
    if new is None or not SIGNED.fullmatch(new.desired or ""):
        return False
    desired = arithmetic.int32(int(new.desired or ""))
    return new.replicas == desired == new.counts.available == deployment.replicas


def revision(replica_set: model.ReplicaSet) -> int | None:
    """Read the revision annotation; 0 when there is none, None when it is no number."""
    if replica_set.revision is None:
        return 0
    return int64(replica_set.revision)


def int64(text: str) -> int | None:
    """Read a signed decimal number of 64 bits."""
    number = int(text) if SIGNED.fullmatch(text) else None
    return number if number is not None and number == arithmetic.int64(number) else None


def count(annotation: str | None) -> int | None:
    """Read an annotation that holds a number of pods."""
    number = int(annotation) if annotation is not None and UNSIGNED.fullmatch(annotation) else None
    return number if number is not None and number <= arithmetic.MAX_INT32 else None


def next_revision(olds: Iterable[model.ReplicaSet]) -> int:
    """Return the number after the highest revision of the old ReplicaSets; after the last 64-bit one it wraps."""
    return arithmetic.int64(max([0, *(revision(each) or 0 for each in olds)]) + 1)


def by_revision(replica_sets: Iterable[model.ReplicaSet]) -> list[model.ReplicaSet]:
    """Sort by revision, then by age."""
    return sorted(by_age(replica_sets), key=lambda each: revision(each) or 0)


def resized(replica_set: model.ReplicaSet, size: int, deployment: model.Deployment) -> model.ReplicaSet:
    """Give a ReplicaSet a size, and note the Deployment's in its annotations."""
    return replace(
        replica_set, replicas=size, desired=str(deployment.replicas), maximum=str(bounds.max_total(deployment))
    )
