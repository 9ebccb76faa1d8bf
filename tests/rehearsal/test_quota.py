"""A pod whose limit is below one core: the kernel lets it run at full speed until its quota of 100 ms is used up, then stops it.

Held against a simulation of just that: one server, a quota for each period, of which a pod at rest keeps a millisecond into the next.
"""

import math

import numpy as np
import pytest

from mela.rehearsal import engine
from mela.rehearsal.engine.flow import KEPT_S, QUOTA_S
from mela.rehearsal.model import Floats, Trace
from tests.rehearsal import kit

LIMIT, CPU_S = 0.25, 0.005


def simulated(
    load: float, cv: float = 1.0, seconds: float = 1500.0, *, busy_s: float = CPU_S, warm_s: float = 1.0
) -> Floats:
    """Response times and CPU, (2, n), of one pod at a share of what its limit can do, by work that is distributed as a gamma.

    Of a request that comes `gap` after the last one was done the mean is CPU_S, less the rest to `busy_s` by exp(-gap / warm_s).
    """
    luck = np.random.Generator(np.random.PCG64(1))
    rate = load * LIMIT / CPU_S
    comes = np.cumsum(luck.exponential(1 / rate, int(rate * seconds))).tolist()
    varies = luck.gamma(1 / cv**2, cv**2, len(comes)).tolist()
    now, used, period, took = 0.0, 0.0, 0, []
    for came, by in zip(comes, varies, strict=True):
        work = cost = by * (CPU_S - (CPU_S - busy_s) * math.exp(-max(0.0, came - now) / warm_s))
        now = max(now, came)
        while work > 1e-9:
            if (current := int(now / QUOTA_S + 1e-9)) != period:
                period, used = current, -min(KEPT_S, max(0.0, LIMIT * QUOTA_S - used))
            runs = min(work, LIMIT * QUOTA_S - used, (period + 1) * QUOTA_S - now)
            if runs <= 1e-9:
                now = (period + 1) * QUOTA_S
            else:
                work, now, used = work - runs, now + runs, used + runs
        took.append((now - came, cost))
    return np.array(took[len(took) // 10 :]).T


def rehearsed(load: float, cv: float = 1.0, **operation: float) -> Trace:
    """The same pod, steadily."""
    made = kit.web(spec={"replicas": 1}, hpa=None, container={"resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": "250m"}}})  # fmt: skip
    graph = kit.graph(workers=1, concurrency=10_000, queue=10_000, idle_cpu_m=0, operations={"page": {"cpu_ms": CPU_S * 1000, "cv": cv} | operation})  # fmt: skip
    return engine.run(made, kit.demand(np.full(300, load * LIMIT / CPU_S)), graph)


@pytest.mark.parametrize("load", [0.5, 0.7, 0.8])
def test_the_99th_percentile_is_that_of_a_quota_and_not_of_a_slow_core(load: float) -> None:
    found = float(np.median(rehearsed(load).services.latency_p99_s[200:, 0]))
    assert found == pytest.approx(float(np.quantile(simulated(load)[0], 0.99)), rel=0.25)


@pytest.mark.parametrize("load", [0.5, 0.6, 0.7, 0.8])
def test_pages_of_one_kind_have_the_median_and_the_95th_percentile_of_a_quota(load: float) -> None:
    """CPU that varies by 40 %: most see nothing of the quota, few wait for the next one."""
    (seen, _), found = simulated(load, 0.4), rehearsed(load, 0.4).services
    for share, each in ((0.5, found.latency_p50_s), (0.95, found.latency_p95_s)):
        assert float(np.median(each[200:, 0])) == pytest.approx(float(np.quantile(seen, share)), rel=0.2)


@pytest.mark.parametrize("load", [0.4, 0.6, 0.7])
def test_a_quota_lasts_for_more_of_those_who_come_one_upon_the_other(load: float) -> None:
    """A pod that stays warm for 20 ms: its two figures as `mela calibrate` takes them, the fixed rate half of what the quota is good for."""
    busy_s = 0.6 * CPU_S
    each_s = float(simulated(0.5, 0.4, busy_s=busy_s, warm_s=0.02)[1].mean())
    used = 0.5 * each_s / CPU_S
    idle_s = (each_s - used * busy_s) / (1 - used)
    (seen, cost), found = simulated(load, 0.4, busy_s=busy_s, warm_s=0.02), rehearsed(load, 0.4, cpu_ms=idle_s * 1000, busy_cpu_ms=busy_s * 1000).services  # fmt: skip
    for share, each in ((0.5, found.latency_p50_s), (0.95, found.latency_p95_s)):
        assert float(np.median(each[200:, 0])) == pytest.approx(float(np.quantile(seen, share)), rel=0.15)
    used_m = load * LIMIT / CPU_S * float(cost.mean()) * 1000
    assert float(np.median(found.cpu_used_m[200:, 0])) == pytest.approx(used_m, rel=0.03)


def test_at_a_tenth_of_the_limit_a_request_takes_its_cpu_time_and_not_four_times_that() -> None:
    assert float(np.median(rehearsed(0.1).services.latency_p50_s[200:, 0])) == pytest.approx(
        np.log(2) * CPU_S, rel=0.15
    )
