"""Pods that want to be near other pods, or far from them (plugin InterPodAffinity).

Required terms filter, preferred ones score. Anti-affinity also holds the other way round: a pod is kept away from the
existing pods whose terms reject it.

Source: https://github.com/kubernetes/kubernetes/tree/v1.36.3/pkg/scheduler/framework/plugins/interpodaffinity and
https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ (read 2026-11-23).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mela.cluster import labels
from mela.cluster.scheduler.nodes import Node, Occupied
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.terms import Term
from mela.cluster.scheduler.verdicts import UNRESOLVABLE, UNSCHEDULABLE, Rejection

PLUGIN = "InterPodAffinity"
EXISTING_REQUIRED_WEIGHT = 1
"""What an existing pod's required affinity adds to the score of nodes near it.

Source: `hardPodAffinityWeight`, https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/ (2026-11-23).
"""

Domain = tuple[str, str]
Namespaces = Mapping[str, Mapping[str, str]]
"""The labels of the namespaces that exist, by name."""


@dataclass(slots=True)
class Counts:
    """Matching pods per domain (label and value). `update` changes it: `copy` first to try."""

    pod: Pod
    near: tuple[Term, ...]
    apart: tuple[Term, ...]
    namespace_labels: Mapping[str, str]
    wanted_near: Counter[Domain] = field(default_factory=Counter)
    wanted_apart: Counter[Domain] = field(default_factory=Counter)
    kept_apart: Counter[Domain] = field(default_factory=Counter)
    """By the terms of existing pods."""

    def copy(self) -> Counts:
        return replace(
            self,
            wanted_near=Counter(self.wanted_near),
            wanted_apart=Counter(self.wanted_apart),
            kept_apart=Counter(self.kept_apart),
        )

    def update(self, other: Pod, node: Node, change: int) -> None:
        """Counts a pod in or out. For the wanted ones it must match all terms, or any single one to keep apart."""
        if self._matches_all(other):
            _count(self.wanted_near, self.near, node, change)
        rejecting = [term for term in self.apart if term.matches(other.namespace, other.labels, {})]
        _count(self.wanted_apart, rejecting, node, change)
        pod, known = self.pod, self.namespace_labels
        rejecting = [term for term in other.affinity.required_apart if term.matches(pod.namespace, pod.labels, known)]
        _count(self.kept_apart, rejecting, node, change)

    def reject(self, node: Node) -> Rejection | None:
        if not self._is_near(node):
            return Rejection(PLUGIN, UNRESOLVABLE, ("node(s) didn't match pod affinity rules",))
        if any(self.wanted_apart[_domain(term, node)] > 0 for term in self.apart if term.topology_key in node.labels):
            return Rejection(PLUGIN, UNSCHEDULABLE, ("node(s) didn't match pod anti-affinity rules",))
        if any(count > 0 and node.labels.get(key) == value for (key, value), count in self.kept_apart.items()):
            return Rejection(PLUGIN, UNSCHEDULABLE, ("node(s) didn't satisfy existing pods anti-affinity rules",))
        return None

    def _is_near(self, node: Node) -> bool:
        """The first pod of a group that wants to be together may go anywhere, or none could ever start."""
        if not all(term.topology_key in node.labels for term in self.near):
            return False
        if all(self.wanted_near[_domain(term, node)] > 0 for term in self.near):
            return True
        return not any(self.wanted_near.values()) and self._matches_all(self.pod)

    def _matches_all(self, other: Pod) -> bool:
        return bool(self.near) and all(term.matches(other.namespace, other.labels, {}) for term in self.near)


def unparsable(pod: Pod) -> Rejection | None:
    """A pod whose terms cannot be parsed goes nowhere."""
    problem = pod.affinity.problem
    return Rejection(PLUGIN, UNRESOLVABLE, (f"parsing pod: {problem}",)) if problem else None


def count(pod: Pod, places: Iterable[Occupied], namespaces: Namespaces) -> Counts | None:
    """The counts for the pod; None if neither it nor any existing pod has a term that concerns it."""
    near, apart = (_unrolled(each, namespaces) for each in (pod.affinity.required_near, pod.affinity.required_apart))
    counts = Counts(pod, near, apart, namespaces.get(pod.namespace, {}))
    for place in places:
        for other in place.pods:
            if near or apart or other.affinity.required_apart:
                counts.update(other, place.node, 1)
    return counts if near or apart or counts.kept_apart else None


def score(pod: Pod, feasible: Sequence[Node], places: Iterable[Occupied], namespaces: Namespaces) -> list[int] | None:
    """The weights of all terms that match, both the pod's and the existing pods', stretched to 0 to 100.

    None if no term matches any pod.
    """
    preferred, known = _unrolled(pod.affinity.preferred, namespaces), namespaces.get(pod.namespace, {})
    weights: Counter[Domain] = Counter()
    for place in places:
        for other in place.pods:
            for term, weight in _weighted(pod, other, preferred, known):
                _count(weights, [term], place.node, weight)
    if not weights:
        return None
    raw = [sum(weights[domain] for domain in node.labels.items()) for node in feasible]
    least, spread = min(raw), max(raw) - min(raw)
    return [int(100 * ((each - least) / spread)) if spread else 0 for each in raw]


def _weighted(pod: Pod, other: Pod, preferred: Iterable[Term], known: Mapping[str, str]) -> Iterator[tuple[Term, int]]:
    """The terms that bind the two pods, with their weights; what an existing pod requires counts a little too."""
    for term in preferred:
        if term.matches(other.namespace, other.labels, {}):
            yield term, term.weight
    for term in other.affinity.required_near:
        if term.matches(pod.namespace, pod.labels, known):
            yield term, EXISTING_REQUIRED_WEIGHT
    for term in other.affinity.preferred:
        if term.matches(pod.namespace, pod.labels, known):
            yield term, term.weight


def _unrolled(terms: Iterable[Term], namespaces: Namespaces) -> tuple[Term, ...]:
    """The pod's own terms with the namespaces that their selectors match today.

    The selector itself stays, and the scheduler then tries it on no labels: one that such a namespace satisfies
    (`DoesNotExist`, `NotIn`) matches pods of every namespace. Existing pods' terms do not have this flaw.
    """
    return tuple(
        replace(term, namespaces=term.namespaces | _named(term.namespace_selector, namespaces)) for term in terms
    )


def _named(selector: labels.Selector, namespaces: Namespaces) -> set[str]:
    return {name for name, known in namespaces.items() if selector.matches(known)}


def _count(counts: Counter[Domain], terms: Iterable[Term], node: Node, change: int) -> None:
    for term in terms:
        if term.topology_key in node.labels:
            counts[_domain(term, node)] += change


def _domain(term: Term, node: Node) -> Domain:
    return term.topology_key, node.labels[term.topology_key]
