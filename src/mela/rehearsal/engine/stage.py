"""Everything that a run has on its stage: requests, pods, nodes, autoscalers, and the rows that are filled as time goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mela.rehearsal import calls
from mela.rehearsal.engine import cost, delays, flow, network, planned
from mela.rehearsal.engine.happenings import Log
from mela.rehearsal.engine.metrics import History, Pipeline
from mela.rehearsal.engine.pods import PENDING, READY, STARTING, Fleet
from mela.rehearsal.engine.provision import Provisioner
from mela.rehearsal.engine.scaling import Autoscaler
from mela.rehearsal.engine.world import World
from mela.rehearsal.model import Counts, Demand, Floats, Services, Strategy, Trace
from mela.rehearsal.system import Rehearsed

SERIES = ("offered", "served", "shed", "failed", "waiting", "p50_s", "p99_s", "cpu_used_m", "capacity")
COUNTED = ("desired", "ready", "starting", "pending", "refused")


class Stage:
    """One rehearsal under way."""

    def __init__(
        self, system: Rehearsed, demand: Demand, graph: calls.Graph, strategy: Strategy, seed: int, step_s: int
    ) -> None:
        graph = _placed(graph, system)
        self.demand, self.graph, self.strategy, self.step_s = demand, graph, strategy, step_s
        self.actions, self.asked = planned.arrivals(demand, graph)
        self.levels = dict(demand.levels)
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
        self.history = History(np.zeros((ticks, n)), np.zeros((ticks, n)), signals, self.levels)
        self.idle_m = np.array([each.idle_cpu_m for each in self.network.services])
        self.memory = np.array([each.memory_mb for each in self.network.services])
        self.per_request_mb = np.array([each.request_mb for each in self.network.services])
        self.scalers = self._scalers(services)
        self.provisioner = Provisioner(self.world, self.world.nodes) if self.world.nodes else None
        self.time_s = 0.0
        self.count()

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

    def count(self) -> None:
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

    def _cost(self) -> Floats:
        held = cost.tariff(self.demand.start.date())
        if self.pools:
            paise = cost.of_groups(held, self.world.system.groups, self.node_counts)
        else:
            served = self.fleets()
            pods = self.counts["ready"] + self.counts["starting"]
            paise = cost.of_pods(held, [each.workload for _, each in served], pods[:, [index for index, _ in served]])
        return cost.with_gst(held, paise + cost.of_the_rest(held, self.sent_mbps))

    def fleet(self, index: int) -> Fleet | None:
        """The fleet behind a service; None where it stands outside."""
        return self.world.by_name.get(self.network.services[index].workload)

    def _ready_nodes(self) -> Counts:
        nodes = self.world.nodes
        if nodes is None or not len(nodes.spot):
            return np.zeros(len(self.pools), dtype=np.int64)
        alive = ~nodes.gone & ~nodes.lost & (nodes.ready_s <= self.time_s)
        return np.bincount(nodes.group_of()[alive], minlength=len(self.pools))

    def record(self, at: slice, seen: flow.Tick) -> None:
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
            bandwidth_mbps=self.sent_mbps + planned.bandwidth(self.levels, self.graph, self.demand.ticks),
            cost_paise=self._cost(),
            levels=self.levels,
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
