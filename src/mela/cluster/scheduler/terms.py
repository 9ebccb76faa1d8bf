"""Pod affinity terms: a set of pods, by labels and namespaces, and the node label that says what "near" means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mela.cluster import labels

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True, slots=True)
class Term:
    """`weight` is 0 for required terms; it is negative for preferred anti-affinity."""

    selector: labels.Selector
    namespaces: frozenset[str]
    namespace_selector: labels.Selector
    topology_key: str
    weight: int = 0

    def matches(self, namespace: str, pod_labels: Mapping[str, str], namespace_labels: Mapping[str, str]) -> bool:
        return (
            namespace in self.namespaces or self.namespace_selector.matches(namespace_labels)
        ) and self.selector.matches(pod_labels)


@dataclass(frozen=True, slots=True)
class PodTerms:
    """A pod's own terms. A list with a term that cannot be parsed is empty; `problem` then says which."""

    required_near: tuple[Term, ...] = ()
    required_apart: tuple[Term, ...] = ()
    preferred: tuple[Term, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class _Reader:
    """Reads the lists of one pod and notes the first that cannot be parsed."""

    namespace: str
    pod_labels: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def required(self, affinity: Mapping[str, Any]) -> tuple[Term, ...]:
        return self._all((term, 0) for term in affinity.get(REQUIRED) or [])

    def preferred(self, affinity: Mapping[str, Any], sign: int) -> tuple[Term, ...]:
        weighted = affinity.get(PREFERRED) or []
        return self._all((each.get("podAffinityTerm") or {}, sign * (each.get("weight") or 0)) for each in weighted)

    def _all(self, stated: Iterable[tuple[Mapping[str, Any], int]]) -> tuple[Term, ...]:
        try:
            return tuple(_term(term, weight, self.namespace, self.pod_labels) for term, weight in stated)
        except labels.InvalidSelector as error:
            self.problems.append(str(error))
            return ()


def of_pod(affinity: Mapping[str, Any], namespace: str, pod_labels: Mapping[str, str]) -> PodTerms:
    """The terms of a pod's `spec.affinity`."""
    near, apart = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    reader = _Reader(namespace, pod_labels)
    return PodTerms(
        required_near=reader.required(near),
        required_apart=reader.required(apart),
        preferred=reader.preferred(near, 1) + reader.preferred(apart, -1),
        problem="; ".join(reader.problems),
    )


def selector_with_keys(
    stated: Mapping[str, Any] | None,
    pod_labels: Mapping[str, str],
    match_keys: Iterable[str] | None,
    mismatch_keys: Iterable[str] | None = None,
) -> labels.Selector:
    """The selector with `matchLabelKeys` merged in as the pod's own values; keys that it lacks are skipped.

    A missing selector matches nothing and stays so. Raises: labels.InvalidSelector.
    """
    selector = labels.parse(stated)
    merged = [
        labels.requirement(key, operator, [pod_labels[key]])
        for keys, operator in ((match_keys, "In"), (mismatch_keys, "NotIn"))
        for key in keys or []
        if key in pod_labels
    ]
    return selector if selector.nothing else labels.Selector((*selector.requirements, *merged))


def _term(term: Mapping[str, Any], weight: int, namespace: str, pod_labels: Mapping[str, str]) -> Term:
    """Without namespaces and namespace selector the term is about the pod's own namespace."""
    names, selector = term.get("namespaces") or [], term.get("namespaceSelector")
    match_keys, mismatch_keys = term.get("matchLabelKeys"), term.get("mismatchLabelKeys")
    return Term(
        selector=selector_with_keys(term.get("labelSelector"), pod_labels, match_keys, mismatch_keys),
        namespaces=frozenset([namespace] if not names and selector is None else names),
        namespace_selector=labels.parse(selector),
        topology_key=term.get("topologyKey") or "",
        weight=weight,
    )
