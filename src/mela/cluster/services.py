"""Which pods stand behind a Service, on which port, and which of them get traffic.

A Service selects pods of its own namespace by labels. A pod is listed as soon as it has an address and leaves the list
when it is done; whether traffic goes there is a second question, answered by its readiness.

सेवा अपने नेमस्पेस के पॉड लेबल से चुनती है; यातायात पहले तैयार पॉडों को मिलता है।

Source: https://pkg.go.dev/k8s.io/endpointslice@v0.36.3,
https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/proxy/topology.go and
https://kubernetes.io/docs/concepts/services-networking/service/ (read 2026-11-23).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mela.cluster import labels

HEADLESS = "None"
"""A clusterIP that gives DNS the pods' own addresses instead of one of the Service."""
STICKY_SECONDS = 10800
"""How long ClientIP affinity lasts if nothing is stated.

Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity (2026-11-23)."""
FAMILIES = {"IPv4": 4, "IPv6": 6}
DONE = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class ServicePort:
    name: str
    number: int
    protocol: str
    target: int | str
    """A number, or the name of a container port."""
    node_port: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    namespace: str
    name: str
    type: str
    selector: Mapping[str, str]
    """Empty: the Service selects nothing, and somebody else lists its endpoints."""
    ports: tuple[ServicePort, ...]
    families: tuple[int, ...]
    """4, 6 or both: pods are listed with their addresses of these versions."""
    is_headless: bool
    publishes_unready: bool
    """`publishNotReadyAddresses`: all pods count as ready."""
    sticky_s: int | None
    """How long a client keeps its pod; None if it does not."""
    external_policy: str
    internal_policy: str
    """`Local` sends traffic only to pods of the node that it reached, `Cluster` to any."""


@dataclass(frozen=True, slots=True)
class ServedPort:
    """A Service's port, and the pod's port behind it."""

    name: str
    number: int
    protocol: str
    pod_number: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A pod in a Service's list."""

    pod: str
    """Its name; the namespace is the Service's."""
    addresses: tuple[str, ...]
    ports: tuple[ServedPort, ...]
    node: str
    hostname: str
    """Its own DNS name below the Service's, where it has one."""
    ready: bool
    serving: bool
    """Ready by its own probes, even while it terminates."""
    terminating: bool


def parse(service: Mapping[str, Any]) -> Service:
    """The service of a Service object as a user wrote it, after the API server's defaulting."""
    metadata, spec = service.get("metadata") or {}, service.get("spec") or {}
    cluster_ip = spec.get("clusterIP") or ""
    return Service(
        namespace=metadata.get("namespace") or "default",
        name=metadata.get("name") or "",
        type=spec.get("type") or "ClusterIP",
        selector=spec.get("selector") or {},
        ports=tuple(_port(port) for port in spec.get("ports") or []),
        families=_families(spec.get("ipFamilies") or [], cluster_ip),
        is_headless=cluster_ip == HEADLESS,
        publishes_unready=bool(spec.get("publishNotReadyAddresses")),
        sticky_s=_sticky(spec),
        external_policy=spec.get("externalTrafficPolicy") or "Cluster",
        internal_policy=spec.get("internalTrafficPolicy") or "Cluster",
    )


def selects(service: Service, namespace: str, pod_labels: Mapping[str, str] | None) -> bool:
    """Does the Service stand for pods with these labels? Without a selector, or as an ExternalName, for none."""
    if service.type == "ExternalName" or not service.selector or namespace != service.namespace:
        return False
    return labels.of_map(service.selector).matches(pod_labels)


def served(service: Service, pod_spec: Mapping[str, Any]) -> tuple[ServedPort, ...]:
    """The Service's ports that a pod serves; one whose target the pod does not name is left out, for this pod only.

    A target that is a number needs no declared container port.
    """
    found = ((port, _pod_number(port, pod_spec)) for port in service.ports)
    return tuple(
        ServedPort(port.name, port.number, port.protocol, number) for port, number in found if number is not None
    )


