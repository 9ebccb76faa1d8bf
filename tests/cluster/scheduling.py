"""Nodes, pods and terms for scheduling tests; what a test does not name is the same everywhere."""

from typing import Any

from mela.cluster.scheduler import decide, nodes, pods, verdicts

Object = dict[str, Any]

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def node(name: str, cpu: str = "4", zone: str = "a", status: Object | None = None, **spec: Any) -> Object:
    allocatable = {"cpu": cpu, "memory": "8Gi", "pods": "10"}
    return {
        "metadata": {"name": name, "labels": {HOST: name, **({ZONE: zone} if zone else {})}},
        "spec": spec,
        "status": {"allocatable": allocatable} | (status or {}),
    }


def pod(
    name: str = "p", on: str = "", cpu: str = "1", app: str = "web", status: Object | None = None, **spec: Any
) -> Object:
    container = {"name": "c", "resources": {"requests": {"cpu": cpu}}}
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": app}},
        "spec": {"containers": [container], "nodeName": on, **spec},
        "status": status or {},
    }


def terminating(victim: Object, reason: str = "PreemptionByScheduler") -> Object:
    victim["metadata"]["deletionTimestamp"] = "2026-11-23T10:00:00Z"
    victim["status"]["conditions"] = [
        {"type": "Ready", "status": "True"},
        {"type": "DisruptionTarget", "status": "True", "reason": reason},
    ]
    return victim


def schedule(
    incoming: Object, there: list[Object], bound: list[Object] | None = None, **more: Any
) -> verdicts.Decision:
    places = nodes.occupied(map(nodes.parse, there), map(pods.parse, bound or []))
    more["nominated"] = [pods.parse(each) for each in more.get("nominated", [])]
    return decide.decide(pods.parse(incoming), decide.Snapshot(places, **more))


def rejection(incoming: Object, *bound: Object, there: Object | None = None) -> tuple[str, str, tuple[str, ...]] | None:
    only = there or node("n")
    rejected = schedule(incoming, [only], list(bound)).rejected.get("n")
    return (rejected.plugin, rejected.code, rejected.reasons) if rejected else None


def on_port(port: Object, name: str = "p", on: str = "", **spec: Any) -> Object:
    made = pod(name, on, **spec)
    made["spec"]["containers"][0]["ports"] = [port]
    return made


def spread(action: str = "DoNotSchedule", key: str = ZONE, **more: Any) -> Object:
    selector = {"labelSelector": {"matchLabels": {"app": "web"}}}
    return {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": action} | selector | more


def term(app: str = "db", key: str = HOST, **more: Any) -> Object:
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}} | more


def near(*terms: Object) -> Object:
    return {"podAffinity": {REQUIRED: list(terms)}}


def apart(*terms: Object) -> Object:
    return {"podAntiAffinity": {REQUIRED: list(terms)}}
