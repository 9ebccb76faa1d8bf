"""From pods to the number of replicas that their controllers want.

Percentages and maxUnavailable are shares of this number, not of the pods that happen to exist.

Source: kubernetes v1.36.3, pkg/controller/disruption/disruption.go (getExpectedScale and its finders), read 2026-11-23.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mela.cluster import arithmetic
from mela.cluster.admission.disruption import model

BUILT_IN: Mapping[tuple[str, str], bool] = {
    ("v1", "ReplicationController"): True,
    ("apps/v1", "Deployment"): True,
    ("apps/v1", "ReplicaSet"): True,
    ("apps/v1", "StatefulSet"): True,
    ("apps/v1", "DaemonSet"): False,
    ("batch/v1", "Job"): False,
    ("batch/v1", "CronJob"): False,
    ("v1", "Node"): False,
    ("v1", "Pod"): False,
}
"""Kinds that own pods by API version, and whether they have a scale subresource. Custom resources come on top."""

OLD_GROUPS = ("apps", "extensions")
"""References in these groups are taken for today's ReplicaSets and Deployments."""


class NoScale(Exception):
    """A pod's controller does not say how many replicas it wants, so no budget can be computed."""


@dataclass(frozen=True)
class Cluster:
    """The workloads of the namespace, and the kinds that the API server knows."""

    workloads: Sequence[model.Workload] = ()
    kinds: Mapping[tuple[str, str], bool] = field(default_factory=lambda: BUILT_IN)

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str, str], model.Workload]:
        """The workloads by API version, kind and name."""
        return {(each.api_version, each.kind, each.name): each for each in self.workloads}


def expected(pods: Sequence[model.Pod], cluster: Cluster) -> tuple[int, bool]:
    """Add up the replicas of all controllers of these pods; tell also whether some pod has none. Raises: NoScale."""
    replicas: dict[str, int] = {}
    bare = False
    for pod in pods:
        if pod.owner is None:
            bare = True
        elif pod.owner.uid not in replicas:
            workload = _controller(pod.owner, cluster)
            if workload is None:
                raise NoScale(f"the controller of pod {pod.name}, {pod.owner.kind} {pod.owner.name}, does not exist")
            replicas[workload.uid] = workload.replicas
    return arithmetic.int32(sum(replicas.values())), bare


def _controller(owner: model.Owner, cluster: Cluster) -> model.Workload | None:
    """Find who decides about the pod's replicas: a Deployment above its ReplicaSet, else the owner itself."""
    group = _group(owner.api_version)
    if owner.kind == "ReplicaSet" and group in OLD_GROUPS:
        above = _replica_set(owner, cluster)
        if above is not None:
            return above
    if owner.kind == "StatefulSet" and group == "apps":
        found = _named(owner, cluster, "apps/v1")
        if found is not None:
            return found
    if owner.kind == "ReplicationController" and group == "":
        found = _named(owner, cluster, "v1")
        if found is not None:
            return found
    return _by_scale(owner, cluster)


def _replica_set(owner: model.Owner, cluster: Cluster) -> model.Workload | None:
    """Take the ReplicaSet's Deployment, or itself when it has none. A lost Deployment leaves it to the scale subresource."""
    own = _named(owner, cluster, "apps/v1")
    if own is None or own.owner is None:
        return own
    if own.owner.kind != "Deployment":
        _group(own.owner.api_version)
        return own
    if _group(own.owner.api_version) in OLD_GROUPS:
        return _named(own.owner, cluster, "apps/v1")
    return None


def _named(owner: model.Owner, cluster: Cluster, api_version: str) -> model.Workload | None:
    found = cluster.by_name.get((api_version, owner.kind, owner.name))
    return found if found is not None and found.uid == owner.uid else None


def _by_scale(owner: model.Owner, cluster: Cluster) -> model.Workload | None:
    kind = (owner.api_version, owner.kind)
    if kind not in cluster.kinds:
        raise NoScale(f"there is no kind {owner.kind} in {owner.api_version}")
    if not cluster.kinds[kind]:
        raise NoScale(f"{owner.kind} has no scale subresource, so it cannot say how many replicas it wants")
    return _named(owner, cluster, owner.api_version)


def _group(api_version: str) -> str:
    """Cut the version off; the core group has no name. Raises: NoScale."""
    if api_version.count("/") > 1:
        raise NoScale(f"{api_version!r} is not an API version")
    return api_version.rpartition("/")[0]
