"""Mela's own image on a Kubernetes: it comes up from the manifests, sells, and is updated while people look around."""

import asyncio
import time

import httpx2
import pytest

from mela.simulators.shopper import Shopper, purchase
from tests.proofs.kube import hurting, system
from tests.proofs.kube.kubectl import Kubectl, Object
from tests.proofs.kube.load import Account, Load
from tests.proofs.kube.results import report

pytestmark = pytest.mark.xdist_group("cluster")


def test_one_purchase_goes_through_all_services(shop: tuple[Kubectl, list[Object]]) -> None:
    told = asyncio.run(_buy(system.urls(shop[0])))
    assert told["confirmed"].endswith("confirmed")
    assert told["invoice"]


async def _buy(urls: dict[str, str]) -> dict[str, str]:
    async with httpx2.AsyncClient(timeout=30) as http:
        shopper = Shopper(
            http, urls["catalog"], "+919876500001", urls=urls,
            gateway=f"{urls['gateway']}/sim/gateway", sms=f"{urls['sms']}/sim/sms",
        )  # fmt: skip
        return {told.step: told.text async for told in purchase(shopper, words="atta", quantity=1, method="upi")}


@pytest.mark.alone
def test_a_rolling_update_under_load_loses_no_request(shop: tuple[Kubectl, list[Object]]) -> None:
    catalog = shop[0].within("catalog")
    with Load(system.doors(catalog, "catalog"), system.BROWSING, 30) as load:
        time.sleep(1)
        began_s = load.now_s()
        hurting.roll(catalog, "catalog", str(time.time()))
        done_s = load.now_s()
        time.sleep(1)
    report("update-short", Account(load.shots), (began_s, "update"), (done_s, "done"))
    assert not Account(load.shots).failed
