"""Autoscalers against what they scale: a metric that can be measured, room to move, and nobody else at the same wheel.

Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ (2026-11-23).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mela.cluster import references, workloads
from mela.cluster.admission.quota import limit_range, pods
from mela.cluster.checks import Finding, rule
from mela.cluster.hpa import requests
from mela.cluster.objects import Object, Path, System, dig
from mela.cluster.quantity import InvalidQuantity, milli_value, parse
from mela.cluster.workloads import Workload, maps, number, text

RESOURCE_METRICS = ("resource", "containerResource")
TOLERANCE = 0.1
"""Utilization within a tenth of the target changes nothing.

Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details (2026-11-23)."""
ADAPTED = {"Pods": "pods", "Object": "object", "External": "external"}

_WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - name: web
              image: example.org/web:1.4.2
              resources: {requests: {cpu: 500m, memory: 256Mi}, limits: {cpu: "1", memory: 256Mi}}
    ---
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: web, namespace: shop}
    spec:
      minReplicas: 2
      maxReplicas: 10
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
      metrics:
        - type: Resource
          resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
    """


def _pairs(system: System) -> Iterator[tuple[Object, Workload]]:
    """Autoscalers with what they scale, where it is in the system."""
    for scaler in system.kind(*workloads.AUTOSCALERS):
        thing = system.find(*workloads.target(scaler))
        workload = workloads.of(system).by_object.get(thing) if thing else None
        if workload:
            yield scaler, workload


def _utilizations(scaler: Object) -> Iterator[tuple[Path, str, str, int]]:
    """Metrics measured against requests: path, resource, container (empty for all), target in percent."""
    for index, metric in maps(scaler.get("spec", "metrics")):
        for part in RESOURCE_METRICS:
            percent = dig(metric, part, "target", "averageUtilization")
            if isinstance(percent, int) and percent > 0:
                container = text(dig(metric, part, "container"))
                yield ("spec", "metrics", index, part), text(dig(metric, part, "name")), container, percent
    if isinstance(percent := scaler.get("spec", "targetCPUUtilizationPercentage"), int) and percent > 0:
        yield ("spec", "targetCPUUtilizationPercentage"), "cpu", "", percent


def _completed(system: System, workload: Workload) -> Mapping[str, Any] | None:
    """The pod spec with the requests that the API server and LimitRanges fill in; None where it cannot be read."""
    ranges = [each.data for each in system.kind("LimitRange") if each.namespace == workload.namespace]
    try:
        pod: Mapping[str, Any] = limit_range.with_defaults(pods.with_defaults(workload.pod), ranges)["spec"]
    except InvalidQuantity:
        return None
    return pod


@rule(
    id="autoscaler-without-request",
    severity="error",
    about="Utilization is a share of the request, so every container of the pod requests what is measured.",
    good=_WEB,
    bad=_WEB.replace("requests: {cpu: 500m, memory: 256Mi}, limits: {cpu: \"1\", memory: 256Mi}", "requests: {memory: 256Mi}"),
)  # fmt: skip
def autoscaler_without_request(system: System) -> Iterator[Finding]:
    for scaler, workload in _pairs(system):
        spec = _completed(system, workload)
        for path, resource, container, _ in _utilizations(scaler) if spec else ():
            try:
                requests.request_of(requests.read(spec or {}), resource, container, pod_level=True)
            except requests.MissingRequest as error:
                yield Finding(
                    scaler,
                    path,
                    says=f"The {resource} utilization of {workload.object.title} cannot be computed: {error}.",
                    happens="The autoscaler reports FailedGetResourceMetric and stays where it is, under any load.",
                    mend=f"Add `resources.requests.{resource}` to every container, injected ones too, "
                    "or measure one container: `type: ContainerResource`.",
                )


