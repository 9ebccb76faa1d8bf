"""Calls, and what policies say of them."""

from mela.cluster import manifests, reachability
from mela.cluster.objects import System

WORKLOAD = """---
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: SPACE, annotations: {mela.dev/calls: "CALLS"}}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      containers: [{name: NAME, image: "example.org/NAME:1", ports: [{name: http, containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: SPACE}
spec: {selector: {app: NAME}, ports: [{port: 80, targetPort: http}]}
"""
CLOSED = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: SPACE}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
OPEN = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: SPACE}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{}]
  egress: [{}]
"""


def workload(name: str, calls: str = "", space: str = "shop") -> str:
    return WORKLOAD.replace("NAME", name).replace("CALLS", calls).replace("SPACE", space)


def system(*texts: str, space: str = "shop") -> System:
    read = manifests.parse("".join(texts).replace("SPACE", space))
    assert not read.mishaps
    return read


def table(read: System) -> set[tuple[str, str, int, str, bool]]:
    return {(each.source, each.target, each.port, each.need, each.is_open) for each in reachability.links(read)}


def test_a_call_by_the_services_port_arrives_at_the_pods_port() -> None:
    read = system(workload("web", "catalog:80"), workload("catalog"), CLOSED)
    assert table(read) == {("shop/web", "shop/catalog", 8080, "declared", False)}


def test_what_nobody_closes_is_open_to_anybody() -> None:
    read = system(workload("web"))
    assert table(read) == {
        ("shop/web", "anybody", 0, "", True),
        ("anybody", "shop/web", 0, "", True),
    }


def test_what_policies_open_and_nobody_calls_is_told() -> None:
    read = system(workload("web", "catalog:80"), workload("catalog"), OPEN)
    assert table(read) == {
        ("shop/web", "shop/catalog", 8080, "declared", True),
        ("shop/catalog", "shop/web", 8080, "", True),
    }


def test_a_call_into_another_namespace_needs_both_sides() -> None:
    read = system(workload("web", "bank.pay:80"), workload("bank", space="pay"), OPEN, CLOSED.replace("SPACE", "pay"))
    assert ("shop/web", "pay/bank", 8080, "declared", False) in table(read)


def test_addresses_and_the_internet_are_judged_by_egress_alone() -> None:
    closed = system(workload("web", "10.0.0.0/8:5432 internet:443"), CLOSED)
    opened = system(workload("web", "10.0.0.0/8:5432 internet:443"), OPEN)
    assert {each[-1] for each in table(closed)} == {False}
    assert {each[-1] for each in table(opened)} == {True}


def test_a_headless_service_is_reached_on_any_port_of_its_pods() -> None:
    headless = workload("db").replace("spec: {selector: {app: db}", "spec: {clusterIP: None, selector: {app: db}")
    calls = reachability.of(system(workload("web", "db:5432"), headless)).calls
    assert [call.port for call in calls] == [5432]


def test_words_that_name_nothing_are_kept_for_a_finding() -> None:
    network = reachability.of(system(workload("web", "catalog:80 nonsense web:81")))
    assert [word for _, word in network.unread] == ["catalog:80", "nonsense", "web:81"]
    assert network.calls == ()
