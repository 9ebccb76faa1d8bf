"""Scheduling one pod: which nodes are out, and why."""

import pytest

from mela.cluster.scheduler import resources, verdicts
from tests.cluster.scheduling import (
    HOST,
    REQUIRED,
    ZONE,
    Object,
    near,
    node,
    on_port,
    pod,
    rejection,
    schedule,
    spread,
    term,
)


def test_without_nodes_there_is_nothing_to_say() -> None:
    decision = schedule(pod(), [])
    assert (decision.message, decision.preemption) == ("no nodes available to schedule pods", None)


def test_pods_of_unknown_nodes_take_nothing() -> None:
    assert schedule(pod(), [node("n")], [pod("e", on="gone", cpu="4")]).best == ("n",)


def test_a_cordoned_node_takes_only_pods_that_tolerate_the_cordon() -> None:
    cordoned = node("n", unschedulable=True)
    assert rejection(pod(), there=cordoned) == (
        "NodeUnschedulable",
        verdicts.UNRESOLVABLE,
        ("node(s) were unschedulable",),
    )
    tolerant = pod(tolerations=[{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}])
    assert rejection(tolerant, there=cordoned) is None


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "dedicated", "value": "gpu"}, True),
        ({"key": "dedicated", "operator": "Equal", "value": "cpu"}, False),
        ({"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "dedicated", "operator": "Gt", "value": "1"}, False),
    ],
)
def test_a_toleration_matches_by_key_value_and_effect(toleration: Object, tolerated: bool) -> None:
    tainted = node("n", taints=[{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}])
    assert (rejection(pod(tolerations=[toleration]), there=tainted) is None) is tolerated


def node_affinity(*terms: Object) -> Object:
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}


def named(*names: str, operator: str = "In") -> Object:
    return {"matchFields": [{"key": "metadata.name", "operator": operator, "values": [name]} for name in names]}


@pytest.mark.parametrize(
    ("terms", "fits"),
    [
        ([{"matchExpressions": [{"key": ZONE, "operator": "In", "values": ["a"]}]}], True),
        ([{"matchExpressions": [{"key": ZONE, "operator": "Gt", "values": ["1"]}]}], False),
        ([{}], False),
        ([], False),
        ([{"matchExpressions": [{"key": ZONE, "operator": "Sometimes"}]}, named("n")], True),
        ([named("n", operator="NotIn")], False),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n", "m"]}]}], False),
        ([{"matchFields": [{"key": "spec.podCIDR", "operator": "In", "values": ["n"]}]}], False),
    ],
)
def test_one_required_term_must_match_and_broken_ones_do_not(terms: list[Object], fits: bool) -> None:
    assert (rejection(pod(affinity=node_affinity(*terms))) is None) is fits


def test_a_node_selector_needs_every_label() -> None:
    assert rejection(pod(nodeSelector={HOST: "n", ZONE: "a"})) is None
    assert rejection(pod(nodeSelector={HOST: "n", ZONE: "b"})) is not None


def test_terms_that_name_nodes_narrow_the_search() -> None:
    decision = schedule(pod(affinity=node_affinity(named("m"), named("ghost"))), [node("n"), node("m")])
    assert decision.best == ("m",)
    assert decision.rejected["n"].reasons == ("node(s) didn't satisfy plugin(s) [NodeAffinity]",)


def test_terms_that_contradict_themselves_reject_the_pod_at_once() -> None:
    decision = schedule(pod(affinity=node_affinity(named("n", "m"))), [node("n"), node("m")])
    assert decision.message == "0/2 nodes are available: pod affinity terms conflict. not found"
    assert {each.plugin for each in decision.rejected.values()} == {"NodeAffinity"}


def test_a_pod_bound_by_name_fits_only_there() -> None:
    assert schedule(pod(on="m"), [node("n"), node("m")]).best == ("m",)


@pytest.mark.parametrize(
    ("taken", "clash"),
    [
        ({"hostPort": 80}, True),
        ({"hostPort": 80, "hostIP": "10.0.0.9"}, True),
        ({"hostPort": 80, "protocol": "UDP"}, False),
        ({"hostPort": 81}, False),
        ({"containerPort": 80}, False),
    ],
)
def test_a_host_port_is_taken_for_its_protocol_and_address(taken: Object, clash: bool) -> None:
    wanting = on_port({"hostPort": 80})
    assert (rejection(wanting, on_port(taken, "e", "n")) is not None) is clash


def test_on_the_hosts_network_a_container_port_is_a_host_port() -> None:
    web = {"containerPort": 80, "hostIP": "10.0.0.1"}
    assert (
        rejection(on_port({"hostPort": 80, "hostIP": "10.0.0.1"}), on_port(web, "e", "n", hostNetwork=True)) is not None
    )
    assert rejection(on_port({"hostPort": 80, "hostIP": "10.0.0.2"}), on_port(web, "e", "n", hostNetwork=True)) is None


