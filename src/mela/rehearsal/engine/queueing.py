"""Formulas of a tick: how much a queue serves, how long one waits, how a response time spreads.

All functions take and give arrays by service (or by call), never loop, and are held against exact results by tests.

    step        a queue over one tick: the pointwise stationary fluid-flow approximation
    waiting_of  customers waiting in M/M/c at a load, by Sakasegawa's formula
    share       of that, where the work of a request varies less than by chance or more: M/G/c, by Allen and Cunneen
    clumps      how its waits spread
    quantile_with_waits    of a response of which some wait, by both distributions
    busy, first where a request costs more that finds its pod idle: how busy the pod is, and the wait that this adds
    quantile    of a response time with this mean and variance, by the gamma distribution
    beyond      the share of responses that take longer than a time-out

In M/M/c `servers` are the cores of one pod where requests are sent to pods at random, or of all pods where they share a
queue. Errors, measured in tests/rehearsal/test_queueing.py: the mean wait is within 2 % of Erlang's plus 4 % of a service
time, for loads from 0.1 to 0.99 and 1 to 64 servers; that in M/D/1 and M/G/1 within 1 % of Pollaczek's and Khinchine's; the 99th percentile
of an exponential response within 1 %.

Source: W. Wang, D. Tipper, S. Banerjee, "A simple approximation for modeling nonstationary queues", INFOCOM 1996;
H. Sakasegawa, "An approximation formula Lq = a b^c/(1-b)", Ann. Inst. Stat. Math. 29 (1977);
A. Allen, "Probability, statistics and queueing theory", 2nd ed. (1990), 5.3.4 (Allen and Cunneen) and 5.3.1 (moments of the wait in M/G/1);
P. Welch, "On a generalized M/G/1 queueing process in which the first customer of each busy period receives exceptional service",
Operations Research 12 (1964);
E. Wilson, M. Hilferty, "The distribution of chi-square", PNAS 17 (1931). Read 2026-11-26.
"""

from statistics import NormalDist

import numpy as np

from mela.rehearsal.model import Floats

BOUNDS, ROUNDS = 2, 2
"""Bounds and Newton steps per tick."""
Z99 = 2.3263478740408408
"""The 99th percentile of the standard normal distribution."""
Z95 = 1.6448536269514722
RARE, SOME = 2.0, 0.02
"""Waits that are told apart from work: so many times longer than the scale of its gamma, and so much of mean and variance."""
HALVINGS, MOST = 8, 50.0
NORMAL = NormalDist()
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


def share(varies: Floats) -> Floats:
    """The wait where work has this squared coefficient of variation, of the wait where it has 1: half of it where all work is the same."""
    result: Floats = (1.0 + varies) / 2.0
    return result


def clumps(varies: Floats) -> Floats:
    """The factor in the variance of a wait W of which a share P is not 0: W^2 (1 + 2 factor (1/P - 1)); 1 in M/M/c, 2/3 where all work is the same.

    Exact in M/G/1 where work is distributed as a gamma.
    """
    result: Floats = 2.0 * (1.0 + 2.0 * varies) / (3.0 * (1.0 + varies))
    return result


def busy(cost: Floats, saves: Floats, cores: Floats) -> Floats:
    """How busy pods with so many `cores` are, 0 to 1: what they have to do costs `cost` where it finds them idle, `saves` less where not.

    In Welch's queue the share of time is the share of requests: b K = n (c - b s), so b = n c / (K + n s).
    """
    result: Floats = np.where(cost - saves < cores, cost / np.maximum(cores + saves, LEAST), 1.0)
    return result


def first(rate: Floats, more: Floats, saves: Floats) -> Floats:
    """The mean wait in Welch's queue beyond that of M/G/1: `more` and `saves` are how much larger the second and the first moment of an exceptional service are."""
    result: Floats = rate * more / (2.0 * np.maximum(1.0 + rate * saves, LEAST))
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


def quantile_with_waits(mean: Floats, variance: Floats, wait: Floats, spread: Floats, z: float) -> Floats:
    """The quantile of a response with this mean and variance, of which a wait with mean `wait` and variance `spread` is part.

    A share of the requests waits, exponentially; the rest of the response is a gamma. Where few wait long, the median knows nothing of it
    and the 99th percentile nothing else. Where waits are as short as work varies, or everybody waits, the whole is taken for a gamma.
    """
    found = quantile(mean, variance, z)
    rest, varies = mean - wait, np.maximum(variance - spread, LEAST)
    waiting = 2.0 / (1.0 + spread / np.maximum(wait * wait, LEAST))
    scale, each = varies / np.maximum(rest, LEAST), wait / waiting
    some = (waiting < 1.0) & (each > np.maximum(RARE * scale, SOME * mean)) & (spread > SOME * variance)
    if some.any():
        found[some] = _of_some(rest[some], scale[some], waiting[some], each[some], z)
    return found


def _of_some(rest: Floats, scale: Floats, waiting: Floats, each: Floats, z: float) -> Floats:
    """The quantile of a gamma with this mean and scale plus, for a share `waiting`, an exponential with mean `each`, by bisection."""
    left = float(tail(np.array([z]))[0])
    shape, leaned = rest / scale, scale * each / (each - scale)
    grown, slope = -shape * np.log1p(-scale / each), rest * leaned / scale
    low = np.maximum(quantile(rest, rest * scale, z), 0.0)
    half = quantile(rest, rest * scale, NORMAL.inv_cdf(1.0 - left / 2.0))
    high = half + each * np.log(np.maximum(2.0 * waiting / left, 1.0))
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        late = beyond(middle, rest, rest * scale)
        waits = np.exp(np.minimum(grown - middle / each, MOST)) * (1.0 - beyond(middle, slope, slope * leaned))
        late += waiting * np.minimum(waits, 1.0 - late)
        above = late > left
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    result: Floats = 0.5 * (low + high)
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
