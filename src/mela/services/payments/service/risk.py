"""Has each payment judged before it goes to a provider, in little time, and lets a person decide where the rules cannot."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy import Row

from mela.contracts.payments import Payer
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import MelaError
from mela.kernel.money import Paise
from mela.services.payments.rules import risk as rules
from mela.services.payments.rules import screening
from mela.services.payments.rules.risk import Decision, Verdict
from mela.services.payments.store import risk as store

log = structlog.get_logger()
DECISIONS = Counter(
    "mela_payments_risk_decisions_total", "Payments judged, by verdict and reason", ["verdict", "reason"]
)
TOOK = Histogram(
    "mela_payments_risk_seconds", "Time that a risk decision took",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25),
)  # fmt: skip
ALLOWED = Decision(Verdict.ALLOW)


class Risk:
    """Rules of the day, a screening list that is read anew when its file changes, and `within_s` seconds for a decision."""

    def __init__(self, db: Database, clock: Clock, today: rules.Rules, listing: Path, *, within_s: float) -> None:
        self._db, self._clock, self._rules, self._path, self._within_s = db, clock, today, listing, within_s
        self._list: screening.Screening | None = None
        self._seen: tuple[int, int] | None = None

        self._read()

    async def read_list(self) -> None:
        """Read the screening list where its file has changed. One that cannot be read is none: then nobody can tell."""
        await asyncio.to_thread(self._read)

    def _read(self) -> None:
        try:
            stat = self._path.stat()
            if (seen := (stat.st_mtime_ns, stat.st_size)) != self._seen:
                self._list, self._seen = screening.read(self._path.read_text(encoding="utf-8")), seen
        except (OSError, ValueError):
            self._list, self._seen = None, None
            log.exception("screening list cannot be read", path=str(self._path))

    def _likeness(self, name: str) -> float | None:
        """How like a name is to one on the screening list, 0 to 100; None without a list."""
        return None if self._list is None else screening.nearest(self._list, name, near=self._rules.near).score

    def attempt(self, payer: Payer, amount: Paise, method: str, now: datetime) -> rules.Attempt:
        """What is known of a payment about to be made. The payer's name is compared and not kept."""
        return rules.Attempt(
            payer.id,
            amount,
            method,
            now,
            frozenset(payer.payees),
            payer.device,
            payer.place,
            likeness=self._likeness(payer.name),
        )

    async def judge(self, payment_id: str, amount: Paise) -> Decision:
        """The decision on a payment; one that a person made stands. What is not plainly allowed is written down."""
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._within_s):
                decision, is_new = await self._look(payment_id)
        except (TimeoutError, MelaError) as error:
            log.warning("nobody could judge a payment", payment=payment_id, reason=str(error) or "too slow")
            decision, is_new = rules.undecided(self._rules, amount), True
        TOOK.observe(self._clock.monotonic() - started)
        if is_new:
            for reason in decision.reasons or ("",):
                DECISIONS.labels(decision.verdict, reason).inc()
            if decision.reasons:
                now = self._clock.now()
                return await self._db.run(store.ruled, payment_id, decision, now)
        return decision

    async def waiting(self, *, after: str | None, limit: int) -> list[Row[Any]]:
        """Payments that wait for a person, the oldest first."""
        return await self._db.read(store.waiting, after=after, limit=limit)

    def about(self, code: str) -> str:
        """What a reason's code stands for."""
        return rules.about(self._rules, code)

    async def know_payer(self, payer: str, tier: str, *, by: str) -> None:
        """Note how well a payer is known."""
        await self._db.run(store.know_payer, payer, tier, self._clock.now(), by=by)

    async def _look(self, payment_id: str) -> tuple[Decision, bool]:
        """The decision, and whether it was made just now."""
        found = await self._db.read(store.of_payment, payment_id, self._rules.look_back)
        if found is None:
            return ALLOWED, False
        row, attempt, history = found
        if row.verdict is not None:
            return Decision(Verdict(row.verdict), tuple(row.reasons)), False
        return rules.decide(self._rules, attempt, history), True
