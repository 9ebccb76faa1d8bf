"""Scheduling one pod: spreading, and affinity between pods."""

import pytest

from mela.cluster.scheduler import verdicts
from tests.cluster.scheduling import (
    HOST,
    PREFERRED,
    ZONE,
    Object,
    apart,
    near,
    node,
    pod,
    rejection,
    schedule,
    spread,
    term,
    terminating,
)


def test_a_domain_may_be_ahead_of_the_emptiest_by_the_skew() -> None:
    there = [node("n"), node("m", zone="b")]
    decision = schedule(pod(topologySpreadConstraints=[spread()]), there, [pod("e", on="n")])
    assert (decision.feasible, decision.rejected["n"].code) == (("m",), verdicts.UNSCHEDULABLE)


def test_with_fewer_domains_than_wanted_the_emptiest_counts_as_zero() -> None:
    crowded, there = [pod("e", on="n")], [node("n")]
    assert schedule(pod(topologySpreadConstraints=[spread()]), there, crowded).feasible == ("n",)
    assert schedule(pod(topologySpreadConstraints=[spread(minDomains=2)]), there, crowded).feasible == ()


def test_a_node_without_the_label_is_out_for_good() -> None:
    rejected = rejection(pod(topologySpreadConstraints=[spread(key="rack")]))
    assert rejected is not None
    assert rejected[1] == verdicts.UNRESOLVABLE


def test_terminating_pods_and_other_namespaces_do_not_count() -> None:
    other = pod("o", on="n")
    other["metadata"]["namespace"] = "bank"
    bound = [terminating(pod("e", on="n")), other]
    decision = schedule(pod(topologySpreadConstraints=[spread()]), [node("n"), node("m", zone="b")], bound)
    assert decision.feasible == ("n", "m")


@pytest.mark.parametrize(
    ("policies", "feasible"),
    [
        ({}, ("n",)),
        ({"nodeTaintsPolicy": "Honor"}, ("n",)),
        ({"nodeAffinityPolicy": "Ignore"}, ()),
    ],
)
def test_policies_say_which_nodes_form_domains(policies: Object, feasible: tuple[str, ...]) -> None:
    there = [node("n"), node("m", zone="b", taints=[{"key": "x", "effect": "PreferNoSchedule"}])]
    choosy = pod(nodeSelector={ZONE: "a"}, topologySpreadConstraints=[spread(**policies)])
    assert schedule(choosy, there, [pod("e", on="n")]).feasible == feasible


def test_tainted_nodes_form_no_domain_if_taints_are_honoured() -> None:
    there = [node("n"), node("m", zone="b", taints=[{"key": "x", "effect": "NoExecute"}])]
    honouring = pod(topologySpreadConstraints=[spread(nodeTaintsPolicy="Honor")])
    assert schedule(honouring, there, [pod("e", on="n")]).feasible == ("n",)
    assert schedule(pod(topologySpreadConstraints=[spread()]), there, [pod("e", on="n")]).feasible == ()


def test_match_label_keys_take_the_pods_own_value() -> None:
    there = [node("n"), node("m", zone="b")]
    older = pod("e", on="n")
    older["metadata"]["labels"]["version"] = "1"
    newer = pod(topologySpreadConstraints=[spread(matchLabelKeys=["version", "missing"])])
    newer["metadata"]["labels"]["version"] = "2"
    assert schedule(newer, there, [older]).feasible == ("n", "m")


def test_an_empty_selector_counts_no_pod_but_the_pod_itself() -> None:
    there, bound = [node("n"), node("m", zone="b")], [pod("e", on="n"), pod("f", on="n")]
    assert schedule(pod(topologySpreadConstraints=[spread(labelSelector={})]), there, bound).feasible == ("n", "m")


def test_soft_constraints_prefer_the_emptier_domain() -> None:
    decision = schedule(
        pod(topologySpreadConstraints=[spread("ScheduleAnyway")]), [node("n"), node("m", zone="b")], [pod("e", on="n")]
    )
    assert [decision.scores[name]["PodTopologySpread"] for name in ("n", "m")] == [0, 200]


def test_nodes_without_the_label_of_a_soft_constraint_score_zero() -> None:
    soft = pod(topologySpreadConstraints=[spread("ScheduleAnyway")])
    decision = schedule(soft, [node("n"), node("m", zone="")])
    assert [decision.scores[name]["PodTopologySpread"] for name in ("n", "m")] == [200, 0]
    neither = schedule(soft, [node("n", zone=""), node("m", zone="")])
    assert neither.scores["n"]["PodTopologySpread"] == 0


OWNERS = [
    ("v1", "ReplicationController", {"app": "web"}),
    ("apps/v1", "ReplicaSet", {"matchLabels": {"app": "web"}}),
    ("apps/v1", "StatefulSet", {"matchLabels": {"app": "web"}}),
]


@pytest.mark.parametrize(("version", "kind", "selector"), OWNERS)
def test_a_controllers_pods_spread_by_default(version: str, kind: str, selector: Object) -> None:
    owned = pod()
    owned["metadata"]["ownerReferences"] = [
        {"apiVersion": version, "kind": "Other", "name": "x"},
        {"apiVersion": version, "kind": kind, "name": "web", "controller": True},
    ]
    workloads = [{"kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": selector}}]
    decision = schedule(owned, [node("n"), node("m")], [pod("e", on="n")], workloads=workloads)
    assert decision.scores["n"]["PodTopologySpread"] < decision.scores["m"]["PodTopologySpread"]


