"""One tick of requests through all services at once.

What people ask for arrives at once. What an operation has worked through in a tick reaches the operations that it calls in
the next, and what failed is tried again in the next: so no service waits for another inside a tick, and each is a queue of
its own. A depth of four calls delays the demand by three seconds; response times are added up without that delay.

At every tick and service: offered + waiting before = served + shed + failed + waiting.

A tick is some seventy operations on short arrays, so what is only shown is worked out afterwards, from the rows (`series`).

हर सेकंड, हर सेवा: आया + पहले से रुका = निपटा + लौटाया + असफल + अब भी रुका।
"""

import numpy as np

from mela.rehearsal.engine import queueing
from mela.rehearsal.engine.attempts import Attempts
from mela.rehearsal.engine.network import Network
from mela.rehearsal.engine.queueing import LEAST
from mela.rehearsal.engine.supply import Supply
from mela.rehearsal.model import Floats

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
    """The queues of all services; `attempts` are the calls between them."""

    def __init__(self, network: Network, supply: Supply, steps: int, step_s: int = 1) -> None:
        """`step_s`: seconds per step; one step is one tick unless a rehearsal is quick."""
        o = len(network.operations)
        self.network, self.supply, self.step_s = network, supply, float(step_s)
        self.rows = Rows(steps, network)
        self.waiting, self.done = np.zeros(o), np.zeros(o)
        self.offered = np.zeros(network.n_services)
        """What reached each service in the last tick."""
        self.mean = network.cpu_s + network.wait_s
        self.attempts = Attempts(network)
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
        self.pooled = np.flatnonzero(network.pool > 0)
        self.pool_service = network.service_of[network.caller[self.pooled]]
        self.mbps = np.array([each.mbps or MANY for each in services])
        self.some_line = bool((self.mbps < MANY).any())
        self.on_line = np.zeros(len(services), dtype=bool)
        """What it can send is what bounds a service."""
        self.some_drop = bool(self.drops.any())
        self.tiers = sorted(set(network.tier[: network.crowd.start].tolist()), reverse=True)
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
        # rest uses the quota up, too
        left = np.where(self.throttled, np.maximum(cores - self.idle_cores, 0.001), cores)
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
        self.kept = np.append(1.0 - supply.cut, 1.0)[network.service_of]
        self.attempts.refresh(supply)

    def _takes(self, cpu_s: Floats) -> None:
        """How long requests with this CPU take by themselves, by operation: longer than that where a quota does not last for one."""
        cpu = np.maximum(cpu_s, cpu_s / self.share - QUOTA_S * (1.0 - self.share))
        self.own_time, self.own_variance = cpu + self.network.wait_s, self.network.varies * cpu**2

    def tick(self, row: int, at_s: float, asked: Floats) -> None:
        """Work through one step that begins at `at_s`; `asked` (A,) are actions begun per second."""
        network, attempts = self.network, self.attempts
        # what people ask for arrives at once, their next call a tick later
        self.done[network.crowd] = asked * self.step_s
        arriving = attempts.arrive(self.done, at_s)
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
        worked_op = present_op * self._widened(worked / np.maximum(present, LEAST), 1.0)
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
        admitted = None if lost is None else (worked_op + LEAST) / (worked_op + lost + LEAST)
        late = attempts.end(at_s, self.mean, self.variance, admitted)
        # the crowd is called by nobody
        late_op = (network.into @ (attempts.sent * late)) / np.maximum(arriving, LEAST)
        served_op = worked_op * (attempts.good * (1.0 - late_op) * self.kept)
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
        each = np.maximum(present, LEAST)
        wait = queueing.first(present / self.computing, self.own_more @ present_op / each, saves / each)
        self.first = np.where(self.saving & ~self.throttled, wait, 0.0)
        cpu_s = network.cpu_s - self._widened(busy, 0.0) * network.saves_s
        self.hold = cpu_s + network.wait_s
        self._takes(cpu_s)
        result: Floats = cpu - np.where(self.throttled, busy, self.saving) * saves
        self.crowded = result / np.maximum(cpu - saves, LEAST)
        return result

    def _varies(self, present_op: Floats) -> Floats | None:
        """The squared variation of the work of a request, of this mix by CPU; None where all work varies like chance."""
        if self.all_vary:
            return None
        varies: Floats = (self.own_varies @ present_op + LEAST) / (self.own_cpu @ present_op + LEAST)
        return varies

    def _capacity(
        self, present_op: Floats, present: Floats, cpu: Floats, varies: Floats | None
    ) -> tuple[Floats, Floats]:
        """Requests per second that can be served of this mix, `cpu` seconds of it, and the power that its servers give in Sakasegawa's formula."""
        by_cpu = self.all_cores * present / np.maximum(cpu, LEAST)
        held = self.own @ (present_op * (self.hold + self.attempts.below))
        by_slots = self.all_slots * present / np.maximum(held, LEAST)
        inside = np.minimum(by_cpu, by_slots)
        if len(self.pooled):
            np.minimum.at(inside, self.pool_service, self._by_pool(present_op, present))
        capacity = np.minimum(np.where(self.outside, self.outer, inside), MANY)
        if self.some_line:
            by_line = self.all_mbps * present / np.maximum(self.own @ (present_op * self.network.sends_mb), LEAST)
            self.on_line = by_line < capacity
            capacity = np.minimum(capacity, by_line)
        cpu_power = self.cpu_power
        if self.any_throttled:
            # each period serves as many as its quota lasts for, at once; the less they vary, the steadier
            by_period = by_cpu * QUOTA_S / self.queues * self.crowded
            by_period = np.maximum(1.0, by_period if varies is None else by_period / queueing.share(varies))
            cpu_power = np.where(self.throttled, queueing.power(by_period), cpu_power)
            used = np.minimum(present / np.maximum(by_cpu * self.step_s, LEAST), 1.0)
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
        result: Floats = most / np.maximum(held, LEAST)
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
            shed += of_tier * self._widened(take / np.maximum(there, LEAST), 0.0)
            over = over - take
        return shed

    def _late(self, left_op: Floats, capacity: Floats) -> Floats:
        """Services that look at deadlines drop what has waited longer than its caller."""
        network, sent = self.network, self.attempts.sent
        patience = (network.into @ (sent * network.timeout_s)) / np.maximum(network.into @ sent, LEAST)
        waiting = self.own @ left_op
        patient = (self.own @ (left_op * patience)) / np.maximum(waiting, LEAST)
        over = np.where(self.drops, np.maximum(waiting - capacity * patient, 0.0), 0.0)
        return left_op * self._widened(over / np.maximum(waiting, LEAST), 0.0)

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
        wait = np.minimum(left * self.step_s / np.maximum(worked, LEAST), LONGEST_S)
        must_wait = np.maximum(np.maximum(load, LEAST) ** (power - 1.0), LEAST)
        if self.some_save:  # whoever finds a pod at work waits, however many slots are free
            wait, must_wait = wait + self.first, np.maximum(must_wait, np.where(self.first > 0.0, self.busy, 0.0))
        if self.any_throttled:  # a quota that is used up stops few, and those for long
            must_wait = np.where(self.throttled, np.maximum(np.minimum(must_wait, wait / self.stop), LEAST), must_wait)
        if varies is None:
            spread = wait * wait * (2.0 / must_wait - 1.0)
        else:
            clumps = np.where(self.throttled, 1.0, queueing.clumps(varies))
            spread = wait * wait * (1.0 + 2.0 * clumps * (1.0 / must_wait - 1.0))
        room = capacity * self.step_s
        if np.count_nonzero(offered >= (1.0 - FLUID) * room):
            steady = np.clip((room - offered) / np.maximum(room, LEAST) / FLUID, 0.0, 1.0)
            spread = steady * spread + (1.0 - steady) * wait * wait / np.maximum(left / self.queues, 1.0)
        self.mean = self.own_time + self.attempts.below + self._widened(wait, 0.0)
        self.variance = self.own_variance + self.attempts.below_variance + self._widened(spread, 0.0)
        return wait, spread

    def _note(self, row: int, arriving: Floats, worked: Floats, served: Floats, capacity: Floats) -> None:
        rows, supply = self.rows, self.supply
        rows.arriving[row], rows.worked[row], rows.served[row] = arriving, worked, served
        rows.waiting[row], rows.mean[row], rows.variance[row] = self.waiting, self.mean, self.variance
        rows.capacity[row], rows.pods[row] = capacity, supply.pods
        rows.burn_m[row], rows.idle_m[row], rows.limit_m[row] = supply.burn_m, supply.idle_m, supply.limit_m
