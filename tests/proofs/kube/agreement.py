"""What a real autoscaler did in ten minutes, and what the rehearsal says that it does, second by second.

**One step** is one pod at the same second. Two other readings are told beside it and decide nothing: equal at the same second; and
within one pod of a count that the other has within one sync period (15 s), which forgives a decision that fell a sync earlier or later.
"""

import json
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from mela.rehearsal.model import Counts
from tests.proofs.kube.kubectl import Object, is_ready

SYNC_S = 15
WATCHED = ("/api/v1/pods", "/apis/apps/v1/deployments", "/apis/autoscaling/v2/horizontalpodautoscalers")
"""What `Records` hears of."""
Steps = list[tuple[float, int]]
"""A count that changes: when (seconds since the epoch), and to what."""


@dataclass
class Record:
    """What was heard of one namespace."""

    desired: Steps = field(default_factory=list)
    ready: Steps = field(default_factory=list)
    floor: Steps = field(default_factory=list)
    """The autoscaler's minReplicas."""
    syncs: list[float] = field(default_factory=list)
    """When the autoscaler's status was written."""
    pods: dict[str, dict[str, float]] = field(default_factory=dict)
    """By name, when each of `created`, `bound`, `started`, `ready`, `ending` was first heard."""
    metrics: list[tuple[float, str]] = field(default_factory=list)
    """What it said of its metrics, as JSON."""
    said: list[tuple[float, str]] = field(default_factory=list)
    """What its conditions said whenever that changed."""


def read(kept: Mapping[str, Any]) -> Record:
    """A record that was kept as JSON."""
    return Record(**{each.name: kept[each.name] for each in fields(Record)})


class Records:
    """Of all namespaces; `heard` is called by watches of pods, Deployments and autoscalers, from any thread."""

    def __init__(self, namespaces: Sequence[str]) -> None:
        self.of = {name: Record() for name in namespaces}
        self._ready: dict[str, set[str]] = {name: set() for name in namespaces}
        self._lock = threading.Lock()

    def heard(self, kind: str, thing: Object) -> None:
        """Note what changed, with the time at which it was heard."""
        now, namespace = time.time(), thing["metadata"]["namespace"]
        if namespace not in self.of:
            return
        with self._lock:
            record = self.of[namespace]
            if thing["kind"] == "Pod":
                for stage in _stages(kind, thing):
                    record.pods.setdefault(thing["metadata"]["name"], {}).setdefault(stage, now)
                there = kind != "DELETED" and "deletionTimestamp" not in thing["metadata"] and is_ready(thing)
                ready = self._ready[namespace]
                (ready.add if there else ready.discard)(thing["metadata"]["name"])
                _note(record.ready, now, len(ready))
            elif thing["kind"] == "Deployment":
                _note(record.desired, now, thing["spec"]["replicas"])
            else:
                record.syncs.append(now)
                _note(record.floor, now, thing["spec"]["minReplicas"])
                status = thing.get("status", {})
                record.metrics.append((now, json.dumps(status.get("currentMetrics"))))
                said = "; ".join(f"{each['type']} {each['status']} {each['reason']}" for each in status.get("conditions", ()))  # fmt: skip
                if not record.said or record.said[-1][1] != said:
                    record.said.append((now, said))


def _stages(kind: str, pod: Object) -> Iterator[str]:
    """How far a pod has come."""
    status = pod.get("status", {})
    yield "created"
    if pod["spec"].get("nodeName"):
        yield "bound"
    if any("running" in each.get("state", {}) for each in status.get("containerStatuses", ())):
        yield "started"
    if is_ready(pod):
        yield "ready"
    if kind == "DELETED" or "deletionTimestamp" in pod["metadata"]:
        yield "ending"


def _note(steps: Steps, now: float, count: int) -> None:
    if not steps or steps[-1][1] != count:
        steps.append((now, count))


def by_tick(steps: Steps, began: float, ticks: int) -> Counts:
    """The count at the beginning of each second, (n_ticks,)."""
    times = [at for at, _ in steps]
    return np.array([steps[max(0, bisect_right(times, began + t) - 1)][1] for t in range(ticks)], dtype=np.int64)


@dataclass(frozen=True)
class Agreement:
    """Shares of the ticks, 0 to 1, and the largest difference in pods."""

    one_step: float
    equal: float
    a_sync_off: float
    largest: int

    def __str__(self) -> str:
        return (
            f"within one pod {self.one_step:.1%} of the ticks, equal {self.equal:.1%}, a sync apart {self.a_sync_off:.1%},"
            f" at most {self.largest} pods apart"
        )


