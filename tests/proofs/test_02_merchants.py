"""The platform is killed with -9 while a merchant takes payments, gives back and is paid; afterwards every rupee is somewhere once."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mela.kernel.sealed.files import make_file
from mela.runtime import registry
from tests.proofs.paying import database
from tests.proofs.stage import Actor, Reborn, outside_world, running

MERCHANT, KILLS, PAYERS = "kaveri-traders", 6, 6
HURRY = {
    "MELA_PAYMENTS_SCHEDULE_SCALE": "0.02",
    "MELA_PAYMENTS_RETRY_S": "0.2",
    "MELA_SETTLEMENT_LOOK_EVERY_S": "1",
    "MELA_UNIT_S": "30",
}
GATEWAY = ("mela", "k" * 40)
SCOPES = ["payments:read", "payments:write", "refunds:write"]


class Shop:
    """A merchant's own shop, which repeats under its key whatever got no answer."""

    def __init__(self, http: httpx2.AsyncClient, inside: Actor, outside: Actor) -> None:
        self._http, self._inside, self._outside = http, inside, outside
        self._operator = {"authorization": f"Bearer {_operator(inside)}"}
        self._key: dict[str, str] = {}
        self.taken: dict[str, int] = {}
        self.back: dict[str, int] = {}
        self.stopping = False

    async def open(self) -> None:
        """Make the merchant's key."""
        body = {"seller_id": MERCHANT, "scopes": SCOPES, "name": "proof", "mode": "live"}
        made = await self.insist("POST", "/api/accounts/api-keys", self._operator, "key-of-the-proof", body)
        self._key = {"authorization": f"Bearer {made['token']}"}

    async def trade(self, payer: int) -> None:
        """Take payments one after the other; every third goes back in part."""
        number = 0
        while not self.stopping:
            name, amount = f"payer-{payer}-{number:04}", 10_000 + 100 * payer + number
            body = {"amount_paise": amount, "method": "upi", "reference": name}
            made = await self.insist("POST", "/api/payments/v1/payments", self._key, f"pay-{name}", body)
            paid = await self._pay(made["id"])
            if paid["state"] == "captured":
                self.taken[made["id"]] = amount
                if number % 3 == 0:
                    path, asked = (
                        f"/api/payments/v1/payments/{made['id']}/refunds",
                        {"amount_paise": 700, "reason": "returned"},
                    )
                    await self.insist("POST", path, self._key, f"back-{name}", asked)
                    self.back[made["id"]] = 700
            number += 1

    async def settle(self) -> None:
        """Settle the coming banking days one after the other, again and again."""
        first = date.fromisoformat((await self.on_duty("/api/settlement/next"))["date"])
        while True:
            for ahead in range(8):
                day = (first + timedelta(days=ahead)).isoformat()
                key = f"run-{day}-{len(self.taken):05}"
                await self.insist(
                    "POST", "/api/settlement/runs", self._operator, key, {"date": day}, refusals=(422, 409)
                )
                await asyncio.sleep(0.2)
            if self.stopping:
                return

    async def on_duty(self, path: str) -> Any:
        """What the person on duty sees."""
        return await self.insist("GET", path, self._operator)

    async def books(self) -> dict[str, int]:
        """The gateway's own sums."""
        answer = await self._http.get(f"{self._outside.url}/sim/gateway/v1/books", auth=GATEWAY)
        return {kind: total["amount"] for kind, total in answer.json()["totals"].items()}

    async def insist(
        self, method: str, path: str, headers: dict[str, str], key: str = "", body: Any = None, *, refusals: tuple[int, ...] = ()
    ) -> Any:  # fmt: skip
        """The answer, however often the platform dies before it gives one."""
        named = {"idempotency-key": key} if key else {}
        while True:
            try:
                answer = await self._http.request(method, self._inside.url + path, headers=headers | named, json=body)
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code < 300 or answer.status_code in refusals:
                return answer.json()
            assert answer.status_code in (429, 503), answer.text
            await asyncio.sleep(0.1)

    async def _pay(self, payment_id: str) -> Any:
        """The payer approves at the bank; how the payment is then."""
        for _ in range(600):
            paid = await self.insist("GET", f"/api/payments/v1/payments/{payment_id}", self._key)
            if paid["state"] not in ("created", "pending"):
                return paid
            if paid["pay_url"]:
                bill = httpx2.URL(paid["pay_url"]).params["tr"]
                await self._http.post(f"{self._outside.url}/sim/gateway/upi/{bill}/approve")
            await asyncio.sleep(0.1)
        raise AssertionError(f"{payment_id} is stuck")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_merchants_money_survives_kills_and_is_paid_out_once(tmp_path: Path, engine: str) -> None:
    outside, environ = outside_world(tmp_path / "outside")
    with database(engine, *registry.ENTRIES) as url:
        there = {} if engine == "sqlite" else {"MELA_DATABASE": url, "MELA_KEYS": make_file(tmp_path / "keys.json")}
        inside = Reborn(tmp_path / "inside", **environ, **there, **HURRY)
        with running(outside, inside):
            asyncio.run(_story(inside, outside))


