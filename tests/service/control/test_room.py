"""What the control room shows is what happened; what it lets happen, happens."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mela.runtime.control import sampler
from mela.runtime.platform import Platform
from mela.simulators.shopper import Shopper
from tests.streaming import following
from tests.whole import URL, running

HERE = {"host": "127.0.0.1:3000"}


async def ask(client: httpx2.AsyncClient, path: str, method: str = "GET", body: Any = None, **headers: str) -> Any:
    answer = await client.request(method, f"{URL}/api/control{path}", json=body, headers=HERE | headers)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def bought(client: httpx2.AsyncClient, meena: Shopper | None = None) -> dict[str, Any]:
    """An order that is paid for and confirmed."""
    meena = meena or Shopper(client, URL, "+919876500001")
    await meena.sign_in()
    product = await meena.find("atta")
    await meena.put_in_cart(product["variants"][0]["sku"])
    order = await meena.check_out()
    await meena.approve(order)
    return await meena.wait(order["id"], "confirmed")


async def sample(platform: Platform) -> dict[str, float | None]:
    """The figures since the last ones."""
    return dict((await platform._room._sampler.take()).values)


async def test_a_purchase_stands_in_the_figures_of_its_seconds(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        began = (await platform._room._sampler.take()).number
        await bought(client)
        latest = await sample(platform)
        kept = [dict(s.values) for s in platform._room._sampler.kept if s.number > began]
        wanted = {"orders_placed": 1, "orders_confirmed": 1, "orders_cancelled": 0, "payments_started": 1,
                  "payments_captured": 1, "payments_failed": 0, "errors": 0, "events_parked": 0}  # fmt: skip
        assert {name: sum(values[name] or 0 for values in kept) for name in wanted} == wanted
        assert sum(values["orders.requests"] or 0 for values in kept) >= 2
        assert sum(values["units"] or 0 for values in kept) > 5
        assert sum(values["commits"] or 0 for values in kept) > 0
        assert 0 < (latest["orders.p50_ms"] or 0) <= (latest["orders.p99_ms"] or 0)
        assert (latest["success_rate"], latest["orders.budget_used"]) == (1.0, 0.0)


async def test_every_figure_has_a_meaning_in_two_languages(tmp_path: Path) -> None:
    async with running(tmp_path, samples=False) as (platform, client):
        names = {
            name.replace(name.split(".")[0], "{service}") if "." in name else name for name in await sample(platform)
        }
        english, hindi = [
            (await ask(client, "/meanings", **{"accept-language": lang}))["items"] for lang in ("en", "hi-IN")
        ]
        assert {row["name"] for row in english} == names
        assert all(a["text"] != b["text"] for a, b in zip(english, hindi, strict=True))


async def test_the_stream_brings_the_history_and_then_each_second(tmp_path: Path) -> None:
    async with running(tmp_path, samples=False) as (platform, client):
        await sample(platform)
        async with following(client, "/api/control/stream", HERE) as stream:
            block = await stream.block()
            assert block["event"] == "history"
            before = int(block["id"])
            await sample(platform)
            number, told = await stream.event()
            assert int(number) == told["number"] > before
            assert told["values"].keys() == (await ask(client, "/history"))["series"].keys()


async def test_the_slowest_requests_show_their_units_calls_and_events(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        await bought(client)
        async with asyncio.timeout(30):
            while True:
                slow = (await ask(client, "/slowest?limit=50"))["items"]
                if _events_of(slow):
                    break
                await asyncio.sleep(0.02)
        assert [r["took_ms"] for r in slow] == sorted((r["took_ms"] for r in slow), reverse=True)
        [checkout] = [r for r in slow if r["request"] == "POST /api/orders/orders"]
        steps = {(step["kind"], step["name"]) for step in checkout["steps"]}
        assert {("unit", "orders.place"), ("unit", "stock.reserve"), ("unit", "risk.create"),
                ("call", "gateway POST payments")} <= steps  # fmt: skip
        assert not [r for r in slow if "wait_s" in r["request"] or r["took_ms"] < 0]


def _events_of(slow: list[dict[str, Any]]) -> list[str]:
    """The events that the gateway's callback has caused, as far as they have been handled."""
    return [
        step["name"]
        for request in slow
        for step in request["steps"]
        if request["request"] == "POST /api/payments/callbacks/gateway" and step["kind"] == "event"
    ]


