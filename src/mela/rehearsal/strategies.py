"""Ways of choosing replicas, behind one protocol, so that one rehearsal can be run with each.

    as-written   the manifest's autoscaler, untouched
    cpu          only its CPU metric; Kubernetes' default of 80 % where it has none
    concurrency  only its metrics of the crowd (Pods, Object, External); as written where it has none
    cron         a floor by the clock: what other events needed at most, from half an hour before to the end
    ladder       fixed steps of a floor, climbed while the headroom is smaller than the largest surge of a lead, never down
    keda         the crowd's metrics with the cron floor as a second trigger, looked at each 30 s
    predictive   Mela's own: `cluster.forecast`
    oracle       knows the future: the least floor that is always ready. Nobody can have it; all are measured against it

History is what monitoring recorded of other events: load per second by service, and their planned moments.
Sources: ladder https://blog.hotstar.com/scaling-the-hotstar-platform-for-50m-a7f96a019add and
https://blog.hotstar.com/scaling-for-tsunami-traffic-2ec290c37504; KEDA https://keda.sh/docs/2.21/scalers/cron/ and
https://keda.sh/docs/2.21/reference/scaledobject-spec/ (pollingInterval 30; read 2026-11-26).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from mela.cluster import forecast
from mela.cluster.forecast import Shape
from mela.cluster.hpa import spec
from mela.rehearsal.model import Seen

History: TypeAlias = Mapping[str, Sequence[Shape]]
"""By service, how its load went in other events."""
RESOURCES = ("Resource", "ContainerResource")
NO_BOUND = 10**6
"""The engine caps a floor at the autoscaler's own maximum."""


@dataclass(slots=True)
class AsWritten:
    """The manifest's autoscaler, untouched."""

    name: str = "as-written"
    every_s: int = 3600

    def spec(self, service: str, written: spec.Autoscaler) -> spec.Autoscaler:
        return written

    def floor(self, seen: Seen) -> int | None:
        return None


@dataclass(slots=True)
class Cpu(AsWritten):
    """Only CPU, as most autoscalers are written."""

    name: str = "cpu"

    def spec(self, service: str, written: spec.Autoscaler) -> spec.Autoscaler:
        kept = tuple(each for each in written.metrics if each.source in RESOURCES and each.name == "cpu")
        default = spec.Metric("Resource", "cpu", spec.Target("Utilization", utilization=80))
        return replace(written, metrics=kept or (default,))


@dataclass(slots=True)
class Concurrency(AsWritten):
    """Only metrics of the crowd itself."""

    name: str = "concurrency"

    def spec(self, service: str, written: spec.Autoscaler) -> spec.Autoscaler:
        kept = tuple(each for each in written.metrics if each.source not in RESOURCES)
        return replace(written, metrics=kept or written.metrics)


@dataclass(slots=True)
class Cron(AsWritten):
    """A floor by the clock. `before_s`: how long before the first planned moment; `after_s`: after the last."""

    history: History = field(default_factory=dict)
    name: str = "cron"
    every_s: int = 60
    before_s: float = 1800.0
    after_s: float = 7200.0

    def floor(self, seen: Seen) -> int | None:
        if not seen.calendar:
            return None
        moments = [moment.at_s for moment in seen.calendar]
        if not min(moments) - self.before_s <= seen.at_s <= max(moments) + self.after_s:
            return 0
        return _replicas(
            max((float(each.load.max()) for each in self.history.get(seen.service, ())), default=0.0), seen
        )


@dataclass(slots=True)
class Keda(Cron):
    """The crowd's metrics, and the cron floor beside them: a KEDA object takes the largest of its triggers."""

    name: str = "keda"
    every_s: int = 30

    def spec(self, service: str, written: spec.Autoscaler) -> spec.Autoscaler:
        return Concurrency().spec(service, written)


