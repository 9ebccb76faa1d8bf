"""The run: ticks of requests, and between them whatever is due in the cluster."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from mela.cluster.hpa import spec
from mela.rehearsal import calls
from mela.rehearsal.engine import delays, flow, network, planned
from mela.rehearsal.engine.happenings import Log
from mela.rehearsal.engine.metrics import History, Pipeline
from mela.rehearsal.engine.pods import PENDING, READY, STARTING, Fleet
from mela.rehearsal.engine.provision import Provisioner
from mela.rehearsal.engine.scaling import Autoscaler
from mela.rehearsal.engine.watch import Watch
from mela.rehearsal.engine.world import World
from mela.rehearsal.model import Counts, Demand, Seen, Services, Strategy, Trace
from mela.rehearsal.system import Rehearsed

Progress: TypeAlias = Callable[[int, int], None]
"""Called now and then with the ticks that are done and all ticks."""
QUICK_S = 10
"""Seconds per step of a quick rehearsal."""
PRIMING = 30
"""Steps at the first second's demand before the first second, so that queues and calls are under way."""
REPORT_EVERY = 600
SERIES = ("offered", "served", "shed", "failed", "waiting", "p50_s", "p99_s", "cpu_used_m", "capacity")
COUNTED = ("desired", "ready", "starting", "pending", "refused")


@dataclass(slots=True)
class AsWritten:
    """The autoscalers as they stand in the manifests."""

    name: str = "as-written"
    every_s: int = 3600

    def spec(self, service: str, written: spec.Autoscaler) -> spec.Autoscaler:
        return written

    def floor(self, seen: Seen) -> int | None:
        return None


