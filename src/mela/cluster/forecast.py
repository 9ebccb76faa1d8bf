"""Mela's predictive autoscaling: a floor for the replicas, lifted before the crowd comes, given back after it.

It never scales by itself. It writes the least replicas (`minReplicas`) and leaves the rest to the autoscaler, whose metrics
may always ask for more. So when it is wrong it can cost money; it cannot take a replica that the load needs.

What it knows: the calendar (planned moments, no others), the load so far, and the loads of other events like this one.
Their curves are laid over this one, moment upon moment: toss on toss, first ball on first ball. Each then says by how much
the crowd grew within the time that a new replica takes to serve (the lead), as a share of the largest crowd until then. The
floor is what serves the load now plus that surge. Where no moment fits, the surge is what rarely came anywhere in those
curves. When forecasts have been far above what came for a while, it steps aside and says so.

Source of the rule "buffer = largest surge expected during the scale-up time": Hotstar's engineers,
https://blog.hotstar.com/scaling-for-tsunami-traffic-2ec290c37504 (read 2026-11-23).

भीड़ आने से पहले न्यूनतम प्रतिकृतियाँ बढ़ती हैं, और जाने के बाद लौटा दी जाती हैं।
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """How another event went: its load per second, (n,), one value each `every_s`, and when its planned moments were."""

    load: Floats
    every_s: int
    moments: Mapping[str, float]

    def at(self, when_s: float) -> float:
        """The load at a second of that event; that of its first or last value outside."""
        index = min(max(int(when_s // self.every_s), 0), len(self.load) - 1)
        return float(self.load[index])

    def largest(self, from_s: float, to_s: float) -> float:
        """The largest load between two seconds, ends included."""
        first = min(max(int(from_s // self.every_s), 0), len(self.load) - 1)
        last = min(max(int(to_s // self.every_s), first), len(self.load) - 1)
        return float(self.load[first : last + 1].max())


@dataclass(frozen=True, slots=True)
class Tuning:
    """How bold and how calm it is.

    `confidence`: the share of other events whose surge is covered; `rarely`: the share of their time, where no moment is
    shared. `slack_s`: how far a moment may come from its plan.
    Down: only to what was wanted within `hold_s`, at most once per `lower_every_s`, at most by the share `lower_by`. Up: at
    most once per `raise_every_s`, and only by more than the share `raise_from`. `wrong_by`: forecasts that are so many times
    what came, on average over `judged_s`, make it step aside for `aside_s`. `stale_s`: older metrics say nothing.
    """

    confidence: float = 0.85
    rarely: float = 0.98
    slack_s: float = 120.0
    raise_every_s: float = 60.0
    raise_from: float = 0.03
    hold_s: float = 600.0
    lower_every_s: float = 300.0
    lower_by: float = 0.5
    wrong_by: float = 2.0
    judged_s: float = 1200.0
    aside_s: float = 1800.0
    stale_s: float = 180.0


TUNING = Tuning()


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What it sees at second `at_s`.

    `load` is the load per second `load_age_s` ago, `largest` the largest so far. `per_replica`: what one replica is meant to
    take. `lead_s`: from a decision to a replica that serves. `minimum` and `maximum` are the autoscaler's own bounds.
    """

    at_s: float
    load: float
    largest: float
    load_age_s: float
    per_replica: float
    lead_s: float
    calendar: Mapping[str, float]
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What it takes from one decision to the next. Seconds are those of `Sight.at_s`.

    `wanted`: recent floors, with when they were wanted. `promised`: forecasts, with when they end and the largest load that
    has come since. `judged`: forecasts that have ended, as multiples of what came.
    """

    floor: int = 0
    raised_at_s: float = -1e9
    lowered_at_s: float = -1e9
    aside_until_s: float = -1e9
    wanted: tuple[tuple[float, int], ...] = ()
    promised: tuple[tuple[float, float, float], ...] = ()
    judged: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The floor from now on, why, what load it is meant for, and what to remember. `aside`: it leaves the field."""

    floor: int
    reason: str
    forecast: float
    memory: Memory
    aside: bool = False


