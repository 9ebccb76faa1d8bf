"""The platform is killed with -9 again and again while people buy; afterwards all books agree and nobody paid for nothing."""

import asyncio
import random
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from mela.runtime import flight
from tests.proofs import audit
from tests.proofs.crowd import Crowd
from tests.proofs.stage import Actor, Reborn, outside_world, running

PLAN = b"""{"seed": 7, "latency_ms": 15, "drop_before": 0.02, "drop_after": 0.03, "drop_after_debit": 0.03,
            "callback_twice": 0.1, "callback_lost": 0.03, "decline": 0.03}"""
HURRY = {
    "MELA_HOOKS": "true", "MELA_PAYMENTS_SCHEDULE_SCALE": "0.02", "MELA_PAYMENTS_RETRY_S": "0.2",
    "MELA_ORDERS_STUCK_AFTER_S": "1", "MELA_ORDERS_DRIVE_EVERY_S": "0.5", "MELA_ORDERS_PAY_WITHIN_S": "20",
    "MELA_ORDERS_HOLD_S": "40",
}  # fmt: skip
"""Clocks of a laptop test: the published waits shortened, the rules unchanged."""


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.long)])
def test_killed_at_any_moment_nothing_is_lost_and_nothing_done_twice(kills: int, tmp_path: Path) -> None:
    outside, environ = outside_world(tmp_path / "outside")
    inside = Reborn(tmp_path / "inside", **environ, **HURRY)
    with running(outside, inside):
        _follow_plan(outside.url)
        query = audit.sqlite_files(inside.folder, outside.folder)
        stock = {row["sku"]: row["on_hand"] for row in query("catalog", "select sku, on_hand from stock")}
        crowd = Crowd(inside.url, outside.url, sorted(stock))
        under_way = asyncio.run(_storm(crowd, inside, kills))
        left = asyncio.run(crowd.settle(300))
        _wait_for_quiet(query)
        verdict = audit.check(query, stock)
    hits = sum(1 for names in under_way if names)
    histogram = Counter(name for names in under_way for name in names)
    print(
        f"\n{kills} kills, {hits} with a unit or a call under way; {len(crowd.orders)} orders; {verdict.counts}; refused {crowd.refusals}"
    )
    print("\n".join(f"{count:5} {name}" for name, count in histogram.most_common(40)))
    assert not left
    assert verdict.disagreements == []
    assert hits >= 0.8 * kills
    assert verdict.counts["orders confirmed"] > kills


async def _storm(crowd: Crowd, inside: Actor, kills: int) -> list[list[str]]:
    """Kill and restart while the crowd buys; what was under way at each kill."""
    dice, found = random.Random(11), []  # noqa: S311 - when to kill, not a secret
    buying = asyncio.create_task(crowd.run())
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.3, 1.5))
        await _work(inside)
        inside.kill()
        found.append(_under_way(inside))
        await asyncio.to_thread(inside.start)
    await asyncio.sleep(1)
    crowd.stopping = True
    await buying
    return found


async def _work(inside: Actor) -> None:
    """Until the crowd is back and something is under way; on a busy machine it takes its time."""
    async with asyncio.timeout(30):
        while not _under_way(inside):
            await asyncio.sleep(0.005)


def _under_way(inside: Actor) -> list[str]:
    return [name for name in flight.read(inside.folder / "flight") if "claim" not in name]


def _follow_plan(url: str) -> None:
    request = urllib.request.Request(
        f"{url}/sim/gateway/plan", data=PLAN, headers={"content-type": "application/json", "authorization": _basic()}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200


def _basic() -> str:
    import base64

    return "Basic " + base64.b64encode(b"mela:" + b"k" * 40).decode()


def _wait_for_quiet(query: audit.Query, timeout_s: float = 180) -> None:
    """Until no event waits and no refund is on its way."""
    limit = time.monotonic() + timeout_s
    while time.monotonic() < limit:
        waiting = sum(query(s, "select count(*) as n from outbox")[0]["n"] for s in ("payments", "orders"))
        waiting += sum(
            query(s, "select count(*) as n from inbox where state = 'waiting'")[0]["n"]
            for s in ("orders", "settlement")
        )
        waiting += query("payments", "select count(*) as n from refunds where state = 'pending'")[0]["n"]
        waiting += query("payments", "select count(*) as n from payments where state in ('created', 'pending')")[0]["n"]
        if not waiting:
            return
        time.sleep(0.3)