class Run:
    """One rehearsal under way. Rows of all series are filled as time goes on."""

    def __init__(
        self, system: Rehearsed, demand: Demand, graph: calls.Graph, strategy: Strategy, seed: int, step_s: int
    ) -> None:
        graph = _placed(graph, system)
        self.demand, self.graph, self.strategy, self.step_s = demand, graph, strategy, step_s
        self.actions, self.asked = planned.arrivals(demand, graph)
        self.network = network.of(graph, self.actions)
        self.log = Log()
        services = _served(graph)
        self.supply = flow.supply(self.network)
        self.delays = delays.on(demand.start.date())
        self.world = World(system, services, self.supply, self.delays, seed, self.log)
        self.flow = flow.Flow(self.network, step_s)
        ticks, n = demand.ticks, self.network.n_services
        self.rows = {name: np.zeros((ticks, n)) for name in SERIES}
        self.counts = {name: np.zeros((ticks, n), dtype=np.int64) for name in COUNTED}
        self.limit_m = np.zeros((ticks, n))
        self.answered = np.zeros((ticks, len(self.actions)))
        self.sent_mbps = np.zeros(ticks)
        self.pools = tuple(group.name for group in system.groups)
        self.node_counts = np.zeros((ticks, len(self.pools)), dtype=np.int64)
        signals = {name: np.zeros((ticks, n)) for name in ("requests", "concurrency", "waiting", "bandwidth")}
        self.history = History(np.zeros((ticks, n)), np.zeros((ticks, n)), signals, demand.levels)
        self.idle_m = np.array([each.idle_cpu_m for each in self.network.services])
        self.memory = np.array([each.memory_mb for each in self.network.services])
        self.per_request_mb = np.array([each.request_mb for each in self.network.services])
        self.scalers = self._scalers(services)
        self.provisioner = Provisioner(self.world, self.world.nodes) if self.world.nodes else None
        self.watch = Watch(self)

    def _scalers(self, services: Mapping[str, tuple[int, calls.Service]]) -> list[Autoscaler]:
        found = []
        for fleet in self.world.fleets:
            if fleet.workload.scaler is None:
                continue
            index, what = services.get(fleet.workload.name, (-1, None))
            phase = float(self.world.luck("scrape", fleet.workload.name).integers(0, 15))
            pipeline = Pipeline(self.history, index, what, self.delays, phase)
            name = what.name if what else fleet.workload.name
            found.append(Autoscaler(fleet, self.strategy.spec(name, fleet.workload.scaler.spec), pipeline))
        return found

    def go(self, progress: Progress | None) -> None:
        """Play it from the first tick to the last."""
        self._begin()
        ticks, step, world = self.demand.ticks, self.step_s, self.world
        due = world.next_s()
        self._count()
        for _ in range(PRIMING):
            self.flow.tick(0.0, self.asked[0], self.supply)
        for t in range(0, ticks, step):
            if due <= t:
                world.advance(t)
                due = world.next_s()
                self._count()
            seen = self.flow.tick(t, self.asked[t : t + step].mean(axis=0) if step > 1 else self.asked[t], self.supply)
            self._record(slice(t, t + step), seen)
            due = min(due, world.next_s())
            if progress is not None and t % REPORT_EVERY < step:
                progress(t, ticks)
        if progress is not None:
            progress(ticks, ticks)

    def _begin(self) -> None:
        world = self.world
        world.settle()
        for each in self.scalers:
            every = self.delays["autoscaler"]["every"]
            phase = float(world.luck("sync", each.fleet.workload.name).integers(1, int(every) + 1))
            world.at(phase, self._syncing(each, every))
            world.at(0.0, self._flooring(each))
        if self.provisioner:
            world.at(1.0, self.provisioner.scan)
        world.at(float(self.watch.every_s), self.watch.look)

    def _syncing(self, scaler: Autoscaler, every: float) -> Callable[[float], None]:
        def due(now_s: float) -> None:
            scaler.fleet.merge(now_s - 330.0)
            before = scaler.fleet.desired
            decision = scaler.sync(now_s)
            if decision.written is not None:
                self.watch.scaled(scaler, before, decision, now_s)
                self.world.scale(scaler.fleet, decision.written, now_s)
            self.watch.synced(scaler, now_s)
            self.world.at(now_s + every, due)

        return due

    def _flooring(self, scaler: Autoscaler) -> Callable[[float], None]:
        """Ask the strategy for a floor now and then."""
        index, what = self.world.services.get(scaler.fleet.workload.name, (-1, None))
        least = scaler.spec.min_replicas

        def due(now_s: float) -> None:
            if what is not None:
                floor = self.strategy.floor(planned.seen(self, scaler, index, now_s))
                if floor is not None and max(least, floor) != scaler.spec.min_replicas:
                    before = scaler.spec.min_replicas
                    scaler.raise_floor(max(least, floor))
                    self.watch.floored(scaler, before, now_s)
            self.world.at(now_s + self.strategy.every_s, due)

        return due

    def _count(self) -> None:
        """Take the pods of each service as they are now; they stay so until something is due."""
        n = self.network.n_services
        self.now = {name: np.zeros(n, dtype=np.int64) for name in COUNTED}
        for index, fleet in self.fleets():
            self.now["desired"][index] = fleet.desired
            self.now["ready"][index] = fleet.number(READY)
            self.now["starting"][index] = fleet.number(STARTING)
            self.now["pending"][index] = fleet.number(PENDING)
            self.now["refused"][index] = fleet.refused
        self.nodes_now = self._ready_nodes()

    def fleets(self) -> Sequence[tuple[int, Fleet]]:
        """The fleets that serve something, with their service's index."""
        return [(index, self.world.by_name[name]) for name, (index, _) in self.world.services.items()]

    def _ready_nodes(self) -> Counts:
        nodes = self.world.nodes
        if nodes is None or not len(nodes.spot):
            return np.zeros(len(self.pools), dtype=np.int64)
        alive = ~nodes.gone & ~nodes.lost & (nodes.ready_s <= self.time_s)
        return np.bincount(nodes.group_of()[alive], minlength=len(self.pools))

    time_s = 0.0

    def _record(self, at: slice, seen: flow.Tick) -> None:
        self.time_s = float(at.start)
        rows = self.rows
        for name in SERIES:
            rows[name][at] = getattr(seen, name)
        for name in COUNTED:
            self.counts[name][at] = self.now[name]
        self.limit_m[at] = self.supply.limit_m
        self.answered[at] = seen.answered
        self.sent_mbps[at] = seen.sent_mbps
        if len(self.pools):
            self.node_counts[at] = self.nodes_now
        supply, history = self.supply, self.history
        pods = np.maximum(supply.pods, 1.0)
        work = np.maximum(seen.cpu_used_m - supply.burn_m - supply.idle_m, 0.0)
        history.per_pod_m[at] = np.minimum(work / pods + self.idle_m, supply.cores * 1000)
        history.memory_mb[at] = self.memory + self.per_request_mb * seen.concurrency / pods
        history.signals["requests"][at] = seen.worked + seen.shed
        history.signals["concurrency"][at] = seen.concurrency
        history.signals["waiting"][at] = seen.waiting

    def trace(self, seed: int) -> Trace:
        """All that was seen."""
        rows = self.rows
        services = Services(
            names=tuple(each.name for each in self.network.services),
            offered=rows["offered"],
            served=rows["served"],
            shed=rows["shed"],
            failed=rows["failed"],
            waiting=rows["waiting"],
            latency_p50_s=rows["p50_s"],
            latency_p99_s=rows["p99_s"],
            cpu_used_m=rows["cpu_used_m"],
            cpu_limit_m=self.limit_m,
            capacity=rows["capacity"],
            **{name: self.counts[name] for name in COUNTED},
        )
        return Trace(
            start=self.demand.start,
            services=services,
            actions=self.actions,
            asked=self.asked,
            answered=self.answered,
            pools=self.pools,
            nodes=self.node_counts,
            bandwidth_mbps=self.sent_mbps + planned.bandwidth(self.demand, self.graph),
            cost_paise=np.zeros(self.demand.ticks),
            levels=self.demand.levels,
            moments=self.demand.moments,
            happenings=tuple(sorted(self.log.all, key=lambda each: each.at_s)),
            seed=seed,
            strategy=self.strategy.name,
        )


def _placed(graph: calls.Graph, system: Rehearsed) -> calls.Graph:
    """The graph with services that these manifests lack standing outside, where their ceiling is known.

    Raises: ValueError for a workload that is neither in the manifests nor has a ceiling, and if none is there at all.
    """
    services = {}
    for name, service in graph.services.items():
        if service.workload and service.workload not in system.workloads:
            if not service.ceiling_per_s:
                there = ", ".join(system.workloads) or "none"
                says = f"service {name} is {service.workload}, but the manifests' workloads are {there}"
                raise ValueError(f"call graph {graph.name}: {says}")
            service = replace(service, workload="")  # noqa: PLW2901
        services[name] = service
    if all(each.is_outside for each in services.values()):
        there = ", ".join(system.workloads) or "none"
        raise ValueError(f"call graph {graph.name}: none of its services is a workload of the manifests ({there})")
    return replace(graph, services=services)


def _served(graph: calls.Graph) -> dict[str, tuple[int, calls.Service]]:
    """The services by workload."""
    services = enumerate(graph.services.values())
    return {each.workload: (index, each) for index, each in services if not each.is_outside}
