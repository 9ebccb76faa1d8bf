"""Which nodes a pod wants, by their labels and names (plugins NodeName and NodeAffinity).

Source: https://github.com/kubernetes/component-helpers/blob/v0.36.3/scheduling/corev1/nodeaffinity/nodeaffinity.go and
https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ (read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mela.cluster import labels
from mela.cluster.scheduler.nodes import Node
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.terms import PREFERRED, REQUIRED
from mela.cluster.scheduler.verdicts import UNRESOLVABLE, Rejection

NAME_FIELD = "metadata.name"
CONFLICT = Rejection("NodeAffinity", UNRESOLVABLE, ("pod affinity terms conflict",))


@dataclass(frozen=True, slots=True)
class NodeTerm:
    """All expressions on labels and all on fields must hold."""

    expressions: tuple[labels.Requirement, ...]
    fields: tuple[labels.Requirement, ...]

    def matches(self, node: Node) -> bool:
        """Only the name is a field; any other is empty."""
        fields = {each.key: "" for each in self.fields} | {NAME_FIELD: node.name}
        return all(each.matches(node.labels) for each in self.expressions) and all(
            each.matches(fields) for each in self.fields
        )


@dataclass(frozen=True, slots=True)
class Required:
    """`nodeSelector` and one of the required terms; no terms stated means any node, an empty list of them none."""

    selector: labels.Selector
    terms: tuple[NodeTerm, ...] | None

    def matches(self, node: Node) -> bool:
        return self.selector.matches(node.labels) and (
            self.terms is None or any(term.matches(node) for term in self.terms)
        )


def required(pod: Pod) -> Required:
    """What a node must satisfy. Empty terms and those that cannot be parsed match no node."""
    stated = _node_affinity(pod).get(REQUIRED)
    terms = None if stated is None else tuple(filter(None, map(_lenient, stated.get("nodeSelectorTerms") or [])))
    return Required(labels.of_map(pod.spec.get("nodeSelector")), terms)


def named_nodes(pod: Pod) -> frozenset[str] | None:
    """The only nodes that the required terms allow by name; None if some term names none.

    Empty where each term contradicts itself.
    """
    terms = (_node_affinity(pod).get(REQUIRED) or {}).get("nodeSelectorTerms") or []
    named = [_names(term) for term in terms]
    if not named or None in named:
        return None
    return frozenset().union(*(each for each in named if each is not None))


def reject_name(pod: Pod, node: Node) -> Rejection | None:
    if pod.node_name in ("", node.name):
        return None
    return Rejection("NodeName", UNRESOLVABLE, ("node(s) didn't match the requested node name",))


def reject(wanted: Required, node: Node) -> Rejection | None:
    if wanted.matches(node):
        return None
    return Rejection("NodeAffinity", UNRESOLVABLE, ("node(s) didn't match Pod's node affinity/selector",))


def score(pod: Pod, feasible: Sequence[Node]) -> list[int] | None:
    """The weights of the preferred terms that match, 100 for the most; None if the pod prefers nothing.

    Raises: labels.InvalidSelector, on which the scheduler gives up the attempt.
    """
    stated = _node_affinity(pod).get(PREFERRED)
    if stated is None:
        return None
    weighted = [(_term(each["preference"]), each["weight"]) for each in stated if _counts(each)]
    sums = [sum(weight for term, weight in weighted if term.matches(node)) for node in feasible]
    most = max(sums)
    return [100 * each // most if most else 0 for each in sums]


def _counts(preferred: Mapping[str, Any]) -> bool:
    preference = preferred.get("preference") or {}
    return bool(preferred.get("weight") and (preference.get("matchExpressions") or preference.get("matchFields")))


def _node_affinity(pod: Pod) -> Mapping[str, Any]:
    affinity: Mapping[str, Any] = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    return affinity


def _lenient(term: Mapping[str, Any]) -> NodeTerm | None:
    try:
        parsed = _term(term)
    except labels.InvalidSelector:
        return None
    return parsed if parsed.expressions or parsed.fields else None


def _term(term: Mapping[str, Any]) -> NodeTerm:
    expressions = labels.parse_expressions(term.get("matchExpressions") or [])
    return NodeTerm(expressions, tuple(_field(each) for each in term.get("matchFields") or []))


def _field(stated: Mapping[str, Any]) -> labels.Requirement:
    """Fields know In and NotIn, with exactly one value."""
    key, operator, values = stated.get("key") or "", stated.get("operator") or "", stated.get("values") or []
    if operator not in ("In", "NotIn") or len(values) != 1:
        raise labels.InvalidSelector(f"field {key!r} takes In or NotIn with exactly one value")
    return labels.Requirement(key, operator, tuple(values))


def _names(term: Mapping[str, Any]) -> frozenset[str] | None:
    named = [
        frozenset(each.get("values") or [])
        for each in term.get("matchFields") or []
        if (each.get("key"), each.get("operator")) == (NAME_FIELD, "In")
    ]
    return frozenset.intersection(*named) if named else None