def compare(predicted: Counts, observed: Counts) -> Agreement:
    """Both (n_ticks,)."""
    apart = np.abs(predicted - observed)
    ticks = len(observed)
    near = [
        np.abs(observed[max(0, t - SYNC_S) : t + SYNC_S + 1] - predicted[t]).min() <= 1
        or np.abs(predicted[max(0, t - SYNC_S) : t + SYNC_S + 1] - observed[t]).min() <= 1
        for t in range(ticks)
    ]
    return Agreement(float((apart <= 1).mean()), float((apart == 0).mean()), float(np.mean(near)), int(apart.max()))


def rhythm(times: Sequence[float], began: float) -> tuple[float, float]:
    """Of what happens again and again, as seen before `began`: the seconds until it first comes after, and its period."""
    seen = [at for at in times if at < began]
    gaps = np.diff(seen)
    whole = gaps[np.abs(gaps - SYNC_S) < 1]  # one that changed nothing is not heard of
    every = float(np.median(whole)) if len(whole) else float(SYNC_S)
    ahead = (seen[-1] - began) % every
    return float(ahead), every


def clocks(record: Record, samples: Sequence[float], age_s: float, began: float) -> dict[str, list[float]]:
    """When the autoscaler synced and metrics-server scraped, in seconds after `began`, as `engine.run(clocks=...)` takes it.

    A scrape is dated by the samples that it found, which are `age_s` old. A sync is dated by the status that it wrote; one that changed nothing is not heard of, and taken to lie evenly in the gap.
    """
    syncs = [record.syncs[0]]
    for at in record.syncs[1:]:
        passes = max(1, round((at - syncs[-1]) / SYNC_S))
        syncs += list(np.linspace(syncs[-1], at, passes + 1)[1:])
    return {
        "autoscaler": [float(at) - began for at in syncs],
        "resource_metrics": [at + age_s - began for at in samples],
    }


def delays(record: Record, scrapes: Sequence[tuple[float, int]], began: float) -> dict[str, dict[str, float]]:
    """What was known of this cluster when the curve began, as `engine.run(measured=...)` takes it; starts are of the first pods.

    `scrapes` by time and second of the sample.
    """
    phase, every = rhythm(record.syncs, began)
    before = [each for each in scrapes if each[0] < began]
    age = float(np.median([at - sample for at, sample in before]))
    return {
        "autoscaler": {"phase": phase, "every": every},
        "resource_metrics": {"phase": (before[-1][1] + age - began) % SYNC_S, "age": age},
        "pod": {"bind": took(record, "created", "bound", began), "sandbox": took(record, "bound", "started", began)},
    }


def parted(
    rehearsed: tuple[Counts, Counts], seen: tuple[Counts, Counts], record: Record, used_m: Callable[[float], float], began: float
) -> Iterator[str]:  # fmt: skip
    """Each stretch of seconds in which wanted replicas are not equal, and what both autoscalers saw when it began.

    `rehearsed` and `seen` are wanted and ready replicas, each (n_ticks,); `used_m` are the rehearsed millicores of a pod at a second.
    """
    differ = np.concatenate([[0], (rehearsed[0] != seen[0]).astype(int), [0]])
    for since, until in zip(np.flatnonzero(np.diff(differ) == 1), np.flatnonzero(np.diff(differ) == -1), strict=True):
        at = max((each for each in record.metrics if each[0] <= began + since + 1), default=(began, "null"))
        current = ((json.loads(at[1]) or [{}])[0].get("resource") or {}).get("current")
        pod_m = used_m(float(since))
        yield (
            f"    seconds {since} to {until - 1}: wanted {rehearsed[0][since]}, seen {seen[0][since]}, at most {np.abs(rehearsed[0] - seen[0])[since:until].max()} apart;"
            f" ready {rehearsed[1][since]}, seen {seen[1][since]}; a pod uses {pod_m:.2f}m, seen at {at[0] - began:.2f} s {json.dumps(current)}"
        )


def took(record: Record, since: str, until: str, before: float) -> float:
    """The median of seconds from one stage of a pod to another, of pods that had come so far before a moment."""
    return float(
        np.median([each[until] - each[since] for each in record.pods.values() if each.get(until, before) < before])
    )
