"""From the rows of a flow to what is shown: series by service, in requests per second, seconds and millicores."""

from collections.abc import Mapping

import numpy as np

from mela.rehearsal.engine import queueing
from mela.rehearsal.engine.flow import MANY, Flow
from mela.rehearsal.engine.queueing import LEAST
from mela.rehearsal.model import Floats

CHUNK = 2000
"""Steps that are worked out at once, so that memory stays small."""


def of(flow: Flow, first: int, last: int) -> Mapping[str, Floats]:
    """The series of the steps from `first` to before `last`, each (n_steps, n_services)."""
    parts = [_chunk(flow, at, min(at + CHUNK, last)) for at in range(first, last, CHUNK)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def cpu_m(flow: Flow, service: int, first: int, last: int) -> Floats:
    """CPU that requests of one service used, in these steps."""
    worked = flow.rows.worked[first:last]
    result: Floats = worked @ flow.own_cpu[service] * (1000 / flow.step_s)
    if flow.some_save:
        result -= flow.rows.busy[first:last, service] * (worked @ flow.own_saves[service]) * (1000 / flow.step_s)
    return result


def concurrency(flow: Flow, service: int, first: int, last: int) -> Floats:
    """Requests of one service in service or waiting, by Little's law; where none gets through, those that wait."""
    rows, mine = flow.rows, flow.own[service] > 0
    inside = (rows.worked[first:last, mine] * rows.mean[first:last, mine]).sum(axis=1) / flow.step_s
    result: Floats = np.maximum(inside, rows.waiting[first:last, mine].sum(axis=1))
    return result


def glance(flow: Flow, row: int) -> Mapping[str, Floats]:
    """One step without its latencies: offered, shed, failed and capacity per second, CPU used, and CPU that all offered would use."""
    rows, own, step = flow.rows, flow.own, flow.step_s
    arriving, shed = own @ rows.arriving[row], own @ rows.shed[row]
    failed = own @ (rows.worked[row] - rows.served[row] + rows.late[row])
    besides = rows.idle_m[row] + rows.burn_m[row]
    used = _cpu(flow, row, rows.worked[row]) * (1000 / step) + besides
    return {
        "offered": arriving / step,
        "cpu_asked_m": _cpu(flow, row, rows.arriving[row]) * (1000 / step) + besides,
        "shed": shed / step,
        "failed": failed / step,
        "cpu_used_m": np.minimum(used, rows.limit_m[row]),
        "capacity": np.where(arriving > 0, rows.capacity[row], np.inf),
    }


def concurrencies(flow: Flow, row: int) -> Floats:
    """The same of each service, in one step."""
    rows, own = flow.rows, flow.own
    result: Floats = np.maximum(own @ (rows.worked[row] * rows.mean[row]) / flow.step_s, own @ rows.waiting[row])
    return result


def _chunk(flow: Flow, first: int, last: int) -> dict[str, Floats]:
    rows, sums, step = flow.rows, flow.own.T, flow.step_s
    at = slice(first, last)
    arriving, served = rows.arriving[at] @ sums, rows.served[at] @ sums
    worked, shed, late = rows.worked[at] @ sums, rows.shed[at] @ sums, rows.late[at] @ sums
    mean, variance = _mixed(flow, at, served)
    used = _cpu(flow, at, rows.worked[at]) * (1000 / step) + rows.idle_m[at] + rows.burn_m[at]
    return {
        "offered": arriving / step,
        "served": served / step,
        "shed": shed / step,
        "failed": np.maximum(worked - served + late, 0.0) / step,
        "waiting": rows.waiting[at] @ sums,
        **{
            name: queueing.quantile_with_waits(mean, variance, rows.wait[at], rows.spread[at], z)
            for name, z in (("p50_s", 0.0), ("p95_s", queueing.Z95), ("p99_s", queueing.Z99))
        },
        "cpu_used_m": np.minimum(used, rows.limit_m[at]),
        "cpu_limit_m": rows.limit_m[at],
        "capacity": np.where(arriving > 0, rows.capacity[at], rows.pods[at] * _idle_rate(flow)),
    }


def _cpu(flow: Flow, at: int | slice, requests: Floats) -> Floats:
    """CPU seconds that these requests, (…, O), cost in these steps, by service: the less, the busier the pods were."""
    cost: Floats = requests @ flow.own_cpu.T
    return cost - flow.rows.busy[at] * (requests @ flow.own_saves.T) if flow.some_save else cost


def _idle_rate(flow: Flow) -> Floats:
    """Requests per second that a pod could serve of what nobody asks for: of its mean operation."""
    cost = (flow.own_cpu - flow.own_saves).sum(axis=1) / np.maximum(flow.own.sum(axis=1), 1.0)
    result: Floats = np.minimum(np.where(cost > 0, flow.cores / np.maximum(cost, LEAST), flow.slots), MANY)
    return result


def _mixed(flow: Flow, at: slice, served: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the response time over what was served; where nothing was, over the operations evenly."""
    rows, sums = flow.rows, flow.own.T
    second = rows.variance[at] + rows.mean[at] ** 2
    there = np.maximum(served, LEAST)
    even = np.maximum(flow.own.sum(axis=1), 1.0)
    some = served > LEAST
    mean = np.where(some, (rows.served[at] * rows.mean[at]) @ sums / there, rows.mean[at] @ sums / even)
    square = np.where(some, (rows.served[at] * second) @ sums / there, second @ sums / even)
    return mean, np.maximum(square - mean**2, 0.0)
