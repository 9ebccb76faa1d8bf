"""A request costs less CPU the busier its pod is: a queue whose first customer of each busy period takes longer.

Source: P. D. Welch, "On a generalized M/G/1 queueing process in which the first customer of each busy period receives exceptional service",
Operations Research 12 (1964): with n customers a second that take S when they find the server at work and S0 when not, it is at work for
u = n E[S0] / (1 + n (E[S0] - E[S])) of the time, and a customer waits n E[S²] / (2 (1 - n E[S])) + n (E[S0²] - E[S²]) / (2 (1 + n (E[S0] - E[S]))).
"""

import numpy as np
import pytest

from mela.rehearsal import calls, engine, reading
from mela.rehearsal.model import Trace
from tests.rehearsal import kit

IDLE_MS, BUSY_MS, CV = 2.0, 1.0, 0.4
PODS = 3


def rehearsed(per_pod: float, *, busy_ms: float | None = BUSY_MS, limit: str = "1", seconds: int = 300) -> Trace:
    """Steadily so many requests a second for each of three pods."""
    made = kit.web(spec={"replicas": PODS}, hpa=None, container={"resources": {"requests": {"cpu": limit}, "limits": {"cpu": limit}}})  # fmt: skip
    operation = {"cpu_ms": IDLE_MS, "cv": CV} | ({} if busy_ms is None else {"busy_cpu_ms": busy_ms})
    graph = kit.graph(workers=1, concurrency=10_000, queue=10_000, idle_cpu_m=0, operations={"page": operation})
    return engine.run(made, kit.demand(np.full(seconds, per_pod * PODS)), graph)


def simulated(per_s: float, seconds: float = 400.0) -> tuple[float, list[float]]:
    """One server: the share of time that it is at work, and the 50th and 95th percentile of response times in seconds."""
    luck = np.random.Generator(np.random.PCG64(1))
    comes = np.cumsum(luck.exponential(1 / per_s, int(per_s * seconds)))
    varies = luck.gamma(1 / CV**2, CV**2, len(comes))
    free, busy, took = 0.0, 0.0, []
    for came, by in zip(comes.tolist(), varies.tolist(), strict=True):
        work = by * (BUSY_MS if came < free else IDLE_MS) / 1000
        free, busy = max(free, came) + work, busy + work
        took.append(free - came)
    return busy / comes[-1], np.quantile(took, (0.5, 0.95)).tolist()


@pytest.mark.parametrize("per_pod", [20.0, 200.0, 500.0, 800.0, 950.0])
def test_pods_use_the_cpu_of_welchs_queue(per_pod: float) -> None:
    exact = per_pod * IDLE_MS / (1000 + per_pod * (IDLE_MS - BUSY_MS))
    used = float(np.median(rehearsed(per_pod).services.cpu_used_m[200:, 0])) / PODS / 1000
    assert used == pytest.approx(exact, rel=0.01)
    assert simulated(per_pod)[0] == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("per_pod", [20.0, 200.0, 500.0, 800.0])
def test_answers_take_as_long_as_in_welchs_queue(per_pod: float) -> None:
    found = rehearsed(per_pod).services
    ours = [float(np.median(each[200:, 0])) for each in (found.latency_p50_s, found.latency_p95_s)]
    assert ours == pytest.approx(simulated(per_pod)[1], rel=0.2)


def test_a_pod_serves_what_its_cores_can_do_when_they_are_never_idle() -> None:
    assert rehearsed(1500.0).services.capacity[250, 0] == pytest.approx(PODS * 1000 / BUSY_MS, rel=0.01)
    assert rehearsed(1500.0, busy_ms=None).services.capacity[250, 0] == pytest.approx(PODS * 1000 / IDLE_MS, rel=0.01)


def test_a_quota_is_used_up_by_what_each_request_costs() -> None:
    """An eighth of a core: u of the quota is n c / (K + n (c - b))."""
    used = float(np.median(rehearsed(40.0, limit="125m").services.cpu_used_m[200:, 0])) / PODS
    assert used == pytest.approx(125 * 40 * IDLE_MS / (125 + 40 * (IDLE_MS - BUSY_MS)), rel=0.01)


@pytest.mark.parametrize("per_pod", [100.0, 700.0])
def test_without_a_busy_figure_nothing_changes(per_pod: float) -> None:
    """Bit by bit what the same figure twice gives, which is what there was before there were two."""
    one, same = rehearsed(per_pod, busy_ms=None).services, rehearsed(per_pod, busy_ms=IDLE_MS).services
    for name in ("served", "waiting", "cpu_used_m", "capacity", "latency_p50_s", "latency_p95_s", "latency_p99_s"):
        assert getattr(one, name).tobytes() == getattr(same, name).tobytes()


def test_a_call_graph_may_say_both_and_no_nonsense() -> None:
    page = kit.graph(operations={"page": {"cpu_ms": 2, "busy_cpu_ms": 1.25}}).services["web"].operations["page"]
    assert page == calls.Operation(cpu_ms=2, busy_cpu_ms=1.25)
    with pytest.raises(reading.Unusable, match="busy_cpu_ms"):
        kit.graph(operations={"page": {"cpu_ms": 2, "busy_cpu_ms": -1}})


@pytest.mark.parametrize("per_pod", [0.05, 5.0])
def test_a_pod_that_is_hardly_asked_answers_as_fast_as_it_works(per_pod: float) -> None:
    """Where slots are the narrowest place, since each is held for 200 ms, and all but one are free, nobody waits for one; nor does a caller."""
    made = kit.web(
        spec={"replicas": PODS}, hpa=None, container={"resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}}
    )
    web = calls.Service("web", {"page": calls.Operation(IDLE_MS, BUSY_MS, CV, calls=(calls.Call("db.query"),))}, workload=kit.graph().services["web"].workload, workers=1)  # fmt: skip
    database = calls.Service("db", {"query": calls.Operation(wait_ms=200.0)}, ceiling_per_s=5000, servers=16)
    door = calls.Service(
        "door", {"open": calls.Operation(calls=(calls.Call("web.page"),))}, ceiling_per_s=5000, servers=16
    )
    graph = calls.Graph("one", "assumption", "test", {"door": door, "web": web, "db": database}, {"page": calls.Action((calls.Call("door.open"),))})  # fmt: skip
    found = engine.run(made, kit.demand(np.full(100, per_pod * PODS)), graph).services
    assert float(found.latency_p99_s[20:, 0].max()) < 0.22
