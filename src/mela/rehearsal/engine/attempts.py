"""Calls between operations: each attempt, how it ends for its caller, and what is tried again.

What an operation has done in a tick calls others in the next. A call fails that comes too late, ends in an error, is lost or finds no place;
as long as its caller has retries left it is made again a tick later, unless a breaker is open.
"""

import numpy as np

from mela.rehearsal.engine import queueing
from mela.rehearsal.engine.network import Network
from mela.rehearsal.engine.queueing import LEAST
from mela.rehearsal.engine.supply import Supply
from mela.rehearsal.model import Floats

SOUND = 1e-9
"""Shares of failures below this are none."""


class Attempts:
    """All calls that are under way. `good`: the share of answers that are no errors; `below`: seconds that its calls take, `below_variance` of them: by operation."""

    def __init__(self, network: Network) -> None:
        o, e = len(network.operations), len(network.calls)
        self.network = network
        self.good = np.ones(o)
        self.below, self.below_variance = np.zeros(o), np.zeros(o)
        self.places = np.zeros((int(network.retries.max(initial=0)) + 1, e))
        """Attempts under way, by how often they were made before and by call."""
        self.sent = np.zeros(e)
        """Attempts in the last tick, by call."""
        self.retried = np.zeros(e)
        """Attempts beyond the first in the last tick, by call."""
        self.failing = np.zeros(e)
        """The share of attempts that failed in the last tick, by call."""
        self.open_until = np.full(e, -1.0)
        self.to_service = network.service_of[network.callee]
        self.breakers = np.array([call.breaker for call in network.calls])
        self.open_s = np.array([float(call.open_s) for call in network.calls])
        self.any_breaker = bool((self.breakers > 0).any())
        self.from_op = np.zeros((len(network.operations), len(network.calls)))
        self.from_op[network.caller, np.arange(len(network.calls))] = 1.0
        self.tries = network.retries + 1.0
        self.again = [(network.retries >= number).astype(float) for number in range(len(self.places))]
        self.needed_times = network.times * network.needed
        self.timeout_squared = network.timeout_s**2

    def refresh(self, supply: Supply) -> None:
        """Take the supply as it is now."""
        sound = (1.0 - supply.errors) * (1.0 - supply.broken)
        self.sound = np.append(sound, 1.0)[self.network.service_of]
        self.reached = ((1.0 - supply.lost) * (1.0 - supply.cut))[self.to_service]
        self.extra = supply.extra_s[self.to_service]

    def arrive(self, done: Floats, at_s: float) -> Floats:
        """What was called in the last tick by what was `done` there, repeated attempts included, by operation."""
        network, places = self.network, self.places
        places[0] = done[network.caller] * network.times
        if self.any_breaker:
            places = places * self._closed(at_s)
        self.sent = places.sum(axis=0)
        self.retried = self.sent - places[0]
        arriving: Floats = network.into @ self.sent
        return arriving

    def end(self, at_s: float, means: Floats, variances: Floats, admitted: Floats | None) -> Floats:
        """How calls end, by what their operations take: what that means for callers, and what is tried again. The share that comes too late, by call."""
        network, to = self.network, self.network.callee
        mean, variance = means[to] + self.extra, variances[to]
        late = queueing.beyond(network.timeout_s, mean, variance + self.extra**2)
        well = self.good[to] * (1.0 - late) * self.reached
        if admitted is not None:
            well = well * admitted[to]
        self.failing = 1.0 - well
        if self.any_breaker:
            well = np.where(at_s < self.open_until, 0.0, well)
        fails = 1.0 - well
        took = network.times * np.minimum(mean, network.timeout_s)
        spread = network.times * np.minimum(variance, self.timeout_squared)
        self.good = self.sound
        if fails.max(initial=0.0) > SOUND:
            ends = 1.0 - fails**self.tries
            attempts = np.where(well > LEAST, ends / np.maximum(well, LEAST), self.tries)
            took, spread = took * attempts, spread * attempts
            self.good = self.sound * np.exp(self.from_op @ (self.needed_times * np.log(np.maximum(ends, LEAST))))
        self.below, self.below_variance = self.from_op @ took, self.from_op @ spread
        self._retry(fails)
        return late

    def _closed(self, at_s: float) -> Floats:
        """The share of calls that the breakers let through: none while open, a tenth when they try again."""
        trips = (self.breakers > 0) & (self.failing > self.breakers) & (self.sent > 1.0)
        self.open_until = np.where(trips & (at_s > self.open_until), at_s + self.open_s, self.open_until)
        trying = (self.failing > 0.5 * self.breakers) & (self.breakers > 0)
        closed: Floats = np.where(at_s < self.open_until, 0.0, np.where(trying, 0.1, 1.0))
        return closed

    def _retry(self, fails: Floats) -> None:
        """Move each failed attempt to the next place, as long as its caller has retries left."""
        places = self.places
        for number in range(len(places) - 1, 0, -1):
            np.multiply(places[number - 1], fails * self.again[number], out=places[number])