def endpoints(
    service: Service, pods: Iterable[Mapping[str, Any]], nodes: Mapping[str, Any] | None = None
) -> tuple[Endpoint, ...]:
    """The Service's list, from Pod objects with their status, in the order given.

    Pods that are done, or have no address of the Service's families, are not in it; terminating ones are. With `nodes`
    given, a pod whose node is gone is left out too, unless unready pods are published.
    """
    return tuple(
        _endpoint(service, pod)
        for pod in pods
        if _is_member(service, pod)
        and (nodes is None or service.publishes_unready or (pod.get("spec") or {}).get("nodeName") in nodes)
    )


def receivers(listed: Sequence[Endpoint], node: str | None = None) -> tuple[Endpoint, ...]:
    """The endpoints that get new connections: the ready ones; if there is none, those that still serve while they
    terminate. With `node`, only those on it, as a `Local` policy has it. Topology hints are not considered."""
    near = [each for each in listed if node is None or each.node == node]
    ready = tuple(each for each in near if each.ready)
    return ready or tuple(each for each in near if each.serving and each.terminating)


def _is_member(service: Service, pod: Mapping[str, Any]) -> bool:
    metadata, status = pod.get("metadata") or {}, pod.get("status") or {}
    return (
        selects(service, metadata.get("namespace") or "default", metadata.get("labels"))
        and status.get("phase") not in DONE
        and bool(_addresses(service, status))
    )


def _endpoint(service: Service, pod: Mapping[str, Any]) -> Endpoint:
    metadata, spec, status = (pod.get(part) or {} for part in ("metadata", "spec", "status"))
    serving, terminating = _is_ready(status), bool(metadata.get("deletionTimestamp"))
    return Endpoint(
        pod=metadata.get("name") or "",
        addresses=_addresses(service, status),
        ports=served(service, spec),
        node=spec.get("nodeName") or "",
        hostname=(spec.get("hostname") or "") if spec.get("subdomain") == service.name else "",
        ready=service.publishes_unready or (serving and not terminating),
        serving=serving,
        terminating=terminating,
    )


def _is_ready(status: Mapping[str, Any]) -> bool:
    return any((each.get("type"), each.get("status")) == ("Ready", "True") for each in status.get("conditions") or [])


def _addresses(service: Service, status: Mapping[str, Any]) -> tuple[str, ...]:
    stated = [each.get("ip") for each in status.get("podIPs") or [{"ip": status.get("podIP")}]]
    parsed = [ipaddress.ip_address(each) for each in stated if each]
    return tuple(str(each) for each in parsed if each.version in service.families)


def _families(stated: Sequence[str], cluster_ip: str) -> tuple[int, ...]:
    """As stated, else that of the cluster's address, else both."""
    if stated:
        return tuple(FAMILIES[family] for family in stated)
    if cluster_ip in ("", HEADLESS):
        return tuple(FAMILIES.values())
    return (ipaddress.ip_address(cluster_ip).version,)


def _sticky(spec: Mapping[str, Any]) -> int | None:
    if spec.get("sessionAffinity") != "ClientIP":
        return None
    stated = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds")
    return STICKY_SECONDS if stated is None else stated


def _port(port: Mapping[str, Any]) -> ServicePort:
    """A missing target is the port's own number."""
    number = port.get("port") or 0
    return ServicePort(
        name=port.get("name") or "",
        number=number,
        protocol=port.get("protocol") or "TCP",
        target=port.get("targetPort") or number,
        node_port=port.get("nodePort") or 0,
    )


def _pod_number(port: ServicePort, pod_spec: Mapping[str, Any]) -> int | None:
    """The first container port with the name and the protocol, containers before sidecars."""
    if isinstance(port.target, int):
        return port.target
    named = (
        each.get("containerPort")
        for each in _container_ports(pod_spec)
        if (each.get("name"), each.get("protocol") or "TCP") == (port.target, port.protocol)
    )
    return next(named, None)


def _container_ports(pod_spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    sidecars = (each for each in pod_spec.get("initContainers") or [] if each.get("restartPolicy") == "Always")
    for container in (*(pod_spec.get("containers") or []), *sidecars):
        yield from container.get("ports") or []
