"""Node groups: as they are declared, what their nodes hold, which pods they take."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import manifests, nodegroups
from mela.cluster.nodegroups import NodeGroup
from mela.cluster.scheduler import capacity, pods
from mela.cluster.scheduler.nodes import Occupied, Taint

GIB = 2**30


def eksctl(*groups: dict[str, Any], **config: Any) -> tuple[NodeGroup, ...]:
    return of(
        {"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "managedNodeGroups": list(groups), **config}
    )


def karpenter(*requirements: dict[str, Any], annotations: Any = None, taints: Any = None, **spec: Any) -> Any:
    inside = {"requirements": list(requirements), "taints": taints}
    return of(
        {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodePool",
            "metadata": {"name": "pool", "annotations": annotations or {}},
            "spec": {"template": {"metadata": {"labels": {"tier": "web"}}, "spec": inside}, **spec},
        }
    )


def of(*things: dict[str, Any]) -> tuple[NodeGroup, ...]:
    return nodegroups.read(manifests.parse(yaml.safe_dump_all(things)))


def wanted(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


def pod(spec: dict[str, Any] | None = None, **requests: str) -> pods.Pod:
    container = {"name": "app", "resources": {"requests": requests}}
    return pods.parse({"metadata": {"name": "app"}, "spec": {"containers": [container], **(spec or {})}})


TYPE = wanted("node.kubernetes.io/instance-type", "m7g.xlarge", "m6i.xlarge")
WEB = {"name": "web", "instanceType": "m7g.large"}


def test_an_eksctl_group_is_read_with_the_place_where_its_maximum_stands() -> None:
    (web,) = eksctl(
        {**WEB, "minSize": 3, "maxSize": 30, "labels": {"tier": "web"}, "spot": True},
        availabilityZones=["ap-south-1a", "ap-south-1b"],
    )
    assert (web.name, web.instance_type, web.min_size, web.max_size, web.is_spot) == ("web", "m7g.large", 3, 30, True)
    assert web.zones == ("ap-south-1a", "ap-south-1b")
    assert web.allocatable == {"cpu": 1930, "memory": 6844 * 2**20, "pods": 29}
    assert web.labels["tier"] == "web"
    assert web.object.get(*web.most_at) == 30
    assert (web.start_s, web.batch, web.addresses) == (90, 100, None)


@pytest.mark.parametrize(
    ("written", "sizes"),
    [
        ({}, (2, 2)),
        ({"desiredCapacity": 4}, (4, 4)),
        ({"minSize": 1}, (1, 1)),
        ({"minSize": 1, "desiredCapacity": 4}, (1, 4)),
        ({"minSize": 5, "maxSize": 3}, (5, 5)),
        ({"minSize": 0, "maxSize": 9}, (0, 9)),
    ],
)
def test_missing_sizes_are_eksctls(written: dict[str, int], sizes: tuple[int, int]) -> None:
    (web,) = eksctl({**WEB, **written})
    assert (web.min_size, web.max_size) == sizes


@pytest.mark.parametrize(
    ("written", "type_"),
    [
        ({"instanceType": "c7g.large"}, "c7g.large"),
        ({"instanceTypes": ["c7g.xlarge", "c6i.xlarge"]}, "c7g.xlarge"),
        ({"instancesDistribution": {"instanceTypes": ["r6i.large"]}}, "r6i.large"),
        ({}, "m5.large"),
    ],
)
def test_the_first_listed_type_counts_and_eksctls_own_where_none_is(written: dict[str, Any], type_: str) -> None:
    (group,) = eksctl({"name": "web", **written})
    assert group.instance_type == type_


@pytest.mark.parametrize(
    "written",
    [
        {"instanceType": "x9.huge"},
        {"launchTemplate": {"id": "lt-1"}},
        {"instanceSelector": {"vCPUs": 2}},
        {"instanceType": "x9.huge", "tags": {"k8s.io/cluster-autoscaler/node-template/resources/cpu": "many"}},
    ],
)
def test_a_group_of_unknown_size_is_left_out(written: dict[str, Any]) -> None:
    assert eksctl({"name": "web", **written}) == ()


def test_tags_say_what_the_file_has_no_field_for() -> None:
    resource = "k8s.io/cluster-autoscaler/node-template/resources/"
    tags = {resource + "cpu": "7500m", resource + "memory": "30Gi", resource + "nvidia.com/gpu": "1"}
    start = {"mela.dev/node-start": "45s", "mela.dev/nodes-at-once": "20"}
    (group,) = eksctl({"name": "web", "instanceType": "x9.huge", "tags": {**tags, **start}, "maxPodsPerNode": 200})
    assert group.allocatable == {"cpu": 7500, "memory": 30 * GIB, "nvidia.com/gpu": 1, "pods": 200}
    assert (group.start_s, group.batch) == (45, 20)


@pytest.mark.parametrize("nonsense", ["soon", "", "-5s", "0", "9" * 30, "७"])
def test_a_start_that_is_no_number_of_seconds_is_the_default(nonsense: str) -> None:
    (group,) = eksctl({**WEB, "tags": {"mela.dev/node-start": nonsense, "mela.dev/nodes-at-once": nonsense}})
    assert (group.start_s, group.batch) == (90, 100)


def test_taints_are_read_in_both_of_eksctls_forms() -> None:
    new = {**WEB, "taints": [{"key": "only", "value": "hub", "effect": "NoSchedule"}]}
    old = {**WEB, "taints": {"only": "hub:NoSchedule"}}
    (one, other) = (*eksctl(new), *eksctl(nodeGroups=[old]))
    assert one.taints == other.taints == (Taint("only", "hub", "NoSchedule"),)


def test_subnets_bound_the_addresses() -> None:
    subnets = {"private": {"a": {"cidr": "10.0.0.0/24"}, "b": {"cidr": "10.0.1.0/25"}}}
    written = {**WEB, "availabilityZones": ["a", "b"], "privateNetworking": True}
    (web,) = eksctl(written, vpc={"subnets": subnets})
    assert web.addresses == 251 + 123
    (open_,) = eksctl({**written, "privateNetworking": False}, vpc={"subnets": subnets})
    assert open_.addresses is None


def test_a_karpenter_pool_is_of_its_first_type_within_its_limits() -> None:
    (pool,) = karpenter(
        TYPE,
        wanted("topology.kubernetes.io/zone", "ap-south-1a", "ap-south-1c"),
        wanted("karpenter.sh/capacity-type", "spot"),
        {"key": "kubernetes.io/arch", "operator": "NotIn", "values": ["amd64"]},
        annotations={"mela.dev/node-start": "60"},
        taints=[{"key": "hub", "effect": "NoExecute"}],
        limits={"cpu": "40", "memory": "1000Gi"},
    )
    assert (pool.name, pool.instance_type, pool.is_spot, pool.start_s) == ("pool", "m7g.xlarge", True, 60)
    assert (pool.min_size, pool.max_size) == (0, 10)
    assert pool.zones == ("ap-south-1a", "ap-south-1c")
    assert pool.taints == (Taint("hub", "", "NoExecute"),)
    assert pool.labels["tier"] == "web"
    assert "kubernetes.io/arch" not in pool.labels


@pytest.mark.parametrize(
    ("spec", "sizes"),
    [
        ({}, (0, 1000)),
        ({"limits": {"nodes": "7"}}, (0, 7)),
        ({"limits": {"memory": "100Gi"}}, (0, 6)),
        ({"limits": {"cpu": "lots"}}, (0, 1000)),
        ({"replicas": 5, "limits": {"nodes": "7"}}, (5, 5)),
    ],
)
def test_limits_bound_a_pool_and_replicas_fix_it(spec: dict[str, Any], sizes: tuple[int, int]) -> None:
    (pool,) = karpenter(TYPE, **spec)
    assert (pool.min_size, pool.max_size) == sizes


def test_a_pool_that_leaves_its_type_open_is_left_out() -> None:
    assert karpenter(wanted("karpenter.k8s.aws/instance-category", "m", "c")) == ()


def node(name: str, zone: str, *, cpu: str = "4", **labels: str) -> dict[str, Any]:
    there = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone, **labels}
    status = {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": there}, "status": status}


def test_nodes_that_are_alike_are_a_group_of_their_number() -> None:
    groups = of(node("a", "one"), node("b", "two"), node("c", "one", cpu="8"))
    assert [(each.name, each.min_size, each.max_size, each.zones) for each in groups] == [
        ("a", 2, 2, ("one", "two")),
        ("c", 1, 1, ("one",)),
    ]


def test_nodes_of_a_declared_group_are_not_counted_twice() -> None:
    config = {"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "managedNodeGroups": [WEB]}
    seen = node("a", "one", **{"eks.amazonaws.com/nodegroup": "web"})
    other = node("b", "one", **{"eks.amazonaws.com/nodegroup": "batch"})
    assert [each.name for each in of(config, seen, other)] == ["web", "batch"]


def test_cordoned_and_silent_nodes_are_no_group() -> None:
    cordoned, silent, wrong = node("a", "one"), node("b", "one"), node("c", "one", cpu="many")
    cordoned["spec"] = {"unschedulable": True}
    del silent["status"]
    assert of(cordoned, silent, wrong) == ()


def test_nodes_stand_in_the_zones_in_turn_and_leave_a_lost_one() -> None:
    (web,) = eksctl({**WEB, "availabilityZones": ["a", "b", "c"]})
    zone = "topology.kubernetes.io/zone"
    assert [each.labels[zone] for each in web.nodes(4)] == ["a", "b", "c", "a"]
    assert [each.labels[zone] for each in web.nodes(4, ["a", "c"])] == ["a", "c", "a", "c"]
    assert web.nodes(4, []) == []
    assert len({each.name for each in web.nodes(9)}) == 9


def test_a_group_takes_what_the_scheduler_would_place() -> None:
    (web,) = eksctl(
        {**WEB, "availabilityZones": ["a", "b"], "taints": [{"key": "hub", "value": "", "effect": "NoSchedule"}]}
    )
    tolerant = {"tolerations": [{"key": "hub", "operator": "Exists"}]}
    assert not nodegroups.takes(web, pod(cpu="1"))
    assert nodegroups.takes(web, pod(tolerant, cpu="1"))
    assert not nodegroups.takes(web, pod(tolerant, cpu="2"))
    assert nodegroups.takes(web, pod({**tolerant, "nodeSelector": {"topology.kubernetes.io/zone": "b"}}, cpu="1"))
    assert not nodegroups.takes(web, pod({**tolerant, "nodeSelector": {"topology.kubernetes.io/zone": "z"}}, cpu="1"))
    assert not nodegroups.takes(web, pod(tolerant, cpu="1"), [pod(tolerant, cpu="1")])


def test_a_host_port_fits_once() -> None:
    (web,) = eksctl(WEB)
    port = {"containers": [{"name": "app", "ports": [{"containerPort": 80, "hostPort": 80}]}]}
    assert nodegroups.fit(web, pod(port)) == 1
    assert nodegroups.fit(web, pod()) == 29


requests = st.fixed_dictionaries(
    {},
    optional={
        "cpu": st.sampled_from(["0", "10m", "300m", "965m", "1930m", "3"]),
        "memory": st.sampled_from(["1", "64Mi", "1Gi", "3422Mi", "7Gi"]),
        "nvidia.com/gpu": st.sampled_from(["0", "1"]),
    },
)


@given(requests, st.lists(requests, max_size=3))
def test_as_many_fit_as_the_scheduler_would_let_in(each: dict[str, str], daemons: list[dict[str, str]]) -> None:
    (web,) = eksctl(WEB)
    place = Occupied(web.nodes(1)[0])
    beside = [pod(None, **asked) for asked in daemons]
    for daemon in beside:
        place.add(daemon)
    one, count = pod(None, **each), 0
    while capacity.reject(one, place) is None:
        place.add(one)
        count += 1
    assert nodegroups.fit(web, one, beside) == count
