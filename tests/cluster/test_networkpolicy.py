"""NetworkPolicies: the named rules, one flow each."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import networkpolicy
from mela.cluster.networkpolicy import ContainerPort, Flow, Outside, Pod

WEB = Pod(
    "shop", "web", {"app": "web"}, (ContainerPort(8080, "TCP", "http"), ContainerPort(53, "UDP", "dns")), "10.0.0.1"
)
DB = Pod("shop", "db", {"app": "db"}, (ContainerPort(5432, "TCP", "sql"),), "10.0.0.2", "192.168.0.9")
OPS = Pod("ops", "probe", {"app": "probe"}, (), "fd00::7")
WORLD = Outside("203.0.113.7")
NAMESPACES = {"shop": {"team": "red"}, "ops": {"team": "blue"}}


def policy(spec: dict[str, Any], namespace: str = "shop", name: str = "p") -> networkpolicy.Policy:
    return networkpolicy.parse({"metadata": {"name": name, "namespace": namespace}, "spec": spec})


def allowed(flow: Flow, *specs: dict[str, Any]) -> bool:
    return networkpolicy.decide(
        flow, [policy(spec, name=f"p{index}") for index, spec in enumerate(specs)], NAMESPACES
    ).allowed


def into_db(source: networkpolicy.End, *ingress: dict[str, Any], port: int = 5432) -> bool:
    return allowed(Flow(source, DB, port), {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": list(ingress)})


def test_a_pod_that_no_policy_selects_is_open() -> None:
    assert allowed(Flow(WORLD, WEB, 1), {"podSelector": {"matchLabels": {"app": "db"}}})


def test_a_selected_pod_is_closed_except_for_what_a_rule_allows() -> None:
    assert not into_db(WEB)
    assert into_db(WEB, {})
    assert into_db(WEB, {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]})
    assert not into_db(OPS, {"from": [{"podSelector": {}}]})


def test_without_policy_types_egress_counts_only_if_there_is_an_egress_rule() -> None:
    assert allowed(Flow(WEB, WORLD, 443), {})
    assert not allowed(Flow(WEB, WORLD, 443), {"egress": [{"to": [{"podSelector": {}}]}]})
    assert not allowed(Flow(WORLD, WEB, 443), {"egress": [{}]})


def test_a_section_for_a_direction_that_is_not_listed_is_ignored() -> None:
    assert allowed(Flow(WORLD, WEB, 443), {"policyTypes": ["Egress"], "ingress": []})


def test_policies_add_up_and_both_sides_must_allow() -> None:
    closed, opened = {"policyTypes": ["Ingress"]}, {"ingress": [{"ports": [{"port": 8080}]}]}
    assert allowed(Flow(OPS, WEB, 8080), closed, opened)
    assert not allowed(Flow(WEB, DB, 5432), {"policyTypes": ["Egress"]})


def test_the_verdict_names_the_policies_that_select_and_those_that_allow() -> None:
    flow = Flow(WEB, DB, 5432)
    policies = [policy({}, name="b"), policy({"ingress": [{}]}, name="a"), policy({}, namespace="ops")]
    side = networkpolicy.decide(flow, policies, NAMESPACES).ingress
    assert (side.policies, side.allowed_by) == (("shop/a", "shop/b"), ("shop/a",))


@pytest.mark.parametrize(
    ("peer", "matches"),
    [
        ({"namespaceSelector": {"matchLabels": {"team": "blue"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "red"}}}, False),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}, False),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "probe"}}}, True),
        ({"namespaceSelector": None, "podSelector": {}}, False),
        ({}, False),
        ({"ipBlock": {"cidr": "fd00::/16"}}, True),
        ({"ipBlock": {"cidr": "fd00::/16", "except": ["fd00::/120"]}}, False),
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, False),
    ],
)
def test_a_peer_matches_by_selectors_or_by_address(peer: dict[str, Any], matches: bool) -> None:
    assert into_db(OPS, {"from": [peer]}) is matches


def test_selectors_never_match_an_address_outside() -> None:
    assert not into_db(WORLD, {"from": [{"podSelector": {}, "namespaceSelector": {}}]})
    assert into_db(WORLD, {"from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]})


def test_a_namespace_without_an_object_still_has_its_name_label() -> None:
    ghost = Pod("ghost", "x", {})
    named = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ghost"}}}
    assert into_db(ghost, {"from": [named]})
    assert not into_db(ghost, {"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})


@pytest.mark.parametrize(
    ("port", "number", "matches"),
    [
        ({}, 1, True),
        ({"protocol": "UDP"}, 5432, False),
        ({"port": None}, 1, True),
        ({"port": 5432}, 5432, True),
        ({"port": 5000, "endPort": 6000}, 6000, True),
        ({"port": 5000, "endPort": 6000}, 6001, False),
        ({"port": "sql"}, 5432, True),
        ({"port": "sql"}, 5433, False),
        ({"port": "http"}, 8080, False),
    ],
)
def test_a_port_matches_by_number_range_or_name_of_the_destination(
    port: dict[str, Any], number: int, matches: bool
) -> None:
    assert into_db(WEB, {"ports": [port]}, port=number) is matches


def test_a_port_name_is_looked_up_on_the_destination_for_egress_too() -> None:
    egress = {"policyTypes": ["Egress"], "egress": [{"ports": [{"port": "sql"}]}]}
    assert allowed(Flow(WEB, DB, 5432), egress)
    assert not allowed(Flow(WEB, WORLD, 5432), egress)


def test_a_pod_always_reaches_itself_and_its_node_always_reaches_it() -> None:
    verdict = networkpolicy.decide(Flow(DB, DB, 1), [policy({"policyTypes": ["Ingress", "Egress"]})], NAMESPACES)
    assert verdict.allowed
    assert verdict.ingress.policies == ("shop/p",)
    assert verdict.ingress.allowed_by == ()
    assert into_db(Outside("192.168.0.9"))
    assert not into_db(Outside("192.168.0.8"))


PEERS = st.sampled_from(
    [{"podSelector": {}}, {"podSelector": {"matchLabels": {"app": "web"}}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]
)
RULES = st.fixed_dictionaries({}, optional={"from": st.lists(PEERS, max_size=2), "ports": st.just([{"port": 5432}])})
SPECS = st.lists(st.fixed_dictionaries({"ingress": st.lists(RULES, max_size=2)}), max_size=4)


@given(SPECS, SPECS, st.sampled_from([WEB, OPS, WORLD]), st.sampled_from([5432, 80]))
def test_among_policies_that_select_a_pod_more_only_open_more(
    some: list[dict[str, Any]], more: list[dict[str, Any]], source: networkpolicy.End, port: int
) -> None:
    flow = Flow(source, DB, port)
    if some and allowed(flow, *some):
        assert allowed(flow, *some, *more)
    assert allowed(flow, *some, *more) == allowed(flow, *more, *some)
