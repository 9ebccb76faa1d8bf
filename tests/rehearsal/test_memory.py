"""A pod beyond its memory is killed and comes back ever later, and the crowd feels it; so it does a line that is full."""

import numpy as np
import pytest

from mela.rehearsal import engine
from mela.rehearsal.engine import memory
from mela.rehearsal.model import Trace
from tests.rehearsal import kit

STEADY = np.full(900, 300.0)
WAITING = {"concurrency": 1000, "queue": 1000, "memory_mb": 100, "request_mb": 4}


def play(limit: str, arrivals: np.ndarray = STEADY, **graph: object) -> Trace:
    """Four pods of one core each, without an autoscaler, with this memory limit."""
    resources = {"requests": {"cpu": "500m", "memory": "100Mi"}, "limits": {"cpu": "1", "memory": limit}}
    made = kit.web(hpa=None, spec={"replicas": 4}, container={"resources": resources})
    return engine.run(made, kit.demand(arrivals), kit.graph(**{**WAITING, **graph}), seed=1)


def killed_at(trace: Trace) -> list[int]:
    """Seconds at which ready pods went away; nobody scales here, so they were killed."""
    return (np.flatnonzero(np.diff(trace.services.ready[:, 0]) < 0) + 1).tolist()


def test_nobody_is_killed_below_the_limit() -> None:
    trace = play("512Mi")
    assert not killed_at(trace)
    assert kit.share_lost(trace) < 1e-6


def test_pods_beyond_their_limit_are_killed_and_what_is_in_them_fails() -> None:
    wave = np.interp(np.arange(900), [200, 260, 320, 380], [60.0, 600.0, 600.0, 60.0])
    trace = play("220Mi", wave)
    said = next(each for each in trace.happenings if each.kind == "memory-exceeded")
    assert said.field is not None
    assert said.field.path[-2:] == ("limits", "memory")
    assert killed_at(trace)
    assert kit.share_lost(trace) > 0.01
    assert kit.unbalanced(trace) < 1e-9
    assert trace.services.ready[-1, 0] == 4  # the wave is over, and all are back


def test_a_pod_that_cannot_even_rest_in_its_memory_comes_back_after_10_20_40_seconds_and_then_each_five_minutes() -> (
    None
):
    trace = play("90Mi", np.full(2400, 1.0))
    ends = killed_at(trace)
    pauses = np.diff(ends)
    start = pauses[0]  # at once after the first end: boot, probe and endpoints alone
    assert [int(each - start) for each in pauses[1:8]] == pytest.approx([10, 20, 40, 80, 160, 300, 300], abs=5)


@pytest.mark.parametrize(
    ("free", "each", "mean", "share"), [(-1, 1, 0, 1), (100, 0, 50, 0), (100, 1, 0, 0), (100, 1, 100, 0.48)]
)
def test_share_beyond_the_limit_is_that_of_poisson(free: float, each: float, mean: float, share: float) -> None:
    found = memory.beyond(*(np.array([float(given)]) for given in (free, each, mean)))
    assert found[0] == pytest.approx(share, abs=0.01)


def test_a_line_that_is_full_bounds_what_a_pod_serves() -> None:
    """A page of 20 kB is 0.16 Mbit: 16 Mbit/s a pod are 100 pages a second, 400 of four pods."""
    trace = engine.run(
        kit.web(hpa=None, spec={"replicas": 4}, container={"resources": {"limits": {"cpu": "8"}}}),
        kit.demand(np.full(300, 800.0)),
        kit.graph(mbps=16, queue=10, drops_late=True),
    )
    assert trace.services.served[-1, 0] == pytest.approx(400, rel=0.02)
    assert "bandwidth-exhausted" in kit.kinds(trace)
    assert "overload" not in kit.kinds(trace)
    assert trace.bandwidth_mbps[-1] == pytest.approx(64, rel=0.02)