@rule(
    id="autoscaler-never-grows",
    severity="error",
    about="Usage cannot exceed the limit, so the limit is well above the share of the request that starts growth.",
    good=_WEB,
    bad=_WEB.replace("averageUtilization: 70", "averageUtilization: 190"),
)
def autoscaler_never_grows(system: System) -> Iterator[Finding]:
    """The largest utilization that can be measured is limit over request; growth needs a tenth more than the target.

    Source: kubernetes-sigs/metrics-server issue 763 (2026-11-23)."""
    for scaler, workload in _pairs(system):
        metrics = list(_utilizations(scaler))
        written = list(scaler.get("spec", "metrics") or ())
        spec = _completed(system, workload) if len(metrics) == max(1, len(written)) == 1 else None
        for path, resource, container, percent in metrics if spec else ():
            highest = _highest(spec or {}, resource, container)
            if highest is not None and highest <= percent * (1 + _tolerance(scaler)):
                yield Finding(
                    scaler,
                    path,
                    says=f"The target is {percent} % of the requested {resource}, and the limit caps usage at {highest:.0f} %.",
                    happens="Growth begins only well above the target (a tenth, unless set otherwise), which usage cannot reach: "
                    "the replica count never rises, however high the load.",
                    mend="Lower the target, raise the limit, or drop the CPU limit.",
                )


def _tolerance(scaler: Object) -> float:
    written = scaler.get("spec", "behavior", "scaleUp", "tolerance")
    try:
        return TOLERANCE if written is None else milli_value(parse(written)) / 1000
    except InvalidQuantity:
        return TOLERANCE


def _highest(spec: Mapping[str, Any], resource: str, container: str) -> float | None:
    """The percentage of the requests that the limits allow; None without a limit or request somewhere."""
    asked = allowed = 0
    for _, each in maps(spec.get("containers")):
        if container and each.get("name") != container:
            continue
        request, limit = (dig(each, "resources", side, resource) for side in ("requests", "limits"))
        if request is None or limit is None:
            return None
        asked, allowed = asked + milli_value(parse(request)), allowed + milli_value(parse(limit))
    return 100 * allowed / asked if asked else None


@rule(
    id="autoscalers-share-target",
    severity="error",
    about="One autoscaler per workload.",
    good=_WEB,
    bad=_WEB + "---" + _WEB.partition("---")[2].replace("name: web, namespace", "name: web-memory, namespace", 1),
)
def autoscalers_share_target(system: System) -> Iterator[Finding]:
    for scalers in workloads.of(system).autoscalers.values():
        for other in scalers[1:]:
            yield Finding(
                other,
                ("spec", "scaleTargetRef"),
                says=f"{scalers[0].title} scales the same {workloads.target(other)[0]} {workloads.target(other)[2]}.",
                happens="Each sets the count that it computes, and undoes the other's; replicas go up and down for ever.",
                mend="Put all metrics into one autoscaler: the largest proposal wins.",
            )


