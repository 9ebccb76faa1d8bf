"""Scheduling one pod: which of the nodes that fit is best."""

import pytest

from mela.cluster import labels
from tests.cluster.scheduling import HOST, PREFERRED, node, pod, schedule


def test_the_emptier_node_scores_higher_and_ties_are_all_best() -> None:
    decision = schedule(pod(), [node("n"), node("m"), node("o")], [pod("e", on="n")])
    assert decision.best == ("m", "o")
    assert decision.total("n") < decision.total("m")


def test_untolerated_soft_taints_cost_points() -> None:
    soft = {"key": "x", "effect": "PreferNoSchedule"}
    decision = schedule(pod(), [node("n", taints=[soft, soft | {"key": "y"}]), node("m", taints=[soft]), node("o")])
    assert [decision.scores[name]["TaintToleration"] for name in "nmo"] == [0, 150, 300]


def test_preferred_node_terms_score_by_weight() -> None:
    here = {"matchExpressions": [{"key": HOST, "operator": "In", "values": ["n"]}]}
    wishes = [{"weight": 50, "preference": here}, {"weight": 10, "preference": {}}]
    decision = schedule(pod(affinity={"nodeAffinity": {PREFERRED: wishes}}), [node("n"), node("m")])
    assert [decision.scores[name]["NodeAffinity"] for name in "nm"] == [200, 0]


def test_a_preferred_term_that_cannot_be_read_fails_the_attempt() -> None:
    broken = {"matchExpressions": [{"key": HOST, "operator": "Like", "values": ["n"]}]}
    wishes = {"nodeAffinity": {PREFERRED: [{"weight": 1, "preference": broken}]}}
    with pytest.raises(labels.InvalidSelector):
        schedule(pod(affinity=wishes), [node("n"), node("m")])


def test_images_that_are_there_score_by_size_and_by_how_many_nodes_have_them() -> None:
    image = {"names": ["reg:5000/web:latest"], "sizeBytes": 1024 * 1024 * 1000}
    wanting = pod(volumes=[{"name": "v"}, {"name": "w", "image": {"reference": "none"}}])
    wanting["spec"]["containers"][0]["image"] = "reg:5000/web"
    decision = schedule(wanting, [node("n", status={"images": [image]}), node("m")])
    assert [decision.scores[name]["ImageLocality"] for name in "nm"] == [48, 0]


def test_balance_is_not_scored_for_a_pod_that_requests_nothing() -> None:
    decision = schedule(pod(cpu="0"), [node("n"), node("m")])
    assert "NodeResourcesBalancedAllocation" not in decision.scores["n"]


def test_a_node_without_cpu_and_memory_scores_zero() -> None:
    bare = node("m", status={"allocatable": {"pods": "10"}})
    decision = schedule(pod(cpu="0"), [node("n"), bare])
    assert decision.scores["m"]["NodeResourcesFit"] == 0
