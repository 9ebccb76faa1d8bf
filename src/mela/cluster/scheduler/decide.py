"""One pod, one decision: filter the nodes, score those that are left, or look for room by preemption.

Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/scheduler/schedule_one.go (read 2026-11-23).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mela.cluster.scheduler import capacity, images, node_affinity, owners, pod_affinity, preemption, spread, taints
from mela.cluster.scheduler.filters import Attempt
from mela.cluster.scheduler.nodes import Occupied
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.verdicts import UNRESOLVABLE, Decision, Rejection, summary

WEIGHTS = {
    "TaintToleration": 3,
    "NodeAffinity": 2,
    "NodeResourcesFit": 1,
    "PodTopologySpread": 2,
    "InterPodAffinity": 2,
    "DynamicResources": 2,
    "NodeResourcesBalancedAllocation": 1,
    "ImageLocality": 1,
}
"""The default profile's score plugins, in order.

Source: https://kubernetes.io/docs/reference/scheduling/config/ (2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The cluster at one moment. Only `places` is needed; the rest makes the answer complete."""

    places: Mapping[str, Occupied]
    """Nodes with their pods, as `nodes.occupied` gives them."""
    nominated: Sequence[Pod] = ()
    """Pending pods with a node kept for them, in the order in which they came."""
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Labels by name."""
    workloads: Sequence[Mapping[str, Any]] = ()
    """Services, ReplicaSets, StatefulSets and ReplicationControllers, with `kind`: for the default spreading."""
    budgets: Sequence[preemption.Budget] = ()


def decide(pod: Pod, snapshot: Snapshot) -> Decision:
    """Where the pod may go, how good each node is, or what to preempt; the snapshot is left as it is.

    All nodes are looked at. With more than 100 the real scheduler may stop once it has found enough that fit.

    Raises: labels.InvalidSelector for constraints that the API server would have refused.
    """
    if not snapshot.places:
        return Decision((), {}, {}, (), None, "no nodes available to schedule pods")
    places = list(snapshot.places.values())
    wanted = node_affinity.required(pod)
    names = node_affinity.named_nodes(pod)
    attempt = Attempt(
        pod,
        wanted,
        spread.count(pod, places, wanted),
        pod_affinity.count(pod, places, snapshot.namespaces),
        _by_node(snapshot.nominated),
    )
    hopeless = node_affinity.CONFLICT if names is not None and not names else pod_affinity.unparsable(pod)
    if hopeless:
        return _undecided(attempt, snapshot, dict.fromkeys(snapshot.places, hopeless), hopeless)
    feasible, rejected = _filter(attempt, snapshot.places, names)
    if not feasible:
        return _undecided(attempt, snapshot, rejected, None)
    scores = _scores(attempt, feasible, places, snapshot) if len(feasible) > 1 else {}
    totals = {place.node.name: sum(scores.get(place.node.name, {}).values()) for place in feasible}
    highest = max(totals.values())
    best = tuple(name for name, total in totals.items() if total == highest)
    return Decision(tuple(totals), rejected, scores, best, None, "")


def _filter(
    attempt: Attempt, places: Mapping[str, Occupied], names: frozenset[str] | None
) -> tuple[list[Occupied], dict[str, Rejection]]:
    """The node kept for the pod is tried first and, if it fits, is the only one looked at."""
    kept = places.get(attempt.pod.nominated_node)
    first = attempt.reject(kept) if kept else None
    if kept and first is None:
        return [kept], {}
    seen = {kept.node.name: first} if kept else {}
    seen |= {name: attempt.reject(place) for name, place in places.items() if names is None or name in names}
    feasible = [places[name] for name, rejection in seen.items() if rejection is None]
    narrowed = _narrowed(first)
    told = ((name, seen.get(name, narrowed)) for name in places)
    return feasible, {name: rejection for name, rejection in told if rejection is not None}


def _narrowed(first: Rejection | None) -> Rejection:
    """For nodes that the pod's own affinity rules out by name; upstream also blames what rejected the kept node."""
    plugins = sorted({"NodeAffinity", *([first.plugin] if first else [])})
    return Rejection("", UNRESOLVABLE, (f"node(s) didn't satisfy plugin(s) [{' '.join(plugins)}]",))


def _scores(
    attempt: Attempt, feasible: Sequence[Occupied], places: Sequence[Occupied], snapshot: Snapshot
) -> dict[str, dict[str, int]]:
    """Weighted scores by node and plugin. A plugin that has nothing to say is left out."""
    pod, nodes = attempt.pod, [place.node for place in feasible]
    default = owners.selector(pod, snapshot.workloads)
    plugins = {
        "TaintToleration": taints.score(pod, nodes),
        "NodeAffinity": node_affinity.score(pod, nodes),
        "NodeResourcesFit": capacity.score_least_allocated(pod, feasible),
        "PodTopologySpread": spread.score(pod, feasible, places, attempt.wanted, default),
        "InterPodAffinity": pod_affinity.score(pod, nodes, places, snapshot.namespaces),
        "DynamicResources": [0] * len(nodes),
        "NodeResourcesBalancedAllocation": capacity.score_balance(pod, feasible),
        "ImageLocality": images.score(pod, nodes, [place.node for place in places]),
    }
    spoken = {plugin: scores for plugin, scores in plugins.items() if scores is not None}
    return {
        node.name: {plugin: scores[index] * WEIGHTS[plugin] for plugin, scores in spoken.items()}
        for index, node in enumerate(nodes)
    }


def _undecided(
    attempt: Attempt, snapshot: Snapshot, rejected: Mapping[str, Rejection], hopeless: Rejection | None
) -> Decision:
    outcome = preemption.preempt(attempt, snapshot.places, rejected, snapshot.budgets)
    counted = Counter(reason for rejection in rejected.values() for reason in rejection.reasons)
    message = summary(len(snapshot.places), counted)
    if hopeless:
        # A pod that no node can take is told so once, and claims are not looked at ("not found").
        message = f"0/{len(snapshot.places)} nodes are available: {hopeless.reasons[0]}. not found"
    elif outcome.message:
        message += f" no new claims to deallocate, preemption: {outcome.message}"
    return Decision((), rejected, {}, (), outcome, message)


def _by_node(nominated: Iterable[Pod]) -> dict[str, list[Pod]]:
    kept: dict[str, list[Pod]] = {}
    for pod in nominated:
        kept.setdefault(pod.nominated_node, []).append(pod)
    return kept
