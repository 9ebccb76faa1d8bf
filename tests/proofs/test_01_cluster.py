"""The catalogue on a Kubernetes, under constant load from outside, while it is updated, scaled, drained and hurt."""

import time
from collections.abc import Iterator

import pytest

from tests.proofs.kube import hurting, system
from tests.proofs.kube.kubectl import Kubectl, Object
from tests.proofs.kube.load import Account, Load
from tests.proofs.kube.results import report

pytestmark = pytest.mark.cluster
APP = "catalog"
RATE = 40.0
"""Requests a second: what two pods of the small overlay answer on a shared machine with room to spare."""


@pytest.fixture
def catalog(shop: tuple[Kubectl, list[Object]]) -> Iterator[Kubectl]:
    """The catalogue's namespace, whole and at rest."""
    kubectl = shop[0].within(APP)
    hurting.settle(kubectl, APP)
    with hurting.uncordoned(kubectl):
        yield kubectl


def test_a_rolling_update_forth_and_back_loses_no_request(catalog: Kubectl) -> None:
    with Load(system.doors(catalog, APP), system.BROWSING, RATE) as load:
        time.sleep(2)
        marks = [(load.now_s(), "update")]
        hurting.roll(catalog, APP, str(time.time()))
        marks.append((load.now_s(), "back"))
        hurting.roll_back(catalog, APP)
        marks.append((load.now_s(), "done"))
        time.sleep(2)
    report("rolling-update", Account(load.shots), *marks)
    assert not Account(load.shots).failed


def test_a_changed_configuration_reaches_the_pods_and_loses_no_request(
    catalog: Kubectl, shop: tuple[Kubectl, list[Object]]
) -> None:
    def louder(item: Object) -> None:
        item["data"]["MELA_LOG_LEVEL"] = "WARNING"

    with (
        Load(system.doors(catalog, APP), system.BROWSING, RATE) as load,
        system.changed(catalog, shop[1], "ConfigMap", APP, louder),
    ):
        hurting.roll(catalog, APP, f"configuration {time.time()}")
        pod = catalog.pods(APP)[0]["metadata"]["name"]
        assert catalog.do("exec", pod, "-c", APP, "--", "printenv", "MELA_LOG_LEVEL").strip() == "WARNING"
    report("configuration", Account(load.shots))
    assert not Account(load.shots).failed


def test_each_node_is_drained_in_turn_and_no_request_is_lost(catalog: Kubectl) -> None:
    nodes = set(catalog.node_addresses()) - {hurting.node_of_database(catalog)}
    marks = []
    with Load(system.doors(catalog, APP), system.BROWSING, RATE) as load:
        for node in sorted(nodes):
            marks.append((load.now_s(), f"drain {node}"))
            hurting.drain(catalog, node)
            hurting.settle(catalog, APP)
            catalog.do("uncordon", node)
        marks.append((load.now_s(), "done"))
    report("drains", Account(load.shots), *marks)
    assert not Account(load.shots).failed


def test_the_autoscaler_grows_within_two_minutes_and_shrinks_and_no_request_is_lost(
    catalog: Kubectl, shop: tuple[Kubectl, list[Object]]
) -> None:
    def hasty(item: Object) -> None:  # five minutes of waiting prove nothing more
        item["spec"]["behavior"]["scaleDown"] = {
            "stabilizationWindowSeconds": 15, "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
        }  # fmt: skip

    least = catalog.ready(APP)
    with system.changed(catalog, shop[1], "HorizontalPodAutoscaler", APP, hasty):
        with Load(system.doors(catalog, APP), system.BROWSING, 4 * RATE) as load:
            catalog.do(
                "wait", f"hpa/{APP}", f"--for=jsonpath={{.status.desiredReplicas}}={most(shop[1])}", "--timeout=180s"
            )
            decided_s = load.now_s()
            system.at_least(catalog, APP, most(shop[1]))
            grown_s = load.now_s()
        with Load(system.doors(catalog, APP), system.BROWSING, 10) as calm:
            system.at_least(catalog, APP, least, timeout_s=240)
            shrunk_s = calm.now_s()
            time.sleep(10)  # the last pod is still answering for a while
    both = Account([*load.shots, *calm.shots])
    report("autoscaler-out", Account(load.shots), (decided_s, f"{most(shop[1])} wanted"), (grown_s, "all ready"))
    report("autoscaler-in", Account(calm.shots), (shrunk_s, f"{least} wanted"))
    assert not both.failed
    assert grown_s < 120


def most(items: list[Object]) -> int:
    """The autoscaler's maximum."""
    return next(
        int(item["spec"]["maxReplicas"])
        for item in items
        if item["kind"] == "HorizontalPodAutoscaler" and item["metadata"]["name"] == APP
    )


def test_a_pod_removed_without_grace_costs_half_a_percent_over_ten_seconds_at_most(catalog: Kubectl) -> None:
    victim = catalog.pods(APP)[0]["metadata"]["name"]
    with Load(system.doors(catalog, APP), system.BROWSING, RATE) as load:
        time.sleep(2)
        at_s = load.now_s()
        catalog.do("delete", "pod", victim, "--grace-period=0", "--force")
        hurting.settle(catalog, APP)
        time.sleep(max(0, at_s + 10 - load.now_s()))
    report("pod-removed", Account(load.shots), (at_s, f"{victim} removed"))
    assert Account(load.shots).between(at_s, at_s + 10).share() <= 0.005
    assert not Account(load.shots).between(at_s + 10, 1e9).failed


def test_a_lost_node_costs_forty_percent_for_a_minute_at_most_and_then_nothing(catalog: Kubectl) -> None:
    node = (set(catalog.node_addresses()) - {hurting.node_of_database(catalog)}).pop()
    with Load(system.doors(catalog, APP, without=node), system.BROWSING, RATE, timeout_s=5) as load:
        time.sleep(2)
        at_s = load.now_s()
        hurting.lose(node)
        try:
            catalog.do("wait", "--for=condition=Ready=Unknown", f"node/{node}", "--timeout=90s")
            noticed_s = load.now_s()
            time.sleep(max(0, at_s + 75 - noticed_s))
        finally:
            hurting.give_back(catalog, node)
    report("node-lost", Account(load.shots), (at_s, f"{node} lost"), (noticed_s, "noticed"))
    account = Account(load.shots)
    assert account.between(at_s, at_s + 60).share() <= 0.4
    assert not account.between(at_s + 60, 1e9).failed
