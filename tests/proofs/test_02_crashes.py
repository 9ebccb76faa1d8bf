"""Payments alone, five misbehaving providers, hundreds of payers, kill -9 again and again: each rupee stands once.

The first number decides all: who pays how, what goes wrong when. A failing run prints it, and takes it back:

    make prove EXAMPLE=02 ARGS="-k 'killed and sqlite' --seed 7"
"""

import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mela.kernel import clock
from mela.runtime import flight
from mela.simulators.gateway import upi
from tests.ports import free_port
from tests.proofs import audit, rupees
from tests.proofs.payers import Payers, calling, neighbours
from tests.proofs.paying import KEY, PROVIDERS, database, payments_of, providers
from tests.proofs.stage import Reborn, running

PLANS: dict[str, dict[str, Any]] = {
    "gateway": {"latency_ms": 60, "drop_after_debit": 0.08, "callback_twice": 0.2, "deemed": 0.05, "deemed_reversed": 0.3,
                "deemed_ms": 3_000},
    "razorpay": {"lie": 0.2, "sign_wrongly": 0.2, "callback_late": 0.3, "callback_late_ms": 3_000, "latency_ms": 10},
    "cashfree": {"drop_after": 0.1, "callback_lost": 0.1, "refund_refused": 0.03, "refund_pending": 0.2,
                 "refund_pending_ms": 2_000},
    "phonepe": {"drop_before": 0.1, "callback_late": 0.5, "callback_late_ms": 1_500, "decline": 0.1},
    "payu": {"leak_ms": 1, "drop_before": 0.05, "drop_after": 0.05, "callback_twice": 0.5, "callback_lost": 0.05},
}  # fmt: skip
"""What each does wrong. One that lies brings its callbacks: else the truth would be in the next morning's file only."""
TODAY = clock.india_date(clock.SystemClock().now())
NPCI = sorted(each.code for each in upi.codes(TODAY).values() if each.treat == "failed")[:40]
HURRY = {
    "MELA_HOOKS": "true", "MELA_PAYMENTS_SCHEDULE_SCALE": "0.002", "MELA_PAYMENTS_RETRY_S": "0.2",
    "MELA_PAYMENTS_GATEWAY_TIMEOUT_S": "2",
}  # fmt: skip
"""Clocks of a laptop test: the published waits shortened, the rules unchanged."""
LOOP = [pytest.param(15, 40, id="15_times"), pytest.param(500, 100, id="500_times", marks=pytest.mark.long)]
PAYERS = 300
"""At once, to the last kill."""
STILLBORN = 0.1
"""Of so many starts the first is killed, too, before it is ready."""
TELL_EVERY_S = 10.0


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of payers whose connection ran out of time
@pytest.mark.parametrize(("kills", "each"), LOOP)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_02_killed_while_providers_misbehave_every_rupee_stands_once(
    engine: str, kills: int, each: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seed: int = request.config.getoption("--seed")
    with database(engine) as url:
        storm = Storm(tmp_path, url, seed, kills, each)
        with running(storm.outside):
            asyncio.run(storm.rage())
    print(storm.story())
    again = f"make prove EXAMPLE=02 ARGS=\"-k 'killed and {engine}' --seed {seed}\""
    assert not storm.payers.unfinished, again
    assert storm.verdict.disagreements == [], again
    assert storm.hits >= 0.8 * kills
    assert len(storm.payers.told) > 0.9 * kills * each


class Storm:
    """The providers, payments, and those who pay: `each` of them begin between two kills, more or less."""

    def __init__(self, folder: Path, url: str, seed: int, kills: int, each: int) -> None:
        self.seed, self.kills, self.each, self.url = seed, kills, each, url
        self.dice = random.Random(seed)  # noqa: S311 - when to kill, not a secret
        self.door = free_port()
        self.outside = providers(folder / "outside")
        self.inside = Reborn(folder / "inside", "payments", **payments_of(self.outside, url, self.door), **HURRY)
        for name in PROVIDERS:
            self.outside.environ[f"MELA_{name.upper()}_CALLBACK_URL"] = (
                f"{self.inside.url}/api/payments/callbacks/{name}"
            )
        self.query = (
            audit.sqlite_files(self.inside.folder, self.outside.folder)
            if url == "sqlite"
            else audit.postgres_server(url, self.outside.folder)
        )
        self.payers = Payers(seed, size=PAYERS, most=kills * each + PAYERS)
        self.found: list[list[str]] = []
        self.stillborn, self.starting_s, self.raging_s = 0, 0.0, 0.0
        self.verdict = audit.Verdict()

    @property
    def hits(self) -> int:
        """Kills that found work in flight."""
        return sum(1 for names in self.found if names)

    async def rage(self) -> None:
        """Kill and start again while they pay, then let all come to rest, then compare."""
        async with neighbours(self.payers, self.door), calling(self.payers, self.inside.url, self.outside.url):
            await asyncio.to_thread(self.inside.start)
            try:
                for name in PROVIDERS:
                    await self._follow(name, PLANS[name])
                paying = asyncio.create_task(self.payers.run())
                await self._kill_and_kill()
                for name in PROVIDERS:
                    await self._follow(name, {})
                await asyncio.wait([paying], timeout=300)
                paying.cancel()
                await self._rest()
                self.verdict = rupees.check(self.query, self.payers.heard)
                await self._seals()
            finally:
                await asyncio.to_thread(self.inside.stop)

    def story(self) -> str:
        """What happened, for whoever reads the log."""
        names = Counter(name for names in self.found for name in names)
        lines = [f"\nseed {self.seed}: {self.kills} kills, {self.hits} with a unit or a call under way, on {self.url.split(':')[0]};",
                 f"{self.stillborn} more before they were ready; {self.raging_s:.0f} s, of which {self.starting_s:.0f} s are starts",
                 f"{len(self.payers.told)} payments; {self.verdict.counts}; refused {dict(self.payers.refusals)}",
                 *(f"{count:5} {name}" for name, count in names.most_common(25)),
                 *self.verdict.disagreements[:40], *list(self.payers.unfinished.values())[:40]]  # fmt: skip
        return "\n".join(lines)

    async def _kill_and_kill(self) -> None:
        """Kill at a moment that the seed draws, start again, and so on."""
        began, told_s = time.monotonic(), 0.0
        for kill in range(1, self.kills + 1):
            await self._live(kill, until=int(self.each * (kill - self.dice.random())))
            self.raging_s = time.monotonic() - began
            if self.raging_s > told_s + TELL_EVERY_S or kill == self.kills:
                told_s = self.raging_s
                print(f"kill {kill} of {self.kills}, {self.hits} with work under way; {self.payers.begun} payments, "
                      f"{len(self.payers.unfinished)} of them open; {told_s:.0f} s, about "
                      f"{told_s / kill * (self.kills - kill):.0f} s to go", file=sys.stderr, flush=True)  # fmt: skip

    async def _live(self, kill: int, until: int) -> None:
        """Until so many payments have begun, and a kill; in each life another provider is down until it is well under way."""
        down = PROVIDERS[kill % len(PROVIDERS)]
        await asyncio.sleep(self.dice.uniform(0.3, 0.8))
        await self._follow(down, PLANS[down] | {"seed": self.seed + kill})
        await asyncio.sleep(self.dice.uniform(0.2, 0.6))
        await self.payers.reach(until)
        self.inside.kill()
        self.found.append([name for name in flight.read(self.inside.folder / "flight") if "claim" not in name])
        await self._follow(PROVIDERS[(kill + 1) % len(PROVIDERS)], {"drop_before": 1.0})
        began = time.monotonic()
        if self.dice.random() < STILLBORN:
            self.stillborn += 1
            self.inside.begin()
            await asyncio.sleep(self.dice.uniform(0.0, 0.6))
            self.inside.kill()
        await asyncio.to_thread(self.inside.start)
        self.starting_s += time.monotonic() - began

    async def _follow(self, name: str, plan: dict[str, Any]) -> None:
        told = {"seed": self.seed} | plan
        if "decline" in plan:
            told["decline_codes"] = NPCI
        url = f"{self.outside.url}/sim/{name}/plan"
        for _ in range(50):
            with contextlib.suppress(httpx2.HTTPError):  # the machine may have been stopped meanwhile
                if (await self.payers.http.post(url, json=told, auth=("mela", KEY))).status_code == 200:
                    return
            await asyncio.sleep(0.1)
        raise RuntimeError(f"{url} takes no plan")

    async def _rest(self) -> None:
        """Until nothing is under way any more, three minutes at most."""
        limit = time.monotonic() + 180
        while time.monotonic() < limit:
            waiting = sum(
                self.query("payments", f"select count(*) as n from {table} where state {state}")[0]["n"]  # noqa: S608
                for table, state in (("payments", "in ('created', 'pending', 'authorized')"), ("refunds", "= 'pending'"),
                                     ("captures", "= 'pending'"))
            )  # fmt: skip
            waiting += self.query("payments", "select count(*) as n from outbox")[0]["n"]
            waiting += sum(
                self.query(name, "select count(*) as n from callbacks where state = 'waiting'")[0]["n"]
                for name in PROVIDERS
            )
            if not waiting:
                return
            await asyncio.sleep(0.5)

    async def _seals(self) -> None:
        """The ledger, sealed every few seconds all along, holds against its seals."""
        first, blocks = 1, 0
        while True:
            page = await self.payers.ask("GET", f"/api/payments/ledger/seals/checks?limit=50&cursor={first}")
            broken = [each["number"] for each in page["items"] if not each["holds"]]
            self.verdict.expect("blocks that do not hold", broken, [])
            blocks += len(page["items"])
            if page["next_cursor"] is None:
                break
            first = page["next_cursor"]
        self.verdict.counts["sealed blocks"] = blocks
        self.verdict.expect("some blocks are sealed", blocks > 0, True)
