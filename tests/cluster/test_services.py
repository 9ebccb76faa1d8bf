"""Services: which pods, which ports, who gets traffic."""

from typing import Any

import pytest

from mela.cluster import services

Object = dict[str, Any]


def service(*ports: Object, **spec: Any) -> services.Service:
    made = {"selector": {"app": "web"}, "ports": list(ports or [{"port": 80}])} | spec
    return services.parse({"metadata": {"name": "web", "namespace": "shop"}, "spec": made})


def pod(name: str = "p", ready: bool = True, ip: str = "10.0.0.1", app: str = "web", **spec: Any) -> Object:
    conditions = [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": str(ready)}]
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": app, "more": "x"}},
        "spec": {"nodeName": "n", "containers": []} | spec,
        "status": {"phase": "Running", "podIP": ip, "conditions": conditions},
    }


def terminating(made: Object) -> Object:
    made["metadata"]["deletionTimestamp"] = "2026-11-23T10:00:00Z"
    return made


def done(made: Object, phase: str) -> Object:
    made["status"]["phase"] = phase
    return made


def names(listed: tuple[services.Endpoint, ...]) -> list[str]:
    return [each.pod for each in listed]


def test_a_service_selects_pods_of_its_namespace_by_every_label() -> None:
    assert services.selects(service(), "shop", {"app": "web", "more": "x"})
    assert not services.selects(service(), "bank", {"app": "web"})
    assert not services.selects(service(selector={"app": "web", "tier": "x"}), "shop", {"app": "web"})


@pytest.mark.parametrize("spec", [{"selector": None}, {"selector": {}}, {"type": "ExternalName"}])
def test_without_a_selector_nothing_is_selected(spec: Object) -> None:
    assert not services.selects(service(**spec), "shop", {"app": "web"})


CONTAINERS: Object = {
    "containers": [
        {"ports": [{"name": "http", "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]}
    ],
    "initContainers": [
        {"ports": [{"name": "setup", "containerPort": 1}]},
        {"restartPolicy": "Always", "ports": [{"name": "metrics", "containerPort": 9102}]},
    ],
}


@pytest.mark.parametrize(
    ("port", "served"),
    [
        ({"port": 80}, 80),
        ({"port": 80, "targetPort": 0}, 80),
        ({"port": 80, "targetPort": 3000}, 3000),
        ({"port": 80, "targetPort": "http"}, 8080),
        ({"port": 80, "targetPort": "metrics"}, 9102),
        ({"port": 53, "targetPort": "dns", "protocol": "UDP"}, 53),
        ({"port": 53, "targetPort": "dns"}, None),
        ({"port": 80, "targetPort": "setup"}, None),
        ({"port": 80, "targetPort": "missing"}, None),
    ],
)
def test_a_target_is_a_number_or_a_named_container_port(port: Object, served: int | None) -> None:
    found = services.served(service(port), CONTAINERS)
    assert [each.pod_number for each in found] == ([] if served is None else [served])


def test_a_port_that_one_pod_lacks_is_missing_for_that_pod_only() -> None:
    both = service({"name": "a", "port": 1}, {"name": "b", "port": 2, "targetPort": "http"})
    listed = services.endpoints(both, [pod("with", **CONTAINERS), pod("without")])
    assert [[port.name for port in each.ports] for each in listed] == [["a", "b"], ["a"]]


def test_a_headless_service_may_have_no_ports() -> None:
    headless = services.parse(
        {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "None", "selector": {"app": "web"}}}
    )
    listed = services.endpoints(
        headless, [pod(hostname="web-0", subdomain="web"), pod(hostname="x", subdomain="other")]
    )
    assert headless.is_headless
    assert [(each.ports, each.hostname) for each in listed] == [((), "web-0"), ((), "")]


def test_pods_without_address_or_that_are_done_are_not_listed() -> None:
    there = [
        pod("ok"),
        pod("new", ip=""),
        done(pod("ran"), "Succeeded"),
        done(pod("broke"), "Failed"),
        pod("db", app="db"),
    ]
    assert names(services.endpoints(service(), there)) == ["ok"]


def test_a_pod_whose_node_is_gone_is_listed_only_if_unready_pods_are() -> None:
    assert names(services.endpoints(service(), [pod()], nodes={"m": {}})) == []
    assert names(services.endpoints(service(publishNotReadyAddresses=True), [pod()], nodes={"m": {}})) == ["p"]
    assert names(services.endpoints(service(), [pod()], nodes={"n": {}})) == ["p"]


@pytest.mark.parametrize(
    ("made", "publish", "conditions"),
    [
        (pod(), False, (True, True, False)),
        (pod(ready=False), False, (False, False, False)),
        (terminating(pod()), False, (False, True, True)),
        (terminating(pod(ready=False)), True, (True, False, True)),
    ],
)
def test_readiness_serving_and_terminating_are_told_apart(
    made: Object, publish: bool, conditions: tuple[bool, ...]
) -> None:
    (only,) = services.endpoints(service(publishNotReadyAddresses=publish), [made])
    assert (only.ready, only.serving, only.terminating) == conditions


def test_traffic_goes_to_ready_pods_and_else_to_those_that_still_serve() -> None:
    leaving, unready = terminating(pod("leaving")), pod("unready", ready=False)
    with_ready = services.endpoints(service(), [leaving, unready, pod("ready")])
    assert names(services.receivers(with_ready)) == ["ready"]
    assert names(services.receivers(with_ready[:2])) == ["leaving"]
    assert services.receivers(with_ready[1:2]) == ()


def test_a_local_policy_keeps_traffic_on_the_node() -> None:
    listed = services.endpoints(service(), [pod("here"), pod("there", nodeName="m")])
    assert names(services.receivers(listed, node="m")) == ["there"]
    assert services.receivers(listed, node="x") == ()


@pytest.mark.parametrize(
    ("spec", "families", "addresses"),
    [
        ({}, (4, 6), ("10.0.0.1", "fd00::1")),
        ({"ipFamilies": ["IPv6"]}, (6,), ("fd00::1",)),
        ({"clusterIP": "10.96.0.9"}, (4,), ("10.0.0.1",)),
        ({"clusterIP": "None"}, (4, 6), ("10.0.0.1", "fd00::1")),
    ],
)
def test_pods_are_listed_with_the_services_address_families(
    spec: Object, families: tuple[int, ...], addresses: tuple[str, ...]
) -> None:
    dual = pod()
    dual["status"]["podIPs"] = [{"ip": "10.0.0.1"}, {"ip": "fd00:0::1"}]
    made = service(**spec)
    assert made.families == families
    assert services.endpoints(made, [dual])[0].addresses == addresses


@pytest.mark.parametrize(
    ("spec", "sticky_s"),
    [
        ({}, None),
        ({"sessionAffinity": "ClientIP"}, 10800),
        ({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}}, 60),
    ],
)
def test_a_client_may_keep_its_pod(spec: Object, sticky_s: int | None) -> None:
    assert service(**spec).sticky_s == sticky_s