@rule(
    id="replicas-fight-autoscaler",
    severity="warning",
    about="A workload that an autoscaler scales leaves `spec.replicas` out.",
    good=_WEB,
    bad=_WEB.replace("      selector: {matchLabels", "      replicas: 2\n      selector: {matchLabels"),
)
def replicas_fight_autoscaler(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling (2026-11-23)."""
    for scaler, workload in _pairs(system):
        written = workload.object.get("spec", "replicas")
        if isinstance(written, int) and written > 0 and workload.type in workloads.SCALED:
            yield Finding(
                workload.object,
                ("spec", "replicas"),
                says=f"replicas is {written}, and {scaler.title} sets it too.",
                happens=f"Each `kubectl apply` during a peak cuts the workload to {written} pods until the autoscaler has grown it again.",
                mend="Leave `replicas` out.",
            )


@rule(
    id="autoscaler-cannot-scale",
    severity="error",
    about="An autoscaler names a kind that has replicas: a Deployment, StatefulSet or ReplicaSet.",
    good=_WEB,
    bad=_WEB.replace("kind: Deployment\n", "kind: DaemonSet\n").replace("kind: Deployment,", "kind: DaemonSet,"),
)
def autoscaler_cannot_scale(system: System) -> Iterator[Finding]:
    for scaler in system.kind(*workloads.AUTOSCALERS):
        type_, _, name = workloads.target(scaler)
        if type_ in workloads.TEMPLATES and type_ not in workloads.SCALED:
            yield Finding(
                scaler,
                ("spec", "scaleTargetRef", "kind"),
                says=f"{type_} {name} has no replica count to set.",
                happens="The autoscaler reports FailedGetScale and does nothing.",
                mend="Scale a Deployment or StatefulSet.",
            )


@rule(
    id="autoscaler-has-no-room",
    severity="warning",
    about="An autoscaler's maximum is above its minimum.",
    good=_WEB,
    bad=_WEB.replace("maxReplicas: 10", "maxReplicas: 2"),
)
def autoscaler_has_no_room(system: System) -> Iterator[Finding]:
    for scaler in system.kind("HorizontalPodAutoscaler"):
        least = number(scaler.get("spec", "minReplicas"), 1)
        if scaler.get("spec", "maxReplicas") == least:
            yield Finding(
                scaler,
                ("spec", "maxReplicas"),
                says=f"Minimum and maximum are both {least}.",
                happens="The replica count never changes, whatever the load.",
                mend="Raise maxReplicas, or leave the autoscaler out.",
            )


@rule(
    id="autoscaler-needs-adapter",
    severity="info",
    about="Pods, Object and External metrics come from an adapter that serves custom.metrics.k8s.io or external.metrics.k8s.io.",
    good=_WEB,
    bad=_WEB.partition("        - type: Resource")[0] + """        - type: External
          external: {metric: {name: queue_length}, target: {type: AverageValue, averageValue: 30}}
    """,
)  # fmt: skip
def autoscaler_needs_adapter(system: System) -> Iterator[Finding]:
    promised = (name for type_, _, name in references.provided(system).keys if type_.startswith("APIService"))
    served = {name.partition(".")[2] for name in (*(thing.name for thing in system.kind("APIService")), *promised)}
    for scaler in system.kind("HorizontalPodAutoscaler"):
        for index, metric in maps(scaler.get("spec", "metrics")):
            part = ADAPTED.get(text(metric.get("type")), "")
            api = "external.metrics.k8s.io" if part == "external" else "custom.metrics.k8s.io"
            if part and api not in served:
                yield Finding(
                    scaler,
                    ("spec", "metrics", index),
                    says=f"Metric {dig(metric, part, 'metric', 'name')} comes from {api}, which no APIService in these files serves.",
                    happens="Without an adapter in the cluster the metric fails: the autoscaler does not shrink, "
                    "and grows by its other metrics only.",
                    mend="Make sure that prometheus-adapter, KEDA or another adapter is installed, and say so: "
                    f'`{references.PROVIDED}: "APIService/v1beta1.{api}: prometheus-adapter"`.',
                )


@rule(
    id="autoscalers-fight",
    severity="error",
    about="A vertical autoscaler that acts does not change the requests that a horizontal one measures by.",
    good=_WEB,
    bad=_WEB + """---
    apiVersion: autoscaling.k8s.io/v1
    kind: VerticalPodAutoscaler
    metadata: {name: web, namespace: shop}
    spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, updatePolicy: {updateMode: Auto}}
    """,
)  # fmt: skip
def autoscalers_fight(system: System) -> Iterator[Finding]:
    """Source: https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/known-limitations.md (2026-11-23)."""
    scaled = {workload.object: scaler for scaler, workload in _pairs(system) if list(_utilizations(scaler))}
    for vertical in system.kind("VerticalPodAutoscaler"):
        ref = vertical.get("spec", "targetRef")
        type_ = workloads.type_of(text(dig(ref, "apiVersion")), text(dig(ref, "kind")))
        thing = system.find(type_, vertical.namespace, text(dig(ref, "name")))
        acts = vertical.get("spec", "updatePolicy", "updateMode") not in ("Off", "Initial")
        if acts and thing in scaled:
            yield Finding(
                vertical,
                ("spec", "updatePolicy"),
                says=f"{scaled[thing].title} measures {thing.title} by the requests that this object changes.",
                happens="Larger requests lower the measured utilization and the other shrinks the workload, which "
                "raises usage per pod again: sizes and counts swing.",
                mend="Set `updateMode: Off`, or scale horizontally by another metric than cpu and memory.",
            )
