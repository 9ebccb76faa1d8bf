"""A group of nodes that are alike and grow together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mela.cluster.objects import Object, Path
from mela.cluster.scheduler.nodes import Node, Taint

ZONE = "topology.kubernetes.io/zone"
HOSTNAME = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True, eq=False)
class NodeGroup:
    """Nodes that are alike, and how many there may be. `at` is where it stands in its object, `most_at` its bound there."""

    name: str
    object: Object
    at: Path
    most_at: Path
    instance_type: str
    """Empty where nothing says it; then it has no price."""
    is_spot: bool
    zones: tuple[str, ...]
    """Nodes are spread over them evenly. Empty where nothing says it."""
    min_size: int
    max_size: int
    allocatable: Mapping[str, int]
    """Millicores for cpu, bytes for memory, counts for pods and the rest."""
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    start_s: int
    """From the wish for a node until it is ready for pods."""
    batch: int
    """How many nodes may start at once."""
    addresses: int | None = None
    """How many pods and nodes the group's subnets hold; None where nothing says it."""

    def nodes(self, count: int, zones: Iterable[str] | None = None) -> list[Node]:
        """`count` of its nodes, zones in turn; `zones` narrows them, as after the loss of one."""
        over = self.zones if zones is None else tuple(zone for zone in self.zones if zone in set(zones))
        return [] if self.zones and not over else [self._node(place, over) for place in range(count)]

    def _node(self, place: int, zones: tuple[str, ...]) -> Node:
        name = f"{self.name}-{place}"
        zone = {ZONE: zones[place % len(zones)]} if zones else {}
        return Node(name, {HOSTNAME: name, **self.labels, **zone}, self.taints, False, self.allocatable, {})
