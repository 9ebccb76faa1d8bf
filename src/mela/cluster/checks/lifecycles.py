"""Starting, serving and stopping: probes, hooks and grace periods that fit together in time.

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/ and
https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/ (2026-11-23).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mela.cluster import workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import System, dig
from mela.cluster.reachability import behind
from mela.cluster.workloads import Container, Workload, maps, number, text

GRACE_S, PERIOD_S, FAILURES, PROGRESS_S = 30, 10, 3, 600
"""The API's defaults of terminationGracePeriodSeconds, periodSeconds, failureThreshold and progressDeadlineSeconds."""
UNBOUNDED = 2**31 - 1
HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")
_SLEEP = re.compile(r"(?:^|[\s;&|/'\"])sleep\s+(\d+(?:\.\d+)?)(s|m|h)?\b")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}

_WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      selector: {matchLabels: {app: web}}
      progressDeadlineSeconds: 300
      template:
        metadata: {labels: {app: web}}
        spec:
          terminationGracePeriodSeconds: 45
          containers:
            - name: web
              image: example.org/web:1.4.2
              lifecycle: {preStop: {exec: {command: [sleep, "10"]}}}
              startupProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 5, failureThreshold: 24}
              livenessProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 10}
              readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 5}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
    """
_STARTUP = "              startupProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 5, failureThreshold: 24}\n"


def _containers(system: System) -> Iterator[tuple[Workload, Container]]:
    for workload in workloads.of(system).all:
        for container in workload.running:
            yield workload, container


def _probe(container: Container, name: str) -> Mapping[str, Any]:
    found = container.data.get(name)
    return found if isinstance(found, Mapping) else {}


def _span_s(probe: Mapping[str, Any]) -> int:
    """Seconds from the container's start until the probe gives up, at the latest."""
    period, failures = number(probe.get("periodSeconds"), PERIOD_S), number(probe.get("failureThreshold"), FAILURES)
    return number(probe.get("initialDelaySeconds"), 0) + (period or PERIOD_S) * (failures or FAILURES)


def _served(system: System) -> Iterator[Workload]:
    """Workloads behind some Service, each once."""
    found = {each: None for service in system.kind("Service") for each in behind(system, service)}
    yield from (each for each in found if each.type in workloads.LASTING)


def _pause_s(container: Container) -> float:
    """How long the preStop hook sleeps at least, as far as it can be read."""
    hook = dig(container.data, "lifecycle", "preStop")
    if isinstance(seconds := dig(hook, "sleep", "seconds"), int):
        return seconds
    words = dig(hook, "exec", "command")
    line = " ".join(text(word) for word in words) if isinstance(words, list) else ""
    return sum(float(match[1]) * _SECONDS[match[2] or ""] for match in _SLEEP.finditer(line))


@rule(
    id="stop-outlasts-grace",
    severity="error",
    about="The preStop hook ends within the grace period and leaves the program time to finish.",
    good=_WEB,
    bad=_WEB.replace('"10"', '"60"'),
)
def stop_outlasts_grace(system: System) -> Iterator[Finding]:
    """The grace period runs from the start of the hook; it is 30 s unless stated."""
    for workload, container in _containers(system):
        grace, pause = number(workload.spec.get("terminationGracePeriodSeconds"), GRACE_S), _pause_s(container)
        if pause and pause >= grace:
            yield Finding(
                workload.object,
                (*container.at, "lifecycle", "preStop"),
                says=f"The hook sleeps {pause:g} s and the pod is killed after {grace} s.",
                happens="The program never gets a signal to end: at each rollout and drain requests in flight are cut off.",
                mend=f"Set terminationGracePeriodSeconds to {pause:g} s and what requests need, or sleep less.",
            )


