"""What a strategy may see: load as it was scraped, replicas, the lead time, and the calendar; nothing that is still to come."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np

from mela.cluster.hpa import spec
from mela.rehearsal import calls
from mela.rehearsal.engine import planned
from mela.rehearsal.engine.scaling import Autoscaler
from mela.rehearsal.engine.stage import Stage
from mela.rehearsal.model import Seen

LOAD_EVERY_S = 15


def of(stage: Stage, scaler: Autoscaler, index: int, now_s: float) -> Seen:
    """What a controller beside the autoscaler can know now."""
    age = stage.delays["custom_metrics"]["age"]
    until = max(0, int((now_s - age) // LOAD_EVERY_S) * LOAD_EVERY_S)
    load = stage.offered(index, until).reshape(-1, LOAD_EVERY_S).mean(axis=1) if until else np.zeros(0)
    fleet = scaler.fleet
    return Seen(
        at_s=int(now_s),
        now=stage.demand.start + timedelta(seconds=now_s),
        service=stage.network.services[index].name,
        load=load,
        load_every_s=LOAD_EVERY_S,
        load_until_s=until,
        per_replica=per_replica(stage, scaler, index),
        replicas=fleet.desired,
        ready=fleet.number("ready"),
        lead_s=lead_s(stage, scaler, index),
        calendar=tuple(each for each in stage.demand.moments if each.planned),
    )


def per_replica(stage: Stage, scaler: Autoscaler, index: int) -> float:
    """Requests per second that a replica takes when the autoscaler's metric is on target; of several the least.

    Of a mix of operations as the whole demand brings it.
    """
    network, service = stage.network, stage.network.services[index]
    mix = planned.rates(network, stage.asked.mean(axis=0))
    mine = network.service_of == index
    total = float(mix[mine].sum())
    if total <= 0:
        return 1.0
    cpu_s, saves_s, hold_s = (
        float(mix[mine] @ each[mine]) / total
        for each in (network.cpu_s, network.saves_s, network.cpu_s + network.wait_s)
    )
    cores = float(stage.supply.cores[index])

    def takes_s(used: float) -> float:
        """CPU of a request at a replica that uses so many cores."""
        return cpu_s - saves_s * min(1.0, used / max(cores, 1e-9))

    found = [_on_target(each, stage, scaler, service, total, takes_s, hold_s) for each in scaler.spec.metrics]
    most = cores / takes_s(cores) if takes_s(cores) > 0 else service.concurrency / max(hold_s, 1e-9)
    return max(1e-9, min([each for each in found if each] or [most]))


def _on_target(
    metric: spec.Metric,
    stage: Stage,
    scaler: Autoscaler,
    service: calls.Service,
    total: float,
    takes_s: Callable[[float], float],
    hold_s: float,
) -> float:
    target = metric.target
    if metric.source in ("Resource", "ContainerResource"):
        if metric.name != "cpu" or takes_s(0.0) <= 0:
            return 0.0
        share_m = target.average_value_m or scaler.fleet.workload.request_cpu_m * (target.utilization or 0) / 100
        used = max(share_m - service.idle_cpu_m, 0.0) / 1000
        return used / takes_s(used) if used else 0.0
    signal = service.metrics.get(metric.name)
    wanted = (target.average_value_m or 0) / 1000
    if signal is None or wanted <= 0:
        return 0.0
    if signal.of == "level":
        level = float(stage.levels[signal.level].mean()) if signal.level in stage.levels else 0.0
        return wanted / signal.scale * total / level if level else 0.0
    per_request = {"requests": 1.0, "concurrency": hold_s}.get(signal.of, 0.0) * signal.scale
    return wanted / per_request if per_request else 0.0


def lead_s(stage: Stage, scaler: Autoscaler, index: int) -> float:
    """Seconds from a decision to a ready pod: order and start of a node, cold image, boot, probes, endpoints."""
    pod, node, what = stage.delays["pod"], stage.delays["node"], stage.network.services[index]
    workload = scaler.fleet.workload
    cores = min(workload.limit_cpu_m / 1000 or 1e9, what.workers or 1e9)
    boot = max(what.start_s, what.start_cpu_s / cores)
    for probe in (workload.startup, workload.readiness):
        boot = probe.passed_s(boot) if probe else boot
    start = pod["bind"] + pod["sandbox"] + what.init_s + boot + pod["endpoint"]
    if stage.world.nodes is None:
        return start
    return (
        start + node["scan"] + _node_start(stage, scaler) + pod["pull_overhead"] + what.image_mb / pod["pull_mb_per_s"]
    )


def _node_start(stage: Stage, scaler: Autoscaler) -> float:
    """Of the group that the workload's next nodes come from."""
    nodes = stage.world.nodes
    spots = nodes.candidates(scaler.fleet.index) if nodes else []
    return float(nodes.groups[nodes.spots[spots[0]].group].start_s) if nodes and spots else 0.0
