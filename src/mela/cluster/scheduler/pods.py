"""A pod as the scheduler sees it: what a user wrote, after the API server's defaulting, read once.

Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/core/v1/defaults.go and
https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/registry/core/pod/strategy.go (read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from mela.cluster.scheduler import resources, terms

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - the address that a port without hostIP is bound to


class HostPort(NamedTuple):
    address: str
    protocol: str
    port: int


@dataclass(frozen=True, slots=True, eq=False)
class Pod:
    """One pod; two pods are the same only if they are the same object or share `id`."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]
    priority: int
    requests: resources.Requests
    host_ports: tuple[HostPort, ...]
    affinity: terms.PodTerms
    owner: tuple[str, str, str] | None
    """The controller: apiVersion, kind, name."""
    node_name: str
    nominated_node: str
    started: datetime | None
    is_terminating: bool
    is_preempted: bool
    """Terminating because the scheduler preempted it."""

    @property
    def id(self) -> str:
        return f"{self.namespace}/{self.name}"


def parse(pod: Mapping[str, Any]) -> Pod:
    """The pod of a Pod object. Raises: quantity.InvalidQuantity."""
    metadata, spec, status = (pod.get(part) or {} for part in ("metadata", "spec", "status"))
    namespace, labels = metadata.get("namespace") or "default", metadata.get("labels") or {}
    terminating = bool(metadata.get("deletionTimestamp"))
    return Pod(
        namespace=namespace,
        name=metadata.get("name") or "",
        labels=labels,
        spec=spec,
        priority=spec.get("priority") or 0,
        requests=resources.of_pod(spec),
        host_ports=tuple(_host_ports(spec)),
        affinity=terms.of_pod(spec.get("affinity") or {}, namespace, labels),
        owner=_controller(metadata),
        node_name=spec.get("nodeName") or "",
        nominated_node=status.get("nominatedNodeName") or "",
        started=_time(status.get("startTime")),
        is_terminating=terminating,
        is_preempted=terminating and _is_preempted(status.get("conditions") or []),
    )


def _host_ports(spec: Mapping[str, Any]) -> Iterable[HostPort]:
    """Ports of containers and sidecars. On the host's network a container port is a host port."""
    sidecars = [each for each in spec.get("initContainers") or [] if each.get("restartPolicy") == "Always"]
    for container in [*sidecars, *(spec.get("containers") or [])]:
        for port in container.get("ports") or []:
            number = port.get("hostPort") or (spec.get("hostNetwork") and port.get("containerPort")) or 0
            if number > 0:
                yield HostPort(port.get("hostIP") or ANY_ADDRESS, port.get("protocol") or "TCP", number)


def _controller(metadata: Mapping[str, Any]) -> tuple[str, str, str] | None:
    for owner in metadata.get("ownerReferences") or []:
        if owner.get("controller"):
            return owner.get("apiVersion") or "", owner.get("kind") or "", owner.get("name") or ""
    return None


def _is_preempted(conditions: Iterable[Mapping[str, Any]]) -> bool:
    """Only the first DisruptionTarget condition is looked at."""
    for condition in conditions:
        if condition.get("type") == "DisruptionTarget":
            return (condition.get("status"), condition.get("reason")) == ("True", "PreemptionByScheduler")
    return False


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
