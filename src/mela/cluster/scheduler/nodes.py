"""A node, and the account of what its pods take from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mela.cluster.scheduler import resources
from mela.cluster.scheduler.pods import ANY_ADDRESS, HostPort, Pod


class Taint(NamedTuple):
    key: str
    value: str
    effect: str


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    name: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    is_cordoned: bool
    allocatable: Mapping[str, int]
    """Millicores for cpu, else bytes or counts."""
    images: Mapping[str, int]
    """Sizes in bytes by name, as the node itself reports them."""


def parse(node: Mapping[str, Any]) -> Node:
    """The node of a Node object. Raises: quantity.InvalidQuantity."""
    metadata, spec, status = (node.get(part) or {} for part in ("metadata", "spec", "status"))
    allocatable = resources.amounts(status.get("allocatable"))
    images = [(name, image) for image in status.get("images") or [] for name in image.get("names") or []]
    return Node(
        name=metadata.get("name") or "",
        labels=metadata.get("labels") or {},
        taints=tuple(_taint(each) for each in spec.get("taints") or []),
        is_cordoned=bool(spec.get("unschedulable")),
        allocatable={name: resources.units(name, each) for name, each in allocatable.items()},
        images={name: image.get("sizeBytes") or 0 for name, image in reversed(images)},
    )


def _taint(taint: Mapping[str, Any]) -> Taint:
    return Taint(taint.get("key") or "", taint.get("value") or "", taint.get("effect") or "")


@dataclass(slots=True)
class Occupied:
    """A node with its pods. `add` and `remove` keep the sums; they change this object, so `copy` first to try."""

    node: Node
    pods: list[Pod] = field(default_factory=list)
    requested: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    """Cpu and memory with unstated requests, for scores."""
    ports: set[HostPort] = field(default_factory=set)

    def copy(self) -> Occupied:
        return Occupied(self.node, list(self.pods), Counter(self.requested), Counter(self.counted), set(self.ports))

    def add(self, pod: Pod) -> None:
        self.pods.append(pod)
        self.requested.update(pod.requests.actual)
        self.counted.update(pod.requests.counted)
        self.ports.update(pod.host_ports)

    def remove(self, pod: Pod) -> None:
        """A port is free again even if another pod of the node has it too, as upstream has it."""
        self.pods.remove(pod)
        self.requested.subtract(pod.requests.actual)
        self.counted.subtract(pod.requests.counted)
        self.ports.difference_update(pod.host_ports)

    def has_free(self, wanted: HostPort) -> bool:
        """A port on 0.0.0.0 clashes with the same port on every address."""
        return not any(
            (taken.protocol, taken.port) == (wanted.protocol, wanted.port)
            and (ANY_ADDRESS in (taken.address, wanted.address) or taken.address == wanted.address)
            for taken in self.ports
        )


def occupied(nodes: Iterable[Node], pods: Iterable[Pod]) -> dict[str, Occupied]:
    """The nodes by name, in the order given, each with the pods bound to it; pods of unknown nodes are left out."""
    result = {node.name: Occupied(node) for node in nodes}
    for pod in pods:
        if pod.node_name in result:
            result[pod.node_name].add(pod)
    return result
