"""More capacity anywhere in a system never loses more, unless the trace names what it ran into elsewhere.

Systems are drawn: two or three services in a row or a fan, retries, time-outs, pools, a database with a ceiling, node groups.
One service gets more: replicas, a higher maximum, a higher floor, more CPU; or the system gets more nodes. If people then
fare worse, something other than what grew must be named: the database, a service behind, a pool, the nodes.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from mela.cluster import manifests
from mela.rehearsal import calls, engine, system
from mela.rehearsal.model import Trace
from tests.rehearsal import kit

ELSEWHERE = {
    "database-ceiling", "overload", "shed", "slow", "failing", "pool-exhausted", "breaker-open", "retry-storm", "usage-saturated",
    "at-maximum", "no-ready-pods", "memory-exceeded",
}  # fmt: skip
"""Reasons, when they concern another service than the one that grew."""
EVERYWHERE = {"no-node-fits", "node-group-full", "quota-refused"}
"""Reasons of the whole system."""


@dataclass(frozen=True)
class Sizes:
    """What one service is given."""

    least: int
    most: int
    limit_m: int


@dataclass(frozen=True)
class Drawn:
    """A system: sizes by service, how they call each other, the nodes, the crowd."""

    sizes: tuple[Sizes, ...]
    is_fan: bool
    retries: int
    timeout_ms: int
    pool: int
    breaker: float
    ceiling: int
    nodes: int
    points: tuple[float, ...]

    def manifests(self) -> system.Rehearsed:
        documents: list[dict[str, Any]] = [kit.group(most=self.nodes, least=1)]
        for index, sizes in enumerate(self.sizes):
            documents += _workload(f"s{index}", sizes)
        return system.of(manifests.parse(yaml.safe_dump_all(documents), "drawn.yaml"))

    def graph(self) -> calls.Graph:
        last = len(self.sizes) - 1
        how = {"retries": self.retries, "timeout_ms": self.timeout_ms, "pool": self.pool, "breaker": self.breaker}
        services: dict[str, Any] = {}
        for index in range(last + 1):
            below = (
                range(1, last + 1)
                if self.is_fan and index == 0
                else ()
                if self.is_fan
                else range(index + 1, min(last, index + 1) + 1)
            )
            behind = [{"to": f"s{each}.work", **how} for each in below] or [{"to": "db.read", **how}]
            work = {"cpu_ms": 4 + 3 * index, "wait_ms": 2, "calls": behind}
            services[f"s{index}"] = {
                "workload": f"shop/s{index}",
                "queue": 40,
                "start_s": 5,
                "operations": {"work": work},
            }
        services["db"] = {
            "ceiling_per_s": self.ceiling,
            "servers": 8,
            "queue": 50,
            "operations": {"read": {"wait_ms": 3}},
        }
        actions = {"page": {"calls": [{"to": "s0.work", "timeout_ms": 3000, "retries": 1}]}}
        stated = {"name": "drawn", "mark": "assumption", "source": "test", "services": services, "actions": actions}
        return calls.parse(yaml.safe_dump(stated))

    def play(self) -> Trace:
        crowd = np.interp(np.arange(300), np.linspace(0, 300, len(self.points)), self.points)
        return engine.run(self.manifests(), kit.demand(crowd), self.graph(), seed=3)


def _workload(name: str, sizes: Sizes) -> list[dict[str, Any]]:
    metadata = {"name": name, "namespace": "shop"}
    resources = {
        "requests": {"cpu": "250m", "memory": "128Mi"},
        "limits": {"cpu": f"{sizes.limit_m}m", "memory": "1Gi"},
    }
    container = {
        "name": "app", "image": "app:1", "resources": resources, "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5},
    }  # fmt: skip
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    target = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 100}},
    }
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
         "spec": {"replicas": sizes.least, "selector": {"matchLabels": {"app": name}}, "template": template}},
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata,
         "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                  "minReplicas": sizes.least, "maxReplicas": sizes.most, "metrics": [target]}},
    ]  # fmt: skip


drawn = st.builds(
    Drawn,
    sizes=st.lists(
        st.builds(Sizes, least=st.integers(2, 6), most=st.integers(6, 20), limit_m=st.sampled_from([500, 1000])), min_size=2, max_size=3
    ).map(tuple),
    is_fan=st.booleans(),
    retries=st.integers(0, 3),
    timeout_ms=st.sampled_from([200, 1000]),
    pool=st.sampled_from([0, 4, 20]),
    breaker=st.sampled_from([0.0, 0.5]),
    ceiling=st.sampled_from([400, 2000, 100_000]),
    nodes=st.integers(2, 8),
    points=st.lists(st.floats(0, 1500), min_size=2, max_size=5).map(tuple),
)  # fmt: skip
growths = st.sampled_from(["least", "most", "limit_m", "nodes"])


@settings(max_examples=20, deadline=None, derandomize=True)
@given(small=drawn, grows=growths, which=st.integers(0, 2))
def test_more_capacity_in_a_whole_system_is_never_worse_without_a_named_reason(
    small: Drawn, grows: str, which: int
) -> None:
    place = which % len(small.sizes)
    large = _larger(small, grows, place)
    less, greater = small.play(), large.play()
    lost = [float(trace.asked.sum() - trace.answered.sum()) for trace in (less, greater)]
    is_worse = lost[1] > lost[0] + 0.001 * float(less.asked.sum()) + 1.0
    event(f"{grows}: {'worse' if is_worse else 'not worse'}")
    assert not is_worse or _reasons(greater, "" if grows == "nodes" else f"s{place}")


def _larger(small: Drawn, grows: str, place: int) -> Drawn:
    if grows == "nodes":
        return replace(small, nodes=small.nodes * 2)
    before = small.sizes[place]
    doubled = {grows: getattr(before, grows) * 2}
    sizes = replace(before, most=max(before.most, doubled.get("least", 0)))
    return replace(small, sizes=(*small.sizes[:place], replace(sizes, **doubled), *small.sizes[place + 1 :]))


def _reasons(trace: Trace, grown: str) -> set[str]:
    """What the trace names of others than the service that grew."""
    others = {each.kind for each in trace.happenings if each.service.removeprefix("shop/") not in (grown, "")}
    return (others & ELSEWHERE) | ({each.kind for each in trace.happenings} & EVERYWHERE)
