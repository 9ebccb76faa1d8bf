"""A whole platform is killed with -9 while webhooks are under way; every sale is told all the same, and the CLI replays."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from mela.runtime import settings
from mela.simulators.shopper import Shopper
from tests.proofs.stage import MELA, Actor, running
from tests.service.webhooks.receiver import Receiver, is_genuine, receiving

ORDERS, KILLS = 6, 3


def cli(platform: Actor, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the person on duty."""
    command = [MELA, "webhooks", *words, "--url", platform.url, "--data", str(platform.folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@asynccontextmanager
async def on_duty(platform: Actor) -> AsyncIterator[Shopper]:
    """The operator, who registers and looks."""
    async with httpx2.AsyncClient(timeout=20) as http:
        yield Shopper(http, platform.url, "", token=settings.operator_token(platform.folder) or "")


async def buy(platform: Actor, orders: int, phone: str = "+919812345678") -> set[str]:
    """So many confirmed orders of one person."""
    async with httpx2.AsyncClient(timeout=20) as http:
        shopper = Shopper(http, platform.url, phone)
        await shopper.sign_in()
        sku = (await shopper.find("atta"))["variants"][0]["sku"]
        bought = set()
        for _ in range(orders):
            await shopper.put_in_cart(sku)
            order = await shopper.check_out()
            await shopper.approve(order)
            bought.add((await shopper.wait(order["id"], "confirmed"))["id"])
        return bought


def told(receiver: Receiver) -> set[str]:
    """Orders of which a genuine `orders.sold` has come."""
    events = [json.loads(each.body) for each in receiver.heard if is_genuine(receiver.secret, each)]
    return {event["data"]["order_id"] for event in events if event["type"] == "orders.sold"}


async def until(what: Any) -> None:
    """Until it is so, a minute at most."""
    async with asyncio.timeout(240):
        while not what():
            await asyncio.sleep(0.05)


async def test_every_sale_is_told_though_the_platform_is_killed_while_it_tells(tmp_path: Path) -> None:
    platform = Actor(tmp_path / "data", MELA_WEBHOOKS_TIMEOUT_S="1")
    async with receiving() as receiver:
        with running(platform):
            async with on_duty(platform) as operator:
                body = {"url": receiver.url, "types": ["orders.sold"]}
                made = await operator.call("POST", "/api/webhooks/endpoints", body, key="endpoint-of-the-proof")
                receiver.secret = made["secret"]
            sold: set[str] = set()
            for kill in range(KILLS):
                receiver.hold = asyncio.Event()
                before = len(receiver.heard)
                sold |= await buy(platform, ORDERS, f"+91981234567{kill}")
                await receiver.wait(before + 1)  # a request is there and not answered: work is in flight
                platform.kill()
                receiver.hold.set()
                receiver.hold = None
                await asyncio.to_thread(platform.start)
            await until(lambda: told(receiver) == sold)
    assert len(sold) == KILLS * ORDERS
    assert len({each.id for each in receiver.heard}) == len(sold), "a repeated message keeps its id"
    print(f"\n{KILLS} kills: {len(sold)} sales told in {len(receiver.heard)} requests")


async def test_broken_receiver_leaves_dead_letters_that_the_command_line_lists_and_replays(tmp_path: Path) -> None:
    platform = Actor(tmp_path / "data", MELA_WEBHOOKS_SCHEDULE_SCALE="0.00001")
    async with receiving() as receiver:
        with running(platform):
            async with on_duty(platform) as operator:
                body = {"url": receiver.url, "types": ["orders.sold"]}
                made = await operator.call("POST", "/api/webhooks/endpoints", body, key="endpoint-of-the-proof")
                receiver.secret, receiver.always = made["secret"], 503
                sold = await buy(platform, 2)
                async with asyncio.timeout(240):
                    while len(await dead(platform)) < 2:
                        await asyncio.sleep(0.2)
                endpoint = made["endpoint"]["id"]
                listed = await asyncio.to_thread(cli, platform, "list", "--json")
                assert [each["id"] for each in json.loads(listed.stdout)] == [endpoint]
                assert (await asyncio.to_thread(cli, platform, "replay", endpoint)).returncode == 2, "without --since"
                receiver.always = 200
                if not (await operator.call("GET", f"/api/webhooks/endpoints/{endpoint}"))["enabled"]:
                    await operator.call("PATCH", f"/api/webhooks/endpoints/{endpoint}", {"enabled": True})
                first, *_ = await dead(platform)
                assert (await asyncio.to_thread(cli, platform, "replay", first["id"])).returncode == 0
                assert (
                    await asyncio.to_thread(cli, platform, "replay", endpoint, "--since", "2026-01-01")
                ).returncode == 0
                async with asyncio.timeout(240):
                    while await dead(platform):
                        await asyncio.sleep(0.2)
                await until(lambda: told(receiver) == sold)
    assert len({each.id for each in receiver.heard}) == 2


async def dead(platform: Actor) -> list[Any]:
    """What `mela webhooks dead` says."""
    said = await asyncio.to_thread(cli, platform, "dead", "--json")
    found: list[Any] = json.loads(said.stdout)
    assert said.returncode == bool(found)
    return found
