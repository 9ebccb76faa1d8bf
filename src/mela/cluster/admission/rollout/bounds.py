"""How many pods a rolling update may have too many or too few.

Source: kubernetes v1.36.3, pkg/controller/deployment/util/deployment_util.go (ResolveFenceposts, MaxSurge,
MaxUnavailable, NewRSNewReplicas), read 2026-11-23.
"""

from mela.cluster import arithmetic, percentage
from mela.cluster.admission.rollout import model


def max_surge(deployment: model.Deployment) -> int:
    """Return the pods above the desired count that may exist; percentages round up."""
    return _fenceposts(deployment)[0] if deployment.strategy == "RollingUpdate" else 0


def max_unavailable(deployment: model.Deployment) -> int:
    """Return the pods below the desired count that may be missing; percentages round down."""
    if deployment.strategy != "RollingUpdate" or deployment.replicas == 0:
        return 0
    return min(_fenceposts(deployment)[1], deployment.replicas)


def min_available(deployment: model.Deployment) -> int:
    """Return the pods that must stay available."""
    return arithmetic.int32(deployment.replicas - max_unavailable(deployment))


def max_total(deployment: model.Deployment) -> int:
    """Return the most pods that all ReplicaSets together may have."""
    return arithmetic.int32(deployment.replicas + max_surge(deployment))


def new_size(deployment: model.Deployment, new: int, all_replicas: int) -> int:
    """Return the size of the new ReplicaSet, of `new` replicas now, when all have `all_replicas` together."""
    if deployment.strategy == "Recreate":
        return deployment.replicas
    room = arithmetic.int32(max_total(deployment) - all_replicas)
    if all_replicas >= max_total(deployment):
        return new
    return new + min(room, deployment.replicas - new)


def _fenceposts(deployment: model.Deployment) -> tuple[int, int]:
    """Resolve both together: when rounding leaves neither, one pod may be missing, or nothing could ever move."""
    surge = percentage.scaled(deployment.max_surge, deployment.replicas, up=True)
    unavailable = percentage.scaled(deployment.max_unavailable, deployment.replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return arithmetic.int32(surge), arithmetic.int32(unavailable)
