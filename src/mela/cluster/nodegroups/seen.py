"""Node groups as a cluster's Nodes show them: of a fixed size, for nothing says how far they may grow."""

from collections.abc import Collection, Iterator, Mapping

from mela.cluster.nodegroups import declared
from mela.cluster.nodegroups.model import HOSTNAME, ZONE, NodeGroup
from mela.cluster.objects import Object, System
from mela.cluster.quantity import InvalidQuantity
from mela.cluster.scheduler import nodes
from mela.cluster.scheduler.nodes import Node

NAMES = (declared.NODE_POOL, "eks.amazonaws.com/nodegroup", declared.EKSCTL_NAME, "cloud.google.com/gke-nodepool")
"""Labels by which a Node says its group."""

Likeness = tuple[object, ...]


def of_nodes(system: System, known: Collection[str]) -> Iterator[NodeGroup]:
    """Nodes that differ in nothing but their name and zone, except cordoned ones and those of a known group."""
    alike: dict[Likeness, list[tuple[Object, Node]]] = {}
    for thing in system.kind("Node"):
        node = read(thing)
        if node and not node.is_cordoned and group(node) not in known:
            alike.setdefault(_likeness(node), []).append((thing, node))
    for members in alike.values():
        yield _of(members)


def read(thing: Object) -> Node | None:
    """The node of an object; None where it does not say what it has."""
    try:
        return nodes.parse(thing.data) if thing.get("status", "allocatable") else None
    except InvalidQuantity:
        return None


def _of(members: list[tuple[Object, Node]]) -> NodeGroup:
    first, node = members[0]
    return NodeGroup(
        name=group(node) or node.name,
        object=first,
        at=(),
        most_at=(),
        instance_type=node.labels.get(declared.INSTANCE_TYPE, ""),
        is_spot=node.labels.get(declared.CAPACITY_TYPE) == "spot",
        zones=tuple(sorted({each.labels[ZONE] for _, each in members if ZONE in each.labels})),
        min_size=len(members),
        max_size=len(members),
        allocatable=node.allocatable,
        labels=_common(node),
        taints=node.taints,
        start_s=declared.seconds(first.annotations),
        batch=declared.batch(first.annotations),
    )


def group(node: Node) -> str:
    """The name of the node's group; empty where no label says it."""
    return next((node.labels[key] for key in NAMES if key in node.labels), "")


def _likeness(node: Node) -> Likeness:
    return group(node), _items(_common(node)), _items(node.allocatable), node.taints


def _common(node: Node) -> Mapping[str, str]:
    return {key: value for key, value in node.labels.items() if key not in (ZONE, HOSTNAME)}


def _items(mapping: Mapping[str, object]) -> Likeness:
    return tuple(sorted(mapping.items(), key=lambda item: item[0]))
