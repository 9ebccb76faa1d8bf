"""Memory: a replica that needs more than its limit is killed, and starts again where it is, ever later.

A replica needs what it takes at rest and what each request in it takes. Requests are spread over replicas at random, so
that their number in one varies as Poisson's does: the share of replicas beyond the limit is killed, their requests fail,
and the others get them too. The kubelet starts a container again at once after its first end, then after 10 s, doubled each
time up to five minutes; ten minutes without an end make it forget.

Source: kubernetes v1.36.3, pkg/kubelet/kuberuntime/kuberuntime_manager.go (doBackOff), and
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy (2026-11-26); figures in data/delays.yaml.
"""

import numpy as np

from mela.rehearsal.engine import queueing, series
from mela.rehearsal.engine.stage import Stage

EVERY_S = 5
"""Seconds between two looks; a step where steps are longer."""
MIB = 1_048_576


class Memory:
    """Looks after the limits of all services that have one."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.every_s = max(EVERY_S, stage.step_s)
        self.bound = [(index, fleet) for index, fleet in stage.fleets() if fleet.workload.limit_memory]

    def look(self, now_s: float) -> None:
        """Kill what needs too much, and look again in a few seconds."""
        stage = self.stage
        inside = series.concurrencies(stage.flow, max(0, (int(now_s) - 1) // stage.step_s))
        for index, fleet in self.bound:
            pods = float(stage.supply.pods[index])
            if not pods:
                continue
            what, limit_mb = stage.network.services[index], fleet.workload.limit_memory / MIB
            each = float(inside[index]) / pods
            killed = round(pods * beyond(limit_mb - what.memory_mb, what.request_mb, each))
            if killed:
                need = what.memory_mb + what.request_mb * each
                text = (
                    f"{killed} of {pods:.0f} pods are killed: they need {need:.0f} MiB on average with {each:.0f} requests in each, "
                    f"the limit is {limit_mb:.0f} MiB"
                )
                field = fleet.workload.resource("limits", "memory")
                stage.log.once(now_s, "memory-exceeded", what.name, text, field)
                stage.world.kill(fleet, killed, now_s)
        stage.world.at(now_s + self.every_s, self.look)


def beyond(free_mb: float, request_mb: float, mean: float) -> float:
    """The share of replicas whose requests need more than `free_mb`, if there are `mean` in one on average."""
    if free_mb < 0:
        return 1.0
    if request_mb * mean <= 0:
        return 0.0
    most = np.floor(free_mb / request_mb) + 0.5
    return float(queueing.tail(np.asarray((most - mean) / np.sqrt(mean))))
