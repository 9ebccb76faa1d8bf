"""The predictive floor: lifted before planned moments, given back after, silent when it has been wrong, explained always."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mela.cluster import forecast
from mela.cluster.forecast import Decision, Memory, Shape, Sight, Tuning

TOSS, BALL, LENGTH = 600.0, 1800.0, 7200
CALENDAR = {"toss": TOSS, "first-ball": BALL}


def match(size: float = 1.0, *, ball_s: float = BALL, every_s: int = 15) -> Shape:
    """1 000/s until the first ball, then 5 000/s within five minutes, then nobody."""
    at = np.arange(0, LENGTH, every_s, dtype=np.float64)
    load = np.interp(at, [0, TOSS, ball_s, ball_s + 300, 5000, 5300], [500, 1000, 1000, 5000, 5000, 50]) * size
    return Shape(load, every_s, {"toss": TOSS, "first-ball": ball_s})


def sight(at_s: float = 0, load: float = 1000, **changes: Any) -> Sight:
    plain = Sight(at_s, load, load, 0, 100, 120, CALENDAR, 2, 1000)
    return replace(plain, **changes)


def play(
    load: Shape, shapes: Sequence[Shape], tuning: Tuning = forecast.TUNING, lead_s: float = 240, maximum: int = 1000
) -> Iterator[tuple[float, Decision]]:
    """Decisions each 30 s through an event."""
    memory = Memory()
    for at_s in range(0, LENGTH, 30):
        here = sight(at_s, load.at(at_s), largest=load.largest(0, at_s), lead_s=lead_s, maximum=maximum)
        decision = forecast.decide(here, shapes, memory, tuning)
        memory = decision.memory
        yield at_s, decision


def test_floor_is_lifted_a_lead_before_the_first_ball() -> None:
    floors = {at_s: decision.floor for at_s, decision in play(match(), [match(2), match(0.5)])}
    needed = {at_s: match().largest(at_s, at_s + 240) / 100 for at_s in floors}
    late = [at_s for at_s in floors if BALL - 300 < at_s < BALL + 300 and floors[at_s] < needed[at_s] * 0.97]
    assert not late
    assert floors[int(BALL) - 600] < 15


def test_size_is_learnt_from_the_crowd_of_today() -> None:
    at_ball = {size: forecast.decide(sight(BALL, 1000 * size), [match(40)], Memory()).forecast for size in (0.1, 1, 10)}
    assert at_ball[10] == pytest.approx(10 * at_ball[1]) == pytest.approx(100 * at_ball[0.1])


def test_moments_are_laid_over_moments() -> None:
    early = match(ball_s=1200)
    assert forecast.decide(sight(BALL - 60), [early], Memory()).forecast > 1800
    assert forecast.decide(sight(1200), [early], Memory()).forecast < 1300


def test_shape_without_a_crowd_yet_says_how_large_it_became() -> None:
    opening = Shape(np.where(np.arange(400) < 40, 0.0, 8000.0), 15, {"opens": 600.0})
    here = sight(540, 0, calendar={"opens": 600.0})
    assert forecast.decide(here, [opening], Memory()).forecast == 8000


def test_without_a_common_moment_the_usual_surge_counts() -> None:
    decision = forecast.decide(sight(calendar={"midnight": 5.0}), [match()], Memory())
    assert "no moment of theirs is planned" in decision.reason
    assert 1000 < decision.forecast < 2500


def test_without_history_the_autoscaler_is_left_alone() -> None:
    decision = forecast.decide(sight(), [], Memory())
    assert (decision.floor, decision.aside) == (2, True)
    assert "no other event to learn from" in decision.reason


def test_floor_is_given_back_when_everybody_has_left() -> None:
    floors = [decision.floor for _, decision in play(match(), [match()])]
    assert max(floors) >= 50
    assert floors[-1] <= 15


def test_reason_tells_load_forecast_moment_and_replicas() -> None:
    reason = forecast.decide(sight(BALL - 60), [match()], Memory()).reason
    assert reason == ("1,000/s now, up to 3,400/s within 120 s (first-ball in 1 min, from 1 other events): 34 replicas")


def test_moment_that_has_passed_is_told() -> None:
    assert "5 min after first-ball" in forecast.decide(sight(BALL + 300), [match()], Memory()).reason


def test_old_metrics_move_nothing() -> None:
    decision = forecast.decide(sight(BALL, load_age_s=500), [match()], Memory(floor=40))
    assert decision.floor == 40
    assert "500 s old" in decision.reason


def test_it_steps_aside_when_nobody_comes_and_says_so() -> None:
    """History promises five times the crowd at each step; the crowd stays away."""
    growing = Shape(np.geomspace(1, 1e6, 400), 15, CALENDAR)
    quiet = Shape(np.full(400, 1000.0), 15, CALENDAR)
    decisions = [decision for _, decision in play(quiet, [growing], lead_s=600)]
    aside = [decision for decision in decisions if decision.aside]
    assert aside
    assert "stepping aside" in aside[0].reason
    assert aside[-1].floor <= decisions[0].floor


def test_it_comes_back_after_stepping_aside() -> None:
    away = Memory(floor=4, aside_until_s=BALL - 30)
    assert forecast.decide(sight(BALL - 60), [match()], away).aside
    assert forecast.decide(sight(BALL - 30), [match()], away).floor > 30


def test_maximum_is_told_when_it_binds() -> None:
    decision = forecast.decide(sight(BALL, maximum=20), [match()], Memory())
    assert decision.floor == 20
    assert decision.reason.endswith("20 allowed")


shapes = st.lists(st.builds(match, st.floats(0.01, 100), ball_s=st.floats(900, 3000)), max_size=4)
sights = st.builds(
    sight,
    st.floats(0, LENGTH),
    st.floats(0, 1e6),
    lead_s=st.floats(10, 900),
    largest=st.floats(1e6, 1e7),
    load_age_s=st.floats(0, 400),
    maximum=st.integers(2, 5000),
)
memories = st.builds(
    Memory, floor=st.integers(0, 6000), raised_at_s=st.floats(-1e4, LENGTH), lowered_at_s=st.floats(-1e4, LENGTH)
)


@given(sights, shapes, memories)
def test_floor_stays_within_the_autoscalers_bounds(here: Sight, history: list[Shape], memory: Memory) -> None:
    assert here.minimum <= forecast.decide(here, history, memory).floor <= here.maximum


@given(sights, shapes, memories, st.floats(1, 10))
def test_more_load_never_lowers_the_floor(here: Sight, history: list[Shape], memory: Memory, times: float) -> None:
    more = replace(here, load=here.load * times, largest=here.largest * times)
    assert forecast.decide(more, history, memory).floor >= forecast.decide(here, history, memory).floor


@given(sights, shapes, memories)
def test_same_sight_gives_the_same_decision(here: Sight, history: list[Shape], memory: Memory) -> None:
    assert forecast.decide(here, history, memory) == forecast.decide(here, history, memory)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), shapes)
def test_floor_changes_a_bounded_number_of_times(seed: int, history: list[Shape]) -> None:
    """Whatever the load does: up at most once a minute, down at most once in five, by at most half."""
    tuning = Tuning()
    noise = np.random.Generator(np.random.PCG64(seed)).uniform(0, 5000, 400)
    floors = [(at_s, decision.floor) for at_s, decision in play(Shape(noise, 15, {}), history, tuning)]
    steps = [(at_s, before, after) for (_, before), (at_s, after) in pairwise(floors)]
    downs = [at_s for at_s, before, after in steps if after < before]
    ups = [at_s for at_s, before, after in steps if after > before]
    assert all(after >= before * (1 - tuning.lower_by) for _, before, after in steps)
    assert all(np.diff(downs) >= tuning.lower_every_s)
    assert all(np.diff(ups) >= tuning.raise_every_s)
    assert len(downs) + len(ups) <= LENGTH / tuning.raise_every_s


@settings(max_examples=15, deadline=None)
@given(st.floats(100, 1e5), st.integers(0, 2**32 - 1))
def test_steady_load_does_not_thrash(load: float, seed: int) -> None:
    noise = np.random.Generator(np.random.PCG64(seed)).normal(1, 0.02, 400)
    steady = Shape(load * noise, 15, {})
    flat = Shape(np.full(400, 7.0), 15, CALENDAR)
    floors = [decision.floor for at_s, decision in play(steady, [flat]) if at_s > 600]
    assert sum(a != b for a, b in pairwise(floors)) <= 12
