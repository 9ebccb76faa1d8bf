"""The plan in force, and each request as the plan has it: late, lost before or after its effect, told a lie."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mela.kernel import clock
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Retryable
from mela.simulators.gateway import upi
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.store import plans

T = TypeVar("T")


class Faults:
    """What goes wrong on purpose."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._plan: Plan | None = None
        self._answers = 0
        self._tries: dict[tuple[str, str], int] = {}

    async def plan(self) -> Plan:
        """The plan in force; it survives a restart."""
        if self._plan is None:
            self._plan = Plan.model_validate(await self._db.read(plans.read) or {})
        return self._plan

    async def follow(self, plan: Plan) -> Plan:
        """Follow another plan from now on. Raises: UnknownCode."""
        for code in plan.decline_codes:
            upi.check_closes(code, clock.india_date(self._clock.now()))
        await self._db.run(plans.keep, plan.model_dump(mode="json"))
        self._plan, self._tries, self._answers = plan, {}, 0
        return plan

    async def carry_out(self, kind: str, reference: str, effect: Callable[[], Awaitable[T]]) -> T:
        """Carry out a request as the plan has it. Raises: Retryable for one that is dropped, before or after its effect."""
        plan, attempt = await self.plan(), self._count(kind, reference)
        if plan.hits("drop_before", reference, kind=kind, attempt=attempt):
            raise Retryable("kernel.unavailable", seconds=1)
        result = await effect()
        self._answers += 1
        if wait_ms := plan.latency_ms + plan.leak_ms * self._answers:
            await asyncio.sleep(wait_ms / 1000)
        if plan.hits("drop_after", reference, kind=kind, attempt=attempt):
            raise Retryable("kernel.unavailable", seconds=1)
        return result

    def lies(self, reference: str, asked: str) -> bool:
        """Whether a status check, by what it asked for, is not told the truth about this payment."""
        attempt = self._tries.get(("status", asked), 0)
        return self._plan is not None and self._plan.hits("lie", reference, attempt=attempt)

    def _count(self, kind: str, reference: str) -> int:
        """How often this was asked before under the plan; counted only while tries can be dropped."""
        if self._plan is None or not self._plan.drops():
            return 0
        attempt = self._tries.get((kind, reference), 0)
        self._tries[kind, reference] = attempt + 1
        return attempt
