"""Many rehearsals at once, each in a process of its own: seeds, scales, strategies.

Plans go over as values and come back as rows; a trace stays in the process that made it.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low

from mela.rehearsal import plan
from mela.rehearsal.plan import Plan
from mela.rehearsal.verdict.judge import judge


@dataclass(frozen=True, slots=True)
class Row:
    """What one rehearsal came to. `first_s`, `first_at` and `why` are of the first failure, None and empty without one."""

    plan: Plan
    held: bool
    lost: float
    used: float
    most_pods: int
    pod_hours: float
    cost_paise: int
    first_s: int | None
    first_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How far several seeds of one strategy and scale lie apart: the least, the middle and the most.

    `first_s` and `first_at` are the earliest and the latest first failure of those that broke, None where none did; `why`
    counts their mechanisms, the commonest first.
    """

    strategy: str
    scale: float
    seeds: int
    held: int
    lost: tuple[float, float, float]
    most_pods: tuple[int, int, int]
    cost_paise: tuple[int, int, int]
    first_s: tuple[int, int] | None
    first_at: tuple[datetime, datetime] | None
    why: Mapping[str, int]


def spreads(rows_: Sequence[Row]) -> list[Spread]:
    """Of each strategy and scale that was played with more than one seed, in the order of the rows."""
    alike: dict[tuple[str, float], list[Row]] = {}
    for one in rows_:
        alike.setdefault((one.plan.strategy, one.plan.scale), []).append(one)
    return [_spread(several) for several in alike.values() if len(several) > 1]


def _spread(several: Sequence[Row]) -> Spread:
    broke = sorted((one for one in several if one.first_s is not None), key=lambda one: one.first_s or 0)
    lost, pods, cost = (sorted(getattr(one, name) for one in several) for name in ("lost", "most_pods", "cost_paise"))
    first, last = (broke[0], broke[-1]) if broke else (None, None)
    return Spread(
        strategy=several[0].plan.strategy,
        scale=several[0].plan.scale,
        seeds=len(several),
        held=sum(one.held for one in several),
        lost=(lost[0], median_low(lost), lost[-1]),
        most_pods=(pods[0], median_low(pods), pods[-1]),
        cost_paise=(cost[0], median_low(cost), cost[-1]),
        first_s=(first.first_s, last.first_s)
        if first and last and first.first_s is not None and last.first_s is not None
        else None,
        first_at=(first.first_at, last.first_at) if first and last and first.first_at and last.first_at else None,
        why=dict(Counter(one.why for one in broke).most_common()),
    )


def row(one: Plan) -> Row:
    """Raises: plan.CannotRehearse, reading.Unusable."""
    ready = plan.read(one)
    verdict = judge(ready.play(), ready.around)
    first = min(verdict.failures, key=lambda found: found.first_s, default=None)
    pods = verdict.trace.services.ready.sum(axis=1)
    available = [budget for budget in verdict.budgets if budget.kind == "available"]
    return Row(
        plan=one,
        held=verdict.held,
        lost=sum(budget.wrong for budget in available),
        used=max((budget.used for budget in available), default=0.0),
        most_pods=int(pods.max()),
        pod_hours=round(float(pods.sum()) / 3600, 1),
        cost_paise=verdict.cost_paise,
        first_s=first.first_s if first else None,
        first_at=verdict.trace.start + timedelta(seconds=first.first_s) if first else None,
        why=first.cause.mechanism if first else "",
    )


def rows(plans: Sequence[Plan]) -> Iterator[tuple[int, Row]]:
    """Each row as it is ready, with its place among the plans; on all cores."""
    cores = min(len(plans), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if cores == 1:
        yield from enumerate(map(row, plans))
        return
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
        places = {pool.submit(row, one): place for place, one in enumerate(plans)}
        for done in as_completed(places):
            yield places[done], done.result()
