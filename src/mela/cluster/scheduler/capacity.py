"""Room on a node: host ports, cpu, memory and the rest (plugins NodePorts, NodeResourcesFit and
NodeResourcesBalancedAllocation).

Source: https://github.com/kubernetes/kubernetes/tree/v1.36.3/pkg/scheduler/framework/plugins/noderesources and
https://kubernetes.io/docs/concepts/scheduling-eviction/resource-bin-packing/ (read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mela.cluster import quantity
from mela.cluster.scheduler import resources
from mela.cluster.scheduler.nodes import Occupied
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.resources import CPU, MEMORY, PODS, SCORED, STORAGE
from mela.cluster.scheduler.verdicts import UNRESOLVABLE, UNSCHEDULABLE, Rejection


def reject_ports(pod: Pod, place: Occupied) -> Rejection | None:
    if all(place.has_free(port) for port in pod.host_ports):
        return None
    return Rejection("NodePorts", UNSCHEDULABLE, ("node(s) didn't have free ports for the requested pod ports",))


def reject(pod: Pod, place: Occupied) -> Rejection | None:
    """All shortages at once. Preemption cannot help where a request exceeds what the whole node has."""
    has = place.node.allocatable
    too_many = len(place.pods) + 1 > has.get(PODS, 0)
    short = [name for name, asked in _asked(pod) if asked > quantity.int64(has.get(name, 0) - place.requested[name])]
    if not too_many and not short:
        return None
    beyond = any(pod.requests.actual[name] > has.get(name, 0) for name in short)
    reasons = (*(["Too many pods"] if too_many else []), *(f"Insufficient {name}" for name in short))
    return Rejection("NodeResourcesFit", UNRESOLVABLE if beyond else UNSCHEDULABLE, reasons)


def score_least_allocated(pod: Pod, feasible: Sequence[Occupied]) -> list[int]:
    """The free share of cpu and of memory after the pod, in percent, averaged; resources that a node lacks are left
    out."""
    return [_least_allocated(pod.requests.own, place) for place in feasible]


def score_balance(pod: Pod, feasible: Sequence[Occupied]) -> list[int] | None:
    """Around 75; more where the pod brings the used shares of cpu and memory closer together, less where apart.

    None for a pod that requests neither.
    """
    actual = pod.requests.actual
    if not any(actual.get(name) for name in SCORED):
        return None
    return [50 + (50 + _balance(place, actual) - _balance(place, {})) // 2 for place in feasible]


def _asked(pod: Pod) -> Iterator[tuple[str, int]]:
    """The requests that are checked, those above zero."""
    for name, asked in sorted(pod.requests.actual.items()):
        if asked > 0 and (name in (CPU, MEMORY, STORAGE) or resources.is_scalar(name)):
            yield name, asked


def _least_allocated(own: Mapping[str, int], place: Occupied) -> int:
    has = {name: place.node.allocatable[name] for name in SCORED if place.node.allocatable.get(name)}
    used = {name: quantity.int64(place.counted[name] + own.get(name, 0)) for name in has}
    shares = [_free_percent(used[name], has[name]) for name in has]
    return sum(shares) // len(shares) if shares else 0


def _free_percent(used: int, has: int) -> int:
    """Over some 92 PB the product leaves int64, upstream too; the division goes towards zero."""
    hundredfold = quantity.int64((has - used) * 100) if used <= has else 0
    return hundredfold // has if hundredfold >= 0 else -(-hundredfold // has)


def _balance(place: Occupied, pod: Mapping[str, int]) -> int:
    """50 to 100: 100 less half the distance, in percent, between the used shares of cpu and memory."""
    has = {name: place.node.allocatable[name] for name in SCORED if place.node.allocatable.get(name)}
    used = {name: quantity.int64(place.requested[name] + pod.get(name, 0)) for name in has}
    shares = [min(used[name] / has[name], 1.0) for name in has]
    deviation = abs((shares[0] - shares[1]) / 2) if len(shares) == 2 else 0.0
    return int((1 - deviation) * 100)
