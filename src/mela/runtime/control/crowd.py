"""The crowd slider: starts virtual shoppers as a child process, tells it how many, hears how it fares, and ends it."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mela.kernel.web.inputs import Strict
from mela.runtime.control.access import OnDuty
from mela.simulators.crowd import MOST_SHOPPERS

_END_S = 5.0


class CrowdWish(Strict):
    """How many shoppers there shall be."""

    shoppers: int = Field(
        ge=0, le=MOST_SHOPPERS, description="Virtual shoppers; 0 sends all of them home", examples=[40]
    )
    think_s: float = Field(
        default=1.0, ge=0, le=60, strict=False, description="Seconds that each thinks between two steps, on average; 0: as fast as it can",
        examples=[1.0],
    )  # fmt: skip


class Latency(BaseModel):
    """Milliseconds, over the last ten seconds; null where nothing was measured."""

    p50: float | None = Field(description="Half were faster", examples=[12.0])
    p95: float | None = Field(description="95 of 100 were faster", examples=[48.0])
    p99: float | None = Field(description="99 of 100 were faster", examples=[90.0])


class CrowdState(BaseModel):
    """The crowd, by its own measure: what it got, not what the platform says of itself."""

    running: bool = Field(description="Whether there is a crowd", examples=[True])
    wanted: int = Field(description="Shoppers that were asked for", examples=[40])
    shoppers: int = Field(description="Shoppers that are there", examples=[40])
    think_s: float = Field(description="Seconds that each thinks between two steps", examples=[1.0])
    orders_per_s: float = Field(description="Purchases finished per second", examples=[9.6])
    requests_per_s: float = Field(description="Requests answered per second", examples=[71.0])
    errors: dict[str, int] = Field(
        description="What went wrong in the last ten seconds, by code", examples=[{"catalog.out_of_stock": 1}]
    )
    request_ms: Latency = Field(description="How long a request took")
    purchase_ms: Latency = Field(description="How long it took from checking out to the confirmation")


_NOTHING: dict[str, Any] = {
    "shoppers": 0, "orders_per_s": 0.0, "requests_per_s": 0.0, "errors": {},
    "request_ms": dict.fromkeys(("p50", "p95", "p99")), "purchase_ms": dict.fromkeys(("p50", "p95", "p99")),
}  # fmt: skip


class Crowd:
    """At most one child process. `operator`: a token with which it fills empty shelves, None where there is none."""

    def __init__(self, url: str, operator: Callable[[], str | None]) -> None:
        self._url, self._operator = url, operator
        self._child: asyncio.subprocess.Process | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._wish = CrowdWish(shoppers=0)
        self._said = _NOTHING

    async def set(self, wish: CrowdWish) -> CrowdState:
        """So many from now on; none ends the process."""
        self._wish = wish
        if wish.shoppers == 0:
            await self.end()
            return self.state()
        if self._child is None or self._child.returncode is not None:
            await self._start()
        assert self._child is not None
        assert self._child.stdin is not None
        line = json.dumps({"shoppers": wish.shoppers, "think_s": wish.think_s, "operator": self._operator()})
        self._child.stdin.write(line.encode() + b"\n")
        await self._child.stdin.drain()
        return self.state()

    def state(self) -> CrowdState:
        """As it told last."""
        running = self._child is not None and self._child.returncode is None
        said = self._said if running else _NOTHING
        return CrowdState.model_validate(
            {**said, "running": running, "wanted": self._wish.shoppers if running else 0, "think_s": self._wish.think_s}
        )

    async def end(self) -> None:
        """Close its stdin; it goes by itself, or is killed after five seconds."""
        child, self._child, self._said = self._child, None, _NOTHING
        if child is None:
            return
        assert child.stdin is not None
        child.stdin.close()
        try:
            async with asyncio.timeout(_END_S):
                await child.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        if self._hearing is not None:
            await self._hearing
            self._hearing = None

    async def _start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "mela.simulators.crowd", self._url)
        self._child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        self._said = _NOTHING
        self._hearing = asyncio.create_task(self._hear(self._child))

    async def _hear(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        while line := await child.stdout.readline():
            self._said = json.loads(line)


def add(api: APIRouter, crowd: Crowd) -> None:
    """The routes."""

    @api.get("/crowd", summary="The crowd of virtual shoppers")
    async def get_crowd(_caller: OnDuty) -> CrowdState:
        """How many there are, what they get, and how long it takes them."""
        return crowd.state()

    @api.put("/crowd", summary="Have so many virtual shoppers")
    async def set_crowd(_caller: OnDuty, body: CrowdWish) -> CrowdState:
        """They sign in, look, buy, pay in the UPI app, decline now and then. They run in a process of their own."""
        return await crowd.set(body)

    @api.delete("/crowd", summary="Send all virtual shoppers home", status_code=204)
    async def end_crowd(_caller: OnDuty) -> None:
        """What they have bought stays bought."""
        await crowd.set(CrowdWish(shoppers=0))
