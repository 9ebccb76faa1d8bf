"""Quota scopes: which objects a quota is about.

Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-scopes and pkg/quota/v1/evaluator/core
v1.36.3, pods.go and persistent_volume_claims.go (read 2026-11-23).
"""

from collections.abc import Callable, Mapping
from typing import Any

from mela.cluster import labels
from mela.cluster.quantity import ZERO, parse

Selector = Mapping[str, Any]
"""`scopeName`, `operator`, `values`."""


def of_quota(quota: Mapping[str, Any]) -> list[Selector]:
    """The quota's plain scopes, as selectors that ask for existence, then its scope selector's expressions."""
    spec = quota.get("spec") or {}
    plain = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    return [*plain, *((spec.get("scopeSelector") or {}).get("matchExpressions") or ())]


def matches(kind: str, thing: Mapping[str, Any], selector: Selector) -> bool:
    """Only pods and claims have scopes; a scope that is not theirs never matches.

    Raises: labels.InvalidSelector.
    """
    name = selector.get("scopeName") or ""
    if kind == "pods" and name in PLAIN:
        return PLAIN[name](thing)
    if kind == "pods" and name == "PriorityClass":
        class_ = (thing.get("spec") or {}).get("priorityClassName")
        return _selects(selector, {class_} if class_ else set())
    if kind == "persistentvolumeclaims" and name == "VolumeAttributesClass":
        return _selects(selector, _attributes_classes(thing))
    return False


def is_terminating(pod: Mapping[str, Any]) -> bool:
    """The pod has a deadline: it will end by itself."""
    deadline = (pod.get("spec") or {}).get("activeDeadlineSeconds")
    return deadline is not None and deadline >= 0


def _is_best_effort(pod: Mapping[str, Any]) -> bool:
    """No cpu or memory asked for anywhere; with values at pod level only those count."""
    if known := (pod.get("status") or {}).get("qosClass"):
        return bool(known == "BestEffort")
    spec = pod.get("spec") or {}
    wholes = [spec.get("resources")]
    if wholes[0] is None:
        wholes = [each.get("resources") for key in ("containers", "initContainers") for each in spec.get(key) or ()]
    amounts = [
        amount
        for whole in wholes
        for side in ("requests", "limits")
        for name, amount in ((whole or {}).get(side) or {}).items()
        if name in ("cpu", "memory")
    ]
    return all(parse(amount) <= ZERO for amount in amounts)


def _crosses_namespaces(pod: Mapping[str, Any]) -> bool:
    affinity = (pod.get("spec") or {}).get("affinity") or {}
    terms: list[Mapping[str, Any]] = []
    for side in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(side) or {}
        terms += rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        preferred = rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms += [each.get("podAffinityTerm") or {} for each in preferred]
    return any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in terms)


PLAIN: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "Terminating": is_terminating,
    "NotTerminating": lambda pod: not is_terminating(pod),
    "BestEffort": _is_best_effort,
    "NotBestEffort": lambda pod: not _is_best_effort(pod),
    "CrossNamespacePodAffinity": _crosses_namespaces,
}


def _attributes_classes(claim: Mapping[str, Any]) -> set[str]:
    status = claim.get("status") or {}
    names = (
        (claim.get("spec") or {}).get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    )
    return {name for name in names if name}


def _selects(selector: Selector, names: set[str]) -> bool:
    if selector.get("operator") == "Exists":
        return bool(names)
    scope = selector["scopeName"]
    requirement = labels.requirement(
        scope, selector.get("operator") or "", selector.get("values") or (), labels.LABEL_OPERATORS
    )
    return any(requirement.matches({scope: name}) for name in names) if names else requirement.matches({})
