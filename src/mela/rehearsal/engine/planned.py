"""What is known of a demand: actions with those that levels bring, bandwidth, and what a strategy may see."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from mela.cluster.hpa import spec
from mela.rehearsal import calls
from mela.rehearsal.engine.network import Network
from mela.rehearsal.model import Demand, Floats, Seen

if TYPE_CHECKING:
    from mela.rehearsal.engine.run import Run
    from mela.rehearsal.engine.scaling import Autoscaler

LOAD_EVERY_S = 15
BANDWIDTH = "mbps"
"""The level of a demand that says its bandwidth itself."""


def arrivals(demand: Demand, graph: calls.Graph) -> tuple[tuple[str, ...], Floats]:
    """Actions and arrivals (n_ticks, n_actions): those of the demand, then those that its levels bring by themselves."""
    names, columns = list(demand.actions), [demand.arrivals]
    for level, series in demand.levels.items():
        brought = graph.levels.get(level, calls.Level()).every_s
        for action, every_s in brought.items():
            if action not in names:
                names.append(action)
                columns.append((series / every_s)[:, None])
    return tuple(names), np.ascontiguousarray(np.concatenate(columns, axis=1))


def bandwidth(demand: Demand, graph: calls.Graph) -> Floats:
    """Megabits per second that the levels take, tick by tick."""
    total = np.zeros(demand.ticks)
    if BANDWIDTH in demand.levels:
        return total + demand.levels[BANDWIDTH]
    for level, series in demand.levels.items():
        total = total + series * graph.levels.get(level, calls.Level()).mbps
    return total


def rates(network: Network, asked: Floats) -> Floats:
    """Requests per second by operation when all goes well, for actions per second."""
    total = np.zeros(len(network.operations))
    wave = np.zeros(len(network.operations))
    wave[network.crowd] = asked
    while wave.any():
        total += wave
        wave = network.into @ (wave[network.caller] * network.times)
    return total


def seen(run: Run, scaler: Autoscaler, index: int, now_s: float) -> Seen:
    """What a controller beside the autoscaler can know now."""
    age = run.delays["custom_metrics"]["age"]
    until = max(0, int((now_s - age) // LOAD_EVERY_S) * LOAD_EVERY_S)
    load = run.rows["offered"][:until, index].reshape(-1, LOAD_EVERY_S).mean(axis=1) if until else np.zeros(0)
    fleet = scaler.fleet
    return Seen(
        at_s=int(now_s),
        now=run.demand.start + timedelta(seconds=now_s),
        service=run.network.services[index].name,
        load=load,
        load_every_s=LOAD_EVERY_S,
        load_until_s=until,
        per_replica=per_replica(run, scaler, index),
        replicas=fleet.desired,
        ready=fleet.number("ready"),
        lead_s=lead_s(run, scaler, index),
        calendar=tuple(each for each in run.demand.moments if each.planned),
    )


def per_replica(run: Run, scaler: Autoscaler, index: int) -> float:
    """Requests per second that a replica takes when the autoscaler's metric is on target; of several the least.

    Of a mix of operations as the whole demand brings it.
    """
    network, service = run.network, run.network.services[index]
    mix = rates(network, run.asked.mean(axis=0))
    mine = network.service_of == index
    total = float(mix[mine].sum())
    if total <= 0:
        return 1.0
    cpu_s = float(mix[mine] @ network.cpu_s[mine]) / total
    hold_s = float(mix[mine] @ (network.cpu_s + network.wait_s)[mine]) / total
    found = [_on_target(each, run, scaler, service, total, cpu_s, hold_s) for each in scaler.spec.metrics]
    cores = run.supply.cores[index]
    most = cores / cpu_s if cpu_s > 0 else service.concurrency / max(hold_s, 1e-9)
    return max(1e-9, min([each for each in found if each] or [most]))


def _on_target(
    metric: spec.Metric, run: Run, scaler: Autoscaler, service: calls.Service, total: float, cpu_s: float, hold_s: float
) -> float:
    target = metric.target
    if metric.source in ("Resource", "ContainerResource"):
        if metric.name != "cpu" or cpu_s <= 0:
            return 0.0
        share_m = target.average_value_m or scaler.fleet.workload.request_cpu_m * (target.utilization or 0) / 100
        return max(share_m - service.idle_cpu_m, 0.0) / 1000 / cpu_s
    signal = service.metrics.get(metric.name)
    wanted = (target.average_value_m or 0) / 1000
    if signal is None or wanted <= 0:
        return 0.0
    if signal.of == "level":
        level = float(run.demand.levels[signal.level].mean()) if signal.level in run.demand.levels else 0.0
        return wanted / signal.scale * total / level if level else 0.0
    per_request = {"requests": 1.0, "concurrency": hold_s}.get(signal.of, 0.0) * signal.scale
    return wanted / per_request if per_request else 0.0


def lead_s(run: Run, scaler: Autoscaler, index: int) -> float:
    """Seconds from a decision to a ready pod: order and start of a node, cold image, boot, probes, endpoints."""
    pod, node, what = run.delays["pod"], run.delays["node"], run.network.services[index]
    workload = scaler.fleet.workload
    cores = min(workload.limit_cpu_m / 1000 or 1e9, what.workers or 1e9)
    boot = max(what.start_s, what.start_cpu_s / cores)
    for probe in (workload.startup, workload.readiness):
        boot = probe.passed_s(boot) if probe else boot
    start = pod["bind"] + pod["sandbox"] + what.init_s + boot + pod["endpoint"]
    if run.world.nodes is None:
        return start
    return start + node["scan"] + _node_start(run, scaler) + pod["pull_overhead"] + what.image_mb / pod["pull_mb_per_s"]


def _node_start(run: Run, scaler: Autoscaler) -> float:
    """Of the group that the workload's next nodes come from."""
    nodes = run.world.nodes
    spots = nodes.candidates(scaler.fleet.index) if nodes else []
    return float(nodes.groups[nodes.spots[spots[0]].group].start_s) if nodes and spots else 0.0
