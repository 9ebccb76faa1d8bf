"""The whole platform in one process, over ASGI: a purchase, the person on duty, and what a process can't start with."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from mela.kernel.clock import SystemClock
from mela.kernel.errors import Unauthenticated
from mela.kernel.events.outbox import Envelope
from mela.runtime import flight
from mela.runtime.platform import Platform
from mela.runtime.settings import CannotStart, PlatformSettings, laptop_defaults, operator_token
from mela.simulators.shopper import Refused, Shopper, purchase
from tests.whole import URL, running


async def test_a_purchase_runs_through_all_services_of_one_process(tmp_path: Path) -> None:
    async with running(tmp_path, hooks=True) as (platform, client):
        meena = Shopper(client, URL, "+919876500001")
        await meena.sign_in()
        product = await meena.find("atta")
        await meena.put_in_cart(product["variants"][0]["sku"])
        order = await meena.check_out()
        await meena.approve(order)
        assert (await meena.wait(order["id"], "confirmed", "cancelled"))["state"] == "confirmed"
        assert len(await meena.invoices(order["id"])) == 1
        ready = (await client.get(f"{URL}/readyz")).json()
        assert ready == {"ready": True, "problems": {}}
        metrics = (await client.get(f"{URL}/metrics")).text
        assert 'mela_outbox_waiting{service="orders"}' in metrics
        health = platform.health
        assert health.ready
    assert (health.ready, bool(platform.names)) == (False, True)
    assert flight.read(tmp_path / "flight") == []


@pytest.mark.parametrize(
    ("method", "given", "seen"),
    [
        ("card", "6521111111111110", "rupay 1110"),
        ("card", "", "visa 1111"),
        ("netbanking", "SBIN", "SBIN"),
        ("wallet", "phonepe", "phonepe"),
    ],
)
async def test_every_method_buys(tmp_path: Path, method: str, given: str, seen: str) -> None:
    async with running(tmp_path) as (_, client):
        ravi = Shopper(client, URL, "+919876500003")
        told = {each.step: each async for each in purchase(ravi, words="atta", quantity=1, method=method, given=given)}
        assert told["confirmed"].data["state"] == "confirmed"
        assert told["pay"].text.startswith(f"agreed on the page of {seen}")
        order = await ravi.order(told["order"].data["order_id"])
        assert (order["method"], told["order"].data["intent_url"].rpartition("/")[0].rpartition("/")[0]) == (
            method,
            f"{URL}/bank",
        )


async def test_the_person_on_duty_sees_a_parked_event_and_lets_it_go(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        duty = {"authorization": f"Bearer {operator_token(tmp_path)}"}
        lost = Envelope("evt_lost", "payments.captured", "ord_x", "{}", SystemClock().now(), None)
        await platform.wiring.built["orders"].bus.receive(envelopes=[lost])
        async with asyncio.timeout(30):
            while True:
                if parked := await _parked(client, duty):
                    break
                await asyncio.sleep(0.02)
        assert [(service, event["id"]) for service, event in parked] == [("orders", "evt_lost")]
        answer = await client.post(f"{URL}/api/control/events/orders/evt_lost/replay", headers=duty)
        assert answer.status_code == 204
        for unknown in ("orders/evt_never", "catalog/evt_lost", "nobody/evt_lost"):
            answer = await client.post(f"{URL}/api/control/events/{unknown}/replay", headers=duty)
            assert answer.json()["code"] == "kernel.not_found"
        elsewhere = {"x-forwarded-for": "203.0.113.9"}
        assert (await client.get(f"{URL}/api/control/events", headers=elsewhere)).json()[
            "code"
        ] == "kernel.unauthenticated"


async def test_each_job_has_its_first_turn_soon_however_rare_it_is(tmp_path: Path) -> None:
    async with running(tmp_path, samples=False) as (platform, client):
        jobs = {(name, job.name) for name, built in platform.wiring.built.items() for job in built.parts.jobs}
        done = [f'mela_jobs_total{{job="{job}",outcome="done",service="{service}"}}' for service, job in jobs]
        before = _figures((await client.get(f"{URL}/metrics")).text)
        async with asyncio.timeout(30):
            while True:
                now = _figures((await client.get(f"{URL}/metrics")).text)
                if all(now.get(one, 0.0) > before.get(one, 0.0) for one in done):
                    break
                await asyncio.sleep(0.05)


async def test_a_stranger_is_nobody(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        stranger = Shopper(client, URL, "+919876500002", token="mela_cs_" + "x" * 43)
        with pytest.raises(Refused) as refused:
            await stranger.put_in_cart("ATTA-5KG")
        assert refused.value.code == Unauthenticated.code or refused.value.status == 401


async def test_a_service_alone_says_whom_it_misses(tmp_path: Path) -> None:
    platform = Platform(["orders"], PlatformSettings(data=tmp_path), environ={})
    with pytest.raises(CannotStart, match=r"needs \w+, and nobody said where it is"):
        platform.open()
    await platform.close()


async def test_a_service_in_several_databases_is_ready_while_one_of_them_answers(tmp_path: Path) -> None:
    platform = Platform(["streaming"], PlatformSettings(data=tmp_path, shards=3), environ={})
    app = platform.open()
    shards = platform.wiring.built["streaming"].shards
    assert len({db._engine.url.database for db in shards}) == 3  # type: ignore[attr-defined]
    transport = httpx2.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url=URL) as client:
        for db, ready in zip((shards[1], shards[0], shards[2]), (200, 200, 503), strict=True):
            await db.close()
            assert (await client.get("/readyz")).status_code == ready


def test_each_database_of_a_service_has_an_address_of_its_own(tmp_path: Path) -> None:
    apart = PlatformSettings(database="postgresql://db-{shard}.db/{service}", shards=2)
    assert [apart.database_url("streaming", shard) for shard in (0, 1)] == [
        "postgresql://db-0.db/streaming", "postgresql://db-1.db/streaming",
    ]  # fmt: skip
    assert apart.database_url("orders") == "postgresql://db-0.db/orders"


def test_a_laptops_secrets_are_made_once_and_are_its_owners(tmp_path: Path) -> None:
    settings = PlatformSettings(data=tmp_path)
    assert laptop_defaults(settings) == laptop_defaults(settings)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "wrong",
    [
        {"database": "postgresql://h/shop"},
        {"events": "rabbit://h"},
        {"peers": ("nobody=http://h",)},
        {"callers": ("orders",)},
        {"shards": 0},
        {"shards": 2, "database": "postgresql://h/{service}"},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"database is|shards is|events is|SERVICE=VALUE"):
        PlatformSettings(**wrong)  # type: ignore[arg-type]


def test_where_a_process_is_reached_and_what_it_knows() -> None:
    settings = PlatformSettings(
        host="0.0.0.0", port=3100, database="postgresql://h/{service}",  # noqa: S104
        peers=("orders=http://orders:3000",), callers=("orders=abc",),
    )  # fmt: skip
    assert settings.own_url == "http://127.0.0.1:3100"
    assert settings.database_url("catalog") == "postgresql://h/catalog"
    assert (settings.peer_urls, settings.caller_hashes) == ({"orders": "http://orders:3000"}, {"orders": "abc"})


def _figures(text: str) -> dict[str, float]:
    """Metrics by name and labels."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def _parked(client: httpx2.AsyncClient, duty: dict[str, str]) -> list[tuple[str, dict[str, object]]]:
    services = (await client.get(f"{URL}/api/control/events", headers=duty)).json()
    return [(one["service"], event) for one in services["items"] for event in one["parked"]]