def test_all_shortages_are_told_at_once() -> None:
    full = node("n", status={"allocatable": {"cpu": "2", "memory": "1Gi", "pods": "1", "nvidia.com/gpu": "1"}})
    greedy = pod(cpu="1500m")
    greedy["spec"]["containers"][0]["resources"]["limits"] = {"nvidia.com/gpu": "2"}
    assert rejection(greedy, pod("e", on="n"), there=full) == (
        "NodeResourcesFit",
        verdicts.UNRESOLVABLE,
        ("Too many pods", "Insufficient cpu", "Insufficient nvidia.com/gpu"),
    )


def test_preemption_may_help_against_shortage_but_not_beyond_the_whole_node() -> None:
    shortage, too_large = rejection(pod(cpu="4"), pod("e", on="n")), rejection(pod(cpu="5"))
    assert shortage is not None
    assert too_large is not None
    assert (shortage[1], too_large[1]) == (verdicts.UNSCHEDULABLE, verdicts.UNRESOLVABLE)


def container(cpu: str | None = None, limit: str | None = None, sidecar: bool = False) -> Object:
    stated = {"requests": {"cpu": cpu} if cpu else {}, "limits": {"cpu": limit} if limit else {}}
    return {"resources": stated} | ({"restartPolicy": "Always"} if sidecar else {})


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [container("1"), container(limit="500m")]}, 1500),
        ({"containers": [container("1")], "initContainers": [container("3"), container("2")]}, 3000),
        ({"containers": [container("1")], "initContainers": [container("2", sidecar=True), container("2")]}, 4000),
        ({"containers": [container("1")], "initContainers": [container("3"), container("2", sidecar=True)]}, 3000),
        ({"containers": [container("1")], "overhead": {"cpu": "0.0001"}}, 1001),
        ({"containers": [container("1")], "resources": {"requests": {"cpu": "3"}}}, 3000),
        ({"containers": [container("1")], "resources": {"limits": {"cpu": "3"}}}, 1000),
        ({"containers": [container()], "resources": {"limits": {"cpu": "3"}}}, 3000),
    ],
)
def test_a_pod_needs_the_most_it_uses_at_one_time(spec: Object, cpu: int) -> None:
    assert resources.of_pod(spec).actual["cpu"] == cpu


def test_pod_level_huge_pages_come_from_the_containers_limits() -> None:
    pages = {"resources": {"limits": {"hugepages-2Mi": "4Mi"}}}
    made = resources.of_pod({"containers": [pages, pages], "resources": {"limits": {"cpu": "1"}}})
    assert made.actual["hugepages-2Mi"] == 8 * 1024 * 1024


def test_unstated_requests_count_in_scores_only() -> None:
    made = resources.of_pod({"containers": [container(), container("0")]})
    assert dict(made.actual) == {"cpu": 0}
    assert dict(made.counted) == dict(made.own) == {"cpu": 100, "memory": 400 * 1024 * 1024}


def test_pod_level_requests_are_ignored_in_the_pods_own_score() -> None:
    made = resources.of_pod({"containers": [container()], "resources": {"requests": {"cpu": "2"}}})
    assert (made.actual["cpu"], made.counted["cpu"], made.own["cpu"]) == (2000, 2000, 100)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("nvidia.com/gpu", True),
        ("hugepages-2Mi", True),
        ("attachable-volumes-csi", True),
        ("kubernetes.io/x", True),
        ("storage", False),
        ("requests.example.com/x", False),
        ("example.com/" + "x" * 64, False),
    ],
)
def test_extended_and_prefixed_resources_are_counted(name: str, counts: bool) -> None:
    assert resources.is_scalar(name) is counts


def test_room_kept_for_a_nominated_pod_of_equal_priority_is_not_taken() -> None:
    kept = pod("k", cpu="3", status={"nominatedNodeName": "n"})
    assert schedule(pod(cpu="2"), [node("n")], nominated=[kept]).feasible == ()
    assert schedule(pod(cpu="2", priority=1), [node("n")], nominated=[kept]).feasible == ("n",)


def test_a_nominated_pod_that_may_not_come_cannot_be_relied_on() -> None:
    kept = pod("k", app="db", status={"nominatedNodeName": "n"})
    lonely = schedule(pod(affinity=near(term())), [node("n")], nominated=[kept])
    assert lonely.rejected["n"].reasons == ("node(s) didn't match pod affinity rules",)


def test_a_nominated_pod_counts_for_spreading() -> None:
    kept = pod("k", status={"nominatedNodeName": "n"})
    there = [node("n"), node("m", zone="b")]
    assert schedule(pod(topologySpreadConstraints=[spread()]), there, nominated=[kept]).feasible == ("m",)


def test_the_node_kept_for_the_pod_itself_is_the_only_one_tried() -> None:
    decision = schedule(pod(status={"nominatedNodeName": "m"}), [node("n"), node("m")])
    assert (decision.feasible, decision.rejected) == (("m",), {})
    assert schedule(pod(status={"nominatedNodeName": "gone"}), [node("n")]).feasible == ("n",)
