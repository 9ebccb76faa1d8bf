"""The verdict on a trace: budgets, then failures with their causes."""

from collections.abc import Iterable, Iterator

import numpy as np

from mela.rehearsal.model import Trace
from mela.rehearsal.verdict import causes, harm, objectives
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.model import Budget, Failure, Harm, Verdict

SLOW_SHARE = 0.01
"""A p99 promises 99 % of the requests."""
SETTLE_S = 60
"""An action may end this long after it began; harm that begins so soon after other harm belongs to it."""


def judge(trace: Trace, around: Around, *, available: float | None = None) -> Verdict:
    """What a trace comes to. `available` (a share) instead of the written objectives."""
    return Verdict(
        trace=trace,
        budgets=(*_available(trace, available), *_fast(trace)),
        failures=tuple(_failure(trace, around, harms) for harms in _together(harm.harms(trace))),
        cost_paise=round(float(trace.cost_paise.sum())),
    )


def wrong_actions(trace: Trace, first_s: int = 0, last_s: int | None = None) -> float:
    """How many actions of users did not end well between two seconds, both included."""
    ticks = slice(first_s, (trace.ticks if last_s is None else last_s + 1))
    return float(np.maximum(0.0, (trace.asked[ticks] - trace.answered[ticks]).sum(axis=0)).sum())


def _available(trace: Trace, available: float | None) -> Iterator[Budget]:
    """What still waits when the rehearsal ends has not failed: it is taken off, in proportion to what was asked."""
    waiting = float(trace.services.waiting[-1].sum()) if trace.ticks else 0.0
    asked = trace.asked.sum(axis=0)
    wrong = np.maximum(0.0, asked - trace.answered.sum(axis=0))
    wrong = np.maximum(0.0, wrong - waiting * wrong / max(1.0, float(wrong.sum())))
    for column, action in enumerate(trace.actions):
        objective = objectives.of(action, available=available)
        total = float(asked[column])
        yield Budget(objective, "available", action, total, total * (1 - objective.available), float(wrong[column]))


def _fast(trace: Trace) -> Iterator[Budget]:
    for column, name in enumerate(trace.services.names):
        served = trace.services.served[:, column]
        late = float(served[harm.slow(trace, column)].sum())
        total = float(served.sum())
        yield Budget(objectives.of(name), "fast", name, total, total * SLOW_SHARE, late)


def _together(harms: Iterable[Harm]) -> Iterator[tuple[Harm, ...]]:
    """Harms that overlap in time, or nearly: a service that is overloaded takes those along that call it."""
    group: list[Harm] = []
    for one in harms:
        if group and one.first_s > max(member.last_s for member in group) + SETTLE_S:
            yield tuple(group)
            group = []
        group.append(one)
    if group:
        yield tuple(group)


def _failure(trace: Trace, around: Around, harms: tuple[Harm, ...]) -> Failure:
    first, *others = causes.of(trace, around, harms)
    last_s = min(trace.ticks - 1, max(one.last_s for one in harms) + SETTLE_S)
    users = wrong_actions(trace, min(one.first_s for one in harms), last_s)
    trigger = causes.trigger(trace, min(one.first_s for one in harms), last_s)
    return Failure(first.service or harms[0].service, harms, first, users, tuple(others), trigger)
