"""Takes the figures of this process once a second, and keeps a quarter of an hour of them."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import REGISTRY

from mela.kernel import tables
from mela.kernel.clock import Clock
from mela.kernel.errors import MelaError
from mela.kernel.events import inbox, outbox
from mela.kernel.telemetry.recent import Recent
from mela.runtime.control import figures
from mela.runtime.wiring import Built

log = structlog.get_logger()
KEPT = 900
"""Seconds of history."""
_DATA = Path(__file__).parent / "data"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_COUNTED = {
    "orders_placed": ("mela_orders_total", {"placed"}),
    "orders_confirmed": ("mela_orders_total", {"confirmed"}),
    "orders_cancelled": ("mela_orders_total", {"cancelling"}),
    "payments_started": ("mela_payments_total", {"created"}),
    "payments_captured": ("mela_payments_total", {"captured"}),
    "payments_failed": ("mela_payments_total", {"failed", "expired", "cancelled"}),
}
"""By figure: the counter, and the states that count."""
_METHODS = ("upi", "card", "netbanking", "wallet")


@dataclass(frozen=True)
class Sample:
    """The figures of one second. `number` grows by one a second."""

    number: int
    at: datetime
    values: Mapping[str, float | None]


@cache
def objectives() -> dict[str, Any]:
    """Availability objectives by service, and their window."""
    found: dict[str, Any] = tables.read(_DATA / "objectives.yaml")
    return found


@cache
def meanings() -> dict[str, dict[str, str]]:
    """What each figure means, by its name; `{service}` stands for any service."""
    found: dict[str, dict[str, str]] = tables.read(_DATA / "meanings.yaml")
    return found


class Sampler:
    """Figures of the services of this process."""

    def __init__(self, built: Mapping[str, Built], recent: Recent, clock: Clock, streams: Callable[[], int]) -> None:
        self._built, self._recent, self._clock, self._streams = built, recent, clock, streams
        window = objectives()["window_s"]
        self._all = figures.Traffic(window)
        self._of = {name: figures.Traffic(window) for name in built}
        self._counted, self._success = figures.Rates(), figures.Success()
        self._cpu = (time.monotonic(), time.process_time())
        self.kept: deque[Sample] = deque(maxlen=KEPT)
        self._listeners: set[asyncio.Event] = set()

    @contextmanager
    def listen(self, wake: asyncio.Event) -> Iterator[None]:
        """Have `wake` set at each new sample."""
        self._listeners.add(wake)
        try:
            yield
        finally:
            self._listeners.discard(wake)

    async def run(self) -> None:
        """Take a sample each second, for ever."""
        while True:
            await asyncio.sleep(1.0 - time.monotonic() % 1.0)
            try:
                await self.take()
            except (MelaError, OSError) as error:
                log.warning("no figures", reason=str(error))

    async def take(self) -> Sample:
        """Take a sample now and tell who listens."""
        values = self._traffic() | self._money() | self._process() | await self._events()
        number = self.kept[-1].number + 1 if self.kept else 1
        sample = Sample(number, self._clock.now(), values)
        self.kept.append(sample)
        for wake in self._listeners:
            wake.set()
        return sample

    def service(self, name: str) -> dict[str, float | None]:
        """The latest figures of one service."""
        return self._of[name].now(objectives()["services"].get(name))

    def _traffic(self) -> dict[str, float | None]:
        answers = self._recent.take_answers()
        self._all.add(answers)
        found: dict[str, float | None] = self._all.now()
        for name, traffic in self._of.items():
            traffic.add([answer for answer in answers if figures.service_of(answer.path) == name])
            own = self.service(name)
            found |= {f"{name}.{key}": value for key, value in own.items() if key != "errors"}
        return found

    def _money(self) -> dict[str, float | None]:
        counters = dict.fromkeys((*_COUNTED, *(f"captured_{method}" for method in _METHODS), "units", "commits"), 0.0)
        names = ["mela_orders_total", "mela_payments_total", "mela_unit_seconds_count", "mela_commit_units_count"]
        for metric in REGISTRY.restricted_registry(names).collect():
            for sample in metric.samples:
                if sample.name == "mela_unit_seconds_count":
                    counters["units"] += sample.value
                elif sample.name == "mela_commit_units_count":
                    counters["commits"] += sample.value
                for name, (counter, states) in _COUNTED.items():
                    if sample.name == counter and sample.labels.get("state") in states:
                        counters[name] += sample.value
                        if name == "payments_captured" and (method := sample.labels["method"]) in _METHODS:
                            counters[f"captured_{method}"] += sample.value
        found: dict[str, float | None] = dict(self._counted.since(counters))
        captured, failed = found["payments_captured"] or 0.0, found["payments_failed"] or 0.0
        return found | {"success_rate": self._success.add(captured, failed)}

    def _process(self) -> dict[str, float | None]:
        before, used = self._cpu
        now, cpu = time.monotonic(), time.process_time()
        self._cpu = (now, cpu)
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
        streams = float(self._streams())
        return {
            "cpu": round((cpu - used) / max(now - before, 0.001), 3),
            "memory_mib": round(resident / 2**20, 1),
            "streams": streams,
        }

    async def _events(self) -> dict[str, float | None]:
        sums = {"events_to_send": 0, "events_waiting": 0, "events_parked": 0}
        for one in self._built.values():
            if one.service.events:
                depth = await one.db.read(inbox.depth)
                sums["events_to_send"] += await one.db.read(outbox.waiting)
                sums["events_waiting"] += depth[inbox.WAITING]
                sums["events_parked"] += depth[inbox.PARKED]
        return {name: float(count) for name, count in sums.items()}
