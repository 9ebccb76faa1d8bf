"""One tick of requests through all services at once.

What people ask for arrives at once. What an operation has worked through in a tick reaches the operations that it calls in
the next, and what failed is tried again in the next: so no service waits for another inside a tick, and each is a queue of
its own. A depth of four calls delays the demand by three seconds; response times are added up without that delay.

At every tick and service: offered + waiting before = served + shed + failed + waiting.

A tick is some seventy operations on short arrays, so what is only shown is worked out afterwards, from the rows (`series`).

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
LONGEST_S = 3600.0
"""Waits beyond an hour are not told apart."""
QUOTA_S = 0.1
"""A limit is a quota of CPU per period of this length: a pod below one core runs at full speed, and stands still when it is used up.
Source: https://docs.kernel.org/scheduler/sched-bwc.html, and cpuCFSQuotaPeriod of the kubelet (2026-11-26)."""
KEPT_S = 0.001
"""So much of its quota a processor keeps for a pod that goes to rest, into the next period, whose quota is whole all the same.
Source: min_cfs_rq_runtime in https://github.com/torvalds/linux/blob/v6.12/kernel/sched/fair.c (2026-11-27)."""
STOPPED = 1.0 / 3.0
"""Whom a used up quota stops, it stops for this share of the time without quota, on average; fitted to a simulation (tests/rehearsal/test_quota.py)."""
SOUND = 1e-9
"""Shares of failures below this are none."""


@dataclass(slots=True, eq=False)
class Supply:
    """What serves, by service: changed by pods, nodes and faults, read by every tick.

    `pods` ready; `cores` of one pod; `rate` a factor of capacity; `errors` and `broken` shares of answers that are errors,
    of the pods and whatever pods there are; `extra_s` is added to every call into the service, `lost` is the share of calls
    that never arrive, `cut` the share that goes to pods which no longer listen. `burn_m` is CPU burnt by starting pods,
    `idle_m` by all that run; `limit_m` what all running pods may use.
    """

    pods: Floats
    cores: Floats
    rate: Floats
    errors: Floats
    broken: Floats
    extra_s: Floats
    lost: Floats
    cut: Floats
    burn_m: Floats
    idle_m: Floats
    limit_m: Floats
    touched: bool = True
    """Something changed since a flow last looked."""


def supply(network: Network) -> Supply:
    """Nothing ready yet; what stands outside serves at once."""
    n = network.n_services
    zeros, ones = np.zeros, np.ones
    return Supply(
        pods=zeros(n), cores=ones(n), rate=ones(n), errors=zeros(n), broken=zeros(n), extra_s=zeros(n), lost=zeros(n),
        cut=zeros(n), burn_m=zeros(n), idle_m=zeros(n), limit_m=zeros(n),
    )  # fmt: skip


class Rows:
    """What every step saw: by operation (n_steps, O), and by service (n_steps, S)."""

    def __init__(self, steps: int, network: Network) -> None:
        by_operation, by_service = (steps, len(network.operations)), (steps, network.n_services)
        self.arriving, self.worked, self.served, self.shed, self.late, self.waiting, self.mean, self.variance = (
            np.zeros(by_operation) for _ in range(8)
        )
        self.capacity, self.pods, self.burn_m, self.idle_m, self.limit_m, self.wait, self.spread, self.busy = (
            np.zeros(by_service) for _ in range(8)
        )


