"""What holds for any demand: nobody is lost from the account, and more never makes it worse."""

from typing import Any

import numpy as np
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mela.rehearsal import calls, engine, faults
from mela.rehearsal.model import Trace
from tests.rehearsal import kit

REASONS = {"database-ceiling", "quota-refused", "no-node-fits", "node-group-full", "metric-missing", "memory-exceeded"}
"""Kinds of happening by which more of one thing may make another worse."""

shapes = st.lists(st.floats(0, 4000), min_size=2, max_size=6)


def crowd(points: list[float], total_s: int = 400) -> np.ndarray:
    return np.interp(np.arange(total_s), np.linspace(0, total_s, len(points)), points)


def chain(**web: Any) -> calls.Graph:
    """A front with tiers, retries and a database behind it."""
    document: dict[str, Any] = {
        "name": "chain",
        "mark": "assumption",
        "source": "test",
        "services": {
            "web": {
                "workload": "shop/web",
                "queue": 30,
                "operations": {
                    "page": {"cpu_ms": 8, "calls": [{"to": "db.read", "retries": 2, "timeout_ms": 300, "pool": 20}]},
                    "ad": {"cpu_ms": 2, "tier": 3},
                },
                **web,
            },
            "db": {"ceiling_per_s": 900, "servers": 8, "queue": 50, "operations": {"read": {"wait_ms": 4}}},
        },
        "actions": {
            "page": {"calls": [{"to": "web.page", "retries": 1}, {"to": "web.ad", "optional": True}]},
        },
    }
    return calls.parse(yaml.safe_dump(document))


def of(trace: Trace, series: str, service: str, begin: int, end: int) -> float:
    """The mean of a service's series between two seconds."""
    column = getattr(trace.services, series)[begin:end, trace.services.names.index(service)]
    return float(column.mean())


def lost(trace: Trace) -> float:
    return float(trace.asked.sum() - trace.answered.sum())


@settings(max_examples=25, deadline=None)
@given(
    points=shapes,
    drops=st.booleans(),
    breaker=st.sampled_from([0.0, 0.5]),
    fault=st.sampled_from(["", "fail-over:db@+1m/1m", "network:web=300ms,40%@+1m/2m", "rollout:web@+1m"]),
)
def test_offered_and_waiting_before_equal_what_became_of_them_at_every_tick(
    points: list[float], drops: bool, breaker: float, fault: str
) -> None:
    graph = chain(drops_late=drops)
    operation = graph.services["web"].operations["page"]
    object.__setattr__(operation.calls[0], "breaker", breaker)
    chosen = (faults.parse(fault),) if fault else ()
    trace = engine.run(kit.web(), kit.demand(crowd(points)), graph, faults=chosen)
    assert kit.unbalanced(trace) < 1e-9
    each = trace.services
    assert min(float(getattr(each, name).min()) for name in ("served", "shed", "failed", "waiting")) >= 0
    assert (trace.answered <= trace.asked.max() + 1e-9).all()
    assert np.isfinite(each.latency_p99_s).all()


@settings(max_examples=15, deadline=None)
@given(points=shapes, more=st.sampled_from(["maxReplicas", "minReplicas", "cpu", "replicas"]))
def test_more_capacity_is_never_worse_without_a_named_reason(points: list[float], more: str) -> None:
    demand, graph = kit.demand(crowd(points)), kit.graph()
    changes: dict[str, dict[str, Any]] = {
        "maxReplicas": {"hpa": {"maxReplicas": 120}},
        "minReplicas": {"hpa": {"minReplicas": 12}},
        "cpu": {"container": {"resources": {"requests": {"cpu": "500m"}, "limits": {"cpu": "2", "memory": "512Mi"}}}},
        "replicas": {"hpa": None, "spec": {"replicas": 30}},
    }
    large = changes[more]
    small: dict[str, Any] = {"hpa": None, "spec": {"replicas": 10}} if more == "replicas" else {}
    less = engine.run(kit.web(**small), demand, graph, seed=5)
    greater = engine.run(kit.web(**large), demand, graph, seed=5)
    is_worse = lost(greater) > lost(less) + 0.001 * float(less.asked.sum()) + 1.0
    assert not is_worse or kit.kinds(greater) & REASONS


def test_a_quick_rehearsal_is_near_the_full_one() -> None:
    demand = kit.ramp(150, 1500, total_s=1800)
    full, quick = (engine.run(kit.web(), demand, kit.graph(), seed=2, quick=each) for each in (False, True))
    served = full.services.served.sum(), quick.services.served.sum()
    assert abs(served[1] - served[0]) <= 0.02 * served[0]
    assert abs(int(full.services.ready[-1, 0]) - int(quick.services.ready[-1, 0])) <= 4
    peak = full.services.desired.max(), quick.services.desired.max()
    assert abs(int(peak[0]) - int(peak[1])) <= 0.1 * int(peak[0]) + 1


def test_retries_of_a_failing_database_become_a_storm_and_are_named() -> None:
    demand = kit.demand(np.full(600, 600.0))
    trace = engine.run(kit.web(), demand, chain(), faults=(faults.parse("fail-over:db@+3m/1m"),))
    during, before = of(trace, "offered", "db", 200, 235), of(trace, "offered", "db", 100, 170)
    assert during > 2 * before
    assert "retry-storm" in kit.kinds(trace)


def test_a_breaker_spares_a_database_that_fails() -> None:
    graph = chain()
    object.__setattr__(graph.services["web"].operations["page"].calls[0], "breaker", 0.5)
    demand = kit.demand(np.full(600, 600.0))
    trace = engine.run(kit.web(), demand, graph, faults=(faults.parse("fail-over:db@+3m/1m"),))
    assert of(trace, "offered", "db", 200, 235) < 0.3 * of(trace, "offered", "db", 100, 170)
    assert "breaker-open" in kit.kinds(trace)


def test_the_last_tier_is_shed_first() -> None:
    """Ads go before pages; what people came for is still served."""
    graph = chain(operations={"page": {"cpu_ms": 8}, "ad": {"cpu_ms": 8, "tier": 3}})
    demand = kit.demand(np.full(300, 700.0))
    trace = engine.run(kit.web(hpa=None, spec={"replicas": 10}), demand, graph)
    assert of(trace, "shed", "web", 290, 300) > 100
    assert trace.answered[-1, 0] > 0.8 * 625
