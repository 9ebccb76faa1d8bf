"""What the autoscaler's metrics APIs answer: old, averaged, and only of pods that were scraped.

Resource metrics come from metrics-server: CPU averaged between two scrapes, a little old when it is
scraped, and missing for a pod that was younger than ten seconds at its newest sample. Pods, Object and External metrics come from
a Prometheus and an adapter: counters as a rate over a window, gauges as they stood. What a metric means says the call
graph's service (`metrics:`); a metric that it does not name is unknown, as it would be to an adapter.

Usage cannot exceed the limit: what is scraped is what was used, not what was wanted.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mela.cluster.hpa import observed, spec
from mela.rehearsal import calls
from mela.rehearsal.engine import series
from mela.rehearsal.engine.delays import Delays
from mela.rehearsal.engine.flow import Flow
from mela.rehearsal.engine.pods import READY, STARTING, Cohort
from mela.rehearsal.model import Floats

GAUGES = ("concurrency", "waiting", "level")
MIB = 1_048_576
NANO_PER_MILLI = 1_000_000


@dataclass(slots=True, eq=False)
class History:
    """What was: the flow's rows, and the demand's levels by tick."""

    flow: Flow
    levels: Mapping[str, Floats]

    def steps(self, at_s: float, window_s: float) -> tuple[int, int, Floats]:
        """The steps of the window that ends at a time, and the seconds of each that lie in it; before the start it was as in the first."""
        step, from_s = int(self.flow.step_s), at_s - window_s
        last = max(1, math.ceil(at_s / step))
        first = max(0, min(last - 1, math.floor(from_s / step)))
        inside = np.full(last - first, float(step))
        inside[0] -= from_s - first * step
        inside[-1] -= last * step - at_s
        return first, last, np.maximum(inside, 1e-9)


class Pipeline:
    """The metrics of one autoscaler's target, scraped with its own phase."""

    def __init__(
        self,
        history: History,
        service: int,
        what: calls.Service | None,
        delays: Delays,
        drawn_s: float,
        limit_memory: int = 0,
    ) -> None:
        """`drawn_s`: the phase of scrapes, where none is known. `limit_memory` in bytes, 0 for none: usage cannot exceed it."""
        self.history, self.service, self.what = history, service, what
        self.limit_memory = limit_memory
        self.scrapes, self.rules = (delays.clock(group, drawn_s) for group in ("resource_metrics", "custom_metrics"))
        self.resource, self.custom = delays["resource_metrics"], delays["custom_metrics"]
        self.silent_until = -1.0
        """Until then nothing is scraped (a fault)."""

    def answer(self, metric: spec.Metric, cohorts: Sequence[Cohort], now_s: float) -> observed.Answer:
        """What the API says about a metric at a time."""
        if now_s < self.silent_until:
            return observed.Unavailable("the metrics API has no fresh samples")
        if metric.source in ("Resource", "ContainerResource"):
            return self._samples(metric, cohorts, now_s)
        signal = self.what.metrics.get(metric.name) if self.what else None
        if signal is None:
            return observed.Unavailable(f"no metric {metric.name} is known")
        if signal.of == "level" and signal.level not in self.history.levels:
            return observed.Unavailable(f"the demand has no level {signal.level}")
        value = self._signal(signal, now_s)
        if metric.source == "Pods":
            return self._by_pod(value, cohorts)
        milli = int(value * 1000)
        return observed.ObjectValue(milli) if metric.source == "Object" else observed.Series((milli,))

    def _samples(self, metric: spec.Metric, cohorts: Sequence[Cohort], now_s: float) -> observed.Answer:
        """Rates between two samples, dated as they were taken: a scrape that comes late makes a longer window."""
        scraped_s, window = self.scrapes.newest(now_s)
        at_s = scraped_s - self.resource["age"]
        if self.what is None or metric.name not in ("cpu", "memory"):
            return observed.Unavailable(f"no usage of {metric.name} is measured")
        old = self._memory_m(self.what, at_s) if metric.name == "memory" else self._cpu_m(self.what, at_s, window)
        container, at_ms = metric.container or "all", int(at_s + 1e-6) * 1000  # the API tells whole seconds
        rows = [
            observed.PodSample(
                f"c{each.id}",
                at_ms,
                int(min(window, at_s - each.running_s) * 1000),
                {
                    container: {
                        metric.name: old if metric.name == "memory" else self._of(each, self.what, at_s, window, old)
                    }
                },
            )
            for each in cohorts
            if each.running_s + self.resource["fresh"] <= at_s and each.state in (STARTING, READY)
        ]
        return observed.Samples(rows)

    def _of(self, cohort: Cohort, what: calls.Service, at_s: float, window: float, old: int) -> int:
        """CPU of a pod: one that still boots burns what booting costs; one that got ready within the window has served a part of it."""
        boots_m = what.start_cpu_s * 1000 / max(1.0, cohort.ready_s - cohort.running_s)
        if cohort.state != READY:
            return int(boots_m)
        step = self.history.flow.step_s
        serves_s = math.ceil(cohort.ready_s / step) * step
        return old if serves_s <= at_s - window else self._cpu_m(what, at_s, window, serves_s, boots_m)

    def _memory_m(self, what: calls.Service, at_s: float) -> int:
        """Thousandths of bytes of a ready pod."""
        flow, service = self.history.flow, self.service
        first, last, inside = self.history.steps(at_s, 1)
        here = series.concurrency(flow, service, first, last) / np.maximum(flow.rows.pods[first:last, service], 1.0)
        need = int(what.memory_mb + what.request_mb * float(inside @ here / inside.sum())) * MIB
        return min(need, self.limit_memory or need) * 1000

    def _cpu_m(
        self, what: calls.Service, at_s: float, window: float, serves_s: float = -math.inf, boots_m: float = 0.0
    ) -> int:
        """Millicores of a ready pod, which has served since `serves_s` and booted before.

        metrics-server cuts a rate to nanocores, the autoscaler's client rounds that up to millicores. Source: metrics-server v0.9.0,
        pkg/storage/types.go (resourceUsage); apimachinery, resource.Quantity.MilliValue; both read 2026-11-27.
        """
        flow, service = self.history.flow, self.service
        first, last, inside = self.history.steps(at_s, window)
        pods = np.maximum(flow.rows.pods[first:last, service], 1.0)
        used = series.cpu_m(flow, service, first, last) / pods + what.idle_cpu_m
        used = np.minimum(used, flow.rows.limit_m[first:last, service] / pods)
        used = np.where(np.arange(first, last) * flow.step_s < serves_s, boots_m, used)
        nanocores = int(float(inside @ used / inside.sum()) * NANO_PER_MILLI)
        return -(-nanocores // NANO_PER_MILLI)

    def _signal(self, signal: calls.Signal, now_s: float) -> float:
        at_s = self.rules.newest(now_s)[0] - self.custom["age"]
        window = self.custom["gauge_window"] if signal.of in GAUGES else self.custom["window"]
        if signal.of == "level":
            end = max(1, int(at_s))
            return float(self.history.levels[signal.level][end - 1]) * signal.scale
        first, last, inside = self.history.steps(at_s, window)
        return float(inside @ self._values(signal.of, first, last) / inside.sum()) * signal.scale

    def _values(self, of: str, first: int, last: int) -> Floats:
        flow, service = self.history.flow, self.service
        if of == "concurrency":
            return series.concurrency(flow, service, first, last)
        rows, mine = flow.rows, flow.own[service]
        if of == "waiting":
            waiting: Floats = rows.waiting[first:last] @ mine
            return waiting
        done = rows.worked[first:last] + rows.shed[first:last]
        weight = mine * flow.network.sends_mb if of == "bandwidth" else mine
        rate: Floats = done @ weight / flow.step_s
        return rate

    def _by_pod(self, total: float, cohorts: Sequence[Cohort]) -> observed.Answer:
        ready = sum(each.count for each in cohorts if each.state == READY)
        values = {f"c{each.id}": int(total / ready * 1000) for each in cohorts if each.state == READY}
        return observed.PodValues(values)
