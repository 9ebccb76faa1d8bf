"""System 03 on a cluster, whole, at the size of one machine: the manifest of the small overlay, a calendar of today, a few hundred viewers.

What is changed, and why: `predict` is started by `look` when some viewers are there, because before the first one it goes by the size of
the events that it learnt from, hundreds of thousands of times as large; pods get a quarter of a core, so that they are the bottleneck and not the machine; a pod is meant for 40 viewers
instead of 80,000; the match of the calendar begins in some minutes; the service has a node port. Nothing else.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import pytest
import yaml

from tests.proofs.kube import system
from tests.proofs.kube.kubectl import Kubectl, Object
from tests.proofs.kube.pretend import MARK

NAMESPACE, DOOR = "streaming", 30006
MATCH = "proof-final"
PER_POD = 40
CALENDAR = "/app/lib/python3.11/site-packages/mela/services/streaming/data/matches.yaml"
"""Where the image keeps the matches."""
CPU = {"requests": {"cpu": "50m", "memory": "112Mi"}, "limits": {"cpu": "250m", "memory": "320Mi"}}
UTILIZATION = 200
"""Percent of the request: 100m, two fifths of the limit."""


def objects(kubectl: Kubectl, starts: datetime, ends: datetime, moments: Mapping[str, datetime]) -> list[Object]:
    """All objects of manifest 03 in the small overlay, with the changes above."""
    of_03 = [item for item in system.objects(kubectl) if _belongs(item)]
    found = [copy.deepcopy(item) for item in of_03]
    for item in found:
        name, spec = item["metadata"]["name"], item.get("spec", {})
        if item["kind"] == "Deployment" and name == "sessions":
            _mark(item, spec["template"])
            pod = spec["template"]["spec"]
            pod["containers"][0]["resources"] = CPU
            pod["containers"][0]["volumeMounts"].append({"name": "calendar", "mountPath": CALENDAR, "subPath": "matches.yaml"})  # fmt: skip
            pod["volumes"].append({"name": "calendar", "configMap": {"name": "calendar"}})
        elif item["kind"] == "Deployment":
            spec["replicas"] = 0
        elif item["kind"] == "HorizontalPodAutoscaler":
            _mark(item)
            cpu, viewers = spec["metrics"]
            cpu["resource"]["target"]["averageUtilization"] = UTILIZATION
            viewers["external"]["target"]["averageValue"] = str(PER_POD)
        elif item["kind"] == "Service" and name == "sessions":
            spec["type"] = "NodePort"
            spec["ports"][0]["nodePort"] = DOOR
    match = {"id": MATCH, "title": dict.fromkeys(("en", "hi", "ta", "te", "kn"), "Final"), "starts": starts, "ends": ends, "moments": dict(moments)}  # fmt: skip
    return [*found, _config("calendar", {"matches.yaml": yaml.safe_dump([match])}), _door()]


def _belongs(item: Object) -> bool:
    metadata = item["metadata"]
    return NAMESPACE in (metadata.get("namespace"), metadata["name"]) or (item["kind"], metadata["name"]) in (
        ("PriorityClass", "watching"),
        ("APIService", "v1beta1.external.metrics.k8s.io"),
    )


def _mark(*things: Object) -> None:
    for each in things:
        each["metadata"].setdefault("labels", {})[MARK] = "live"


def _config(name: str, data: Mapping[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAMESPACE}, "data": dict(data)}  # fmt: skip


def _door() -> Object:
    """People come through node ports."""
    spec = {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "sessions"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 3000}]}],
    }
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "sessions-door", "namespace": NAMESPACE}, "spec": spec}  # fmt: skip


@contextmanager
def up(kubectl: Kubectl, items: list[Object]) -> Iterator[Kubectl]:
    """Applied and whole; taken away again."""
    there = {item["metadata"]["name"] for item in kubectl.items("namespaces")}
    if NAMESPACE in there:
        pytest.fail(
            f"namespace {NAMESPACE} is there already: this proof brings system 03 up by itself, and takes it away"
        )
    try:
        system.bring_up(kubectl, items)
        yield kubectl.within(NAMESPACE)
    finally:
        system.take_down(kubectl, items)


def look(streaming: Kubectl) -> None:
    """Start `predict` with the two copies of the manifest, and wait until both have read the crowd."""
    streaming.do("scale", "deployment/predict", "--replicas=2")
    streaming.rolled_out("deployment/predict")


def doors(kubectl: Kubectl) -> list[tuple[str, int]]:
    """Where people come in: a port of every node."""
    return [(address, DOOR) for address in kubectl.node_addresses().values()]
