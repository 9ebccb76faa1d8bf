"""The catalogue on a Kubernetes, under constant load from outside, while it is updated, changed, drained and scaled: no request is lost."""

import time

import pytest

from tests.proofs.kube import hurting, system
from tests.proofs.kube.kubectl import Kubectl, Object, ready_after_s
from tests.proofs.kube.load import Account, Load
from tests.proofs.kube.results import report

pytestmark = pytest.mark.cluster
APP, RATE = system.CATALOG, system.RATE


def test_a_rolling_update_forth_and_back_loses_no_request_and_its_containers_are_ready_within_ten_seconds(
    catalog: Kubectl,
) -> None:
    with Load(system.doors(catalog, APP), system.BROWSING, RATE) as load:
        time.sleep(2)
        marks = [(load.now_s(), "update")]
        hurting.roll(catalog, APP, str(time.time()))
        took = [ready_after_s(pod) for pod in catalog.pods(APP)]
        marks.append((load.now_s(), "back"))
        hurting.roll_back(catalog, APP)
        marks.append((load.now_s(), "done"))
        time.sleep(2)
    report("rolling-update", Account(load.shots), *marks)
    print(f"  containers ready after {', '.join(f'{each:.0f}' for each in took)} s")
    assert not Account(load.shots).failed
    assert max(took) < 10


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


def test_each_node_is_drained_in_turn_and_no_request_is_lost(
    catalog: Kubectl, shop: tuple[Kubectl, list[Object]]
) -> None:
    hurting.scatter(*shop)
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

    least = int(catalog.get(f"hpa/{APP}")["spec"]["minReplicas"])
    ready, replicas = "{.status.readyReplicas}", "{.status.replicas}"
    with system.changed(catalog, shop[1], "HorizontalPodAutoscaler", APP, hasty):
        catalog.until(f"deployment/{APP}", replicas, lambda seen: int(seen or 0) == least, 300)
        with Load(system.doors(catalog, APP), system.BROWSING, 6 * RATE) as load:
            catalog.until(f"hpa/{APP}", "{.status.desiredReplicas}", lambda seen: int(seen or 0) > least, 180)
            decided_s = load.now_s()
            catalog.until(f"deployment/{APP}", ready, lambda seen: int(seen or 0) > least, 180)
            grown_s = load.now_s()
        with Load(system.doors(catalog, APP), system.BROWSING, RATE / 2) as calm:
            catalog.until(f"deployment/{APP}", replicas, lambda seen: int(seen or 0) == least, 300)
            shrunk_s = calm.now_s()
            time.sleep(10)  # the last pod is still answering for a while
    report("autoscaler-out", Account(load.shots), (decided_s, "more wanted"), (grown_s, "one more is ready"))
    report("autoscaler-in", Account(calm.shots), (shrunk_s, f"{least} wanted again"))
    assert not Account([*load.shots, *calm.shots]).failed
    assert grown_s < 120
