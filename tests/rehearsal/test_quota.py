"""A pod whose limit is below one core: the kernel lets it run at full speed until its quota of 100 ms is used up, then stops it.

Held against a simulation of just that: one server, exponential work, a quota for each period.
"""

import numpy as np
import pytest

from mela.rehearsal import engine
from mela.rehearsal.engine.flow import QUOTA_S
from mela.rehearsal.model import Floats, Trace
from tests.rehearsal import kit

LIMIT, CPU_S = 0.25, 0.005


def simulated(load: float, cv: float = 1.0, seconds: float = 1500.0) -> Floats:
    """Response times of one pod at a share of what its limit can do, by work that is distributed as a gamma."""
    luck = np.random.Generator(np.random.PCG64(1))
    rate = load * LIMIT / CPU_S
    comes = np.cumsum(luck.exponential(1 / rate, int(rate * seconds))).tolist()
    works = luck.gamma(1 / cv**2, CPU_S * cv**2, len(comes)).tolist()
    now, used, period, took = 0.0, 0.0, 0, []
    for came, work in zip(comes, works, strict=True):
        now = max(now, came)
        while work > 1e-9:
            if (current := int(now / QUOTA_S + 1e-9)) != period:
                period, used = current, 0.0
            runs = min(work, LIMIT * QUOTA_S - used, (period + 1) * QUOTA_S - now)
            if runs <= 1e-9:
                now = (period + 1) * QUOTA_S
            else:
                work, now, used = work - runs, now + runs, used + runs  # noqa: PLW2901
        took.append(now - came)
    return np.array(took[len(took) // 10 :])


def rehearsed(load: float, cv: float = 1.0) -> Trace:
    """The same pod, steadily."""
    made = kit.web(spec={"replicas": 1}, hpa=None, container={"resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": "250m"}}})  # fmt: skip
    graph = kit.graph(workers=1, concurrency=10_000, queue=10_000, idle_cpu_m=0, operations={"page": {"cpu_ms": CPU_S * 1000, "cv": cv}})  # fmt: skip
    return engine.run(made, kit.demand(np.full(300, load * LIMIT / CPU_S)), graph)


@pytest.mark.parametrize("load", [0.5, 0.7, 0.8])
def test_the_99th_percentile_is_that_of_a_quota_and_not_of_a_slow_core(load: float) -> None:
    found = float(np.median(rehearsed(load).services.latency_p99_s[200:, 0]))
    assert found == pytest.approx(float(np.quantile(simulated(load), 0.99)), rel=0.25)


@pytest.mark.parametrize("load", [0.5, 0.6, 0.7, 0.8])
def test_pages_of_one_kind_have_the_median_and_the_95th_percentile_of_a_quota(load: float) -> None:
    """CPU that varies by 40 %: most see nothing of the quota, few wait for the next one."""
    seen, found = simulated(load, 0.4), rehearsed(load, 0.4).services
    for share, each in ((0.5, found.latency_p50_s), (0.95, found.latency_p95_s)):
        assert float(np.median(each[200:, 0])) == pytest.approx(float(np.quantile(seen, share)), rel=0.2)


def test_at_a_tenth_of_the_limit_a_request_takes_its_cpu_time_and_not_four_times_that() -> None:
    assert float(np.median(rehearsed(0.1).services.latency_p50_s[200:, 0])) == pytest.approx(
        np.log(2) * CPU_S, rel=0.15
    )
