"""Many rehearsals at once, each in a process of its own: seeds, scales, strategies.

Plans go over as values and come back as rows; a trace stays in the process that made it.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta

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
