"""People pay while nodes are drained: every payment succeeds, every drain finishes, no tier falls below its budget."""

import time
from contextlib import ExitStack

import pytest

from tests.proofs.kube import hurting, system
from tests.proofs.kube.buying import Buying
from tests.proofs.kube.kubectl import Kubectl, Object

pytestmark = pytest.mark.cluster
SKU = "ATTA-5KG"
HEALTH = "{.status.currentHealthy} {.status.desiredHealthy}"


def test_each_node_is_drained_while_people_pay_and_every_payment_succeeds(shop: tuple[Kubectl, list[Object]]) -> None:
    kubectl, items = shop
    budgets = [
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for item in items
        if item["kind"] == "PodDisruptionBudget"
    ]
    nodes = sorted(set(kubectl.node_addresses()) - {hurting.node_of_database(kubectl)})
    hurting.scatter(kubectl, items)
    with ExitStack() as stack:
        stack.enter_context(hurting.uncordoned(kubectl))
        watches = {
            f"{namespace}/{name}": stack.enter_context(hurting.Watch(kubectl.within(namespace), f"pdb/{name}", HEALTH))
            for namespace, name in budgets
        }
        buying = stack.enter_context(Buying(system.urls(kubectl), SKU, rate=1.0))
        for node in nodes:
            print(f"\n{buying.now_s():6.1f} s  drain {node}")
            hurting.drain(kubectl, node)
            for namespace, name in system.workloads(items, "Deployment"):
                kubectl.within(namespace).rolled_out(name)
            kubectl.do("uncordon", node)
        print(f"{buying.now_s():6.1f} s  done")
        time.sleep(2)
    failed = [purchase for purchase in buying.purchases if purchase.problem]
    took = sorted(purchase.took_s for purchase in buying.purchases)
    print(
        f"{len(buying.purchases)} purchases, {len(failed)} failed; p50 {took[len(took) // 2]:.2f} s, slowest {took[-1]:.2f} s"
    )
    print("\n".join(f"{purchase.at_s:6.1f} s  {purchase.problem}" for purchase in failed))
    lows = {name: lowest(watch) for name, watch in watches.items()}
    print(
        "\n".join(
            f"{name}: {healthy} healthy at the least, {desired} wanted" for name, (healthy, desired) in lows.items()
        )
    )
    assert not failed
    assert all(healthy >= desired for healthy, desired in lows.values())


def lowest(watch: hurting.Watch) -> tuple[int, int]:
    """Healthy and wanted pods when fewest were healthy beyond what was wanted."""
    seen = [tuple(map(int, line.split())) for _, line in watch.seen if len(line.split()) == 2]
    assert seen, "the watch saw nothing"
    healthy, desired = min(seen, key=lambda pair: pair[0] - pair[1])
    return healthy, desired
