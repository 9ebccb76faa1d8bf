"""One tick of requests through all services at once.

What an operation has worked through in a tick reaches the operations that it calls in the next, and what failed is tried
again in the next: so no service waits for another inside a tick, and each is a queue of its own. A depth of four calls
delays the demand by four seconds; response times are added up without that delay.

At every tick and service: offered + waiting before = served + shed + failed + waiting.

हर सेकंड, हर सेवा: आया + पहले से रुका = निपटा + लौटाया + असफल + अब भी रुका।
"""

from dataclasses import dataclass

import numpy as np

from mela.rehearsal.engine import queueing
from mela.rehearsal.engine.network import Network
from mela.rehearsal.model import Floats

TINY = 1e-12
FLUID = 0.05
"""Within this share of capacity a queue passes from random waits to a backlog that everybody sees."""
MANY = 1e12


@dataclass(slots=True, eq=False)
class Supply:
    """What serves, by service: changed by pods, nodes and faults, read by every tick.

    `pods` ready; `cores` of one pod; `rate` and `errors` are faults: a factor of capacity, a share of answers that fail;
    `extra_s` is added to every call into the service, `lost` the share of calls that never arrive. `burn_m` is CPU burnt by starting pods, `idle_m` by
    all that run; `limit_m` what all running pods may use.
    """

    pods: Floats
    cores: Floats
    rate: Floats
    errors: Floats
    extra_s: Floats
    lost: Floats
    burn_m: Floats
    idle_m: Floats
    limit_m: Floats
    cut: Floats
    """Share of this tick's requests that go to pods which no longer listen."""
    broken: Floats
    """Share of answers that are errors, whatever pods there are."""


def supply(network: Network) -> Supply:
    """Nothing ready yet; what stands outside serves at once."""
    n = network.n_services
    zeros, ones = np.zeros, np.ones
    return Supply(
        pods=zeros(n), cores=ones(n), rate=ones(n), errors=zeros(n), extra_s=zeros(n), lost=zeros(n),
        burn_m=zeros(n), idle_m=zeros(n), limit_m=zeros(n), cut=zeros(n), broken=zeros(n),
    )  # fmt: skip


@dataclass(slots=True, eq=False)
class Tick:
    """What a tick saw, by service (S,); rates per second. `action` (A, 2): begun and ended well."""

    offered: Floats
    served: Floats
    shed: Floats
    failed: Floats
    waiting: Floats
    p50_s: Floats
    p99_s: Floats
    cpu_used_m: Floats
    capacity: Floats
    concurrency: Floats
    worked: Floats
    answered: Floats
    sent_mbps: float


