"""What a pod asks of a node, in millicores, bytes and counts.

Two sums exist. The true one decides whether a pod fits. The other one gives every container that does not state a
request 100 millicores and 200 MiB, so that many small pods do not pile up on one node; it only counts in scores.

Source: https://github.com/kubernetes/component-helpers/blob/v0.36.3/resource/helpers.go and
https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/ (read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mela.cluster import in_use, labels, quantity
from mela.cluster.quantity import Quantity

Amounts = dict[str, Quantity]

CPU, MEMORY, STORAGE, PODS = "cpu", "memory", "ephemeral-storage", "pods"
HUGE_PAGES = "hugepages-"
SCORED = (CPU, MEMORY)
UNSTATED = {CPU: quantity.from_milli(100), MEMORY: quantity.from_int(200 * 1024 * 1024)}
"""Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/scheduler/util/pod_resources.go (2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Container:
    requests: Amounts
    limits: Amounts
    is_init: bool = False
    is_sidecar: bool = False
    """An init container with `restartPolicy: Always`."""


@dataclass(frozen=True, slots=True)
class Requests:
    """A pod's requests, each as whole millicores (cpu), bytes or counts, rounded up."""

    actual: Mapping[str, int]
    """With pod-level resources and overhead: what the node must have."""
    counted: Mapping[str, int]
    """Cpu and memory as an existing pod weighs in scores, unstated requests included."""
    own: Mapping[str, int]
    """Cpu and memory as the pod to schedule weighs in its own score: pod-level resources are ignored there."""


def of_pod(spec: Mapping[str, Any]) -> Requests:
    """The requests of a pod spec as a user wrote it; the API server's defaulting is applied first."""
    containers = [*_containers(spec, "initContainers", True), *_containers(spec, "containers", False)]
    pod_level = _pod_level_requests(spec, containers)
    containers = [Container(_rounded(each.requests), {}, each.is_init, each.is_sidecar) for each in containers]
    overhead = _rounded(amounts(spec.get("overhead")))
    actual = _total(containers, pod_level, overhead)
    unstated = {name: each for name, each in UNSTATED.items() if not pod_level or name not in actual}
    counted = _total(_with_unstated(containers, unstated), pod_level, overhead)
    own = _total(_with_unstated(containers, UNSTATED), {}, overhead)
    return Requests(whole(actual), whole(counted), whole(own))


def amounts(mapping: Mapping[str, Any] | None) -> Amounts:
    """The quantities of a resource list. Raises: quantity.InvalidQuantity."""
    return {name: quantity.parse(each) for name, each in (mapping or {}).items()}


def units(name: str, amount: Quantity) -> int:
    """Millicores for cpu, else whole units; rounded up."""
    return quantity.milli_value(amount) if name == CPU else quantity.value(amount)


def is_scalar(name: str) -> bool:
    """Is it a resource that the scheduler counts besides cpu, memory, ephemeral storage and pods?"""
    return name.startswith((HUGE_PAGES, "attachable-volumes-")) or "kubernetes.io/" in name or is_extended(name)


def is_extended(name: str) -> bool:
    """A resource of a device plugin, such as `nvidia.com/gpu`."""
    native = "/" not in name or "kubernetes.io/" in name
    return not native and not name.startswith("requests.") and labels.is_key(f"requests.{name}")


def _containers(spec: Mapping[str, Any], key: str, is_init: bool) -> Iterable[Container]:
    """A missing request is the limit."""
    for each in spec.get(key) or []:
        stated = each.get("resources") or {}
        limits = amounts(stated.get("limits"))
        is_sidecar = is_init and each.get("restartPolicy") == "Always"
        yield Container({**limits, **amounts(stated.get("requests"))}, limits, is_init, is_sidecar)


def _pod_level_requests(spec: Mapping[str, Any], containers: list[Container]) -> Amounts:
    """`spec.resources.requests` after defaulting, without what cannot be set there.

    With pod-level limits, a missing request is the containers' effective sum, else the limit. Huge pages are never
    overcommitted, so there the limit (which may itself come from the containers) is the request.
    """
    stated = spec.get("resources") or {}
    requests, limits = amounts(stated.get("requests")), amounts(stated.get("limits"))
    if requests or limits:
        of_containers = _effective(containers, lambda each: each.limits)
        pages = {name: each for name, each in of_containers.items() if name.startswith(HUGE_PAGES)}
        limits = {**{name: each for name, each in pages.items() if name not in requests}, **limits}
    if limits:
        summed = _effective(containers, lambda each: each.requests)
        shared = {name: each for name, each in summed.items() if name in SCORED}
        requests = {**limits, **shared, **requests}
    return _rounded({name: each for name, each in requests.items() if _is_pod_level(name)})


def _is_pod_level(name: str) -> bool:
    return name in SCORED or name.startswith(HUGE_PAGES)


def _total(containers: Iterable[Container], pod_level: Amounts, overhead: Amounts) -> Amounts:
    total = {**_effective(containers, lambda each: each.requests), **pod_level}
    return in_use.add(total, overhead)


def _effective(containers: Iterable[Container], stated: Callable[[Container], Amounts]) -> Amounts:
    containers = list(containers)
    running = (stated(each) for each in containers if not each.is_init)
    return in_use.at_most(running, ((stated(each), each.is_sidecar) for each in containers if each.is_init))


def _with_unstated(containers: Iterable[Container], unstated: Amounts) -> list[Container]:
    return [Container({**unstated, **each.requests}, {}, each.is_init, each.is_sidecar) for each in containers]


def _rounded(stated: Amounts) -> Amounts:
    """The API server stores resources in thousandths, rounded up."""
    return {name: quantity.round_up(each, quantity.MILLI) for name, each in stated.items()}


def whole(stated: Amounts) -> dict[str, int]:
    return {name: units(name, each) for name, each in stated.items()}
