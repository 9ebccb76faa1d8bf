"""Where pods find room: on the system's Nodes and node groups, if it holds any, and in how many zones.

Nodes, and groups at their largest, are played through with the scheduler itself. Without them only what pods say of
themselves is judged.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from mela.cluster import labels, nodegroups, workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.nodegroups import NodeGroup, seen
from mela.cluster.nodegroups.model import ZONE
from mela.cluster.objects import System, dig
from mela.cluster.quantity import InvalidQuantity
from mela.cluster.reachability import behind
from mela.cluster.scheduler import decide, nodes, pods
from mela.cluster.scheduler.nodes import Occupied
from mela.cluster.scheduler.resources import PODS, SCORED
from mela.cluster.workloads import Workload, maps

MOST_STEPS = 20_000
"""Pods times nodes that are played through; of larger systems only the sums are compared."""

_WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      replicas: 3
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          topologySpreadConstraints:
            - maxSkew: 1
              topologyKey: topology.kubernetes.io/zone
              whenUnsatisfiable: ScheduleAnyway
              labelSelector: {matchLabels: {app: web}}
          containers:
            - {name: web, image: "example.org/web:1.4.2", resources: {requests: {cpu: "1"}}}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {selector: {app: web}, ports: [{port: 80}]}
    """
_GROUP = """---
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata: {name: shop, region: ap-south-1}
    managedNodeGroups:
      - {name: web, instanceType: m7g.large, minSize: 1, maxSize: 3, availabilityZones: [ap-south-1a, ap-south-1b]}
    """
_NODES = """---
    apiVersion: v1
    kind: Node
    metadata: {name: one, labels: {topology.kubernetes.io/zone: mumbai-a}}
    status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
    ---
    apiVersion: v1
    kind: Node
    metadata: {name: two, labels: {topology.kubernetes.io/zone: mumbai-b}}
    status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}}
    """


def _nodes(system: System, lost: str = "") -> list[nodes.Node]:
    """All that there may be: Nodes as they are, groups at their largest; none where more are there than can be told. What
    a lost zone takes from a group may start in its other zones."""
    if not nodegroups.is_whole(system):
        return []
    groups = _groups(system)
    known = {group.name for group in groups}
    found = [node for each in system.kind("Node") if (node := seen.read(each)) and seen.group(node) not in known]
    there = [node for node in found if not lost or node.labels.get(ZONE) != lost]
    for group in groups:
        there += group.nodes(group.max_size, [zone for zone in group.zones if zone != lost] if lost else None)
    return there


def _groups(system: System) -> list[NodeGroup]:
    return [group for group in nodegroups.read(system) if group.object.kind != "Node"]


def _pod(workload: Workload, number: int) -> pods.Pod | None:
    metadata = {**workload.pod["metadata"], "name": f"{workload.object.name}-{number}"}
    try:
        return pods.parse({"metadata": metadata, "spec": workload.spec})
    except InvalidQuantity:
        return None


def _namespaces(system: System) -> Mapping[str, Mapping[str, str]]:
    return {each.name: {"kubernetes.io/metadata.name": each.name, **each.labels} for each in system.kind("Namespace")}


def _unplaced(system: System, on: list[nodes.Node], *, most: bool) -> dict[Workload, tuple[int, int, str]]:
    """Workloads whose pods do not all find a node: how many do not, of how many, and why."""
    counts = {each: _count(system, each, most=most) for each in workloads.of(system).all}
    if not on:
        return {}
    if sum(counts.values()) * len(on) > MOST_STEPS:
        return _beyond(counts, on)
    places, namespaces = nodes.occupied(on, []), _namespaces(system)
    for workload in (each for each in counts if each.type == "DaemonSet"):
        _place_everywhere(workload, places)
    found: dict[Workload, tuple[int, int, str]] = {}
    for workload, count in counts.items():
        for number in range(count):
            pod = _pod(workload, number)
            if pod is None:
                break
            if why := _place(pod, places, namespaces):
                found[workload] = (count - number, count, why)
                break
    return found