class Flow:
    """The queues of all services, and what is under way between them."""

    def __init__(self, network: Network, step_s: int = 1) -> None:
        """`step_s`: seconds per step; one step is one tick unless a rehearsal is quick."""
        n, o, e = network.n_services, len(network.operations), len(network.calls)
        self.network, self.step_s = network, float(step_s)
        self.waiting = np.zeros(o)
        self.done = np.zeros(o)
        self.retrying = np.zeros((int(network.retries.max(initial=0)) + 1, e))
        self.mean = network.cpu_s + network.wait_s
        self.variance = network.cpu_s**2
        self.below = np.zeros(o)
        self.below_variance = np.zeros(o)
        self.good = np.ones(o)
        self.load = np.zeros(n)
        self.failing = np.zeros(e)
        """The share of attempts that failed in the last tick, by call."""
        self.retried = np.zeros(e)
        """Attempts beyond the first in the last tick, by call."""
        self.open_until = np.full(e, -1.0)
        self.sent = np.zeros(e)
        self._constants(network)

    def _constants(self, network: Network) -> None:
        services = network.services
        self.own = network.by_service[:-1]
        self.outside = np.array([each.is_outside for each in services])
        self.ceiling = np.array([each.ceiling_per_s or MANY for each in services])
        self.outer_servers = np.array([float(each.servers) for each in services])
        self.slots = np.array([float(each.concurrency) for each in services])
        self.room = np.array([float(each.queue) for each in services])
        self.workers = np.array([float(each.workers) or MANY for each in services])
        self.shared = np.array([each.shared_queue for each in services])
        self.drops = np.array([each.drops_late for each in services])
        self.any_drops = bool(self.drops.any())
        self.extra_of = np.append(network.service_of[network.callee], 0)[:-1]
        self.pooled = np.flatnonzero(network.pool > 0)
        self.pool_service = network.service_of[network.caller[self.pooled]]
        self.breakers = np.array([call.breaker for call in network.calls])
        self.open_s = np.array([float(call.open_s) for call in network.calls])
        self.any_breaker = bool((self.breakers > 0).any())
        self.tiers = sorted(set(network.tier[: -len(network.actions) or None].tolist()), reverse=True)
        self.of_service = np.minimum(network.service_of, network.n_services - 1)
        self.is_crowd = network.service_of == network.n_services
        self.from_op = np.zeros((len(network.operations), len(network.calls)))
        self.from_op[network.caller, np.arange(len(network.calls))] = 1.0

    def tick(self, at_s: float, asked: Floats, supply: Supply) -> Tick:
        """Work through one step that begins at `at_s`; `asked` (A,) are actions begun per second."""
        network, step = self.network, self.step_s
        arriving = self._arrive(at_s)
        arriving[network.crowd] = asked * step
        present_op = self.waiting + arriving
        present = self.own @ present_op
        capacity, servers, queues = self._capacity(present_op, present, supply)
        self.load = queueing.step(present, capacity * step, queues, servers)
        worked = np.minimum(self.load * capacity * step, present)
        share = worked / np.maximum(present, TINY)
        worked_op = present_op * share[self.of_service]
        worked_op[network.crowd] = arriving[network.crowd]
        left_op = present_op - worked_op
        left_op[network.crowd] = 0.0
        shed_op = self._shed(left_op, supply)
        left_op = left_op - shed_op
        late_op = self._drop_late(left_op, capacity)
        left_op = left_op - late_op
        nobody = ((supply.pods <= 0) & ~self.outside)[self.of_service] & ~self.is_crowd
        if nobody.any():
            late_op, shed_op = late_op + np.where(nobody, shed_op, 0.0), np.where(nobody, 0.0, shed_op)
        left = self.own @ left_op
        self._respond(
            left, present - left - self.own @ (shed_op + late_op), capacity, servers, queues, arriving, supply
        )
        lost_op = shed_op + late_op
        admitted = worked_op / np.maximum(worked_op + lost_op, TINY)
        admitted = np.where(worked_op + lost_op > 0, admitted, 1.0)
        succeeded = self._outcome(at_s, admitted, supply)
        served_op = worked_op * succeeded
        self.waiting, self.done = left_op, worked_op
        return self._seen(arriving, worked_op, served_op, shed_op, late_op, capacity, supply)

    def _arrive(self, at_s: float) -> Floats:
        """What was called in the last tick, repeated attempts included, by operation."""
        network = self.network
        first = self.done[network.caller] * network.times
        attempts = self.retrying
        attempts[0] = first
        if self.any_breaker:
            attempts = attempts * self._closed(at_s)
        self.sent = attempts.sum(axis=0)
        self.retried = self.sent - attempts[0]
        arriving: Floats = network.into @ self.sent
        return arriving

    def _closed(self, at_s: float) -> Floats:
        """The share of calls that the breakers let through: none while open, a tenth when they try again."""
        trips = (self.breakers > 0) & (self.failing > self.breakers) & (self.sent > 1.0)
        self.open_until = np.where(trips & (at_s > self.open_until), at_s + self.open_s, self.open_until)
        trying = (self.failing > 0.5 * self.breakers) & (self.breakers > 0)
        closed: Floats = np.where(at_s < self.open_until, 0.0, np.where(trying, 0.1, 1.0))
        self.closed = closed
        return closed

    def _capacity(self, present_op: Floats, present: Floats, supply: Supply) -> tuple[Floats, Floats, Floats]:
        """Requests per second that can be served, and the servers and queues behind that."""
        network = self.network
        mix = present_op / np.maximum(present, TINY)[self.of_service]
        cpu = self.own @ (mix * network.cpu_s)
        hold = self.own @ (mix * (network.cpu_s + network.wait_s + self.below))
        nothing = present <= 0
        cores = np.minimum(supply.cores, self.workers)
        by_cpu = np.where(cpu > 0, supply.pods * cores / np.maximum(cpu, TINY), MANY)
        by_slots = np.where(hold > 0, supply.pods * self.slots / np.maximum(hold, TINY), MANY)
        inside = np.minimum(by_cpu, by_slots)
        if len(self.pooled):
            np.minimum.at(inside, self.pool_service, self._by_pool(mix, supply))
        capacity = np.where(self.outside, self.ceiling, np.where(supply.pods > 0, inside, 0.0)) * supply.rate
        if nothing.any():
            capacity = np.where(nothing & ~self.outside, self._idle_capacity(supply, cores), capacity)
        servers = np.where(by_cpu <= by_slots, np.maximum(1.0, np.floor(cores + 0.5)), self.slots)
        servers = np.where(self.outside, self.outer_servers, servers)
        pods = np.maximum(supply.pods, 1.0)
        queues = np.where(self.outside | self.shared, 1.0, pods)
        servers = np.where(self.shared & ~self.outside, servers * pods, servers)
        return np.minimum(capacity, MANY), servers, queues

    def _idle_capacity(self, supply: Supply, cores: Floats) -> Floats:
        """What a service could do that nobody asks: of its mean operation."""
        cost = (self.own @ self.network.cpu_s) / np.maximum(self.own.sum(axis=1), 1.0)
        by_cpu = supply.pods * cores / np.maximum(cost, TINY)
        result: Floats = np.where(cost > 0, by_cpu, supply.pods * self.slots) * supply.rate
        return result

    def _by_pool(self, mix: Floats, supply: Supply) -> Floats:
        """Requests per second that the connections of each pool allow: pods x pool / (calls per request x response time)."""
        network, pooled = self.network, self.pooled
        held = mix[network.caller[pooled]] * network.times[pooled]
        held = held * np.minimum(self.mean[network.callee[pooled]], network.timeout_s[pooled])
        result: Floats = supply.pods[self.pool_service] * network.pool[pooled] / np.maximum(held, TINY)
        return result

    def _shed(self, left_op: Floats, supply: Supply) -> Floats:
        """What has no place in the queue goes, the highest tier first. Where nobody listens it is an error, not shedding."""
        waiting = self.own @ left_op
        room = np.where(self.outside, self.room * self.outer_servers, self.room * supply.pods)
        over = np.maximum(waiting - room, 0.0)
        shed = np.zeros_like(left_op)
        if not over.any():
            return shed
        for tier in self.tiers:
            of_tier = np.where(self.network.tier == tier, left_op, 0.0)
            there = self.own @ of_tier
            take = np.minimum(over, there)
            shed += of_tier * (take / np.maximum(there, TINY))[self.of_service]
            over = over - take
        shed[self.network.crowd] = 0.0
        return shed

    def _drop_late(self, left_op: Floats, capacity: Floats) -> Floats:
        """Services that look at deadlines drop what has waited longer than its caller."""
        if not self.any_drops:
            return np.zeros_like(left_op)
        network = self.network
        patience = (network.into @ (self.sent * network.timeout_s)) / np.maximum(network.into @ self.sent, TINY)
        waiting = self.own @ left_op
        patient = (self.own @ (left_op * patience)) / np.maximum(waiting, TINY)
        over = np.where(self.drops, np.maximum(waiting - capacity * patient, 0.0), 0.0)
        return left_op * (over / np.maximum(waiting, TINY))[self.of_service]

    def _respond(
        self,
        left: Floats,
        worked: Floats,
        capacity: Floats,
        servers: Floats,
        queues: Floats,
        arriving: Floats,
        supply: Supply,
    ) -> None:
        """Mean and variance of response times by operation: own wait, own work, and the calls below."""
        network = self.network
        rate = worked / self.step_s
        wait = np.where(worked > TINY, left / np.maximum(rate, TINY), 0.0)
        wait = np.minimum(wait, 3600.0)
        busy = np.clip(self.load, TINY, 1.0)
        must_wait = busy ** (np.sqrt(2.0 * (servers + 1.0)) - 1.0)
        random = wait**2 * (2.0 - must_wait) / np.maximum(must_wait, TINY)
        steady = np.clip((1.0 - (self.own @ arriving) / np.maximum(capacity * self.step_s, TINY)) / FLUID, 0.0, 1.0)
        backlog = wait**2 / np.maximum(left / queues, 1.0)
        spread = steady * random + (1.0 - steady) * backlog
        slower = 1.0 / np.minimum(np.where(self.outside, 1.0, np.maximum(supply.cores, 0.001)), 1.0)
        cpu = network.cpu_s * slower[self.of_service]
        mean = cpu + network.wait_s + self.below + wait[self.of_service]
        variance = cpu**2 + self.below_variance + spread[self.of_service]
        self.mean = np.where(self.is_crowd, self.below, mean)
        self.variance = np.where(self.is_crowd, self.below_variance, variance)

    def _outcome(self, at_s: float, admitted: Floats, supply: Supply) -> Floats:
        """The share of what was worked through that ends well; attempts that failed are tried again in the next tick."""
        network = self.network
        to = network.callee
        extra = supply.extra_s[self.extra_of]
        mean = self.mean[to] + extra
        late = queueing.beyond(network.timeout_s, mean, self.variance[to] + extra**2)
        reached = (1.0 - supply.lost[self.extra_of]) * (1.0 - supply.cut[self.extra_of])
        well = admitted[to] * self.good[to] * (1.0 - late) * reached
        self.failing = 1.0 - well
        if self.any_breaker:
            well = well * np.where(at_s < self.open_until, 0.0, 1.0)
        fails = 1.0 - well
        attempts = (1.0 - fails ** (network.retries + 1.0)) / np.maximum(well, TINY)
        attempts = np.where(well > TINY, attempts, network.retries + 1.0)
        took = network.times * np.minimum(mean, network.timeout_s) * attempts
        self.below = self.from_op @ took
        self.below_variance = self.from_op @ (
            network.times * attempts * np.minimum(self.variance[to], network.timeout_s**2)
        )
        ends = np.where(network.needed > 0, (1.0 - fails ** (network.retries + 1.0)), 1.0)
        below = np.exp(self.from_op @ (network.times * np.log(np.maximum(ends, TINY))))
        self._retry(fails)
        late_op = (network.into @ (self.sent * late)) / np.maximum(network.into @ self.sent, TINY)
        wrong = 1.0 - (1.0 - supply.errors) * (1.0 - supply.broken)
        errors = np.where(self.is_crowd, 0.0, wrong[self.of_service])
        cut = np.where(self.is_crowd, 0.0, supply.cut[self.of_service])
        own = (1.0 - errors) * below
        self.good = own
        succeeded: Floats = own * (1.0 - late_op) * (1.0 - cut)
        return succeeded

    def _retry(self, fails: Floats) -> None:
        """Move each failed attempt to the next place, as long as its caller has retries left."""
        attempts = self.retrying
        for number in range(len(attempts) - 1, 0, -1):
            attempts[number] = np.where(self.network.retries >= number, attempts[number - 1] * fails, 0.0)

    def _seen(
        self,
        arriving: Floats,
        worked_op: Floats,
        served_op: Floats,
        shed_op: Floats,
        late_op: Floats,
        capacity: Floats,
        supply: Supply,
    ) -> Tick:
        network, step = self.network, self.step_s
        offered, served, shed = (self.own @ each / step for each in (arriving, served_op, shed_op))
        worked, waiting = self.own @ worked_op, self.own @ self.waiting
        failed = (worked - served * step + self.own @ late_op) / step
        weight = self.own @ served_op
        mix = self.own * served_op
        even = self.own / np.maximum(self.own.sum(axis=1, keepdims=True), 1.0)
        mix = np.where(weight[:, None] > TINY, mix / np.maximum(weight, TINY)[:, None], even)
        mean, second = mix @ self.mean, mix @ (self.variance + self.mean**2)
        variance = np.maximum(second - mean**2, 0.0)
        used = (self.own @ (worked_op * network.cpu_s)) * 1000 / step + supply.idle_m + supply.burn_m
        return Tick(
            offered=offered,
            served=served,
            shed=shed,
            failed=np.maximum(failed, 0.0),
            waiting=waiting,
            p50_s=queueing.quantile(mean, variance, 0.0),
            p99_s=queueing.quantile(mean, variance, queueing.Z99),
            cpu_used_m=np.minimum(used, supply.limit_m),
            capacity=capacity,
            concurrency=worked / step * mean + waiting,
            worked=worked / step,
            answered=served_op[network.crowd] / step,
            sent_mbps=float(worked_op @ network.sends_mb) / step,
        )
