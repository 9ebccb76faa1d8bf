"""Disputes of payers: the money is set apart, comes back or is borne; each word has its effect once, in any order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mela.contracts.payments import Payer, Payment, Transfer
from mela.kernel.money import Paise
from mela.services.payments.model import ProviderDispute
from mela.services.payments.store import disputes
from tests.service.payments.several import KEY, Several, several
from tests.service.payments.test_reconciliation import opened
from tests.service.payments.world import START, World

SELLERS = {"goods_not_received": "seller"}
PAYER = Payer("cust_asha", "Asha Test", None, "29", ["kaveri"])


async def dispute(shop: World, payment: Payment, **more: Any) -> dict[str, Any]:
    body = {"reference": payment.id, **more}
    answer = await shop.gateway.client.post("/sim/gateway/disputes", json=body, auth=shop.merchant)
    await shop.gateway.run_job("send_callbacks")
    return dict(answer.raise_for_status().json())


async def end(shop: World, made: dict[str, Any], status: str) -> None:
    url = f"/sim/gateway/disputes/{made['id']}/end"
    (await shop.gateway.client.post(url, json={"status": status}, auth=shop.merchant)).raise_for_status()
    await shop.gateway.run_job("send_callbacks")


async def balances(shop: World, *names: str) -> list[int]:
    return [await shop.balance(name) for name in names]


async def sold(shop: World, payees: Sequence[str] = ("kaveri",)) -> Payment:
    payment = await shop.start(9_000, payer=replace(PAYER, payees=list(payees)))
    await shop.approve(payment)
    return await shop.now(payment)


async def test_a_dispute_sets_the_money_apart_and_opens_a_case_with_its_deadline(shop: World) -> None:
    payment = await sold(shop)
    await dispute(shop, payment, amount=4_000, reason="fraud", days=9)
    assert await balances(shop, "gateway:upi", "chargebacks:disputed", "escrow") == [5_000, 4_000, -9_000]
    [case] = await opened(shop)
    assert (case.kind, case.detail["payment_id"], case.detail["reason"]) == ("chargeback", payment.id, "fraud")
    assert case.detail["respond_by"] == (START + timedelta(days=9)).isoformat()


async def test_a_dispute_that_is_won_brings_the_money_back(shop: World) -> None:
    made = await dispute(shop, await sold(shop))
    await end(shop, made, "won")
    assert await balances(shop, "gateway:upi", "chargebacks:disputed") == [9_000, 0]


@pytest.mark.parametrize(
    ("reason", "payees", "bearer"),
    [
        ("goods_not_received", ("kaveri",), "seller:kaveri"),
        ("goods_not_received", ("kaveri", "malwa"), "chargebacks:lost"),
        ("fraud", ("kaveri",), "chargebacks:lost"),
        ("something_new", ("kaveri",), "chargebacks:lost"),
    ],
)
async def test_a_lost_dispute_is_borne_by_whom_the_rules_say(
    shop: World, reason: str, payees: tuple[str, ...], bearer: str
) -> None:
    made = await dispute(shop, await sold(shop, payees), reason=reason)
    await end(shop, made, "lost")
    assert await balances(shop, "gateway:upi", "chargebacks:disputed", bearer) == [0, 0, 9_000]


async def test_what_a_seller_bears_is_withheld_from_payouts(shop: World) -> None:
    await shop.payments.service.post(key="s", transfers=[Transfer("escrow", "seller:kaveri", Paise(20_000), "sale")])
    made = await dispute(shop, await sold(shop))
    await end(shop, made, "lost")
    assert await shop.payments.service.withheld(seller_id="kaveri") == 9_000
    assert await shop.balance("seller:kaveri") == -11_000


async def test_a_callback_that_comes_twice_moves_money_once(shop: World) -> None:
    await shop.plan(callback_twice=1.0)
    made = await dispute(shop, await sold(shop))
    for _ in range(3):
        await shop.pass_time(5)
    await end(shop, made, "lost")
    for _ in range(3):
        await shop.pass_time(5)
    assert await balances(shop, "chargebacks:disputed", "gateway:upi") == [0, 0]


async def test_an_end_that_comes_before_the_beginning_is_entered_whole(shop: World) -> None:
    payment = await sold(shop)
    told = ProviderDispute("gd1", payment.id, Paise(9_000), "lost", "fraud", None)
    for n, word in enumerate([told, replace(told, status="opened"), replace(told, status="won")]):
        await shop.payments.db.run(
            disputes.tell, word, provider="gateway", bearers=SELLERS, now=shop.clock.now(), event=(f"e{n}", "dispute")
        )
    assert await balances(shop, "chargebacks:disputed", "chargebacks:lost", "gateway:upi") == [0, 9_000, 0]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"reference": "pay_nobody"}, "unknown_payment"),
        ({"amount": 9_001}, "amount_differs"),
        ({"amount": -1}, "amount_differs"),
    ],
)
async def test_a_dispute_that_does_not_fit_is_a_persons_case(shop: World, changed: dict[str, Any], kind: str) -> None:
    told = replace(ProviderDispute("gd1", (await sold(shop)).id, Paise(9_000), "opened", "fraud", None), **changed)
    await shop.payments.db.run(
        disputes.tell, told, provider="gateway", bearers=SELLERS, now=shop.clock.now(), event=("e", "dispute")
    )
    assert [row.kind for row in await opened(shop)] == [kind]
    assert await shop.balance("chargebacks:disputed") == 0


@pytest.mark.parametrize("name", ["razorpay", "cashfree", "phonepe", "payu"])
async def test_each_providers_disputes_are_read_in_its_own_shape(tmp_path: Path, name: str) -> None:
    async with several(tmp_path, name) as world:
        payments = [await world.start(amount) for amount in (9_000, 7_000)]
        sim, made = world.sims[name], []
        for payment in payments:
            await world.approve(payment, name)
            await world.pass_time(1)
            made.append(await sim.client.post(f"/sim/{name}/disputes", json={"reference": payment.id}, auth=KEY))
        await sim.run_job("send_callbacks")
        assert await held(world, name) == (16_000, 0, 0)
        for each, status in zip(made, ("won", "lost"), strict=True):
            url = f"/sim/{name}/disputes/{each.json()['id']}/end"
            (await sim.client.post(url, json={"status": status}, auth=KEY)).raise_for_status()
        await sim.run_job("send_callbacks")
        assert await held(world, name) == (0, 7_000, 9_000)


async def held(world: Several, name: str) -> tuple[int, int, int]:
    """What is disputed, lost, and held by a provider."""
    accounts = {row["account"]: row["balance_paise"] for row in (await world.get("/ledger/balances"))["items"]}
    disputed, lost, there = (
        accounts.get(n, 0) for n in ("chargebacks:disputed", "chargebacks:lost", f"gateway:{name}")
    )
    return disputed, lost, there


async def test_a_hint_that_cannot_be_looked_into_has_to_come_again(tmp_path: Path) -> None:
    async with several(tmp_path, "phonepe") as world:
        payment = await world.start(9_000)
        await world.approve(payment, "phonepe")
        await world.pass_time(1)
        sim = world.sims["phonepe"]
        (await sim.client.post("/sim/phonepe/plan", json={"drop_before": 1.0}, auth=KEY)).raise_for_status()
        await sim.client.post("/sim/phonepe/disputes", json={"reference": payment.id}, auth=KEY)
        await sim.run_job("send_callbacks")
        assert await held(world, "phonepe") == (0, 0, 9_000)
        (await sim.client.post("/sim/phonepe/plan", json={}, auth=KEY)).raise_for_status()
        await world.pass_time(600)
        await sim.run_job("send_callbacks")
        assert await held(world, "phonepe") == (9_000, 0, 0)