def _beyond(counts: Mapping[Workload, int], on: list[nodes.Node]) -> dict[Workload, tuple[int, int, str]]:
    """The workloads at which requests, added up in order, pass what all nodes have together."""
    left = Counter({name: sum(node.allocatable.get(name, 0) for node in on) for name in (*SCORED, PODS)})
    found: dict[Workload, tuple[int, int, str]] = {}
    for workload, count in counts.items():
        pod = _pod(workload, 0) if count else None
        asked = {**pod.requests.actual, PODS: 1} if pod else {}
        rooms = {name: left[name] // asked[name] for name in left if asked.get(name)}
        fitting = min([count, *rooms.values()])
        left.subtract({name: asked[name] * fitting for name in rooms})
        if fitting < count:
            short = min(rooms, key=lambda name: rooms[name])
            found[workload] = (count - fitting, count, f"all {len(on)} nodes together have too little {short}")
    return found


def _count(system: System, workload: Workload, *, most: bool) -> int:
    found = workloads.of(system).replicas(workload)
    return 0 if found is None else found.most if most else found.least


def _place(pod: pods.Pod, places: Mapping[str, Occupied], namespaces: Mapping[str, Any]) -> str:
    """Put the pod where the scheduler would; the reason if it finds no node."""
    try:
        decision = decide.decide(pod, decide.Snapshot(places, namespaces=namespaces))
    except labels.InvalidSelector:
        return ""
    if not decision.best:
        return decision.message.partition(" preemption:")[0].partition(" no new claims")[0]
    places[decision.best[0]].add(pod)
    return ""


def _place_everywhere(workload: Workload, places: Mapping[str, Occupied]) -> None:
    for name, place in places.items():
        if pod := _pod(workload, 0):
            _place(pod, {name: place}, {})


@rule(
    id="pods-find-no-node",
    severity="error",
    about="The Nodes of the system, and its node groups at their largest, have room for all pods, at the autoscalers' maximum too.",
    good=_WEB + _GROUP,
    bad=_WEB.replace('cpu: "1"', 'cpu: "6"') + _GROUP,
)
def pods_find_no_node(system: System) -> Iterator[Finding]:
    """An error at rest, a warning at the maximum, which may never come."""
    on = _nodes(system)
    at_rest, at_most = _unplaced(system, on, most=False), _unplaced(system, on, most=True)
    for workload, (missing, count, why) in {**at_most, **at_rest}.items():
        yield Finding(
            workload.object,
            ("spec", "replicas"),
            says=f"{missing} of {count} pods{'' if workload in at_rest else ' at the maximum'} find no node: {why}".rstrip(
                ". "
            )
            + ".",
            happens="They stay Pending until nodes are added.",
            mend="Add nodes, raise the node group's maximum or choose a larger type, lower requests or the pods' maximum, "
            "or loosen affinity and spread.",
            severity="error" if workload in at_rest else "warning",
        )


@rule(
    id="zone-loss-strands-pods",
    severity="warning",
    about="When one zone is lost, Nodes and node groups of the others have room for all pods at rest.",
    good=_WEB + _NODES,
    bad=_WEB.replace("replicas: 3", "replicas: 6") + _NODES,
)
def zone_loss_strands_pods(system: System) -> Iterator[Finding]:
    on = _nodes(system)
    zones = sorted({each.labels[ZONE] for each in on if ZONE in each.labels})
    if len(zones) < 2 or _unplaced(system, on, most=False):
        return
    told: set[Workload] = set()
    for zone in zones:
        for workload, (missing, count, why) in _unplaced(system, _nodes(system, zone), most=False).items():
            if workload not in told:
                told.add(workload)
                yield Finding(
                    workload.object,
                    ("spec", "replicas"),
                    says=f"Without zone {zone}, {missing} of {count} pods find no node: {why}".rstrip(". ") + ".",
                    happens="When the zone fails they stay Pending, while the rest bears the whole load.",
                    mend="Keep room for the largest zone in the others, or let less important pods give way by priority.",
                )


@rule(
    id="zone-takes-all",
    severity="warning",
    about="Several replicas behind a Service are spread over zones by their own words.",
    good=_WEB,
    bad=_WEB.replace("topologyKey: topology.kubernetes.io/zone", "topologyKey: kubernetes.io/arch"),
)
def zone_takes_all(system: System) -> Iterator[Finding]:
    """The scheduler's default spreading lets zones differ by five pods, so three may well share one.

    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#internal-default-constraints (2026-11-23)."""
    served = {each: None for service in system.kind("Service") for each in behind(system, service)}
    for workload in served:
        found = workloads.of(system).replicas(workload)
        if found and found.most > 1 and not _is_spread(workload):
            yield Finding(
                workload.object,
                (*workload.spec_at, "topologySpreadConstraints"),
                says="Nothing spreads these pods over zones.",
                happens="All of them may run in one zone, and fail with it.",
                mend=f"Add a topologySpreadConstraint with `topologyKey: {ZONE}`, `maxSkew: 1` and the pods' labels.",
            )


def _is_spread(workload: Workload) -> bool:
    keys = [each.get("topologyKey") for _, each in maps(workload.spec.get("topologySpreadConstraints"))]
    apart = dig(workload.spec, "affinity", "podAntiAffinity")
    for _, term in maps(dig(apart, "requiredDuringSchedulingIgnoredDuringExecution")):
        keys.append(term.get("topologyKey"))
    for _, term in maps(dig(apart, "preferredDuringSchedulingIgnoredDuringExecution")):
        keys.append(dig(term, "podAffinityTerm", "topologyKey"))
    return ZONE in keys
