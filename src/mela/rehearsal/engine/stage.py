"""Everything that a run has on its stage: requests, pods, nodes, autoscalers, and the rows that are filled as time goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mela.rehearsal import calls
from mela.rehearsal.engine import cost, delays, flow, network, planned, series, supply
from mela.rehearsal.engine.happenings import Log
from mela.rehearsal.engine.metrics import History, Pipeline
from mela.rehearsal.engine.pods import Fleet
from mela.rehearsal.engine.provision import Provisioner
from mela.rehearsal.engine.scaling import Autoscaler
from mela.rehearsal.engine.serving import COUNTED
from mela.rehearsal.engine.world import World
from mela.rehearsal.model import Counts, Demand, Floats, Services, Strategy, Trace
from mela.rehearsal.system import Rehearsed


class Stage:
    """One rehearsal under way."""

    def __init__(
        self, system: Rehearsed, demand: Demand, graph: calls.Graph, strategy: Strategy, seed: int, step_s: int, held: delays.Delays
    ) -> None:  # fmt: skip
        graph = _placed(graph, system)
        self.demand, self.graph, self.strategy, self.step_s = demand, graph, strategy, step_s
        self.actions, self.asked = planned.arrivals(demand, graph)
        self.levels = dict(demand.levels)
        self.network = network.of(graph, self.actions)
        self.log = Log(demand.lead_s)
        services = _served(graph)
        self.supply = supply.at_start(self.network)
        self.delays = held
        self.world = World(system, services, self.supply, self.delays, seed, self.log)
        steps = -(-demand.ticks // step_s)
        self.flow = flow.Flow(self.network, self.supply, steps, step_s)
        self.counts = np.zeros((steps, len(COUNTED), self.network.n_services), dtype=np.int64)
        self.pools = tuple(group.name for group in system.groups)
        self.nodes = np.zeros((steps, len(self.pools)), dtype=np.int64)
        self.nodes_now = np.zeros(len(self.pools), dtype=np.int64)
        self.history = History(self.flow, self.levels)
        self.scalers = self._scalers(services)
        self.provisioner = Provisioner(self.world, self.world.nodes) if self.world.nodes else None

    def _scalers(self, services: Mapping[str, tuple[int, calls.Service]]) -> list[Autoscaler]:
        found = []
        for fleet in self.world.fleets:
            if fleet.workload.scaler is None:
                continue
            index, what = services.get(fleet.workload.name, (-1, None))
            drawn = float(self.world.luck("scrape", fleet.workload.name).integers(0, 15))
            limit = fleet.workload.limit_memory
            pipeline = Pipeline(self.history, index, what, self.delays, drawn, limit)
            name = what.name if what else fleet.workload.name
            found.append(Autoscaler(fleet, self.strategy.spec(name, fleet.workload.scaler.spec), pipeline))
        return found

    def fleets(self) -> Sequence[tuple[int, Fleet]]:
        """The fleets that serve something, with their service's index."""
        return [(index, self.world.by_name[name]) for name, (index, _) in self.world.services.items()]

    @cached_property
    def played(self) -> Floats:
        """`asked` by step, once all faults are planted: a quick rehearsal evens out what happens within one."""
        if self.step_s == 1:
            return self.asked
        firsts = np.arange(0, self.demand.ticks, self.step_s)
        sums: Floats = np.add.reduceat(self.asked, firsts, axis=0)
        return sums / np.diff(firsts, append=self.demand.ticks)[:, None]

    def _by_tick(self, by_step: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Rows of steps as rows of ticks."""
        return by_step if self.step_s == 1 else np.repeat(by_step, self.step_s, axis=0)[: self.demand.ticks]

    def _cost(self, nodes: Counts, pods: Counts, sent_mbps: Floats) -> Floats:
        held = cost.tariff(self.demand.start.date())
        if self.pools:
            paise = cost.of_groups(held, self.world.system.groups, nodes)
        else:
            served = self.fleets()
            paise = cost.of_pods(held, [each.workload for _, each in served], pods[:, [index for index, _ in served]])
        return cost.with_gst(held, paise + cost.of_the_rest(held, sent_mbps))

    def fleet(self, index: int) -> Fleet | None:
        """The fleet behind a service; None where it stands outside."""
        return self.world.by_name.get(self.network.services[index].workload)

    def changed(self, now_s: float) -> None:
        """Something was due: take supply and nodes as they are now."""
        self.flow.refresh()
        if self.world.nodes is not None:
            self.nodes_now = self.world.nodes.ready_by_group(now_s)

    def tick(self, row: int, at_s: float) -> None:
        """Play one step and note pods and nodes."""
        self.flow.tick(row, at_s, self.played[row])
        self.counts[row] = self.world.serving.counts
        self.nodes[row] = self.nodes_now

    def busy(self, service: int) -> float:
        """Requests that reached a service in the last step."""
        return float(self.flow.offered[service]) if service >= 0 else 0.0

    def offered(self, service: int, until_s: int) -> Floats:
        """Requests per second of a service so far, by tick."""
        steps = -(-until_s // self.step_s)
        rate = self.flow.rows.arriving[:steps] @ self.flow.own[service] / self.step_s
        return np.repeat(rate, self.step_s)[:until_s]

    def trace(self, seed: int) -> Trace:
        """All that was seen."""
        shown = {name: self._by_tick(each) for name, each in series.of(self.flow, 0, len(self.counts)).items()}
        counts = {name: self._by_tick(self.counts[:, index]) for index, name in enumerate(COUNTED)}
        services = Services(
            names=tuple(each.name for each in self.network.services),
            latency_p50_s=shown.pop("p50_s"),
            latency_p95_s=shown.pop("p95_s"),
            latency_p99_s=shown.pop("p99_s"),
            **shown,
            **counts,
        )
        rows, crowd = self.flow.rows, self.network.crowd
        sent_mbps = self._by_tick(rows.worked @ self.network.sends_mb / self.step_s)
        nodes = self._by_tick(self.nodes)
        asked_mbps = planned.bandwidth(self.levels, self.graph, self.demand.ticks)
        level_mbps, quality = planned.carried(asked_mbps, self.graph)
        return Trace(
            start=self.demand.start,
            services=services,
            actions=self.actions,
            asked=self._by_tick(self.played),
            answered=self._by_tick(rows.served[:, crowd] / self.step_s),
            pools=self.pools,
            nodes=nodes,
            bandwidth_mbps=sent_mbps + level_mbps,
            quality=quality,
            cost_paise=self._cost(nodes, services.ready + services.starting, sent_mbps),
            levels=self.levels,
            moments=self.demand.moments,
            happenings=self.log.all(),
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
