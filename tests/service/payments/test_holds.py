"""Money of a seller that is kept back: no more than there is, not paid out, given back once."""

import asyncio
from typing import Any

import pytest

from mela.contracts.payments import Transfer
from mela.kernel.money import Paise
from mela.services.payments.rules.limits import AccountOverdrawn
from tests.service.payments.test_limits import payout, sale
from tests.service.payments.world import World

HOLDS = "/api/payments/holds"


async def hold(shop: World, amount: int, key: str = "hold-key-1") -> Any:
    body = {"seller_id": "kaveri", "amount_paise": amount, "reason": "case_1: goods never came"}
    return await shop.payments.client.post(HOLDS, json=body, headers={**shop.operator(), "idempotency-key": key})


async def test_what_is_held_is_not_paid_out_and_what_is_released_is(shop: World) -> None:
    await shop.payments.service.post(key="sale", transfers=sale(1_000))
    made = (await hold(shop, 400)).raise_for_status().json()
    assert (await shop.balance("seller:kaveri"), await shop.balance("held:kaveri")) == (-600, -400)
    assert await shop.payments.service.withheld(seller_id="kaveri") == 400
    with pytest.raises(AccountOverdrawn):
        await shop.payments.service.post(key="po", transfers=payout(601))
    listed = (await shop.payments.client.get(HOLDS, headers=shop.operator())).json()["items"]
    assert [(each["id"], each["by"]) for each in listed] == [(made["id"], "asha")]
    for _ in range(2):
        (await shop.payments.client.post(f"{HOLDS}/{made['id']}/release", headers=shop.operator())).raise_for_status()
    assert (await shop.balance("seller:kaveri"), await shop.balance("held:kaveri")) == (-1_000, 0)
    assert await shop.payments.service.withheld(seller_id="kaveri") == 0
    await shop.payments.service.post(key="po", transfers=payout(1_000))


async def test_no_more_is_held_than_the_seller_has_coming(shop: World) -> None:
    await shop.payments.service.post(key="sale", transfers=sale(1_000))
    refused = await hold(shop, 1_001)
    assert (refused.status_code, refused.json()["code"]) == (409, "payments.account_overdrawn")
    assert (await shop.payments.client.get(HOLDS, headers=shop.operator())).json()["items"] == []


async def test_one_key_holds_once_and_releases_at_once_release_once(shop: World) -> None:
    await shop.payments.service.post(key="sale", transfers=sale(1_000))
    made = {(await hold(shop, 300)).raise_for_status().json()["id"] for _ in range(2)}
    assert len(made) == 1
    assert (await hold(shop, 301)).status_code == 409
    url = f"{HOLDS}/{made.pop()}/release"
    headers = shop.operator()
    await asyncio.gather(*(shop.payments.client.post(url, headers=headers) for _ in range(16)))
    assert await shop.balance("seller:kaveri") == -1_000


async def test_nobody_takes_held_money_out_another_way(shop: World) -> None:
    await shop.payments.service.post(key="sale", transfers=sale(1_000))
    (await hold(shop, 400)).raise_for_status()
    with pytest.raises(AccountOverdrawn):
        await shop.payments.service.post(key="x", transfers=[Transfer("held:kaveri", "bank", Paise(401), "odd")])


async def test_an_unknown_hold_is_not_released(shop: World) -> None:
    url = f"{HOLDS}/hold_01KAR4T0GQ8V6M2Z3XJY5N7P9B/release"
    answer = await shop.payments.client.post(url, headers=shop.operator())
    assert (answer.status_code, answer.json()["code"]) == (404, "payments.unknown_hold")