@rule(
    id="stop-without-pause",
    severity="info",
    about="Pods behind a Service wait a little before they end, until no new requests are sent to them.",
    good=_WEB,
    bad=_WEB.replace('              lifecycle: {preStop: {exec: {command: [sleep, "10"]}}}\n', ""),
)
def stop_without_pause(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/tutorials/services/pods-and-endpoint-termination-flow/ (2026-11-23)."""
    for workload in _served(system):
        if not any(dig(each.data, "lifecycle", "preStop") for each in workload.running):
            yield Finding(
                workload.object,
                (*workload.spec_at, "containers"),
                says="No container has a preStop hook.",
                happens="The signal to end and the removal from the Service happen at the same time: unless the program "
                "itself goes on serving for some seconds, some requests are refused at each rollout.",
                mend="Add `lifecycle: {preStop: {sleep: {seconds: 10}}}`, with a grace period to match.",
            )


@rule(
    id="readiness-missing",
    severity="warning",
    about="Pods behind a Service have a readiness probe.",
    good=_WEB,
    bad=_WEB.replace("              readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 5}\n", ""),
)
def readiness_missing(system: System) -> Iterator[Finding]:
    for workload in _served(system):
        gates = workload.spec.get("readinessGates")
        if not gates and not any(_probe(each, "readinessProbe") for each in workload.running):
            yield Finding(
                workload.object,
                (*workload.spec_at, "containers"),
                says="No container has a readiness probe.",
                happens="Pods get requests as soon as their process runs: each rollout answers some with errors, "
                "and a faulty version replaces all pods.",
                mend="Add a readinessProbe on a path that says whether requests can be served.",
            )


@rule(
    id="liveness-like-readiness",
    severity="warning",
    about="Liveness and readiness probes ask different questions, or liveness is far more patient.",
    good=_WEB,
    bad=_WEB.replace("livenessProbe: {httpGet: {path: /live,", "livenessProbe: {httpGet: {path: /ready,"),
)
def liveness_like_readiness(system: System) -> Iterator[Finding]:
    """Equal, and it gives up no later than three times readiness does."""
    for workload, container in _containers(system):
        live, ready = _probe(container, "livenessProbe"), _probe(container, "readinessProbe")
        same = [each for each in HANDLERS if live.get(each) is not None and live.get(each) == ready.get(each)]
        if same and same[0] != "tcpSocket" and _span_s(live) <= 3 * _span_s(ready):
            yield Finding(
                workload.object,
                (*container.at, "livenessProbe"),
                says="Liveness and readiness ask the same question.",
                happens="When a dependency or a burst makes pods unready, they are restarted as well; all at once, "
                "just under load, and what was slow becomes an outage.",
                mend="Let liveness ask only whether the process is stuck, or give it a much larger failureThreshold.",
            )


@rule(
    id="liveness-before-start",
    severity="error",
    about="A container is not restarted by liveness before readiness expects it to have started.",
    good=_WEB,
    bad=_WEB.replace(_STARTUP, "").replace("port: 8080}, periodSeconds: 5}", "port: 8080}, initialDelaySeconds: 60}"),
)
def liveness_before_start(system: System) -> Iterator[Finding]:
    for workload, container in _containers(system):
        live, ready = _probe(container, "livenessProbe"), _probe(container, "readinessProbe")
        delay = number(ready.get("initialDelaySeconds"), 0)
        if live and not _probe(container, "startupProbe") and _span_s(live) <= delay:
            yield Finding(
                workload.object,
                (*container.at, "livenessProbe"),
                says=f"Liveness gives up after {_span_s(live)} s; readiness asks for the first time after {delay} s.",
                happens="A container that needs that long to start is killed before, again and again (CrashLoopBackOff).",
                mend="Add a startupProbe that allows for the slowest start: liveness waits for it.",
            )


@rule(
    id="start-outlasts-progress",
    severity="warning",
    about="A Deployment's progress deadline is longer than its pods may take to start.",
    good=_WEB,
    bad=_WEB.replace("failureThreshold: 24", "failureThreshold: 120"),
)
def start_outlasts_progress(system: System) -> Iterator[Finding]:
    for workload, container in _containers(system):
        probe = _probe(container, "startupProbe")
        if workload.type != "Deployment" or not probe:
            continue
        deadline = number(workload.object.get("spec", "progressDeadlineSeconds"), PROGRESS_S)
        ready_s = number(workload.object.get("spec", "minReadySeconds"), 0)
        if _span_s(probe) + ready_s >= deadline != UNBOUNDED:
            yield Finding(
                workload.object,
                ("spec", "progressDeadlineSeconds"),
                says=f"Container {container.name} may take {_span_s(probe) + ready_s} s until it counts, "
                f"and a rollout has {deadline} s per step.",
                happens="A slow but healthy rollout is reported as failed (ProgressDeadlineExceeded), and pipelines roll back.",
                mend="Raise progressDeadlineSeconds above the longest start.",
            )


@rule(
    id="rollout-waits-for-volume",
    severity="error",
    about="A Deployment whose volume only one node, or one pod, may use replaces its pod instead of adding one first.",
    good="""
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: store, namespace: shop}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: store, namespace: shop}
    spec:
      strategy: {type: Recreate}
      selector: {matchLabels: {app: store}}
      template:
        metadata: {labels: {app: store}}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: store}}]
          containers: [{name: store, image: "example.org/store:3.2.0"}]
    """,
    bad="""
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: store, namespace: shop}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: store, namespace: shop}
    spec:
      selector: {matchLabels: {app: store}}
      template:
        metadata: {labels: {app: store}}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: store}}]
          containers: [{name: store, image: "example.org/store:3.2.0"}]
    """,
)
def rollout_waits_for_volume(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes (2026-11-23)."""
    for workload in workloads.of(system).all:
        if workload.type != "Deployment" or workload.object.get("spec", "strategy", "type") == "Recreate":
            continue
        if workload.object.get("spec", "strategy", "rollingUpdate", "maxSurge") in (0, "0%"):
            continue
        for index, volume in maps(workload.spec.get("volumes")):
            name = text(dig(volume, "persistentVolumeClaim", "claimName"))
            claim = system.find("PersistentVolumeClaim", workload.namespace, name) if name else None
            modes = claim.get("spec", "accessModes") if claim else None
            if modes in (["ReadWriteOnce"], ["ReadWriteOncePod"]):
                yield Finding(
                    workload.object,
                    (*workload.spec_at, "volumes", index),
                    says=f"The claim {name} is {modes[0]}, and a rolling update starts the new pod beside the old one.",
                    happens="On another node the new pod waits for the volume (Multi-Attach error) and the old one waits for "
                    "the new: the rollout stands still." if modes == ["ReadWriteOnce"]
                    else "The new pod cannot be scheduled while the old one lives, and the rollout stands still.",
                    mend="Use `strategy: {type: Recreate}`, or a StatefulSet with a claim per pod.",
                    severity="warning" if modes == ["ReadWriteOnce"] else None,
                )  # fmt: skip


