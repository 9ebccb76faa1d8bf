"""The back-test: events are held out, the oracle is the measure, the same arguments give the same rows."""

import numpy as np
import pytest

from mela.rehearsal import backtest, events

STRATEGIES = ("as-written", "predictive", "oracle")


@pytest.fixture(scope="module")
def rows() -> tuple[backtest.Row, ...]:
    return backtest.run(["tatkal-1200k"], STRATEGIES)


def test_nothing_is_learnt_from_the_event_itself_or_from_what_never_happened() -> None:
    lengths = {
        events.load(name).duration_s for name in events.names() if name.startswith("match") and name != "match-2019"
    }
    shapes = backtest.history_of(events.load("match-2019"))["front"]
    assert len(shapes) == 6
    assert {len(shape.load) * backtest.RECORDED_EVERY_S for shape in shapes} <= lengths


def test_recorded_load_is_the_demand_and_the_calendar_what_was_planned() -> None:
    event = events.load("match-2019")
    demand = event.demand(happens=())
    shape = backtest.recorded(demand)["front"]
    assert np.sum(shape.load) * backtest.RECORDED_EVERY_S == pytest.approx(demand.arrivals.sum(), rel=1e-6)
    assert set(shape.moments) == {"toss", "first-ball", "reserve-day", "chase"}


def test_predictive_saves_the_opening_that_the_autoscaler_loses(rows: tuple[backtest.Row, ...]) -> None:
    written, predictive, oracle = rows
    assert written.overload_min > 5
    assert written.lost > 0.05
    assert predictive.overload_min <= 1
    assert oracle.overload_min == 0
    assert oracle.rupees > 0


def test_table_measures_all_against_the_oracle(rows: tuple[backtest.Row, ...]) -> None:
    lines = backtest.markdown(rows).splitlines()
    assert len(lines) == 2 + len(STRATEGIES)
    assert lines[-1].startswith("| tatkal-1200k (1) | oracle |")
    assert lines[-1].count("| 1.00 |") == 2


def test_same_arguments_give_the_same_rows(rows: tuple[backtest.Row, ...]) -> None:
    assert backtest.run(["tatkal-1200k"], STRATEGIES[1:2]) == rows[1:2]


def test_progress_is_told_run_by_run() -> None:
    told: list[tuple[int, int]] = []
    backtest.run(["tatkal"], ["as-written"], progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 1)]