@dataclass(slots=True)
class Ladder(AsWritten):
    """Steps of a floor; `steps` of them reach what other events needed at most, and the same steps go on above it."""

    history: History = field(default_factory=dict)
    name: str = "ladder"
    every_s: int = 60
    steps: int = 8
    _floors: dict[str, int] = field(default_factory=dict)

    def floor(self, seen: Seen) -> int | None:
        shapes = self.history.get(seen.service, ())
        if not shapes or not len(seen.load):
            return None
        step = max(1, _replicas(max(float(each.load.max()) for each in shapes), seen) // self.steps)
        buffer = max(_largest_surge(each, seen.lead_s) for each in shapes)
        needed = _replicas(float(seen.load[-1]) + buffer, seen)
        climbed = -(-needed // step) * step
        self._floors[seen.service] = max(self._floors.get(seen.service, 0), climbed)
        return self._floors[seen.service]


@dataclass(slots=True)
class Predictive(AsWritten):
    """Mela's own. `reasons` keeps why it moved, by service, for reports."""

    history: History = field(default_factory=dict)
    name: str = "predictive"
    every_s: int = 30
    tuning: forecast.Tuning = forecast.TUNING
    reasons: list[tuple[int, str, int, str]] = field(default_factory=list)
    _memory: dict[str, forecast.Memory] = field(default_factory=dict)
    _largest: dict[str, float] = field(default_factory=dict)

    def floor(self, seen: Seen) -> int | None:
        if not len(seen.load):
            return None
        load = _newest(seen)
        largest = max(self._largest.get(seen.service, 0.0), load)
        self._largest[seen.service] = largest
        sight = forecast.Sight(
            at_s=seen.at_s,
            load=load,
            largest=largest,
            load_age_s=max(seen.at_s - seen.load_until_s, 0),
            per_replica=seen.per_replica,
            lead_s=seen.lead_s + self.every_s,
            calendar={moment.name: moment.at_s for moment in seen.calendar},
            minimum=0,
            maximum=NO_BOUND,
        )
        memory = self._memory.get(seen.service, forecast.Memory())
        decision = forecast.decide(sight, self.history.get(seen.service, ()), memory, self.tuning)
        if decision.floor != memory.floor:
            self.reasons.append((seen.at_s, seen.service, decision.floor, decision.reason))
        self._memory[seen.service] = decision.memory
        return decision.floor


@dataclass(slots=True)
class Oracle(AsWritten):
    """Knows the load to come, and has the replicas for it ready just in time."""

    future: Mapping[str, Shape] = field(default_factory=dict)
    name: str = "oracle"
    every_s: int = 15

    def floor(self, seen: Seen) -> int | None:
        if (shape := self.future.get(seen.service)) is None:
            return None
        return _replicas(shape.largest(seen.at_s, seen.at_s + seen.lead_s + 2 * self.every_s), seen)


NAMES = ("as-written", "cpu", "concurrency", "cron", "ladder", "keda", "predictive", "oracle")


def make(name: str, history: History | None = None, future: Mapping[str, Shape] | None = None) -> AsWritten:
    """The strategy of that name, new: it remembers what it saw, so each run needs its own. Raises: KeyError."""
    known, coming = history or {}, future or {}
    makers: dict[str, Callable[[], AsWritten]] = {
        "as-written": AsWritten,
        "cpu": Cpu,
        "concurrency": Concurrency,
        "cron": lambda: Cron(history=known),
        "ladder": lambda: Ladder(history=known),
        "keda": lambda: Keda(history=known),
        "predictive": lambda: Predictive(history=known),
        "oracle": lambda: Oracle(future=coming),
    }
    return makers[name]()


def _replicas(load: float, seen: Seen) -> int:
    return math.ceil(load / seen.per_replica - 1e-9)


def _newest(seen: Seen) -> float:
    """The load of the last half minute: one sample alone is noise."""
    return float(np.mean(seen.load[-max(1, 30 // seen.load_every_s) :]))


def _largest_surge(shape: Shape, lead_s: float) -> float:
    """The most that the load ever grew within a lead, in load per second."""
    ahead = max(round(lead_s / shape.every_s), 1)
    return float(np.max(shape.load[ahead:] - shape.load[:-ahead], initial=0.0))