@rule(
    id="requests-missing",
    severity="warning",
    about="Every container requests cpu and memory, or the pod does as a whole.",
    good=_WEB.replace("              lifecycle", "              resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 128Mi}}\n              lifecycle"),
    bad=_WEB,
)  # fmt: skip
def requests_missing(system: System) -> Iterator[Finding]:
    """Limits count as requests where none are stated, and so do a LimitRange's defaults, which are the namespace's matter."""
    ranges = {each.namespace for each in system.kind("LimitRange")}
    for workload, container in _containers(system):
        stated = [
            dig(holder, "resources", side) or {}
            for holder in (container.data, workload.spec)
            for side in ("requests", "limits")
        ]
        missing = [name for name in ("cpu", "memory") if not any(name in each for each in stated)]
        if missing and workload.namespace not in ranges:
            yield Finding(
                workload.object,
                container.at,
                says=f"Container {container.name} requests no {' and no '.join(missing)}.",
                happens="The scheduler counts it as nothing and overfills nodes; when memory runs short such pods are evicted first.",
                mend="Add `resources.requests` from a measured run.",
            )


@rule(
    id="memory-unlimited",
    severity="warning",
    about="Every container has a memory limit, or the pod has one as a whole.",
    good=_WEB.replace(
        "              lifecycle", "              resources: {limits: {memory: 128Mi}}\n              lifecycle"
    ),
    bad=_WEB,
)
def memory_unlimited(system: System) -> Iterator[Finding]:
    ranges = {each.namespace for each in system.kind("LimitRange")}
    for workload, container in _containers(system):
        limited = any(
            dig(holder, "resources", "limits", "memory") is not None for holder in (container.data, workload.spec)
        )
        if not limited and workload.namespace not in ranges:
            yield Finding(
                workload.object,
                container.at,
                says=f"Container {container.name} has no memory limit.",
                happens="A leak fills the node, and the kernel ends some process there, perhaps another team's.",
                mend="Add `resources.limits.memory`, best equal to the request.",
            )
