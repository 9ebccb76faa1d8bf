"""The formulas of a tick against exact results."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.rehearsal.engine import queueing


def erlang_wait(load: float, servers: int) -> float:
    """The mean wait in M/M/c, in service times, exactly."""
    offered = load * servers
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    waits = blocked / (1 - load * (1 - blocked))
    return waits / (servers * (1 - load))


def steady(load: float, servers: int, *, ticks: int = 400) -> float:
    """The mean wait that ticks settle at, in service times of 10 ms, by Little's law."""
    capacity = servers / 0.01
    arriving, waiting = load * capacity, 0.0
    for _ in range(ticks):
        present = np.array([waiting + arriving])
        found = queueing.step(
            present, np.array([capacity]), np.array([1.0]), queueing.power(np.array([float(servers)]))
        )
        waiting = float(present[0] - found[0] * capacity)
    return waiting / arriving / 0.01


@pytest.mark.parametrize("servers", [1, 2, 4, 8, 16, 64])
@pytest.mark.parametrize("load", [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99])
def test_steady_wait_is_that_of_erlang_c_within_the_stated_error(load: float, servers: int) -> None:
    exact, ours = erlang_wait(load, servers), steady(load, servers)
    assert abs(ours - exact) <= 0.02 * exact + 0.04


@pytest.mark.parametrize("cv", [0.0, 0.4, 1.0, 2.0])
@pytest.mark.parametrize("load", [0.1, 0.5, 0.8, 0.95])
def test_waits_of_one_server_are_those_of_pollaczek_and_khinchine(load: float, cv: float) -> None:
    """M/G/1, M/D/1 where cv is 0: the mean within 1 %, and the variance of the wait is exact where its mean is."""
    varies = np.array([cv**2])
    capacity, waiting = 100.0, 0.0
    for _ in range(400):
        present = np.array([waiting + load * capacity])
        found = queueing.step(present, np.array([capacity]), queueing.share(varies), np.array([2.0]))
        waiting = float(present[0] - found[0] * capacity)
    exact = load * (1 + cv**2) / 2 / (1 - load)  # in service times
    assert waiting / load / capacity * capacity == pytest.approx(exact, rel=0.01)
    third = (1 + cv**2) * (1 + 2 * cv**2)  # moment of a gamma with mean 1
    square = 2 * exact**2 + load * third / (3 * (1 - load))
    ours = exact**2 * (1 + 2 * float(queueing.clumps(varies)[0]) * (1 / load - 1)) + exact**2
    assert ours == pytest.approx(square, rel=1e-9)


def test_a_flow_above_capacity_piles_up_by_the_difference() -> None:
    waiting = 0.0
    for _ in range(60):
        present = np.array([waiting + 120.0])
        load = queueing.step(present, np.array([100.0]), np.array([1.0]), np.array([2.0]))
        waiting = float(present[0] - load[0] * 100.0)
    assert waiting == pytest.approx(60 * 20, rel=0.03)


@given(
    present=st.floats(0, 1e7),
    capacity=st.floats(0, 1e6),
    servers=st.integers(1, 500),
    queues=st.integers(1, 10_000),
)
def test_nobody_is_served_twice_or_beyond_capacity(present: float, capacity: float, servers: int, queues: int) -> None:
    load = queueing.step(
        *(np.array([value]) for value in (present, capacity, float(queues), (2.0 * (servers + 1)) ** 0.5))
    )
    assert 0 <= load[0] <= 1
    assert load[0] * capacity <= present * (1 + 1e-12) + 1e-12


@pytest.mark.parametrize("mean", [0.001, 0.05, 2.0])
def test_quantiles_of_an_exponential_response_are_within_two_percent(mean: float) -> None:
    array = np.array([mean])
    assert queueing.quantile(array, array**2, queueing.Z99)[0] == pytest.approx(mean * math.log(100), rel=0.01)
    assert queueing.quantile(array, array**2, 0.0)[0] == pytest.approx(mean * math.log(2), rel=0.02)


@pytest.mark.parametrize(("waiting", "each"), [(0.03, 10.0), (0.1, 20.0), (0.5, 8.0), (0.9, 30.0)])
def test_where_few_wait_long_each_percentile_is_that_of_the_mixture(waiting: float, each: float) -> None:
    """Work of 5 ms that varies by 40 %, and an exponential wait for some: against a million of them."""
    luck = np.random.Generator(np.random.PCG64(1))
    work = luck.gamma(1 / 0.16, 5 * 0.16, 1_000_000)
    seen = work + np.where(luck.random(1_000_000) < waiting, luck.exponential(each, 1_000_000), 0.0)
    mean, spread = waiting * each, waiting * each**2 * (2 - waiting)
    of = (np.array([5 + mean]), np.array([(5 * 0.4) ** 2 + spread]), np.array([mean]), np.array([spread]))
    for share, z in ((0.5, 0.0), (0.95, queueing.Z95), (0.99, queueing.Z99)):
        assert queueing.quantile_with_waits(*of, z)[0] == pytest.approx(np.quantile(seen, share), rel=0.03)


@pytest.mark.parametrize("limit", [0.5, 1.0, 2.0, 3.0, 4.0])
def test_share_beyond_a_time_out_is_near_the_exponential_one(limit: float) -> None:
    one = np.array([1.0])
    assert queueing.beyond(np.array([limit]), one, one)[0] == pytest.approx(math.exp(-limit), abs=0.01)
