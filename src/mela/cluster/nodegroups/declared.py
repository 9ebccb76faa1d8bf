"""Node groups as they are declared, to eksctl and to Karpenter."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from mela.cluster import instances
from mela.cluster.nodegroups.model import ZONE, NodeGroup
from mela.cluster.objects import Object, System, dig
from mela.cluster.quantity import InvalidQuantity
from mela.cluster.scheduler import resources
from mela.cluster.scheduler.nodes import Taint
from mela.cluster.scheduler.resources import CPU, MEMORY, PODS
from mela.cluster.workloads import maps, number, text, texts

INSTANCE_TYPE = "node.kubernetes.io/instance-type"
NODE_POOL = "karpenter.sh/nodepool"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
EKSCTL_NAME = "alpha.eksctl.io/nodegroup-name"
EKSCTL_TYPE, EKSCTL_SIZE = "m5.large", 2
"""What eksctl takes where nothing is said.

Source: https://github.com/eksctl-io/eksctl/blob/99984adb6/pkg/apis/eksctl.io/v1alpha5/types.go (2026-11-26)."""
START, BATCH = "mela.dev/node-start", "mela.dev/nodes-at-once"
STATED = "k8s.io/cluster-autoscaler/node-template/resources/"
"""Source: https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md (2026-11-26)."""
KUBELET_PODS = 110
"""The kubelet's own bound. Source: https://kubernetes.io/docs/setup/best-practices/cluster-large/ (2026-11-26)."""
UNBOUNDED = 1_000
"""Nodes of a pool without limits: beyond, the control plane is the question."""


def of_eksctl(system: System) -> Iterator[NodeGroup]:
    """The groups of eksctl's files.

    Source: https://docs.aws.amazon.com/eks/latest/eksctl/schema.html, read as
    https://github.com/eksctl-io/eksctl/blob/99984adb6/pkg/apis/eksctl.io/v1alpha5/assets/schema.json (2026-11-26).
    """
    for config in system.kind("ClusterConfig.eksctl.io"):
        for key, index, group in written(config):
            if found := _eksctl_group(config, key, index, group):
                yield found


def written(config: Object) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """All groups of one of eksctl's files, with where they stand."""
    for key in ("managedNodeGroups", "nodeGroups"):
        for index, group in maps(config.get(key)):
            yield key, index, group


def _eksctl_group(config: Object, key: str, index: int, group: Mapping[str, Any]) -> NodeGroup | None:
    name, type_, tags = text(group.get("name")), _eksctl_type(group), texts(group.get("tags"))
    allocatable = _allocatable(type_, tags, number(group.get("maxPodsPerNode"), 0))
    if allocatable is None:
        return None
    least = number(group.get("minSize"), number(group.get("desiredCapacity"), EKSCTL_SIZE))
    most = number(group.get("maxSize"), number(group.get("desiredCapacity"), least))
    zones = _words(group.get("availabilityZones")) or _words(config.get("availabilityZones"))
    return NodeGroup(
        name=name,
        object=config,
        at=(key, index),
        most_at=(key, index, "maxSize"),
        instance_type=type_,
        is_spot=group.get("spot") is True,
        zones=zones,
        min_size=least,
        max_size=max(least, most),
        allocatable=allocatable,
        labels={EKSCTL_NAME: name, INSTANCE_TYPE: type_, **texts(group.get("labels"))},
        taints=_taints(group.get("taints")),
        start_s=seconds(tags),
        batch=batch(tags),
        addresses=_addresses(config, zones, is_private=group.get("privateNetworking") is True),
    )


def _eksctl_type(group: Mapping[str, Any]) -> str:
    """The first type that is listed; empty where a launch template or a selector chooses it."""
    mixed = _words(dig(group, "instancesDistribution", "instanceTypes"))
    listed = (text(group.get("instanceType")), *_words(group.get("instanceTypes")), *mixed)
    chosen_elsewhere = "launchTemplate" in group or "instanceSelector" in group
    return next(filter(None, listed), "" if chosen_elsewhere else EKSCTL_TYPE)


def of_karpenter(system: System) -> Iterator[NodeGroup]:
    """Pools that name their instance types; of several, the first is taken to be meant. Limits bound the nodes.

    Source: https://karpenter.sh/docs/concepts/nodepools/ (2026-11-26).
    """
    for pool in system.kind("NodePool.karpenter.sh"):
        wanted = dict(_wanted(pool))
        type_ = next(iter(wanted.get(INSTANCE_TYPE, ())), "")
        allocatable = _allocatable(type_, pool.annotations, 0)
        if allocatable is not None:
            yield _pool(pool, type_, wanted, allocatable)