def decide(sight: Sight, shapes: Sequence[Shape], memory: Memory, tuning: Tuning = TUNING) -> Decision:
    """Decide once. The floor lies between the autoscaler's bounds, and never falls because more load came."""
    memory = replace(memory, floor=min(max(memory.floor, sight.minimum), sight.maximum))
    if sight.load_age_s > tuning.stale_s:
        return _decision(memory, memory.floor, sight.load, f"metrics are {sight.load_age_s:.0f} s old: the floor stays")
    if not shapes:
        reason = "no other event to learn from: the autoscaler is left alone"
        return replace(_lower(sight, memory, sight.minimum, sight.load, reason, tuning), aside=True)
    memory = _judge(sight, memory, tuning)
    if sight.at_s < memory.aside_until_s:
        left = (memory.aside_until_s - sight.at_s) / 60
        reason = f"forecasts were more than {tuning.wrong_by:g} times what came: stepping aside for {left:.0f} min"
        return replace(_lower(sight, memory, sight.minimum, sight.load, reason, tuning), aside=True)
    surge, why = expected_surge(sight, shapes, tuning)
    forecast = sight.load + surge
    memory = _promise(sight, memory, forecast)
    needed = int(np.ceil(forecast / sight.per_replica - 1e-9))
    wanted = min(max(needed, sight.minimum), sight.maximum)
    reason = (
        f"{sight.load:,.0f}/s now, up to {forecast:,.0f}/s within {_horizon_s(sight):.0f} s ({why}): {needed} replicas"
    )
    if wanted > sight.minimum and wanted < needed:
        reason += f", {sight.maximum} allowed"
    memory = _want(sight, memory, wanted, tuning)
    if wanted > memory.floor:
        return _raise(sight, memory, wanted, forecast, reason, tuning)
    return _lower(sight, memory, max(each for _, each in memory.wanted), forecast, reason, tuning)


def expected_surge(sight: Sight, shapes: Sequence[Shape], tuning: Tuning) -> tuple[float, str]:
    """By how much the load may grow within the lead, in load per second, and from what that follows."""
    grown = [_aligned_surge(sight, shape, tuning) for shape in shapes]
    aligned = [each for each in grown if each is not None]
    if aligned:
        surge = float(np.quantile(aligned, tuning.confidence))
        return surge, f"{_moment(sight)}, from {len(aligned)} other events"
    anywhere = [_usual_surge(shape, _horizon_s(sight), tuning) for shape in shapes]
    return sight.largest * float(np.max(anywhere)), f"no moment of theirs is planned, from {len(shapes)} other events"


def _horizon_s(sight: Sight) -> float:
    """How far ahead a decision must look: until its replicas serve, from the moment that the metrics speak of."""
    return sight.lead_s + sight.load_age_s


def _aligned_surge(sight: Sight, shape: Shape, tuning: Tuning) -> float | None:
    """By how much this load would grow if it went as the shape did; None when they share no moment.

    A shape that had no crowd yet says how large its crowd became, not how many times as large.
    """
    shared = sorted((at_s, shape.moments[name]) for name, at_s in sight.calendar.items() if name in shape.moments)
    if not shared:
        return None
    seen_at_s = sight.at_s - sight.load_age_s
    here = _laid_over(seen_at_s, shared)
    then = max(_laid_over(sight.at_s + sight.lead_s + tuning.slack_s, shared), here)
    crowd, peak = shape.largest(0, here), float(shape.load.max())
    rise = shape.largest(here, then) - shape.at(here)
    return rise * sight.largest / crowd if crowd > 0.01 * peak and sight.largest > 0 else rise


def _laid_over(at_s: float, shared: Sequence[tuple[float, float]]) -> float:
    """The shape's second for a second here: between shared moments in proportion, outside them at the same distance."""
    here, there = [at for at, _ in shared], [at for _, at in shared]
    if at_s <= here[0]:
        return at_s - here[0] + there[0]
    if at_s >= here[-1]:
        return at_s - here[-1] + there[-1]
    return float(np.interp(at_s, here, there))


