"""What the queues see of the pods: how many serve, with how many cores, and which share of requests goes to those that are gone."""

from collections.abc import Mapping

import numpy as np

from mela.rehearsal import calls
from mela.rehearsal.engine import boots
from mela.rehearsal.engine.agenda import Agenda
from mela.rehearsal.engine.happenings import Log
from mela.rehearsal.engine.nodes import Nodes
from mela.rehearsal.engine.pods import READY, STARTING, Fleet
from mela.rehearsal.engine.supply import Supply
from mela.rehearsal.model import Field

COUNTED = ("desired", "ready", "starting", "pending", "refused")


class Serving:
    """Keeps the supply up to date with the fleets."""

    def __init__(
        self, services: Mapping[str, tuple[int, calls.Service]], supply: Supply, nodes: Nodes | None, agenda: Agenda, log: Log
    ) -> None:  # fmt: skip
        """`services` are the graph's services by the workload that serves them, with their index."""
        self.services, self.supply, self.nodes, self.agenda, self.log = services, supply, nodes, agenda, log
        self.errors_of: dict[tuple[str, int], float] = {}
        """The share of answers that are errors, by workload and revision."""
        self.counts = np.zeros((len(COUNTED), len(supply.pods)), dtype=np.int64)
        """Pods as they are now, by COUNTED and service."""

    def refresh(self, fleet: Fleet, now_s: float) -> None:
        """Bring the supply up to date with a fleet."""
        fleet.drop_empty()
        found = self.services.get(fleet.workload.name)
        if found is None:
            return
        index, what = found
        self.supply.touched = True
        self.counts[:, index] = fleet.desired, *fleet.by_state(), fleet.refused
        supply = self.supply
        ready, starting = int(self.counts[1, index]), [each for each in fleet.cohorts if each.state == STARTING]
        running = ready + sum(each.count for each in starting if each.running_s <= now_s)
        cores = self._cores(fleet)
        supply.pods[index] = ready
        supply.cores[index] = cores
        supply.idle_m[index] = running * what.idle_cpu_m
        supply.burn_m[index] = sum(each.count * boots.burn_m(what) for each in starting if each.running_s <= now_s)
        supply.limit_m[index] = running * cores * 1000
        supply.errors[index] = self._errors(fleet, ready)

    def cut(self, fleet: Fleet, share: float, lag: float, now_s: float, *, at_once: bool) -> None:
        """Requests that still go to pods which do not listen any more fail."""
        index, _ = self.services[fleet.workload.name]
        self.supply.touched = True
        self.supply.cut[index] = min(1.0, self.supply.cut[index] + share)
        self.agenda.at(now_s + lag, lambda when: self._uncut(index, share))
        if not at_once and share > 0.001:
            text = f"{share:.1%} of the pods stop {lag:g} s before traffic stops coming to them"
            self.log.once(now_s, "cut-off", fleet.workload.name, text, self._prestop(fleet))

    def _uncut(self, index: int, share: float) -> None:
        self.supply.touched = True
        self.supply.cut[index] = max(0.0, self.supply.cut[index] - share)

    def _prestop(self, fleet: Fleet) -> Field:
        template = fleet.workload.template
        at = template.running[0].at if template.running else template.spec_at
        return Field(fleet.workload.object, (*at, "lifecycle", "preStop"))

    def _errors(self, fleet: Fleet, ready: int) -> float:
        name = fleet.workload.name
        wrong = sum(
            each.count * self.errors_of.get((name, each.revision), 0.0) for each in fleet.cohorts if each.state == READY
        )
        return wrong / ready if ready else 0.0

    def _cores(self, fleet: Fleet) -> float:
        """Of one pod: its limit; without one, its share of a full node, by requests, as the kernel shares CPU."""
        workload = fleet.workload
        if workload.limit_cpu_m:
            return workload.limit_cpu_m / 1000
        request = max(workload.request_cpu_m, 2)
        if self.nodes is None or not len(self.nodes.spot):
            return request / 1000
        return request / 1000 * self.nodes.stretch(fleet.index)
