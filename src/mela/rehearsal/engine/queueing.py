"""Formulas of a tick: how much a queue serves, how long one waits, how a response time spreads.

All functions take and give arrays by service (or by call), never loop, and are held against exact results by tests.

    step        a queue over one tick: the pointwise stationary fluid-flow approximation
    waiting_of  customers waiting in M/M/c at a load, by Sakasegawa's formula
    quantile    of a response time with this mean and variance, by the gamma distribution
    beyond      the share of responses that take longer than a time-out

In M/M/c `servers` are the cores of one pod where requests are sent to pods at random, or of all pods where they share a
queue. Errors, measured in tests/rehearsal/test_queueing.py: the mean wait is within 2 % of Erlang's plus 4 % of a service
time, for loads from 0.1 to 0.99 and 1 to 64 servers; the 99th percentile of an exponential response within 1 %.

Source: W. Wang, D. Tipper, S. Banerjee, "A simple approximation for modeling nonstationary queues", INFOCOM 1996;
H. Sakasegawa, "An approximation formula Lq = a b^c/(1-b)", Ann. Inst. Stat. Math. 29 (1977);
E. Wilson, M. Hilferty, "The distribution of chi-square", PNAS 17 (1931). Read 2026-11-26.
"""

import numpy as np

from mela.rehearsal.model import Floats

BOUNDS, ROUNDS = 2, 2
"""Bounds and Newton steps per tick."""
Z99 = 2.3263478740408408
"""The 99th percentile of the standard normal distribution."""
LEAST = 1e-12
FULLEST = 1.0 - 1e-9


def power(servers: Floats) -> Floats:
    """The power of the load in Sakasegawa's formula."""
    result: Floats = np.sqrt(2.0 * (servers + 1.0))
    return result


def waiting_of(load: Floats, servers: Floats) -> Floats:
    """Customers who wait, on average, in M/M/c with `servers` at `load` (0 to below 1)."""
    result: Floats = load ** power(servers) / (1.0 - load)
    return result


def step(present: Floats, capacity: Floats, queues: Floats, grows: Floats) -> Floats:
    """The load (0 to below 1) at which each service works through this tick.

    `present` waited at the beginning or arrive in the tick; `capacity` is what can be served in it; `queues` is how many
    separate queues there are, `grows` the `power` of the servers of each. Served is load x capacity, and the rest waits: the wait that the load
    itself brings about, so that a steady flow sees M/M/c and a flow above capacity piles up.

    The load solves waiting_of(load) x queues + load x capacity = present. Two bounds bracket it, then Newton steps come
    down from the upper one, where the left side is convex.
    """
    safe = np.maximum(capacity, LEAST)
    most, less = present / safe, grows - 1.0
    gap, sum_, four = (safe - present) ** 2, safe + present, 4.0 * safe
    load = np.minimum(most, 1.0)
    for _ in range(
        BOUNDS
    ):  # if `factor` / (1 - load) wait: an upper bound where the factor is too small, else a lower one
        factor = queues * load**grows
        load = np.maximum(2.0 * (present - factor), 0.0) / (sum_ + np.sqrt(gap + four * factor))
    load = np.minimum(load, FULLEST)
    for _ in range(ROUNDS):
        idle = 1.0 - load
        grown = queues * np.maximum(load, LEAST) ** less
        slope = grown * (grows * idle + load) / (idle * idle) + safe
        load = load - (grown * load / idle + safe * load - present) / slope
        load = np.minimum(np.maximum(load, 0.0), FULLEST)
    return np.minimum(load, most) * (capacity > 0)


def quantile(mean: Floats, variance: Floats, z: float) -> Floats:
    """The quantile of a gamma distribution at the standard normal's `z` (0 for the median, Z99 for 99 %)."""
    spread = variance / np.maximum(9.0 * mean * mean, LEAST)
    result: Floats = mean * np.maximum(1.0 - spread + z * np.sqrt(spread), 0.0) ** 3
    return result


def beyond(limit: Floats, mean: Floats, variance: Floats) -> Floats:
    """The share of responses longer than `limit`, of a gamma distribution; `quantile` the other way round."""
    spread = np.maximum(variance / np.maximum(9.0 * mean * mean, LEAST), LEAST)
    z = (np.cbrt(limit / np.maximum(mean, LEAST)) - (1.0 - spread)) / np.sqrt(spread)
    return tail(z)


def tail(z: Floats) -> Floats:
    """The normal distribution's upper tail; the error is below 2e-4.

    Source: the logistic form of E. Page, "Approximations to the cumulative normal function", Applied Statistics 26 (1977).
    """
    z = np.minimum(np.maximum(z, -6.0), 6.0)
    result: Floats = 1.0 / (1.0 + np.exp(2.0 * z * (0.7988 + 0.03567 * z * z)))
    return result