class Flow:
    """The queues of all services, and what is under way between them."""

    def __init__(self, network: Network, supply: Supply, steps: int, step_s: int = 1) -> None:
        """`step_s`: seconds per step; one step is one tick unless a rehearsal is quick."""
        o, e = len(network.operations), len(network.calls)
        self.network, self.supply, self.step_s = network, supply, float(step_s)
        self.rows = Rows(steps, network)
        self.waiting, self.done = np.zeros(o), np.zeros(o)
        self.offered = np.zeros(network.n_services)
        """What reached each service in the last tick."""
        self.below, self.below_variance = np.zeros(o), np.zeros(o)
        self.mean, self.good = network.cpu_s + network.wait_s, np.ones(o)
        self.attempts = np.zeros((int(network.retries.max(initial=0)) + 1, e))
        self.sent = np.zeros(e)
        self.retried = np.zeros(e)
        """Attempts beyond the first in the last tick, by call."""
        self.failing = np.zeros(e)
        """The share of attempts that failed in the last tick, by call."""
        self.open_until = np.full(e, -1.0)
        self._fix(network)
        self.refresh()

    def _fix(self, network: Network) -> None:
        """What never changes."""
        services = network.services
        self.own = network.by_service[:-1]
        self.own_cpu, self.own_saves = self.own * network.cpu_s, self.own * network.saves_s
        self.own_more = self.own * (
            (1.0 + network.varies) * (network.cpu_s**2 - (network.cpu_s - network.saves_s) ** 2)
        )
        self.some_save, self.crowded = bool(network.saves_s.any()), np.ones(len(services))
        self.own_varies = self.own_cpu * network.varies
        self.all_vary = bool((network.varies[: network.crowd.start] == 1.0).all())
        self.outside = np.array([each.is_outside for each in services])
        self.ceiling = np.array([each.ceiling_per_s or MANY for each in services])
        self.outer_servers = np.array([float(each.servers) for each in services])
        self.slots = np.array([float(each.concurrency) for each in services])
        self.queue = np.array([float(each.queue) for each in services])
        self.idle_cores = np.array([each.idle_cpu_m / 1000 for each in services])
        self.workers = np.array([float(each.workers) or MANY for each in services])
        self.shared = np.array([each.shared_queue for each in services])
        self.drops = np.array([each.drops_late for each in services])
        self.hold = network.cpu_s + network.wait_s
        self.to_service = network.service_of[network.callee]
        self.pooled = np.flatnonzero(network.pool > 0)
        self.pool_service = network.service_of[network.caller[self.pooled]]
        self.breakers = np.array([call.breaker for call in network.calls])
        self.open_s = np.array([float(call.open_s) for call in network.calls])
        self.mbps = np.array([each.mbps or MANY for each in services])
        self.some_line = bool((self.mbps < MANY).any())
        self.on_line = np.zeros(len(services), dtype=bool)
        """What it can send is what bounds a service."""
        self.some_drop = bool(self.drops.any())
        self.any_breaker = bool((self.breakers > 0).any())
        self.tiers = sorted(set(network.tier[: network.crowd.start].tolist()), reverse=True)
        self.from_op = np.zeros((len(network.operations), len(network.calls)))
        self.from_op[network.caller, np.arange(len(network.calls))] = 1.0
        self.tries = network.retries + 1.0
        self.again = [(network.retries >= number).astype(float) for number in range(len(self.attempts))]
        self.needed_times = network.times * network.needed
        self.timeout_squared = network.timeout_s**2
        self.wide = np.zeros(network.n_services + 1)

    def refresh(self) -> None:
        """Take the supply as it is now: it changes only when something was due."""
        supply, network = self.supply, self.network
        if not supply.touched:
            return
        supply.touched = False
        pods = np.maximum(supply.pods, 1.0)
        cores = np.minimum(supply.cores, self.workers)
        self.cores = cores
        self.throttled = ~self.outside & (cores < 1.0)
        left = np.where(
            self.throttled, np.maximum(cores - self.idle_cores, 0.001), cores
        )  # rest uses the quota up, too
        self.all_cores = supply.pods * left * supply.rate
        self.all_slots = supply.pods * self.slots * supply.rate
        self.outer = self.ceiling * supply.rate
        self.all_mbps = np.where(self.outside, 1.0, supply.pods) * self.mbps
        one_queue = np.where(self.shared, pods, 1.0)
        self.queues = np.where(self.outside | self.shared, 1.0, pods)
        cpu_servers = np.where(self.outside, self.outer_servers, np.maximum(1.0, np.floor(cores + 0.5)) * one_queue)
        slot_servers = np.where(self.outside, self.outer_servers, self.slots * one_queue)
        self.computing = self.queues * cpu_servers * self.step_s
        self.saving = self.own_saves.any(axis=1) & ~self.outside
        self.cpu_power, self.slot_power = queueing.power(cpu_servers), queueing.power(slot_servers)
        self.room = np.where(self.outside, self.queue * self.outer_servers, self.queue * supply.pods)
        self.nobody = (supply.pods <= 0) & ~self.outside
        self.some_have_nobody = bool(self.nobody.any())
        self.any_throttled = bool(self.throttled.any())
        self.kept_share = np.where(self.throttled, KEPT_S / QUOTA_S / left, 0.0)
        self.stop = np.where(self.throttled, QUOTA_S * (1.0 - cores) * STOPPED, 1.0)
        self.share = np.ones(network.n_services + 1)
        self.share[:-1] = np.where(self.throttled, np.maximum(cores, 0.001), 1.0)
        self.share = self.share[network.service_of]
        self._takes(network.cpu_s)
        sound = (1.0 - supply.errors) * (1.0 - supply.broken)
        self.sound = np.append(sound, 1.0)[network.service_of]
        self.kept = np.append(1.0 - supply.cut, 1.0)[network.service_of]
        self.reached = ((1.0 - supply.lost) * (1.0 - supply.cut))[self.to_service]
        self.extra = supply.extra_s[self.to_service]

    def _takes(self, cpu_s: Floats) -> None:
        """How long requests with this CPU take by themselves, by operation: longer than that where a quota does not last for one."""
        cpu = np.maximum(cpu_s, cpu_s / self.share - QUOTA_S * (1.0 - self.share))
        self.own_time, self.own_variance = cpu + self.network.wait_s, self.network.varies * cpu**2

    def tick(self, row: int, at_s: float, asked: Floats) -> None:
        """Work through one step that begins at `at_s`; `asked` (A,) are actions begun per second."""
        network = self.network
        self.done[network.crowd] = (
            asked * self.step_s
        )  # what people ask for arrives at once, their next call a tick later
        arriving = self._arrive(at_s)
        arriving[network.crowd] = asked * self.step_s
        present_op = self.waiting + arriving
        present = self.own @ present_op
        cpu = self.own_cpu @ present_op
        if self.some_save:
            cpu = self._warm(row, present_op, present, cpu)
        varies = self._varies(present_op)
        capacity, power = self._capacity(present_op, present, cpu, varies)
        queues = self.queues if varies is None else self.queues * queueing.share(varies)
        load = queueing.step(present, capacity * self.step_s, queues, power)
        worked = np.minimum(load * (capacity * self.step_s), present)
        worked_op = present_op * self._widened(worked / np.maximum(present, TINY), 1.0)
        left_op, left = present_op - worked_op, present - worked
        lost = None
        if (
            self.some_have_nobody
            or np.count_nonzero(left > self.room)
            or (self.some_drop and self._too_old(left, capacity))
        ):
            left_op, lost = self._turn_away(row, left_op, capacity)
            left = self.own @ left_op
        self.offered = self.own @ arriving
        self.rows.wait[row], self.rows.spread[row] = self._respond(
            load, left, worked, capacity, power, varies, self.offered
        )
        admitted = None if lost is None else (worked_op + TINY) / (worked_op + lost + TINY)
        late = self._outcome(at_s, admitted)
        late_op = (network.into @ (self.sent * late)) / np.maximum(arriving, TINY)  # the crowd is called by nobody
        served_op = worked_op * (self.good * (1.0 - late_op) * self.kept)
        self.waiting, self.done = left_op, worked_op
        self._note(row, arriving, worked_op, served_op, capacity)

    def _widened(self, by_service: Floats, crowd: float) -> Floats:
        """By service to by operation, with the crowd's own value."""
        self.wide[:-1] = by_service
        self.wide[-1] = crowd
        result: Floats = self.wide[self.network.service_of]
        return result

    def _warm(self, row: int, present_op: Floats, present: Floats, cpu: Floats) -> Floats:
        """The CPU that all that is there uses up, `cpu` if each request found its pod idle: as many find it at work as it is busy, by chance.

        A queue is worked off by a pod that is never idle, and who comes first to an idle one makes the next wait longer. A quota is used up by
        all; but where it runs out, many came one upon the other and cost less, so it lasts for more of them.
        """
        network, cores = self.network, self.all_cores * self.step_s
        saves = self.own_saves @ present_op
        busy = np.where(self.saving, queueing.busy(cpu, saves, cores), 0.0)
        self.busy = self.rows.busy[row] = busy
        each = np.maximum(present, TINY)
        wait = queueing.first(present / self.computing, self.own_more @ present_op / each, saves / each)
        self.first = np.where(self.saving & ~self.throttled, wait, 0.0)
        cpu_s = network.cpu_s - self._widened(busy, 0.0) * network.saves_s
        self.hold = cpu_s + network.wait_s
        self._takes(cpu_s)
        result: Floats = cpu - np.where(self.throttled, busy, self.saving) * saves
        self.crowded = result / np.maximum(cpu - saves, TINY)
        return result

    def _varies(self, present_op: Floats) -> Floats | None:
        """The squared variation of the work of a request, of this mix by CPU; None where all work varies like chance."""
        if self.all_vary:
            return None
        varies: Floats = (self.own_varies @ present_op + TINY) / (self.own_cpu @ present_op + TINY)
        return varies

    def _arrive(self, at_s: float) -> Floats:
        """What was called in the last tick, repeated attempts included, by operation."""
        network, attempts = self.network, self.attempts
        attempts[0] = self.done[network.caller] * network.times
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
        return closed

    def _capacity(
        self, present_op: Floats, present: Floats, cpu: Floats, varies: Floats | None
    ) -> tuple[Floats, Floats]:
        """Requests per second that can be served of this mix, `cpu` seconds of it, and the power that its servers give in Sakasegawa's formula."""
        by_cpu = self.all_cores * present / np.maximum(cpu, TINY)
        by_slots = self.all_slots * present / np.maximum(self.own @ (present_op * (self.hold + self.below)), TINY)
        inside = np.minimum(by_cpu, by_slots)
        if len(self.pooled):
            np.minimum.at(inside, self.pool_service, self._by_pool(present_op, present))
        capacity = np.minimum(np.where(self.outside, self.outer, inside), MANY)
        if self.some_line:
            by_line = self.all_mbps * present / np.maximum(self.own @ (present_op * self.network.sends_mb), TINY)
            self.on_line = by_line < capacity
            capacity = np.minimum(capacity, by_line)
        cpu_power = self.cpu_power
        if (
            self.any_throttled
        ):  # each period serves as many as its quota lasts for, at once; the less they vary, the steadier
            by_period = by_cpu * QUOTA_S / self.queues * self.crowded
            by_period = np.maximum(1.0, by_period if varies is None else by_period / queueing.share(varies))
            cpu_power = np.where(self.throttled, queueing.power(by_period), cpu_power)
            used = np.minimum(present / np.maximum(by_cpu * self.step_s, TINY), 1.0)
            capacity = capacity * np.where(
                by_cpu <= by_slots, 1.0 + self.kept_share * (1.0 - used ** (cpu_power - 1.0)), 1.0
            )
        return capacity, np.where(by_cpu <= by_slots, cpu_power, self.slot_power)

    def _by_pool(self, present_op: Floats, present: Floats) -> Floats:
        """Requests per second that the connections of each pool allow: pods x pool / (calls per request x response time)."""
        network, pooled = self.network, self.pooled
        held = present_op[network.caller[pooled]] * network.times[pooled]
        held = held * np.minimum(self.mean[network.callee[pooled]], network.timeout_s[pooled])
        most = self.supply.pods[self.pool_service] * network.pool[pooled] * present[self.pool_service]
        result: Floats = most / np.maximum(held, TINY)
        return result

    def _turn_away(self, row: int, left_op: Floats, capacity: Floats) -> tuple[Floats, Floats]:
        """What finds no place is shed, what is too old is dropped; where nobody listens it is an error, not shedding."""
        shed = self._shed(left_op)
        late = self._late(left_op - shed, capacity)
        if self.some_have_nobody:
            nobody = self._widened(self.nobody.astype(float), 0.0) > 0
            late, shed = late + np.where(nobody, shed, 0.0), np.where(nobody, 0.0, shed)
        self.rows.shed[row], self.rows.late[row] = shed, late
        return np.maximum(left_op - shed - late, 0.0), shed + late

    def _too_old(self, left: Floats, capacity: Floats) -> bool:
        """Somebody may have waited longer than his caller, where that is looked at."""
        return bool((self.drops & (left > capacity * 0.001)).any())

    def _shed(self, left_op: Floats) -> Floats:
        """What has no place in the queue goes, the highest tier first."""
        over = np.maximum(self.own @ left_op - self.room, 0.0)
        shed = np.zeros_like(left_op)
        for tier in self.tiers if over.any() else ():
            of_tier = np.where(self.network.tier == tier, left_op, 0.0)
            there = self.own @ of_tier
            take = np.minimum(over, there)
            shed += of_tier * self._widened(take / np.maximum(there, TINY), 0.0)
            over = over - take
        return shed

    def _late(self, left_op: Floats, capacity: Floats) -> Floats:
        """Services that look at deadlines drop what has waited longer than its caller."""
        network = self.network
        patience = (network.into @ (self.sent * network.timeout_s)) / np.maximum(network.into @ self.sent, TINY)
        waiting = self.own @ left_op
        patient = (self.own @ (left_op * patience)) / np.maximum(waiting, TINY)
        over = np.where(self.drops, np.maximum(waiting - capacity * patient, 0.0), 0.0)
        return left_op * self._widened(over / np.maximum(waiting, TINY), 0.0)

    def _respond(
        self,
        load: Floats,
        left: Floats,
        worked: Floats,
        capacity: Floats,
        power: Floats,
        varies: Floats | None,
        offered: Floats,
    ) -> tuple[Floats, Floats]:
        """Mean and variance of response times by operation: own wait, own work, and the calls below; those of the wait by service are returned."""
        wait = np.minimum(left * self.step_s / np.maximum(worked, TINY), LONGEST_S)
        must_wait = np.maximum(np.maximum(load, TINY) ** (power - 1.0), TINY)
        if self.some_save:  # whoever finds a pod at work waits, however many slots are free
            wait, must_wait = wait + self.first, np.maximum(must_wait, np.where(self.first > 0.0, self.busy, 0.0))
        if self.any_throttled:  # a quota that is used up stops few, and those for long
            must_wait = np.where(self.throttled, np.maximum(np.minimum(must_wait, wait / self.stop), TINY), must_wait)
        if varies is None:
            spread = wait * wait * (2.0 / must_wait - 1.0)
        else:
            clumps = np.where(self.throttled, 1.0, queueing.clumps(varies))
            spread = wait * wait * (1.0 + 2.0 * clumps * (1.0 / must_wait - 1.0))
        room = capacity * self.step_s
        if np.count_nonzero(offered >= (1.0 - FLUID) * room):
            steady = np.clip((room - offered) / np.maximum(room, TINY) / FLUID, 0.0, 1.0)
            spread = steady * spread + (1.0 - steady) * wait * wait / np.maximum(left / self.queues, 1.0)
        self.mean = self.own_time + self.below + self._widened(wait, 0.0)
        self.variance = self.own_variance + self.below_variance + self._widened(spread, 0.0)
        return wait, spread

    def _outcome(self, at_s: float, admitted: Floats | None) -> Floats:
        """How calls end: what that means for their callers, and what is tried again. The share that comes too late, by call."""
        network, to = self.network, self.network.callee
        mean, variance = self.mean[to] + self.extra, self.variance[to]
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
            attempts = np.where(well > TINY, ends / np.maximum(well, TINY), self.tries)
            took, spread = took * attempts, spread * attempts
            self.good = self.sound * np.exp(self.from_op @ (self.needed_times * np.log(np.maximum(ends, TINY))))
        self.below, self.below_variance = self.from_op @ took, self.from_op @ spread
        self._retry(fails)
        return late

    def _retry(self, fails: Floats) -> None:
        """Move each failed attempt to the next place, as long as its caller has retries left."""
        attempts = self.attempts
        for number in range(len(attempts) - 1, 0, -1):
            np.multiply(attempts[number - 1], fails * self.again[number], out=attempts[number])

    def _note(self, row: int, arriving: Floats, worked: Floats, served: Floats, capacity: Floats) -> None:
        rows, supply = self.rows, self.supply
        rows.arriving[row], rows.worked[row], rows.served[row] = arriving, worked, served
        rows.waiting[row], rows.mean[row], rows.variance[row] = self.waiting, self.mean, self.variance
        rows.capacity[row], rows.pods[row] = capacity, supply.pods
        rows.burn_m[row], rows.idle_m[row], rows.limit_m[row] = supply.burn_m, supply.idle_m, supply.limit_m
