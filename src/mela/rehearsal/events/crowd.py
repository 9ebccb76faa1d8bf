"""From an event to what the crowd does, second by second.

A level becomes actions by this recipe: of those who are there, one in `stay_s` leaves each second; what the level rises
beyond that is new people, what it falls beyond that is people who leave at once. So people who came minus people who
left is exactly what the level changed. Each action's seconds are then shaken by seed, within their minute: a minute's
total stays what the curve says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mela.rehearsal.events import curves
from mela.rehearsal.events.model import Action, Series, Surge
from mela.rehearsal.model import Floats

SHAKEN_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Coming:
    """A surge that happens, and when by the event's own clock."""

    surge: Surge
    at_s: int


def draw(surges: tuple[Surge, ...], happens: Collection[str] | None, rng: np.random.Generator) -> list[Coming]:
    """Which surges come, in their order of time. Each takes two numbers, so one more changes nothing about the others."""
    unknown = set(happens or ()) - {surge.name for surge in surges}
    if unknown:
        known = ", ".join(surge.name for surge in surges) or "nothing"
        raise ValueError(f"{min(unknown)} cannot happen in this event; {known} can")
    coming = []
    for surge, (chance, place) in zip(surges, rng.random((len(surges), 2)), strict=True):
        wanted = chance < surge.chance if happens is None else surge.chance >= 1 or surge.name in happens
        if wanted:
            coming.append(Coming(surge, round(surge.earliest_s + place * (surge.latest_s - surge.earliest_s))))
    return sorted(coming, key=lambda each: each.at_s)


def clock(duration_s: int, coming: Sequence[Coming]) -> Floats:
    """The event's own time at each tick, and at the end of the last: it stands still while something delays it."""
    pauses = [(each.at_s, round(each.surge.delays_s)) for each in coming if each.surge.delays_s]
    clock = np.arange(duration_s + 1 + sum(length for _, length in pauses), dtype=np.float64)
    for at_s, length in reversed(pauses):
        clock[at_s + length :] = clock[at_s : len(clock) - length]
        clock[at_s : at_s + length] = at_s
    return clock[:-1]


def real_s(at_s: int, coming: Sequence[Coming]) -> int:
    """The tick at which the event's own second `at_s` comes: later by what has delayed it before."""
    return at_s + sum(round(each.surge.delays_s) for each in coming if each.at_s < at_s)


def value_of(series: Series, clock: Floats, coming: Sequence[Coming]) -> Floats:
    """The series at each tick: a level or ratio as it is, a rate or total as what begins in the second, (n_ticks,)."""
    x = np.array([point.at_s for point in series.points])
    y = np.array([point.value for point in series.points])
    if series.kind == "total":
        ends = np.append(clock[1:], clock[-1] + 1)
        value = np.maximum(curves.monotone(x, y, ends) - curves.monotone(x, y, clock), 0.0)
    else:
        value = curves.monotone(x, y, clock) / series.per_s
    ticks = np.arange(len(clock), dtype=np.float64)
    for each in coming:
        surge = each.surge
        if surge.on == series.name:
            shape = curves.bump(ticks - real_s(each.at_s, coming), surge.rise_s, surge.hold_s, surge.fade_s)
            value = value * (1 + (surge.times - 1) * shape) + surge.adds / series.per_s * shape
    return np.clip(value, 0.0, 1.0 if series.kind == "ratio" else None)


def arrivals(action: Action, series: Mapping[str, Series], values: Mapping[str, Floats]) -> Floats:
    """Actions per second, (n_ticks,)."""
    return sum(_part(action, series[name], values) for name in action.of[1:]) + _part(
        action, series[action.of[0]], values
    )


def _part(action: Action, of: Series, values: Mapping[str, Floats]) -> Floats:
    value = values[of.name]
    rate = action.each * value
    if action.failing:
        rate = rate + action.failing * value * (1 - values[action.success])
    if action.every_s:
        rate = rate + value / action.every_s
    if action.joins or action.leaves or action.flights:
        joins, leaves, flights = moves(value, of.stay_s)
        rate = rate + action.joins * joins + action.leaves * leaves + action.flights * flights
    return rate


def moves(level: Floats, stay_s: float) -> tuple[Floats, Floats, Floats]:
    """Who comes, who goes, and of those who flee beyond the usual going, per second, each (n_ticks,)."""
    churn = level / stay_s
    net = np.diff(level, append=level[-1])
    joins = np.maximum(net + churn, 0.0)
    leaves = joins - net
    return joins, leaves, np.maximum(leaves - churn, 0.0)


def shake(rate: Floats, jitter: float, rng: np.random.Generator) -> Floats:
    """Seconds that differ as chance and bursts make them, minutes that do not."""
    with np.errstate(divide="ignore"):
        deviation = np.sqrt(np.where(rate > 0, 1 / rate, 0.0) + jitter**2)
    shaken = rate * np.maximum(1 + deviation * rng.standard_normal(len(rate)), 0.0)
    starts = np.arange(0, len(rate), SHAKEN_WITHIN_S)
    lengths = np.diff(starts, append=len(rate))
    wanted, got = np.add.reduceat(rate, starts), np.add.reduceat(shaken, starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(got > 0, wanted / got, 0.0)
    kept = np.repeat(got > 0, lengths)
    return np.where(kept, shaken * np.repeat(factor, lengths), rate)
