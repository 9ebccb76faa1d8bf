"""How long a rehearsal takes, and how much memory: 6 hours, 12 services, 100 pods to a node, by number of nodes.

`python -m benchmarks.rehearsal NODES [quick] [process]` plays one size in this process and prints one line of JSON, so that memory is
its own; `process` times `mela rehearse` of the same as files, from its start to its end. The crowd rises from a tenth to the whole within the second hour and leaves again, so all nodes and pods come and go.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mela.cluster import manifests
from mela.rehearsal import calls, engine, system
from mela.rehearsal.engine import delays
from mela.rehearsal.engine.run import QUICK_S, Run
from mela.rehearsal.engine.stage import Stage
from mela.rehearsal.model import Demand

HOURS = 6
SERVICES = 12
PODS_PER_NODE = 100
SIZES = (10, 100, 1000, 5000)


def _workload(index: int, most: int) -> list[dict[str, Any]]:
    name = f"s{index}"
    metadata = {"name": name, "namespace": "shop"}
    container = {
        "name": "app",
        "image": f"{name}:1",
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}},
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5},
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
    }
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {
            "replicas": max(1, most // 10),
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }  # fmt: skip
    scaler = {
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata,
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": max(1, most // 10), "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}],
        },
    }  # fmt: skip
    return [deployment, scaler]


def manifest(nodes: int) -> str:
    """Twelve workloads that fill so many nodes, as YAML."""
    size = "k8s.io/cluster-autoscaler/node-template/resources/"
    tags = {f"{size}cpu": "26", f"{size}memory": "64Gi", f"{size}pods": "110", "mela.dev/nodes-at-once": "200"}
    group = {
        "name": "all",
        "instanceType": "m7i.8xlarge",
        "minSize": max(1, nodes // 10),
        "maxSize": nodes,
        "tags": tags,
    }
    zones = ["ap-south-1a", "ap-south-1b", "ap-south-1c"]
    cluster = {
        "apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "metadata": {"name": "one", "region": "ap-south-1"},
        "availabilityZones": zones, "managedNodeGroups": [group],
    }  # fmt: skip
    most = nodes * PODS_PER_NODE // SERVICES
    documents = [cluster, *(each for index in range(SERVICES) for each in _workload(index, most))]
    return yaml.safe_dump_all(documents)


def graph() -> str:
    """A call graph: a front, four services behind it, seven behind those; each request costs 5 ms of CPU everywhere."""
    services = {}
    for index in range(SERVICES):
        below = (
            range(1, 5)
            if index == 0
            else range(5 + 2 * (index - 1), min(SERVICES, 7 + 2 * (index - 1)))
            if index < 5
            else ()
        )
        called = [{"to": f"s{each}.work", "timeout_ms": 2000, "retries": 1} for each in below]
        operation = {"cpu_ms": 5, "wait_ms": 2, "sends_kb": 2, "calls": called}
        services[f"s{index}"] = {"workload": f"shop/s{index}", "start_s": 6, "operations": {"work": operation}}
    actions = {"visit": {"calls": [{"to": "s0.work", "timeout_ms": 4000, "retries": 1}]}}
    return yaml.safe_dump(
        {"name": "bench", "mark": "assumption", "source": "benchmark", "services": services, "actions": actions}
    )


def demand(nodes: int) -> Demand:
    """Requests that keep nine tenths of the most pods busy at the target."""
    peak = 0.9 * nodes * PODS_PER_NODE / SERVICES * 0.25 * 0.6 / 0.005
    hours = np.arange(HOURS * 3600) / 3600
    shape = np.interp(hours, [0, 1, 2, 4, 4.2, 6], [0.1, 0.1, 1, 1, 0.1, 0.1])
    return Demand(datetime(2026, 11, 26, 12, tzinfo=UTC), ("visit",), (peak * shape)[:, None])


def measure(nodes: int, *, quick: bool) -> dict[str, float]:
    """Play one size; memory is the most that this process ever had.

    `cohorts` of a service on average, `ns_each`: nanoseconds of CPU per step, service and cohort.
    """
    system_, crowd = system.of(manifests.parse(manifest(nodes), "benchmark.yaml")), demand(nodes)
    calls_ = calls.parse(graph())
    wall, cpu = time.perf_counter(), time.process_time()
    under_way = Stage(
        system_, crowd, calls_, engine.AS_WRITTEN, 1, QUICK_S if quick else 1, delays.on(crowd.start.date())
    )
    cohorts: list[int] = []
    Run(under_way).go(lambda *_: cohorts.append(sum(len(each.cohorts) for each in under_way.world.fleets)))
    trace = under_way.trace(1)
    spent = time.process_time() - cpu
    steps = crowd.ticks / (QUICK_S if quick else 1)
    each = sum(cohorts) / len(cohorts) / SERVICES
    return {
        "nodes": nodes,
        "most_nodes": int(trace.nodes.sum(axis=1).max()),
        "most_pods": int(trace.services.ready.sum(axis=1).max()),
        "wall_s": round(time.perf_counter() - wall, 2),
        "cpu_s": round(spent, 2),
        "cohorts": round(each, 2),
        "ns_each": round(spent / (steps * SERVICES * each) * 1e9),
        "mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "lost": round(1 - float(trace.answered.sum() / trace.asked.sum()), 5),
    }


def whole(nodes: int, *, quick: bool) -> dict[str, float]:
    """What `mela rehearse` of the same takes as a process that starts, reads files, plays, judges and tells, without a search for mends."""
    rates = demand(nodes).arrivals[::60, 0]
    rows = [
        "# start: 2026-11-26T17:30+05:30",
        "at_min,visit/s",
        *(f"{minute},{rate:.1f}" for minute, rate in enumerate(rates)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("system.yaml", manifest(nodes)), ("calls.yaml", graph()), ("visits.csv", "\n".join(rows))):
            Path(folder, name).write_text(text, encoding="utf-8")
        command = [str(Path(sys.executable).with_name("mela")), "rehearse", "system.yaml", "--event", "visits.csv", "--calls", "calls.yaml", "--no-search", "--json"]  # fmt: skip
        began = time.perf_counter()
        done = subprocess.run(
            [*command, *(["--quick"] if quick else [])], cwd=folder, capture_output=True, text=True, check=False
        )
        wall = time.perf_counter() - began
    if done.returncode == 2:
        raise RuntimeError(done.stderr)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = round(used.ru_utime + used.ru_stime, 2)
    return {"nodes": nodes, "wall_s": round(wall, 2), "cpu_s": spent, "mib": round(used.ru_maxrss / 1024)}


if __name__ == "__main__":
    play = whole if "process" in sys.argv else measure
    print(json.dumps(play(int(sys.argv[1]), quick="quick" in sys.argv)))