def _pool(pool: Object, type_: str, wanted: Mapping[str, tuple[str, ...]], allocatable: Mapping[str, int]) -> NodeGroup:
    fixed = number(pool.get("spec", "replicas"), 0)
    certain = {key: values[0] for key, values in wanted.items() if len(values) == 1 and key != ZONE}
    written = texts(pool.get("spec", "template", "metadata", "labels"))
    return NodeGroup(
        name=pool.name,
        object=pool,
        at=("spec",),
        most_at=("spec", "replicas" if fixed else "limits"),
        instance_type=type_,
        is_spot=wanted.get(CAPACITY_TYPE) == ("spot",),
        zones=wanted.get(ZONE, ()),
        min_size=fixed,
        max_size=fixed or _within_limits(pool, type_),
        allocatable=allocatable,
        labels={**certain, **written, NODE_POOL: pool.name, INSTANCE_TYPE: type_},
        taints=_taints(pool.get("spec", "template", "spec", "taints")),
        start_s=seconds(pool.annotations),
        batch=batch(pool.annotations),
    )


def _wanted(pool: Object) -> Iterator[tuple[str, tuple[str, ...]]]:
    for _, each in maps(pool.get("spec", "template", "spec", "requirements")):
        if each.get("operator") == "In":
            yield text(each.get("key")), _words(each.get("values"))


def _within_limits(pool: Object, type_: str) -> int:
    """How many nodes of the type fit into the pool's limits, which speak of capacity, not of what pods get."""
    size, limits = instances.of(type_), pool.get("spec", "limits")
    try:
        stated = resources.whole(resources.amounts(limits if isinstance(limits, Mapping) else {}))
    except InvalidQuantity:
        stated = {}
    each = {"nodes": 1, **({CPU: size.vcpu * 1000, MEMORY: size.memory_mib * 2**20} if size else {})}
    return min((max(0, stated[name]) // one for name, one in each.items() if name in stated), default=UNBOUNDED)


def _allocatable(type_: str, tags: Mapping[str, str], most_pods: int) -> Mapping[str, int] | None:
    """What pods get of a node: as tags say, else as the type has it; None unless cpu and memory are known."""
    size = instances.of(type_)
    try:
        stated = resources.amounts({key.removeprefix(STATED): tags[key] for key in tags if key.startswith(STATED)})
    except InvalidQuantity:
        return None
    has = {**(size.allocatable if size else {PODS: KUBELET_PODS}), **resources.whole(stated)}
    if most_pods:
        has[PODS] = most_pods
    return has if {CPU, MEMORY} <= has.keys() else None


def _addresses(config: Object, zones: tuple[str, ...], *, is_private: bool) -> int | None:
    """What the subnets of the zones hold, where eksctl's file names their blocks."""
    subnets = config.get("vpc", "subnets", "private" if is_private else "public")
    try:
        blocks = [ip_network(text(dig(subnets, zone, "cidr"))) for zone in zones]
    except ValueError:
        return None
    kept = instances.default("reserved_addresses")
    return sum(max(0, block.num_addresses - kept) for block in blocks) if blocks else None


def seconds(tags: Mapping[str, str]) -> int:
    """How long a node takes to start, by tags or annotations."""
    return _whole(tags.get(START, "").removesuffix("s"), instances.default("start_s"))


def batch(tags: Mapping[str, str]) -> int:
    """How many nodes may start at once, by tags or annotations."""
    return _whole(tags.get(BATCH, ""), instances.default("batch"))


def _whole(written: str, otherwise: int) -> int:
    is_number = written.isascii() and written.isdigit() and len(written) < 10
    return int(written) if is_number and int(written) else otherwise


def _taints(written: Any) -> tuple[Taint, ...]:
    """A list of taints, or eksctl's older map of `key: value:effect`."""
    if isinstance(written, Mapping):
        parts = {key: value.partition(":") for key, value in texts(written).items()}
        return tuple(Taint(key, value, effect) for key, (value, _, effect) in parts.items())
    listed = [each for _, each in maps(written)]
    return tuple(Taint(*(text(each.get(part)) for part in ("key", "value", "effect"))) for each in listed)


def _words(written: Any) -> tuple[str, ...]:
    return tuple(each for each in written if isinstance(each, str)) if isinstance(written, list) else ()
