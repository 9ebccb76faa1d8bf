"""Which pods and which samples count.

A pod that starts burns CPU that says nothing about load, so CPU samples of young pods are set aside; memory and custom
metrics look at no readiness at all.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/replica_calculator.go (groupPods, getReadyPodsCount) and
metrics/client.go (getPodMetrics, getContainerMetrics), read 2026-11-23.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mela.cluster import arithmetic
from mela.cluster.hpa import observed


@dataclass(frozen=True, slots=True)
class Readiness:
    """The controller's patience with young pods, from its flags of the same names."""

    cpu_initialization_period_ms: int = 300_000
    initial_readiness_delay_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class Groups:
    """The pods by what their samples are good for. `counts` has the rows that stand for more than one pod."""

    ready: int
    unready: frozenset[str]
    missing: frozenset[str]
    ignored: frozenset[str]
    counts: Mapping[str, int] = field(default_factory=dict)

    def number(self, names: Iterable[str]) -> int:
        """Count the pods behind these rows; one that is gone is one."""
        return sum(self.counts.get(name, 1) for name in names)

    def total(self, values: Mapping[str, int], names: Iterable[str]) -> int:
        """Add up the values of the pods behind these rows."""
        return sum(values[name] * self.counts.get(name, 1) for name in names)


def usage(samples: Sequence[observed.PodSample], resource: str, container: str) -> dict[str, observed.PodSample]:
    """Keep the samples that measure the resource, by pod: of the named container, or of every container in the sample."""
    return {each.pod: each for each in samples if _measured(each, resource, container)}


def usage_m(sample: observed.PodSample, resource: str, container: str) -> int:
    """Return a kept sample's usage, added up over its containers unless one is named."""
    if container:
        return sample.usage_m[container][resource]
    return arithmetic.int64(sum(usage[resource] for usage in sample.usage_m.values()))


def _measured(sample: observed.PodSample, resource: str, container: str) -> bool:
    if container:
        return resource in sample.usage_m.get(container, {})
    return bool(sample.usage_m) and all(resource in usage for usage in sample.usage_m.values())


def group(
    pods: Sequence[observed.Pod],
    sampled: Mapping[str, observed.PodSample | None],
    *,
    cpu: bool,
    readiness: Readiness,
    now_ms: int,
) -> Groups:
    """Sort the pods. Only with `cpu` does readiness matter, and only then must the samples be there in full."""
    ready = 0
    unready, missing, ignored = set(), set(), set()
    for pod in pods:
        if pod.terminating or pod.phase == "Failed":
            ignored.add(pod.name)
        elif pod.phase == "Pending":
            unready.add(pod.name)
        elif pod.name not in sampled:
            missing.add(pod.name)
        elif cpu and _too_young(pod, sampled[pod.name], readiness, now_ms):
            unready.add(pod.name)
        else:
            ready += pod.count
    counts = {pod.name: pod.count for pod in pods if pod.count != 1}
    return Groups(ready, frozenset(unready), frozenset(missing), frozenset(ignored), counts)


def _too_young(pod: observed.Pod, sample: observed.PodSample | None, readiness: Readiness, now_ms: int) -> bool:
    """Tell whether a CPU sample says more about starting than about load.

    While a pod may still initialize: it is not ready, or the sample does not cover one full window since it became so.
    Later: it is not ready and never was.
    """
    if pod.ready is None or pod.started_ms is None or sample is None:
        return True
    if pod.started_ms + readiness.cpu_initialization_period_ms > now_ms:
        return pod.ready == "False" or sample.at_ms < pod.ready_since_ms + sample.window_ms
    return pod.ready == "False" and pod.started_ms + readiness.initial_readiness_delay_ms > pod.ready_since_ms


def running_and_ready(pods: Sequence[observed.Pod]) -> int:
    """Count what Value targets multiply by; terminating pods count until they stop running."""
    return sum(pod.count for pod in pods if pod.phase == "Running" and pod.ready == "True")
