"""What nobody plans, and what it may cost the catalogue: a pod that is gone at once, a node that is lost."""

import time

import pytest

from tests.proofs.kube import hurting, system
from tests.proofs.kube.kubectl import Kubectl
from tests.proofs.kube.load import Account, Load
from tests.proofs.kube.results import report

pytestmark = pytest.mark.cluster
APP, RATE = system.CATALOG, system.RATE


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
    with (
        system.sized(catalog, APP, 3),  # one for each zone, as at full size
        Load(system.doors(catalog, APP, without=node), system.BROWSING, RATE, fresh=1, timeout_s=5) as load,
    ):
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
