"""Pods and nodes through time: what a new scale sets in motion, second by second, until pods serve or end.

Nothing happens by itself: what is due is put into the agenda, the run takes it out when its second comes. Random numbers
are drawn per cohort and node from the seed and their name, so that one more pod elsewhere changes nobody's luck.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mela.rehearsal import calls
from mela.rehearsal.engine import boots, rollouts
from mela.rehearsal.engine.admission import Namespace
from mela.rehearsal.engine.agenda import Agenda, Due
from mela.rehearsal.engine.delays import Delays
from mela.rehearsal.engine.happenings import Log
from mela.rehearsal.engine.nodes import Ints, Nodes
from mela.rehearsal.engine.pods import NOWHERE, PENDING, READY, STARTING, Cohort, Fleet
from mela.rehearsal.engine.serving import Serving
from mela.rehearsal.engine.supply import Supply
from mela.rehearsal.system import Rehearsed

CHUNK_S = 5
"""Pods that are created faster than a cluster can bind them come in portions of so many seconds."""
LONG_AGO = -100_000.0
"""When the pods that are there at the start became ready."""


@dataclass(slots=True)
class Condition:
    """What faults do to pods that start: a factor for pulling images, and which revision never gets ready."""

    slow_registry: float = 1.0
    slow_nodes: float = 1.0


class World:
    """Fleets on nodes. `serving` keeps what the queues see of them."""

    def __init__(
        self,
        system: Rehearsed,
        services: Mapping[str, tuple[int, calls.Service]],
        supply: Supply,
        delays: Delays,
        seed: int,
        log: Log,
    ) -> None:
        """`services` are the graph's services by the workload that serves them, with their index."""
        self.system, self.services, self.supply, self.delays, self.seed, self.log = (
            system,
            services,
            supply,
            delays,
            seed,
            log,
        )
        workloads = list(system.workloads.values())
        self.fleets = [Fleet(index, each) for index, each in enumerate(workloads)]
        self.by_name = {each.workload.name: each for each in self.fleets}
        self.nodes = Nodes(system.groups, workloads) if system.groups else None
        self.namespaces = {each.namespace: Namespace(system, each.namespace) for each in workloads}
        self.condition = Condition()
        self.bad_revisions: set[tuple[str, int]] = set()
        self.agenda = Agenda()
        self.serving = Serving(services, supply, self.nodes, self.agenda, log)
        self._wakes_s = -1.0

    def luck(self, *name: object) -> np.random.Generator:
        """A generator of its own for each name."""
        return np.random.Generator(np.random.PCG64([self.seed, zlib.crc32(repr(name).encode())]))

    # ---- scale

    def settle(self) -> None:
        """The pods that are there when the rehearsal begins: admitted, on nodes, long ready."""
        if self.nodes is not None:
            self.nodes.settle(LONG_AGO)
        for fleet in sorted(self.fleets, key=lambda each: -each.workload.pod.priority):
            scaler = fleet.workload.scaler
            if scaler:
                fleet.desired = min(max(fleet.desired, scaler.spec.min_replicas), scaler.spec.max_replicas)
            self._create(fleet, fleet.desired, 0.0, old=True)
        for fleet in self.fleets:
            self.serving.refresh(fleet, 0.0)

    def scale(self, fleet: Fleet, replicas: int, now_s: float) -> None:
        """Set the replicas that the workload should have."""
        fleet.desired = replicas
        self.reconcile(fleet, now_s)

    def reconcile(self, fleet: Fleet, now_s: float) -> None:
        """Create or delete what is missing or too many; during a rollout its controller says which."""
        if fleet.rollout is not None:
            self._roll(fleet, now_s)
            return
        missing = fleet.desired - fleet.number()
        if missing > 0:
            self._create(fleet, missing, now_s)
        elif missing < 0:
            fleet.refused = 0
            self.end(fleet, fleet.victims(-missing), now_s)
        else:
            fleet.refused = 0
        self.serving.refresh(fleet, now_s)

    def _create(self, fleet: Fleet, count: int, now_s: float, *, old: bool = False, revision: int = 0) -> None:
        admitted, refusal = self.namespaces[fleet.workload.namespace].admit(fleet.workload, count)
        fleet.refused = count - admitted
        if refusal:
            self.log.once(
                now_s,
                "quota-refused",
                fleet.workload.name,
                f"{fleet.refused} pods refused: {refusal.text}",
                refusal.field,
            )
            self.agenda.at(now_s + self.delays["pod"]["retry"], lambda when: self.reconcile(fleet, when))
        if not admitted:
            return
        revision = revision or fleet.revision
        if old:
            cohort = Cohort(fleet.new_id(), admitted, LONG_AGO, revision)
            fleet.cohorts.append(cohort)
            self._settle(fleet, cohort)
            return
        portion = max(1, int(self.delays["pod"]["per_s"] * CHUNK_S))
        for index, first in enumerate(range(0, admitted, portion)):
            cohort = Cohort(fleet.new_id(), min(portion, admitted - first), now_s, revision)
            fleet.cohorts.append(cohort)
            cohort.bad = (fleet.workload.name, revision) in self.bad_revisions
            self.wake(now_s + self.delays["pod"]["bind"] + index * CHUNK_S)

    def _settle(self, fleet: Fleet, cohort: Cohort) -> None:
        if self.nodes is not None:
            where = self.nodes.place(fleet.index, cohort.count, 0.0)
            while len(where) < cohort.count:
                more = self._first_nodes(fleet, cohort.count - len(where))
                if not len(more):
                    break
                where = np.append(where, self.nodes.place(fleet.index, cohort.count - len(where), 0.0))
            if len(where) < cohort.count:
                out = cohort.split(cohort.count - len(where), fleet.new_id())
                fleet.cohorts.append(out)
                self.wake(0.0)
            if not len(where):
                fleet.drop_empty()
                return
            cohort.nodes = where
            self.nodes.warm[fleet.index, where] = True
        cohort.state = READY
        cohort.bound_s = cohort.running_s = cohort.ready_s = LONG_AGO

    def _first_nodes(self, fleet: Fleet, pods: int) -> Ints:
        """Before the start there are as many nodes as the pods need, within the groups' bounds."""
        nodes = self.nodes
        assert nodes is not None
        for spot in nodes.candidates(fleet.index):
            if nodes.room_in(nodes.spots[spot].group) > 0:
                return nodes.add(spot, 1, [LONG_AGO])
        return NOWHERE

    # ---- rollouts

    def roll_out(self, fleet: Fleet, now_s: float) -> None:
        """Begin with a new revision; one that is under way is left where it is."""
        field = fleet.workload.field("strategy")
        fleet.rollout = rollouts.Rollout.begin(fleet, now_s)
        self.log.say(now_s, "rollout-started", fleet.workload.name, f"revision {fleet.revision} is rolled out", field)
        self._rolling(fleet, now_s)

    def _rolling(self, fleet: Fleet, now_s: float) -> None:
        if fleet.rollout is None:
            return
        self._roll(fleet, now_s)
        if fleet.rollout.is_over():
            fleet.rollout = None
        elif fleet.rollout.stuck:
            text = f"revision {fleet.revision} makes no progress: its pods do not get ready"
            self.log.once(now_s, "rollout-stuck", fleet.workload.name, text, fleet.workload.field("strategy"))
        self.agenda.at(now_s + rollouts.EVERY_S, lambda when: self._rolling(fleet, when))

    def _roll(self, fleet: Fleet, now_s: float) -> None:
        """Give each revision the pods that the Deployment's controller wants."""
        fleet.refused = 0
        for revision, size in fleet.rollout.step(now_s).items():
            there = sum(each.count for each in fleet.cohorts if each.revision == revision)
            if size > there:
                self._create(fleet, size - there, now_s, revision=revision)
            elif size < there:
                self.end(fleet, fleet.victims(there - size, revision), now_s)
        self.serving.refresh(fleet, now_s)

    # ---- scheduling

    def wake(self, when_s: float) -> None:
        """Have the scheduler look at pending pods at a time."""
        if when_s != self._wakes_s:
            self._wakes_s = when_s
            self.agenda.at(when_s, self._schedule)

    def _schedule(self, now_s: float) -> None:
        bind = self.delays["pod"]["bind"]
        budget = int(self.delays["pod"]["per_s"] * CHUNK_S)
        waiting = [(fleet, each) for fleet in self.fleets for each in fleet.gather(now_s - bind)]
        waiting.sort(key=lambda pair: (-pair[0].workload.pod.priority, pair[1].created_s, pair[1].id))
        without, placed = set[int](), dict[int, Fleet]()
        for fleet, cohort in waiting:
            if budget <= 0:
                self.wake(now_s + CHUNK_S)
                break
            if self.nodes is not None and without & self.nodes.easier[fleet.index]:
                self._explain(fleet, min(cohort.count, budget), now_s)
                continue
            if bound := self._bind(fleet, cohort, budget, now_s):
                placed[fleet.index] = fleet
                budget -= bound
            if cohort.state == PENDING and budget > 0:
                without.add(fleet.index)
        for fleet in placed.values():
            self.serving.refresh(fleet, now_s)

    def _bind(self, fleet: Fleet, cohort: Cohort, most: int, now_s: float) -> int:
        """Give nodes to as many pods of a cohort as find one."""
        wanted = min(cohort.count, most)
        if self.nodes is None:
            where, found = NOWHERE, wanted
        else:
            where = self.nodes.place(fleet.index, wanted, now_s)
            found = len(where)
        if found < wanted:
            self._explain(fleet, wanted - found, now_s)
        if not found:
            return 0
        bound = cohort
        if found < cohort.count:
            bound = cohort.split(found, fleet.new_id())
            fleet.cohorts.append(bound)
        bound.nodes, bound.bound_s = where, now_s
        self._start(fleet, bound, now_s)
        return found

    def _explain(self, fleet: Fleet, left: int, now_s: float) -> None:
        workload = fleet.workload
        if not self.log.is_new(now_s, "no-node-fits", workload.name):
            return
        them = "1 pod is pending" if left == 1 else f"{left} pods are pending"
        text = f"{them}: no node has room for {workload.request_cpu_m}m CPU and the rest of what is asked for"
        self.log.say(now_s, "no-node-fits", workload.name, text, workload.resource("requests", "cpu"))

    # ---- start and end

    def _start(self, fleet: Fleet, cohort: Cohort, now_s: float) -> None:
        """Work out when each part of the start is over; pods that have to pull the image are a cohort of their own."""
        parts = [cohort]
        if self.nodes is not None:
            warm = self.nodes.warm[fleet.index, cohort.nodes]
            self.nodes.warm[fleet.index, cohort.nodes] = True
            if warm.any() and not warm.all():
                cohort.nodes = np.concatenate([cohort.nodes[~warm], cohort.nodes[warm]])
                parts.append(cohort.split(int(warm.sum()), fleet.new_id()))
                fleet.cohorts.append(parts[1])
            colds = [not warm.all(), False]
        else:
            colds = [False]
        for part, cold in zip(parts, colds, strict=False):
            self._time(fleet, part, cold=cold, now_s=now_s)

    def _time(self, fleet: Fleet, cohort: Cohort, *, cold: bool, now_s: float) -> None:
        pod, workload = self.delays["pod"], fleet.workload
        what = self.services.get(workload.name, (0, calls.Service(workload.name, {})))[1]
        luck = self.luck("start", workload.name, cohort.id).standard_normal()
        factor = max(0.5, 1.0 + pod["spread"] * float(luck))
        pull = (
            (pod["pull_overhead"] + what.image_mb / pod["pull_mb_per_s"]) * self.condition.slow_registry
            if cold
            else 0.0
        )
        self.boot(fleet, cohort, now_s + (pod["sandbox"] + pull + what.init_s) * factor, what, factor)

    def boot(self, fleet: Fleet, cohort: Cohort, runs_s: float, what: calls.Service, factor: float) -> None:
        """Containers run from a time on; when they have booted and probes have passed, they are ready."""
        workload = fleet.workload
        cohort.state, cohort.running_s = STARTING, runs_s
        boot = boots.boot_s(workload, what, factor)
        if cohort.bad:
            return
        self.agenda.at(runs_s, lambda when: self.serving.refresh(fleet, when))
        self.agenda.at(runs_s + boot + self.delays["pod"]["endpoint"], self.readying(fleet, cohort))

    def readying(self, fleet: Fleet, cohort: Cohort) -> Due:
        return lambda when: self._ready(fleet, cohort, when)

    def _ready(self, fleet: Fleet, cohort: Cohort, now_s: float) -> None:
        if cohort.state == STARTING and cohort.count:
            cohort.state, cohort.ready_s = READY, now_s
            self.serving.refresh(fleet, now_s)

    def end(self, fleet: Fleet, cohorts: list[Cohort], now_s: float, *, at_once: bool = False) -> None:
        """Pods leave the endpoints and stop after preStop; what they held is free when they are gone."""
        pod, workload = self.delays["pod"], fleet.workload
        serving = sum(each.count for each in cohorts if each.state == READY)
        before = fleet.number(READY) + serving
        lag = pod["endpoint"] if at_once else pod["endpoint"] - workload.prestop_s
        if serving and lag > 0 and workload.name in self.services:
            self.serving.cut(fleet, serving / max(before, 1), lag, now_s, at_once=at_once)
        stays = 0.0 if at_once else min(workload.grace_s, workload.prestop_s + 1.0)
        number = sum(each.count for each in cohorts)
        where = np.concatenate([each.nodes for each in cohorts]) if cohorts else NOWHERE
        self.agenda.at(now_s + stays, lambda when: self._gone(fleet, number, where, when))
        for each in cohorts:
            each.count, each.nodes = 0, NOWHERE
        self.serving.refresh(fleet, now_s)

    def _gone(self, fleet: Fleet, number: int, where: Ints, now_s: float) -> None:
        self.namespaces[fleet.workload.namespace].release(fleet.workload, number)
        if self.nodes is not None and len(where):
            self.nodes.release(fleet.index, where, now_s)
        if any(each.state == PENDING for other in self.fleets for each in other.cohorts):
            self.wake(now_s)
        if fleet.refused:
            self.reconcile(fleet, now_s)
