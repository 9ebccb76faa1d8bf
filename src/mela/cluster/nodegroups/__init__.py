"""Groups of nodes that are alike and grow together, as they are declared; and which pods they can take.

Read from what people have already: `ClusterConfig` of eksctl, `NodePool` of Karpenter, and Nodes as a cluster shows them,
which are groups of a fixed size. Two things stand in none of them, and go into the group's tags (eksctl) or the pool's
annotations: `mela.dev/node-start`, seconds from the wish for a node to its being ready, and `mela.dev/nodes-at-once`, how
many may start together. Sizes of instance types come from `data/instances.yaml`; a tag
`k8s.io/cluster-autoscaler/node-template/resources/cpu` (or any resource) says them for a type that is not there.

    groups = nodegroups.read(system)
    [nodegroups.fit(each, pod) for each in groups if nodegroups.takes(each, pod)]

नोड समूह: एक जैसे नोड, जो साथ बढ़ते हैं। कितने, कितनी देर में, किस पॉड के लिए, यह यहीं से पता चलता है।
"""

from collections.abc import Iterable

from mela.cluster.nodegroups import declared, seen
from mela.cluster.nodegroups.model import NodeGroup
from mela.cluster.objects import System
from mela.cluster.scheduler import decide
from mela.cluster.scheduler.nodes import Node, Occupied
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.resources import PODS

__all__ = ["NodeGroup", "fit", "is_whole", "read", "takes"]


def read(system: System) -> tuple[NodeGroup, ...]:
    """The groups of a system: those that are declared, then those of its Nodes that belong to none of them.

    A group whose instance type is open, or whose size is unknown and not stated, cannot be reckoned with and is left out.
    """
    found = _declared(system)
    return (*found, *seen.of_nodes(system, {each.name for each in found}))


def is_whole(system: System) -> bool:
    """Are these all nodes that there may be? Not with the files of several clusters, with groups that `read` leaves out, or
    with nodes that come by other ways: Fargate, Auto Mode, or those on which Karpenter itself runs, which no pool makes.

    Source: https://karpenter.sh/docs/faq/ and https://docs.aws.amazon.com/eks/latest/eksctl/schema.html (2026-11-26)."""
    configs, pools = system.kind("ClusterConfig.eksctl.io"), system.kind("NodePool.karpenter.sh")
    written = sum(len(list(declared.written(config))) for config in configs) + len(pools)
    others = any(config.get(key) for config in configs for key in ("fargateProfiles", "autoModeConfig"))
    has_karpenter = any(config.get("karpenter") for config in configs)
    has_base = not pools or bool(configs) or bool(system.kind("Node"))
    is_one = len(configs) <= 1 and not others and has_base and (bool(pools) or not has_karpenter)
    return is_one and written == len(_declared(system))


def takes(group: NodeGroup, pod: Pod, daemons: Iterable[Pod] = ()) -> bool:
    """Would the scheduler put the pod on an empty node of the group, in one of its zones, beside its daemons?

    Pods with required affinity to other pods need those pods: play them through with `scheduler.decide`.
    """
    beside = list(daemons)
    return any(_takes(node, pod, beside) for node in group.nodes(max(1, len(group.zones))))


def fit(group: NodeGroup, pod: Pod, daemons: Iterable[Pod] = ()) -> int:
    """How many pods like this one an empty node of the group holds beside its daemons, by room alone."""
    beside = list(daemons)
    room = {**group.allocatable, PODS: group.allocatable.get(PODS, 0) - len(beside)}
    for each in beside:
        room.update({name: room.get(name, 0) - asked for name, asked in each.requests.actual.items()})
    asked = {name: each for name, each in pod.requests.actual.items() if each > 0}
    counts = [max(0, room[PODS]), *(max(0, room.get(name, 0)) // each for name, each in asked.items())]
    return min([*counts, 1] if pod.host_ports else counts)


def _declared(system: System) -> list[NodeGroup]:
    return [*declared.of_eksctl(system), *declared.of_karpenter(system)]


def _takes(node: Node, pod: Pod, daemons: Iterable[Pod]) -> bool:
    place = Occupied(node)
    for each in daemons:
        place.add(each)
    return bool(decide.decide(pod, decide.Snapshot({node.name: place})).best)