@pytest.mark.parametrize(
    ("owner", "selector"),
    [
        ({"apiVersion": "batch/v1", "kind": "Job"}, {"matchLabels": {"app": "web"}}),
        ({"apiVersion": "apps/v1", "kind": "ReplicaSet"}, {"matchLabels": {"-": "x"}}),
        ({"apiVersion": "apps/v1", "kind": "ReplicaSet"}, None),
    ],
)
def test_other_owners_and_broken_selectors_do_not_spread(owner: Object, selector: Object | None) -> None:
    owned = pod()
    owned["metadata"]["ownerReferences"] = [{"name": "web", "controller": True, **owner}]
    workload = {"kind": owner["kind"], "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": selector}}
    decision = schedule(owned, [node("n"), node("m")], [pod("e", on="n")], workloads=[workload])
    assert "PodTopologySpread" not in decision.scores["n"]


def test_services_make_their_pods_spread_too() -> None:
    services = [
        {"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"app": "web"}}},
        {"kind": "Service", "metadata": {"name": "none", "namespace": "shop"}, "spec": {}},
        {"kind": "Service", "metadata": {"name": "db", "namespace": "shop"}, "spec": {"selector": {"app": "db"}}},
    ]
    decision = schedule(pod(), [node("n"), node("m")], [pod("e", on="n")], workloads=services)
    assert decision.scores["n"]["PodTopologySpread"] < decision.scores["m"]["PodTopologySpread"]


def test_a_pod_goes_where_all_its_terms_find_a_pod() -> None:
    there, database = [node("n"), node("m")], pod("e", on="m", app="db")
    assert schedule(pod(affinity=near(term())), there, [database]).feasible == ("m",)
    assert schedule(pod(affinity=near(term(), term("cache"))), there, [database]).feasible == ()


def test_the_first_pod_of_a_group_may_go_anywhere_with_the_label() -> None:
    first = pod(affinity=near(term("web", "rack")))
    there = [node("n"), node("m")]
    there[1]["metadata"]["labels"]["rack"] = "r1"
    assert schedule(first, there).feasible == ("m",)
    assert schedule(pod(affinity=near(term())), there).feasible == ()


def test_anti_affinity_holds_both_ways() -> None:
    there = [node("n"), node("m")]
    shy = schedule(pod(affinity=apart(term())), there, [pod("e", on="n", app="db")])
    shunned = schedule(pod(), there, [pod("e", on="n", affinity=apart(term("web")))])
    assert shy.rejected["n"].reasons == ("node(s) didn't match pod anti-affinity rules",)
    assert shunned.rejected["n"].reasons == ("node(s) didn't satisfy existing pods anti-affinity rules",)


def test_match_and_mismatch_label_keys_are_the_pods_own_values() -> None:
    there, own = [node("n"), node("m")], pod("e", on="n")
    assert schedule(pod(affinity=apart(term("web", matchLabelKeys=["app"]))), there, [own]).feasible == ("m",)
    assert schedule(pod(affinity=apart(term("web", mismatchLabelKeys=["app"]))), there, [own]).feasible == ("n", "m")
    blind = {"topologyKey": HOST, "matchLabelKeys": ["app"]}
    assert schedule(pod(affinity=apart(blind)), there, [own]).feasible == ("n", "m")


@pytest.mark.parametrize(
    ("where", "feasible"),
    [
        ({}, ("n", "m")),
        ({"namespaces": ["bank"]}, ("m",)),
        ({"namespaceSelector": {}}, ("m",)),
        ({"namespaceSelector": {"matchLabels": {"team": "money"}}}, ("m",)),
        ({"namespaceSelector": {"matchLabels": {"team": "none"}}}, ("n", "m")),
        ({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}}, ("m",)),
    ],
)
def test_terms_name_or_select_namespaces(where: Object, feasible: tuple[str, ...]) -> None:
    """The last case is upstream's flaw: a selector that no labels satisfy matches every namespace."""
    banker = pod("e", on="n", app="db")
    banker["metadata"]["namespace"] = "bank"
    known = {"bank": {"team": "money"}, "shop": {}}
    decision = schedule(pod(affinity=apart(term(**where))), [node("n"), node("m")], [banker], namespaces=known)
    assert decision.feasible == feasible


def test_a_pod_whose_terms_cannot_be_read_goes_nowhere() -> None:
    broken = near({"topologyKey": HOST, "labelSelector": {"matchLabels": {"-": "x"}}})
    rejected = rejection(pod(affinity=broken))
    assert rejected is not None
    assert rejected[:2] == ("InterPodAffinity", verdicts.UNRESOLVABLE)
    assert rejection(pod(), pod("e", on="n", affinity=broken)) is None


def test_preferences_of_both_pods_score() -> None:
    likes = {"podAffinity": {PREFERRED: [{"weight": 10, "podAffinityTerm": term()}]}}
    dislikes = {"podAntiAffinity": {PREFERRED: [{"weight": 10, "podAffinityTerm": term("web")}]}}
    there = [node("n"), node("m"), node("o")]
    bound = [pod("e", on="n", app="db"), pod("f", on="m", app="x", affinity=dislikes)]
    decision = schedule(pod(affinity=likes), there, bound)
    assert [decision.scores[name]["InterPodAffinity"] for name in "nmo"] == [200, 0, 100]


def test_an_existing_pods_required_affinity_draws_a_little() -> None:
    there, friend = [node("n"), node("m")], pod("e", on="n", app="x", affinity=near(term("web")))
    decision = schedule(pod(), there, [friend])
    assert [decision.scores[name]["InterPodAffinity"] for name in "nm"] == [200, 0]
