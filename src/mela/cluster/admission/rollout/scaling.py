"""Spreading a changed replica count over the ReplicaSets of a rollout that is under way.

Source: kubernetes v1.36.3, pkg/controller/deployment/sync.go (scale) and util/deployment_util.go
(GetReplicaSetProportion, getReplicaSetFraction), read 2026-11-23.
"""

from collections.abc import Sequence

from mela.cluster import arithmetic
from mela.cluster.admission.rollout import bounds, model, sets


def proportional(
    deployment: model.Deployment, running: Sequence[model.ReplicaSet]
) -> list[tuple[model.ReplicaSet, int]]:
    """Return the size for every active ReplicaSet, the largest first; what rounding leaves goes to the first one."""
    allowed = bounds.max_total(deployment) if deployment.replicas > 0 else 0
    to_add = arithmetic.int32(allowed - sets.replicas(running))
    if to_add == 0:
        return [(each, each.replicas) for each in running]
    sizes, added = [], 0
    for each in _by_size(running, newer_first=to_add > 0):
        share = _share(deployment, each, to_add, added)
        added = arithmetic.int32(added + share)
        sizes.append((each, arithmetic.int32(each.replicas + share)))
    largest, size = sizes[0]
    return [(largest, max(0, arithmetic.int32(size + to_add - added))), *sizes[1:]]


def _by_size(running: Sequence[model.ReplicaSet], *, newer_first: bool) -> list[model.ReplicaSet]:
    """Sort by size, the largest first; of one size, the newest grow first and the oldest shrink first."""
    by_age = sets.by_age(running)
    return sorted(reversed(by_age) if newer_first else by_age, key=lambda each: -each.replicas)


def _share(deployment: model.Deployment, each: model.ReplicaSet, to_add: int, added: int) -> int:
    """Return what one ReplicaSet gets or gives, no more than is left."""
    left = arithmetic.int32(to_add - added)
    if left == 0:
        return 0
    fraction = _fraction(deployment, each)
    return min(fraction, left) if to_add > 0 else max(fraction, left)


def _fraction(deployment: model.Deployment, each: model.ReplicaSet) -> int:
    """Scale in proportion to the limit that was in force before, which the max-replicas annotation remembers."""
    if deployment.replicas == 0:
        return -each.replicas
    before = sets.count(each.maximum) or deployment.status.replicas
    if before == 0:
        return 0
    size = float(arithmetic.int32(each.replicas * bounds.max_total(deployment))) / float(before)
    return arithmetic.int32(arithmetic.int32_of(size - 0.5 if size < 0 else size + 0.5) - each.replicas)
