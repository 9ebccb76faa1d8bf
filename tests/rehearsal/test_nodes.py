"""Pods placed by the batch stand where the scheduler would put them one by one."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mela.cluster.scheduler import decide
from mela.cluster.scheduler import nodes as upstream
from mela.rehearsal import system
from mela.rehearsal.engine.nodes import Nodes
from tests.rehearsal import kit

ZONES = ["ap-south-1a", "ap-south-1b", "ap-south-1c"]
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "topology.kubernetes.io/zone",
    "labelSelector": {"matchLabels": {"app": "web"}},
}
APART = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
        ]
    }
}


def both(
    made: system.Rehearsed, counts: list[int], n_nodes: int
) -> tuple[Nodes, Counter[str], dict[str, upstream.Occupied]]:
    """The same pods by the batch, and pod after pod by the scheduler."""
    workload = made.workloads["shop/web"]
    ours = Nodes(made.groups, [workload])
    group = made.groups[0]
    for number in range(n_nodes):
        ours.add(number % len(group.zones), 1, [0.0])
    places = {node.name: upstream.Occupied(node) for node in group.nodes(n_nodes)}
    placed: Counter[str] = Counter()
    for count in counts:
        ours.place(0, count, 1.0)
        for _ in range(count):
            best = decide.decide(workload.pod, decide.Snapshot(places)).best
            if best:
                places[best[0]].add(replace(workload.pod, node_name=best[0]))
                placed[places[best[0]].node.labels["topology.kubernetes.io/zone"]] += 1
    return ours, placed, places


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(1, 17), min_size=1, max_size=3),
    n_nodes=st.integers(1, 7),
    pod=st.sampled_from(
        [
            {},
            {"topologySpreadConstraints": [{**SPREAD, "whenUnsatisfiable": "DoNotSchedule"}]},
            {"topologySpreadConstraints": [{**SPREAD, "whenUnsatisfiable": "ScheduleAnyway"}]},
            {"affinity": APART},
        ]
    ),
    cpu=st.sampled_from(["1100m", "2", "3900m"]),
)
def test_a_batch_is_placed_as_its_pods_are_one_by_one(
    counts: list[int], n_nodes: int, pod: dict[str, Any], cpu: str
) -> None:
    made = kit.web(hpa=None, pod=pod, groups=[kit.group(cpu=cpu, memory="8Gi")])
    ours, zones, places = both(made, counts, n_nodes)
    assert int(ours.held.sum()) == sum(zones.values())
    mine = np.bincount(ours.zone, weights=ours.held[0], minlength=len(ours.zones))
    for index, zone in enumerate(ours.zones):
        assert abs(mine[index] - zones[zone]) <= 1
    if pod:
        most = max(len(each.pods) for each in places.values())
        assert int(ours.held.max()) <= most + 1


def test_two_kinds_of_pods_fill_nodes_as_the_scheduler_fills_them() -> None:
    """Free room is what counts for those who come later, so it must agree in sum and nearly so by node."""
    made = kit.web(hpa=None, groups=[kit.group(cpu="4", memory="8Gi")])
    ours, zones, places = both(made, [7, 6, 5], 6)
    assert int(ours.held.sum()) == sum(zones.values()) == 18
    assert sorted(ours.held[0]) == pytest.approx(sorted(len(each.pods) for each in places.values()), abs=1)


def test_taints_and_selectors_are_those_of_the_scheduler() -> None:
    tainted = kit.group("gpu", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])
    made = kit.web(hpa=None, groups=[tainted])
    ours = Nodes(made.groups, [made.workloads["shop/web"]])
    ours.add(0, 1, [0.0])
    assert not len(ours.place(0, 1, 1.0))
    selected = kit.web(hpa=None, pod={"nodeSelector": {"pool": "fast"}}, groups=[kit.group(labels={"pool": "fast"})])
    others = Nodes(selected.groups, [selected.workloads["shop/web"]])
    others.add(0, 1, [0.0])
    assert len(others.place(0, 1, 1.0)) == 1


def test_what_is_released_can_be_used_again() -> None:
    made = kit.web(hpa=None, groups=[kit.group(cpu="1")])
    ours = Nodes(made.groups, [made.workloads["shop/web"]])
    ours.add(0, 1, [0.0])
    first = ours.place(0, 5, 1.0)
    assert len(first) == 2
    ours.release(0, first[:1], 2.0)
    assert len(ours.place(0, 5, 3.0)) == 1
    assert (ours.free >= 0).all()


def test_who_asks_for_no_less_finds_no_node_where_another_found_none() -> None:
    asks = {"cpu": "500m", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"}, {"cpu": "250m", "memory": "2Gi"}
    several = [
        kit.web(container={"resources": {"requests": each}}, groups=[kit.group("general", zones=ZONES)])
        for each in asks
    ]
    spread = kit.web(pod={"topologySpreadConstraints": [SPREAD | {"whenUnsatisfiable": "DoNotSchedule"}]})
    nodes = Nodes(several[0].groups, [each.workloads["shop/web"] for each in (*several, spread)])
    assert nodes.easier[:3] == [{0}, {0, 1}, {2}]
    assert 3 not in nodes.easier[0] | nodes.easier[1] | nodes.easier[2]
    nodes.add(0, 1, [0.0])
    assert len(nodes.place(0, 1000, 1.0)) < 1000
    assert not len(nodes.place(1, 1, 1.0))
