"""What the engine needs of a system of manifests, each figure with the field that it was read from.

    system = system.of(manifests.read(["kubernetes/"])[0])

Nothing is decided here: pods are parsed by `cluster.scheduler`, autoscalers by `cluster.hpa`, budgets and quotas are kept
as they are written. A workload is named `namespace/name`, as call graphs name it.

मैनिफ़ेस्ट से वही पढ़ा जाता है जो इंजन को चाहिए, और हर अंक के साथ यह भी कि वह किस फ़ाइल की किस पंक्ति में है।
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mela.cluster import nodegroups, workloads
from mela.cluster.hpa import requests, spec
from mela.cluster.objects import Object, Path, System, dig
from mela.cluster.quantity import InvalidQuantity, milli_value, parse
from mela.cluster.scheduler import pods
from mela.rehearsal.model import Field

GRACE_S = 30
"""terminationGracePeriodSeconds where none is written. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ (2026-11-26)."""
SLEEP = re.compile(r"\bsleep\s+(\d+)")


@dataclass(frozen=True, slots=True)
class Probe:
    """When the kubelet asks: seconds from the container's start, and how many answers it wants.

    Defaults: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ (2026-11-26).
    """

    delay_s: int = 0
    period_s: int = 10
    successes: int = 1

    def passed_s(self, answers_s: float) -> float:
        """Seconds after the start at which the probe has passed, if the container answers from `answers_s` on."""
        first = max(float(self.delay_s), answers_s)
        rounds = -(-first // self.period_s)
        return rounds * self.period_s + (self.successes - 1) * self.period_s


@dataclass(frozen=True, slots=True, eq=False)
class Scaler:
    """An HPA and what it says, as numbers."""

    object: Object
    spec: spec.Autoscaler

    def field(self, *path: str | int) -> Field:
        return Field(self.object, ("spec", *path))


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """An object that makes pods. CPU is millicores, memory bytes; a limit of 0 is none.

    `pod` is as the scheduler sees it, `requests` as the autoscaler counts it, `raw` as the API server gets it.
    """

    name: str
    object: Object
    template: workloads.Workload
    replicas: int
    pod: pods.Pod
    raw: Mapping[str, Any]
    requests: requests.PodRequests
    limit_cpu_m: int
    limit_memory: int
    startup: Probe | None
    readiness: Probe | None
    grace_s: int
    prestop_s: int
    scaler: Scaler | None

    @property
    def namespace(self) -> str:
        return self.object.namespace

    @property
    def request_cpu_m(self) -> int:
        return self.pod.requests.actual.get("cpu", 0)

    def field(self, *path: str | int) -> Field:
        """A field of the object."""
        return Field(self.object, ("spec", *path))

    def resource(self, side: str, name: str) -> Field:
        """Where the busiest container states a request or limit, or should."""
        container = max(
            self.template.running, key=lambda each: _milli(dig(each.data, "resources", side, name)), default=None
        )
        at: Path = container.at if container else self.template.spec_at
        return Field(self.object, (*at, "resources", side, name))


@dataclass(frozen=True, eq=False)
class Rehearsed:
    """A system of manifests as the engine takes it. Without node groups there is always room."""

    objects: System
    workloads: Mapping[str, Workload]
    groups: tuple[nodegroups.NodeGroup, ...] = ()

    def quotas(self, namespace: str) -> tuple[Object, ...]:
        return tuple(each for each in self.objects.kind("ResourceQuota") if each.namespace == namespace)

    def limit_ranges(self, namespace: str) -> tuple[Object, ...]:
        return tuple(each for each in self.objects.kind("LimitRange") if each.namespace == namespace)

    def budgets(self, namespace: str) -> tuple[Object, ...]:
        return tuple(each for each in self.objects.kind("PodDisruptionBudget") if each.namespace == namespace)


def of(objects: System) -> Rehearsed:
    """Read the workloads with a scale. Raises: ValueError, naming file and line, for what no API server would store."""
    found = workloads.of(objects)
    priorities = {each.name: each.get("value") for each in objects.kind("PriorityClass")}
    default = next((each.get("value") for each in objects.kind("PriorityClass") if each.get("globalDefault")), 0)
    scaled = [each for each in found.all if each.type in workloads.SCALED]
    return Rehearsed(
        objects,
        {each.title: _workload(each, found, priorities, default or 0) for each in scaled},
        nodegroups.read(objects),
    )


def _workload(
    template: workloads.Workload, found: workloads.Workloads, priorities: Mapping[str, Any], default: int
) -> Workload:
    thing = template.object
    pod_spec = dict(template.spec)
    pod_spec.setdefault("priority", priorities.get(pod_spec.get("priorityClassName") or "", default) or 0)
    raw = {**template.pod, "spec": pod_spec}
    try:
        pod = pods.parse(raw)
        asked = requests.read(_with_requests(pod_spec))
        scaler = next((each for each in found.scaling(template) if each.kind == "HorizontalPodAutoscaler"), None)
        read = Scaler(scaler, spec.read(scaler.get("spec"))) if scaler else None
    except (InvalidQuantity, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{thing.source.file}:{thing.line_of()}: {thing.title} cannot be read: {error}") from error
    main = template.running[0].data if template.running else {}
    return Workload(
        name=template.title,
        object=thing,
        template=template,
        replicas=workloads.number(thing.get("spec", "replicas"), 1),
        pod=pod,
        raw=raw,
        requests=asked,
        limit_cpu_m=_limit(template, "cpu"),
        limit_memory=_limit(template, "memory") // 1000,
        startup=_probe(main.get("startupProbe")),
        readiness=_probe(main.get("readinessProbe")),
        grace_s=workloads.number(template.spec.get("terminationGracePeriodSeconds"), GRACE_S),
        prestop_s=_prestop(main),
        scaler=read,
    )


def _with_requests(pod_spec: Mapping[str, Any]) -> dict[str, Any]:
    """The API server copies limits to requests that are not written."""
    filled = dict(pod_spec)
    for key in ("containers", "initContainers"):
        filled[key] = [_filled(each) for each in pod_spec.get(key) or ()]
    return filled


def _filled(container: Mapping[str, Any]) -> dict[str, Any]:
    stated = container.get("resources") or {}
    return {
        **container,
        "resources": {**stated, "requests": {**(stated.get("limits") or {}), **(stated.get("requests") or {})}},
    }


def _limit(template: workloads.Workload, name: str) -> int:
    """The sum of the limits in thousandths; 0 where a container has none."""
    limits = [dig(each.data, "resources", "limits", name) for each in template.running]
    return 0 if any(each is None for each in limits) else sum(_milli(each) for each in limits)


def _milli(written: Any) -> int:
    return 0 if written is None else milli_value(parse(written))


def _probe(written: Any) -> Probe | None:
    if not isinstance(written, Mapping):
        return None
    return Probe(
        workloads.number(written.get("initialDelaySeconds"), 0),
        max(1, workloads.number(written.get("periodSeconds"), 10)),
        max(1, workloads.number(written.get("successThreshold"), 1)),
    )


def _prestop(container: Mapping[str, Any]) -> int:
    """Seconds that the container goes on serving after it was told to end."""
    hook = dig(container, "lifecycle", "preStop")
    seconds = dig(hook, "sleep", "seconds")
    if isinstance(seconds, int):
        return seconds
    command = dig(hook, "exec", "command")
    found = SLEEP.search(" ".join(map(str, command))) if isinstance(command, list) else None
    return int(found[1]) if found else 0