async def _story(inside: Actor, outside: Actor) -> None:
    dice = random.Random(7)  # noqa: S311 - when to kill, not a secret
    async with httpx2.AsyncClient(timeout=5.0) as http:
        shop = Shop(http, inside, outside)
        await shop.open()
        work = [asyncio.create_task(shop.trade(payer)) for payer in range(PAYERS)]
        settling = asyncio.create_task(shop.settle())
        for _ in range(KILLS):
            await asyncio.sleep(dice.uniform(0.4, 1.6))
            inside.kill()
            await asyncio.to_thread(inside.start)
        await _until(lambda: _has_taken(shop, 3 * KILLS + PAYERS))
        shop.stopping = True
        await asyncio.gather(*work, settling)
        await _until(lambda: _is_whole(shop))
        there, accounts = await shop.books(), await _accounts(shop)
        payouts = (await shop.on_duty(f"/api/payments/merchants/{MERCHANT}/payouts"))["items"]
    taken, back = sum(shop.taken.values()), sum(shop.back.values())
    print(
        f"\n{KILLS} kills; {len(shop.taken)} payments of {taken}, {len(shop.back)} refunds of {back}, {len(payouts)} payouts; {there}"
    )
    assert (there["collected"], there["refunded"]) == (taken, back)
    assert there["paid_out"] == sum(each["amount_paise"] for each in payouts) == -accounts.get("bank", 0) > 0
    assert accounts[f"seller:{MERCHANT}"] == -(taken - back - there["paid_out"])
    assert accounts["gateway:upi"] == taken - back
    assert {name: accounts.get(name, 0) for name in ("escrow", "payouts:sending", "refunds:pending")} == {
        "escrow": 0, "payouts:sending": 0, "refunds:pending": 0,
    }  # fmt: skip
    assert len(shop.taken) > 3 * KILLS


async def _accounts(shop: Shop) -> dict[str, int]:
    found = await shop.on_duty("/api/payments/ledger/balances")
    return {row["account"]: row["balance_paise"] for row in found["items"]}


async def _has_taken(shop: Shop, count: int) -> bool:
    """Whether so many payments are captured: on a busy machine a life between two kills is short."""
    return len(shop.taken) >= count


async def _is_whole(shop: Shop) -> bool:
    """Whether everything that was on its way has arrived: settlement says what the ledger says, and payouts are known as paid."""
    check, accounts = await shop.on_duty("/api/settlement/check"), await _accounts(shop)
    payouts = (await shop.on_duty(f"/api/payments/merchants/{MERCHANT}/payouts"))["items"]
    told = sum(each["amount_paise"] for each in payouts if each["state"] == "paid")
    agreed = check["agrees"] and check["open_paise"] == -accounts.get(f"seller:{MERCHANT}", 0)
    return bool(agreed and told == check["paid_paise"] and not accounts.get("refunds:pending", 0))


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(240):  # an event in the hands of a process that died comes again after its lease
        while not await holds():
            await asyncio.sleep(0.3)


def _operator(inside: Actor) -> str:
    found: str = json.loads((inside.folder / "secrets.json").read_text())["operator_token"]
    return found
