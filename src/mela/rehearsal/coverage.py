"""What of an event a folder can play. The rest is told, with how much was asked, and never silently dropped.

An action is played if every operation that it leads to is somewhere: in a workload of the manifests, or outside them with a
ceiling of its own. Half an action is not played: nobody knows how people go on without the other half.

जो सेवा इन फ़ाइलों में नहीं है, उसकी भीड़ खेली नहीं जाती, और यह साफ़ बताया जाता है।
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from mela.rehearsal.calls import Call, Graph
from mela.rehearsal.model import Demand


@dataclass(frozen=True, slots=True)
class Gap:
    """An action that nobody plays here, and why."""

    action: str
    why: str


def gaps(graph: Graph, workloads: Collection[str], actions: Sequence[str]) -> tuple[Gap, ...]:
    """Those of an event's actions that cannot be played; `workloads` are the manifests', `namespace/name`."""
    broken = _broken(graph, workloads)
    found = []
    for name in actions:
        if name not in graph.actions:
            found.append(Gap(name, f"call graph {graph.name} does not know it"))
        elif missing := _missing(graph.actions[name].calls, broken):
            found.append(Gap(name, f"it needs {missing}, which is not among the manifests"))
    return tuple(found)


def playable(graph: Graph, workloads: Collection[str]) -> Graph:
    """The graph without operations, services and actions that need a workload which is not there."""
    broken = _broken(graph, workloads)
    if not broken:
        return graph
    services = {
        name: replace(service, operations=left)
        for name, service in graph.services.items()
        if (left := {key: each for key, each in service.operations.items() if f"{name}.{key}" not in broken})
    }
    actions = {name: each for name, each in graph.actions.items() if not _missing(each.calls, broken)}
    levels = {
        name: replace(level, every_s={key: each for key, each in level.every_s.items() if key in actions})
        for name, level in graph.levels.items()
    }
    return replace(graph, services=services, actions=actions, levels=levels)


def played(demand: Demand, graph: Graph) -> Demand:
    """The demand without actions that the graph does not know."""
    kept = [index for index, name in enumerate(demand.actions) if name in graph.actions]
    if len(kept) == len(demand.actions):
        return demand
    return replace(demand, actions=tuple(demand.actions[index] for index in kept), arrivals=demand.arrivals[:, kept])


def _broken(graph: Graph, workloads: Collection[str]) -> dict[str, str]:
    """Operations that are nowhere or lead to one that is, each with the workload that is missing."""
    found: dict[str, str] = {}
    for name, service, _ in graph.operations():
        if service.workload and service.workload not in workloads and not service.ceiling_per_s:
            found[name] = service.workload
    grows = bool(found)
    while grows:
        more = {
            name: missing
            for name, _, each in graph.operations()
            if name not in found and (missing := _missing(each.calls, found))
        }
        found |= more
        grows = bool(more)
    return found


def _missing(calls: Sequence[Call], broken: dict[str, str]) -> str:
    return next((broken[call.to] for call in calls if call.to in broken), "")
