"""What a pod requests, as the autoscaler counts it.

Utilization is usage over request, and one container without a request makes the metric unusable for all pods.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/replica_calculator.go (calculateRequests) and
k8s.io/component-helpers v0.36.3, resource/helpers.go (PodRequests), read 2026-11-23.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mela.cluster import arithmetic, in_use, quantity

Amounts = Mapping[str, int]
"""Milli-units by resource name; a name that is absent has no request."""


class MissingRequest(Exception):
    """A pod does not request what utilization would be measured against."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container's requests. `sidecar`: an init container with restartPolicy Always."""

    name: str
    requests: Amounts
    sidecar: bool = False


@dataclass(frozen=True, slots=True)
class PodRequests:
    """The requests in a pod's spec. `pod` is empty unless spec.resources.requests names cpu, memory or huge pages."""

    containers: tuple[Container, ...] = ()
    init: tuple[Container, ...] = ()
    pod: Amounts = field(default_factory=dict)
    overhead: Amounts = field(default_factory=dict)


def read(pod_spec: Mapping[str, Any]) -> PodRequests:
    """Read the requests of a pod's spec."""
    pod = _amounts((pod_spec.get("resources") or {}).get("requests"))
    return PodRequests(
        containers=tuple(map(_container, pod_spec.get("containers") or ())),
        init=tuple(map(_container, pod_spec.get("initContainers") or ())),
        pod={name: amount for name, amount in pod.items() if _pod_level(name)},
        overhead=_amounts(pod_spec.get("overhead")),
    )


def request_of(requests: PodRequests, resource: str, container: str, *, pod_level: bool) -> int:
    """Return the request in milli-units that utilization of this pod is measured against.

    A named container counts alone, even when the pod has requests of its own. `pod_level` is the gate PodLevelResources.
    Raises: MissingRequest.
    """
    if pod_level and requests.pod and not container:
        return _whole_pod(requests, resource)
    running = [*requests.containers, *(each for each in requests.init if each.sidecar)]
    if container:
        return _named(running, resource, container)
    return arithmetic.int64(sum(_request(each, resource) for each in running))


def _named(running: list[Container], resource: str, container: str) -> int:
    for each in running:
        if each.name == container:
            return _request(each, resource)
    raise MissingRequest(f"no container is named {container}")


def _request(container: Container, resource: str) -> int:
    if resource not in container.requests:
        raise MissingRequest(f"container {container.name} requests no {resource}")
    return container.requests[resource]


def _whole_pod(requests: PodRequests, resource: str) -> int:
    """Take the pod's own request, else what the scheduler would reserve for its containers; overhead comes on top."""
    total = requests.pod.get(resource, _aggregate(requests, resource))
    if resource in requests.overhead:
        total = (total or 0) + requests.overhead[resource]
    if total is None:
        raise MissingRequest(f"neither the pod nor a container requests {resource}")
    return arithmetic.int64(total)


def _aggregate(requests: PodRequests, resource: str) -> int | None:
    """Add up containers and sidecars, or take the largest need during start-up; None when nobody asks."""
    init = ((each.requests, each.sidecar) for each in requests.init)
    return in_use.at_most((each.requests for each in requests.containers), init).get(resource)


def _container(spec: Mapping[str, Any]) -> Container:
    return Container(
        name=spec.get("name", ""),
        requests=_amounts((spec.get("resources") or {}).get("requests")),
        sidecar=spec.get("restartPolicy") == "Always",
    )


def _amounts(requests: Mapping[str, Any] | None) -> Amounts:
    return {name: quantity.milli_value(quantity.parse(value)) for name, value in (requests or {}).items()}


def _pod_level(resource: str) -> bool:
    return resource in ("cpu", "memory") or resource.startswith("hugepages-")
