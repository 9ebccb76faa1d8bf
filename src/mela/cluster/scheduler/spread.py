"""Spreading pods over zones and nodes (plugin PodTopologySpread).

A domain is a set of nodes with the same value of a label. Hard constraints bound how many more matching pods a domain
may have than the emptiest one; soft constraints, and defaults derived from a pod's Services and controller, only score.

Source: https://github.com/kubernetes/kubernetes/tree/v1.36.3/pkg/scheduler/framework/plugins/podtopologyspread and
https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ (read 2026-11-23).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mela.cluster import labels
from mela.cluster.scheduler import node_affinity, taints, terms
from mela.cluster.scheduler.nodes import Node, Occupied
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.verdicts import UNRESOLVABLE, UNSCHEDULABLE, Rejection

PLUGIN = "PodTopologySpread"
MISMATCH = "node(s) didn't match pod topology spread constraints"
HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
DEFAULT_SKEWS = {HOSTNAME: 3, ZONE: 5}
"""Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ (2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Constraint:
    max_skew: int
    key: str
    selector: labels.Selector
    min_domains: int = 1
    honors_affinity: bool = True
    """Nodes that the pod's node affinity excludes form no domain."""
    honors_taints: bool = False

    def includes(self, node: Node, pod: Pod, wanted: node_affinity.Required) -> bool:
        return (not self.honors_affinity or wanted.matches(node)) and not (
            self.honors_taints and taints.is_kept_away(node.taints, taints.tolerations(pod))
        )


@dataclass(slots=True)
class Counts:
    """How many matching pods each domain has, per hard constraint. `update` changes it: `copy` first to try."""

    pod: Pod
    constraints: tuple[Constraint, ...]
    wanted: node_affinity.Required
    by_domain: list[dict[str, int]]

    def copy(self) -> Counts:
        return Counts(self.pod, self.constraints, self.wanted, [dict(each) for each in self.by_domain])

    def update(self, other: Pod, node: Node, change: int) -> None:
        """Counts a pod in or out. Unlike the first count, a terminating pod and an empty selector do count here."""
        if other.namespace != self.pod.namespace or not has_keys(node, self.constraints):
            return
        for constraint, domains in zip(self.constraints, self.by_domain, strict=True):
            if constraint.selector.matches(other.labels) and constraint.includes(node, self.pod, self.wanted):
                domains[node.labels[constraint.key]] += change

    def reject(self, node: Node) -> Rejection | None:
        for constraint, domains in zip(self.constraints, self.by_domain, strict=True):
            if constraint.key not in node.labels:
                return Rejection(PLUGIN, UNRESOLVABLE, (f"{MISMATCH} (missing required label)",))
            least = min(domains.values()) if len(domains) >= constraint.min_domains else 0
            with_it = domains.get(node.labels[constraint.key], 0) + constraint.selector.matches(self.pod.labels)
            if with_it - least > constraint.max_skew:
                return Rejection(PLUGIN, UNSCHEDULABLE, (MISMATCH,))
        return None


def count(pod: Pod, places: Iterable[Occupied], wanted: node_affinity.Required) -> Counts | None:
    """The counts for the pod's hard constraints; None if it has none. Raises: labels.InvalidSelector."""
    constraints = _stated(pod, "DoNotSchedule")
    if not constraints:
        return None
    by_domain: list[defaultdict[str, int]] = [defaultdict(int) for _ in constraints]
    for place in places:
        if has_keys(place.node, constraints):
            for constraint, domains in zip(constraints, by_domain, strict=True):
                if constraint.includes(place.node, pod, wanted):
                    domains[place.node.labels[constraint.key]] += _matching(place, constraint.selector, pod.namespace)
    return Counts(pod, constraints, wanted, [dict(each) for each in by_domain])


def score(
    pod: Pod,
    feasible: Sequence[Occupied],
    places: Sequence[Occupied],
    wanted: node_affinity.Required,
    default_selector: labels.Selector,
) -> list[int] | None:
    """100 for the domains with the fewest matching pods. None if no soft constraint applies.

    With constraints of its own, nodes that lack one of the keys score 0. The defaults, which apply only to a pod
    without any constraint, take a missing key as one more domain. Raises: labels.InvalidSelector.
    """
    has_own = bool(pod.spec.get("topologySpreadConstraints"))
    constraints = _stated(pod, "ScheduleAnyway") if has_own else _defaults(default_selector)
    if not constraints:
        return None
    scored = [place for place in feasible if not has_own or has_keys(place.node, constraints)]
    counted = [place for place in places if not has_own or has_keys(place.node, constraints)]
    raw = dict.fromkeys((place.node.name for place in scored), 0.0)
    for constraint in constraints:
        for name, crowding in _crowding(constraint, pod, scored, counted, wanted):
            raw[name] += crowding
    return _normalized({name: _round(each) for name, each in raw.items()}, feasible)


def _crowding(
    constraint: Constraint,
    pod: Pod,
    scored: Sequence[Occupied],
    counted: Iterable[Occupied],
    wanted: node_affinity.Required,
) -> Iterable[tuple[str, float]]:
    """Matching pods in a node's domain, weighted so that few large domains weigh as much as many small ones."""
    by_name = constraint.key == HOSTNAME
    domains = {place.node.labels.get(constraint.key, ""): 0 for place in scored}
    if not by_name:
        for place in counted:
            domain = place.node.labels.get(constraint.key, "")
            if domain in domains and constraint.includes(place.node, pod, wanted):
                domains[domain] += _matching(place, constraint.selector, pod.namespace)
    weight = math.log((len(scored) if by_name else len(domains)) + 2)
    for place in scored:
        if constraint.key in place.node.labels:
            domain = place.node.labels[constraint.key]
            number = _matching(place, constraint.selector, pod.namespace) if by_name else domains[domain]
            yield place.node.name, number * weight + (constraint.max_skew - 1)


def _normalized(raw: Mapping[str, int], feasible: Sequence[Occupied]) -> list[int]:
    least, most = min(raw.values(), default=0), max(raw.values(), default=0)
    full = {name: 100 * (most + least - each) // most if most else 100 for name, each in raw.items()}
    return [full.get(place.node.name, 0) for place in feasible]


def _round(number: float) -> int:
    """Halves go up; Python's own `round` takes them to the even side."""
    whole = math.floor(number)
    return whole + (number - whole >= 0.5)


def has_keys(node: Node, constraints: Iterable[Constraint]) -> bool:
    return all(constraint.key in node.labels for constraint in constraints)


def _matching(place: Occupied, selector: labels.Selector, namespace: str) -> int:
    """An empty selector counts nothing here, and terminating pods do not count."""
    if selector.is_empty:
        return 0
    return sum(
        1
        for pod in place.pods
        if pod.namespace == namespace and not pod.is_terminating and selector.matches(pod.labels)
    )


def _stated(pod: Pod, action: str) -> tuple[Constraint, ...]:
    stated = pod.spec.get("topologySpreadConstraints") or []
    return tuple(_constraint(each, pod) for each in stated if each.get("whenUnsatisfiable") == action)


def _constraint(stated: Mapping[str, Any], pod: Pod) -> Constraint:
    selector = terms.selector_with_keys(stated.get("labelSelector"), pod.labels, stated.get("matchLabelKeys"))
    domains = stated.get("minDomains")
    return Constraint(
        max_skew=stated.get("maxSkew") or 0,
        key=stated.get("topologyKey") or "",
        selector=selector,
        min_domains=1 if domains is None else domains,
        honors_affinity=(stated.get("nodeAffinityPolicy") or "Honor") == "Honor",
        honors_taints=stated.get("nodeTaintsPolicy") == "Honor",
    )


def _defaults(selector: labels.Selector) -> tuple[Constraint, ...]:
    return () if selector.is_empty else tuple(Constraint(skew, key, selector) for key, skew in DEFAULT_SKEWS.items())