async def test_services_ledger_and_settlement_are_shown_and_settling_pays_once(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        await bought(client)
        services = {s["name"]: s for s in (await ask(client, "/services"))["items"]}
        assert all(s["up"] for s in services.values())
        assert services["payments"]["objective"] == sampler.objectives()["services"]["payments"]
        ledger = await ask(client, "/ledger")
        assert (ledger["balanced"], ledger["agrees"], ledger["cases"]) == (True, True, [])
        async with asyncio.timeout(30):
            while (due := await ask(client, "/settlement"))["sellers"] == 0:  # noqa: ASYNC110 - the sale is on its way
                await asyncio.sleep(0)
        first = await ask(client, "/settlement", "POST", **{"idempotency-key": "settle-0001"})
        again = await ask(client, "/settlement", "POST", **{"idempotency-key": "settle-0002"})
        assert first["date"] == due["date"]
        assert first["paid_paise"] == again["paid_paise"]


async def test_a_refused_refund_is_closed_from_here_and_the_second_reaches_the_payer(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        await ask(client, "/chaos", "PUT", {"refuse_refunds": 1.0})
        meena = Shopper(client, URL, "+919876500001")
        order = await bought(client, meena)
        await meena.cancel(order["id"])
        [case] = (await ask(client, "/ledger"))["cases"]
        assert (case["kind"], case["owner"], case["amount_paise"]) == (
            "refund_refused",
            "payments-duty",
            order["total_paise"],
        )
        await ask(client, "/chaos", "DELETE")
        path, key = f"/cases/{case['id']}/close", {"idempotency-key": "close-0001"}
        closed = await ask(client, path, "POST", {"resolution": "refund_again"}, **key)
        assert (closed["closing"]["actor"], (await ask(client, "/ledger"))["cases"]) == ("operator", [])
        async with asyncio.timeout(20):
            while (await meena.order(order["id"]))["refunded_paise"] == 0:  # noqa: ASYNC110 - the refund is on its way
                await asyncio.sleep(0.05)
        assert [each["state"] for each in (await meena.order(order["id"]))["refunds"]] == ["failed", "processed"]
        assert (await ask(client, "/ledger"))["agrees"] is True


async def test_chaos_reaches_the_gateway_and_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        wanted = {
            "slow_ms": 20,
            "drop_after_debit": 0.1,
            "lie": 0.2,
            "answer_twice": 0.3,
            "decline": 1.0,
            "refuse_refunds": 0.4,
            "deemed": 0.0,
            "deemed_reversed": 0.5,
            "banks_down": ["SBIN", "paytm"],
            "down": False,
        }
        assert await ask(client, "/chaos", "PUT", wanted) == wanted
        assert await ask(client, "/chaos") == wanted
        meena = Shopper(client, URL, "+919876500001")
        await meena.sign_in()
        product = await meena.find("atta")
        await meena.put_in_cart(product["variants"][0]["sku"])
        order = await meena.check_out()
        await meena.approve(order)
        assert (await meena.wait(order["id"], "confirmed", "cancelled"))["state"] == "cancelled"
        calm = await ask(client, "/chaos", "DELETE")
        assert calm == dict.fromkeys(wanted, 0) | {"banks_down": []}


async def test_a_gateway_that_lies_about_a_payment_costs_nobody_a_rupee(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        await ask(client, "/chaos", "PUT", {"lie": 1.0})
        order = await bought(client)  # the callback tells the truth; what is asked later is a lie
        await platform.wiring.built["payments"].parts.jobs[0].run()
        assert order["state"] == "confirmed"
        assert (await ask(client, "/ledger"))["agrees"] is True


@pytest.mark.parametrize(
    "body", [{"shoppers": -1}, {"shoppers": 100_000}, {"shoppers": "5"}, {"shoppers": 1, "think_s": -1}, {}]
)
async def test_a_crowd_that_cannot_be_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    async with running(tmp_path, samples=False) as (_, client):
        answer = await client.put(f"{URL}/api/control/crowd", json=body, headers=HERE)
        assert answer.json()["code"] == "kernel.invalid"