def _usual_surge(shape: Shape, horizon_s: float, tuning: Tuning) -> float:
    """The growth within the horizon that was exceeded but rarely, as a share of its largest crowd."""
    ahead = max(round(horizon_s / shape.every_s), 1)
    padded = np.append(shape.load, np.repeat(shape.load[-1], ahead))
    coming = np.lib.stride_tricks.sliding_window_view(padded, ahead + 1).max(axis=1)
    crowd = np.maximum.accumulate(shape.load)
    settled = crowd > 0.1 * shape.load.max()
    return float(np.quantile((coming - shape.load)[settled] / crowd[settled], tuning.rarely))


def _moment(sight: Sight) -> str:
    """The calendar in words: what comes next, or what came last."""
    ahead = [(at_s - sight.at_s, name) for name, at_s in sight.calendar.items() if at_s >= sight.at_s]
    if ahead:
        left_s, name = min(ahead)
        return f"{name} in {left_s / 60:.0f} min"
    since_s, name = min((sight.at_s - at_s, name) for name, at_s in sight.calendar.items())
    return f"{since_s / 60:.0f} min after {name}"


def _promise(sight: Sight, memory: Memory, forecast: float) -> Memory:
    return replace(memory, promised=(*memory.promised, (sight.at_s + sight.lead_s, forecast, sight.load)))


def _judge(sight: Sight, memory: Memory, tuning: Tuning) -> Memory:
    """Hold each forecast that has ended against the largest load that came meanwhile; step aside when they were far off."""
    grown = [(until_s, forecast, max(came, sight.load)) for until_s, forecast, came in memory.promised]
    ended = [(until_s, forecast / came) for until_s, forecast, came in grown if until_s <= sight.at_s and came > 0]
    judged = tuple(each for each in (*memory.judged, *ended) if each[0] > sight.at_s - tuning.judged_s)
    memory = replace(memory, promised=tuple(each for each in grown if each[0] > sight.at_s), judged=judged)
    long_enough = judged and judged[-1][0] - judged[0][0] >= tuning.judged_s / 2
    if long_enough and float(np.mean([ratio for _, ratio in judged])) > tuning.wrong_by:
        return replace(memory, aside_until_s=sight.at_s + tuning.aside_s, judged=(), promised=(), wanted=())
    return memory


def _want(sight: Sight, memory: Memory, wanted: int, tuning: Tuning) -> Memory:
    kept = tuple(each for each in memory.wanted if each[0] > sight.at_s - tuning.hold_s)
    return replace(memory, wanted=(*kept, (sight.at_s, wanted)))


def _raise(sight: Sight, memory: Memory, wanted: int, forecast: float, reason: str, tuning: Tuning) -> Decision:
    soon = sight.at_s - memory.raised_at_s < tuning.raise_every_s
    little = wanted <= memory.floor * (1 + tuning.raise_from) and wanted < sight.maximum
    if soon or little:
        return _decision(memory, memory.floor, forecast, f"{reason}; the floor of {memory.floor} stays")
    return _decision(replace(memory, floor=wanted, raised_at_s=sight.at_s), wanted, forecast, reason)


def _lower(sight: Sight, memory: Memory, wanted: int, forecast: float, reason: str, tuning: Tuning) -> Decision:
    """Down in steps; a floor at its bound has nowhere to go."""
    least = int(np.ceil(memory.floor * (1 - tuning.lower_by)))
    lower = max(wanted, least, sight.minimum)
    since_s = sight.at_s - max(memory.lowered_at_s, memory.raised_at_s)
    if lower >= memory.floor or since_s < tuning.lower_every_s:
        return _decision(memory, memory.floor, forecast, reason)
    return _decision(replace(memory, floor=lower, lowered_at_s=sight.at_s), lower, forecast, f"{reason}; giving back")


def _decision(memory: Memory, floor: int, forecast: float, reason: str) -> Decision:
    return Decision(floor, reason, forecast, replace(memory, floor=floor))
