"""What one object is charged against quotas, per resource.

Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/ and pkg/quota/v1/evaluator/core v1.36.3
(read 2026-11-23).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mela.cluster.admission.quota import pods, resources
from mela.cluster.admission.quota.resources import DEVICE_CLASS, HUGE_PAGES, REQUESTS, Resources
from mela.cluster.quantity import ZERO, from_int

ALIASES = {"configmaps", "resourcequotas", "replicationcontrollers", "secrets"}
"""Kinds that are counted under their bare name besides `count/NAME`."""
STORAGE_CLASS = ".storageclass.storage.k8s.io/"
OLD_STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class"
ONE = from_int(1)


def usage(kind: str, thing: Mapping[str, Any], now: datetime | None = None) -> Resources:
    """The charge for an object with the API's defaults; `kind` is the plural resource name of the core group.

    `now` matters only for pods that are being deleted: without it they are charged until they are gone.
    """
    if kind == "pods":
        return pod_usage(thing, now)
    counted = {f"count/{kind}": ONE}
    if kind == "services":
        return counted | _service(thing.get("spec") or {})
    if kind == "persistentvolumeclaims":
        return counted | _claim(thing)
    return counted | ({kind: ONE} if kind in ALIASES else {})


def pod_usage(pod: Mapping[str, Any], now: datetime | None = None) -> Resources:
    """Every stored pod counts as `count/pods`; only those not at their end use `pods`, requests and limits."""
    counted = {"count/pods": ONE}
    if _is_over(pod, now):
        return counted
    return counted | compute_usage(pods.requests(pod), pods.limits(pod))


def compute_usage(requests: Resources, limits: Resources) -> Resources:
    """Quota names for requests and limits; extended resources are charged as `requests.NAME` only."""
    result = {"pods": ONE}
    for name in ("cpu", "memory", "ephemeral-storage"):
        if name in requests:
            result |= {name: requests[name], REQUESTS + name: requests[name]}
        if name in limits:
            result[f"limits.{name}"] = limits[name]
    for name, amount in requests.items():
        if name.startswith(HUGE_PAGES):
            result |= {name: amount, REQUESTS + name: amount}
        if resources.is_extended(name) or name.startswith(DEVICE_CLASS):
            result[REQUESTS + name] = amount
    return result


def _is_over(pod: Mapping[str, Any], now: datetime | None) -> bool:
    if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        return True
    metadata = pod.get("metadata") or {}
    deletion, grace = metadata.get("deletionTimestamp"), metadata.get("deletionGracePeriodSeconds")
    if now is None or deletion is None or grace is None:
        return False
    return now > datetime.fromisoformat(deletion) + timedelta(seconds=grace)


def _service(spec: Mapping[str, Any]) -> Resources:
    """Load balancers are charged node ports too, unless they do without; then only the ports that name one."""
    ports = spec.get("ports") or ()
    kind = spec.get("type")
    node_ports = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        node_ports = sum(1 for port in ports if port.get("nodePort"))
    balancers = ONE if kind == "LoadBalancer" else ZERO
    return {"services": ONE, "services.loadbalancers": balancers, "services.nodeports": from_int(node_ports)}


def _claim(claim: Mapping[str, Any]) -> Resources:
    """Claims and bytes, in all and per storage class; bytes are whole, and those being allocated count if more."""
    spec = claim.get("spec") or {}
    charge = {"persistentvolumeclaims": ONE}
    requests = _rounded((spec.get("resources") or {}).get("requests"))
    if "storage" in requests:
        allocated = _rounded((claim.get("status") or {}).get("allocatedResources"))
        storage = resources.rounded_up(requests["storage"], 0)
        if "storage" in allocated and allocated["storage"] > storage:
            storage = resources.rounded_up(allocated["storage"], 0)
        charge["requests.storage"] = storage
    annotations = (claim.get("metadata") or {}).get("annotations") or {}
    class_ = annotations.get(OLD_STORAGE_CLASS, spec.get("storageClassName"))
    by_class = {f"{class_}{STORAGE_CLASS}{name}": amount for name, amount in charge.items()} if class_ else {}
    return charge | by_class


def _rounded(written: Mapping[str, Any] | None) -> Resources:
    return {name: resources.rounded_up(amount) for name, amount in resources.read(written).items()}
