"""When autoscalers sync and metrics are scraped, and what a pod's own counter says between two scrapes."""

import numpy as np
import pytest

from mela.rehearsal import engine
from mela.rehearsal.engine import delays
from mela.rehearsal.engine.delays import Clock
from mela.rehearsal.engine.run import Run
from mela.rehearsal.engine.stage import Stage
from tests.rehearsal import kit


def test_a_clock_that_nobody_watched_goes_evenly_from_its_phase() -> None:
    clock = Clock(phase=4.0, every=15.0)
    assert (clock.first_s(), clock.after(19.0), clock.newest(33.9), clock.newest(34.0)) == (4.0, 34.0, (19.0, 15.0), (34.0, 15.0))  # fmt: skip


def test_a_clock_that_was_watched_comes_when_it_came() -> None:
    clock = Clock(phase=0.0, every=15.0, seen=(-11.0, 4.0, 19.5, 34.0))
    assert (clock.first_s(), clock.after(4.0), clock.after(34.0)) == (4.0, 19.5, 49.0)
    assert (clock.newest(19.4), clock.newest(20.0)) == ((4.0, 15.0), (19.5, 15.5))


def test_clocks_that_were_seen_to_go_evenly_change_nothing() -> None:
    demand, measured = kit.ramp(50, 800), {"autoscaler": {"phase": 7.0}, "resource_metrics": {"phase": 3.0}}
    even = [np.arange(-8.0, 1300.0, 15.0), np.arange(-12.0, 1300.0, 15.0)]
    clocks = {name: each.tolist() for name, each in zip(("autoscaler", "resource_metrics"), even, strict=True)}
    known = engine.run(kit.web(), demand, kit.graph(), measured=measured)
    seen = engine.run(kit.web(), demand, kit.graph(), measured=measured, clocks=clocks)
    assert np.array_equal(known.services.desired, seen.services.desired)
    assert known.services.desired.max() > known.services.desired.min()


def test_a_sync_that_came_late_decides_late() -> None:
    demand, measured = kit.ramp(50, 800), {"resource_metrics": {"phase": 3.0}}
    syncs = np.arange(-8.0, 1300.0, 15.0)
    traces = [engine.run(kit.web(), demand, kit.graph(), measured=measured, clocks={"autoscaler": (syncs + late).tolist()}) for late in (0, 2)]  # fmt: skip
    first, second = (int(np.argmax(np.diff(each.services.desired[:, 0]) > 0)) for each in traces)
    assert second - first == 2


@pytest.fixture(scope="module")
def stage() -> Stage:
    """Ten pods that use 400 of their 1000 millicores, steadily."""
    held = delays.on(kit.START.date())
    made = Stage(kit.web(spec={"replicas": 10}), kit.demand(np.full(120, 400.0)), kit.graph(idle_cpu_m=0), engine.AS_WRITTEN, 1, 1, held)  # fmt: skip
    Run(made).go(None)
    return made


def test_a_pod_that_got_ready_within_the_window_shows_a_part_of_the_others_usage(stage: Stage) -> None:
    pipeline = stage.scalers[0].pipeline
    assert pipeline.what is not None
    whole = pipeline._cpu_m(pipeline.what, 100.0, 15.0)
    assert pipeline._cpu_m(pipeline.what, 100.0, 15.0, serves_s=95.0) == pytest.approx(whole / 3, abs=1)
    assert pipeline._cpu_m(pipeline.what, 100.0, 15.0, serves_s=95.0, boots_m=90.0) == pytest.approx(whole / 3 + 60, abs=1)  # fmt: skip


@pytest.mark.parametrize(("used_m", "told"), [(379.0, 379), (379.0000001, 379), (379.000001, 380), (379.5, 380)])
def test_usage_is_cut_to_nanocores_and_then_rounded_up_to_millicores(stage: Stage, used_m: float, told: int) -> None:
    pipeline = stage.scalers[0].pipeline
    assert pipeline.what is not None
    assert pipeline._cpu_m(pipeline.what, 60.0, 15.0, serves_s=1000.0, boots_m=used_m) == told
