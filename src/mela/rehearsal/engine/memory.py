"""Memory: a replica that needs more than its limit is killed, and starts again where it is, ever later.

A replica needs what it takes at rest and what each request in it takes. Requests are spread over replicas at random, so
that their number in one varies as Poisson's does: the share of replicas beyond the limit is killed, their requests fail,
and the others get them too. The kubelet starts a container again at once after its first end, then after 10 s, doubled each
time up to five minutes; ten minutes without an end make it forget.

Source: kubernetes v1.36.3, pkg/kubelet/kuberuntime/kuberuntime_manager.go (doBackOff), and
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy (2026-11-26); figures in data/delays.yaml.
"""

import numpy as np

from mela.rehearsal import calls
from mela.rehearsal.engine import queueing, series
from mela.rehearsal.engine.pods import READY, Fleet
from mela.rehearsal.engine.stage import Stage
from mela.rehearsal.engine.world import World
from mela.rehearsal.model import Floats

EVERY_S = 5
"""Seconds between two looks; a step where steps are longer."""
MIB = 1_048_576


class Memory:
    """Looks after the limits of all services that have one."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.every_s = max(EVERY_S, stage.step_s)
        services = stage.network.services
        self.bound = [
            (index, fleet)
            for index, fleet in stage.fleets()
            if (limit := fleet.workload.limit_memory) and _most_mb(services[index]) > limit / MIB
        ]
        """Those that could ever need more than their limit."""
        mine = [services[index] for index, _ in self.bound]
        self.indexes = np.array([index for index, _ in self.bound], dtype=np.int64)
        self.limit_mb = np.array([fleet.workload.limit_memory / MIB for _, fleet in self.bound])
        self.memory_mb = np.array([each.memory_mb for each in mine])
        self.request_mb = np.array([each.request_mb for each in mine])

    def look(self, now_s: float) -> None:
        """Kill what needs too much, and look again in a few seconds."""
        stage = self.stage
        pods = stage.supply.pods[self.indexes]
        inside = series.concurrencies(stage.flow, max(0, (int(now_s) - 1) // stage.step_s))[self.indexes]
        each = inside / np.maximum(pods, 1.0)
        killed = np.rint(pods * beyond(self.limit_mb - self.memory_mb, self.request_mb, each))
        for place in np.flatnonzero(killed):
            self._kill(int(place), int(killed[place]), float(each[place]), now_s)
        stage.world.agenda.at(now_s + self.every_s, self.look)

    def _kill(self, place: int, killed: int, each: float, now_s: float) -> None:
        index, fleet = self.bound[place]
        what, pods = self.stage.network.services[index], self.stage.supply.pods[index]
        need = what.memory_mb + what.request_mb * each
        text = (
            f"{killed} of {pods:.0f} pods are killed: they need {need:.0f} MiB on average with {each:.0f} requests in each, "
            f"the limit is {self.limit_mb[place]:.0f} MiB"
        )
        field = fleet.workload.resource("limits", "memory")
        self.stage.log.once(now_s, "memory-exceeded", what.name, text, field)
        _kill(self.stage.world, fleet, killed, now_s)


def _most_mb(what: calls.Service) -> float:
    """Memory of a replica with all requests that it takes and lets wait, and six standard deviations of chance."""
    most = what.concurrency + what.queue
    return what.memory_mb + what.request_mb * float(most + 6.0 * np.sqrt(most))


def beyond(free_mb: Floats, request_mb: Floats, mean: Floats) -> Floats:
    """The share of replicas whose requests need more than `free_mb`, if there are `mean` in one on average; by service."""
    some = request_mb * mean > 0
    most = np.floor(free_mb / np.where(some, request_mb, 1.0)) + 0.5
    share = np.where(some, queueing.tail((most - mean) / np.sqrt(np.where(some, mean, 1.0))), 0.0)
    result: Floats = np.where(free_mb < 0, 1.0, share)
    return result


def _kill(world: World, fleet: Fleet, count: int, now_s: float) -> None:
    """The containers of so many ready pods are killed; each starts again on its node after the kubelet's back-off."""
    ready, pod = fleet.number(READY), world.delays["pod"]
    what, left = world.services[fleet.workload.name][1], min(count, ready)
    world.serving.cut(fleet, left / max(ready, 1), pod["endpoint"], now_s, at_once=True)
    for cohort in [each for each in fleet.cohorts if each.state == READY]:
        if left <= 0:
            break
        part = cohort
        if cohort.count > left:
            part = cohort.split(left, fleet.new_id())
            fleet.cohorts.append(part)
        left -= part.count
        part.restarts = 1 if now_s - part.ready_s >= pod["backoff_reset"] else part.restarts + 1
        part.died_s = now_s
        wait = min(pod["backoff"] * 2.0 ** (part.restarts - 2), pod["backoff_most"]) if part.restarts > 1 else 0.0
        world.boot(fleet, part, now_s + wait, what, 1.0)
    world.serving.refresh(fleet, now_s)
