"""Systems, demands and call graphs for tests of the engine."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mela.cluster import manifests
from mela.rehearsal import calls, system
from mela.rehearsal.model import Demand, Floats, Trace

DATA = Path(__file__).parent / "data"
START = datetime(2026, 11, 26, 13, 30, tzinfo=UTC)


def web(**changes: Any) -> system.Rehearsed:
    """The manifests of data/web.yaml. `changes`: `replicas`, `hpa` (its spec's keys), `container`, `pod`, `spec`, `groups` and `extra` objects."""
    deployment, scaler = yaml.safe_load_all((DATA / "web.yaml").read_text())
    spec = deployment["spec"]
    spec.update(changes.get("spec", {}))
    spec["template"]["spec"].update(changes.get("pod", {}))
    spec["template"]["spec"]["containers"][0].update(changes.get("container", {}))
    documents = [deployment]
    if changes.get("hpa", {}) is not None:
        scaler["spec"].update(changes.get("hpa", {}))
        documents.append(scaler)
    documents += [*changes.get("groups", []), *changes.get("extra", [])]
    return system.of(manifests.parse(yaml.safe_dump_all(documents), "web.yaml"))


def graph(**changes: Any) -> calls.Graph:
    """data/web-calls.yaml, with changed keys of its one service."""
    document = yaml.safe_load((DATA / "web-calls.yaml").read_text())
    document["services"]["web"].update(changes)
    return calls.parse(yaml.safe_dump(document), "web-calls.yaml")


def demand(arrivals: Floats, *, action: str = "page", levels: Mapping[str, Floats] | None = None) -> Demand:
    """One action."""
    return Demand(START, (action,), np.asarray(arrivals, dtype=float)[:, None], levels or {})


def ramp(start: float, end: float, *, after_s: int = 300, over_s: int = 300, total_s: int = 1200) -> Demand:
    """Steady, then rising, then steady."""
    return demand(np.interp(np.arange(total_s), [after_s, after_s + over_s], [start, end]))


def group(
    name: str = "general",
    *,
    cpu: str = "4",
    memory: str = "16Gi",
    pods: int = 110,
    least: int = 0,
    most: int = 100,
    **more: Any,
) -> dict[str, Any]:
    """An eksctl file with one group over three zones. `start_s`, `batch`, `labels`, `taints`, `zones`, `type`."""
    size = "k8s.io/cluster-autoscaler/node-template/resources/"
    tags = {f"{size}cpu": cpu, f"{size}memory": memory, f"{size}pods": str(pods)}
    tags |= {
        "mela.dev/node-start": f"{more.get('start_s', 60)}s",
        "mela.dev/nodes-at-once": str(more.get("batch", 100)),
    }
    of = {"name": name, "minSize": least, "maxSize": most, "tags": tags, "instanceType": more.get("type", "m7i.xlarge")}
    of |= {"labels": more.get("labels", {}), "taints": more.get("taints", [])}
    zones = more.get("zones", ["ap-south-1a", "ap-south-1b", "ap-south-1c"])
    return {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": name, "region": "ap-south-1"},
        "availabilityZones": zones,
        "managedNodeGroups": [of],
    }


def unbalanced(trace: Trace) -> float:
    """The largest difference, over all ticks and services, between the two sides of the account of requests."""
    each = trace.services
    before = np.vstack([np.zeros((1, len(each.names))), each.waiting[:-1]])
    sides = each.offered + before, each.served + each.shed + each.failed + each.waiting
    difference = np.abs(sides[0] - sides[1])[1:]
    return float((difference / np.maximum(1.0, sides[0][1:])).max())


def kinds(trace: Trace) -> set[str]:
    return {each.kind for each in trace.happenings}


def share_lost(trace: Trace) -> float:
    """Of what people asked for, the share that did not end well."""
    return 1.0 - float(trace.answered.sum() / trace.asked.sum())
