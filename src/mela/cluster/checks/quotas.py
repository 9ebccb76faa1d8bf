"""ResourceQuotas and LimitRanges against what stands in their namespace: at rest, at its largest, and during a rollout."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mela.cluster import labels, workloads
from mela.cluster.admission.quota import charge, limit_range, pods, resources, scopes, usage
from mela.cluster.admission.quota.resources import Resources
from mela.cluster.admission.rollout import bounds
from mela.cluster.admission.rollout import model as rollouts
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, System, dig
from mela.cluster.percentage import InvalidPercentage
from mela.cluster.quantity import ZERO, InvalidQuantity, Quantity, canonical
from mela.cluster.workloads import Workload, maps, number

PLURALS = {
    "Service": "services",
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "PersistentVolumeClaim": "persistentvolumeclaims",
}

_WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      replicas: 4
      strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - name: web
              image: example.org/web:1.4.2
              resources: {requests: {cpu: 500m, memory: 256Mi}, limits: {cpu: "1", memory: 256Mi}}
    ---
    apiVersion: v1
    kind: ResourceQuota
    metadata: {name: shop, namespace: shop}
    spec: {hard: {requests.cpu: "4", pods: 8}}
    """
_SCALER = """---
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: web, namespace: shop}
    spec:
      minReplicas: 2
      maxReplicas: 7
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
    """
_LIMITS = """
    apiVersion: v1
    kind: LimitRange
    metadata: {name: shop, namespace: shop}
    spec: {limits: [{type: Container, max: {memory: 1Gi}}]}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          resources: {limits: {memory: 512Mi}}
    """


@dataclass(frozen=True, slots=True)
class Charge:
    """What an object costs a quota: `each` times the least and the most that there may be of it."""

    object: Object
    kind: str
    thing: Mapping[str, Any]
    each: Resources
    least: int
    most: int
    surge: int = 0
    must_surge: bool = False
    """No pod may be missing during a rollout, so it begins with one more."""


def _pod(system: System, workload: Workload) -> Mapping[str, Any] | None:
    """The pod as the API server and the LimitRanges complete it; None where an amount cannot be read."""
    ranges = [each.data for each in _in(system, "LimitRange", workload.namespace)]
    try:
        return limit_range.with_defaults(pods.with_defaults(workload.pod), ranges)
    except InvalidQuantity:
        return None


def _in(system: System, kind: str, namespace: str) -> list[Object]:
    return [each for each in system.kind(kind) if each.namespace == namespace]


def _charges(system: System, namespace: str) -> list[Charge]:
    found = [_of_pods(system, each) for each in workloads.of(system).by_namespace.get(namespace, ())]
    return [*(each for each in found if each), *_of_claims(system, namespace), *_of_objects(system, namespace)]


def _of_pods(system: System, workload: Workload) -> Charge | None:
    """Pods of a Job count only at the largest; of a DaemonSet as many as there are nodes in the system, or one."""
    pod = _pod(system, workload)
    if pod is None:
        return None
    found = workloads.of(system).replicas(workload)
    least, most = (found.least, found.most) if found else (0, 1)
    if workload.type == "DaemonSet":
        least = most = max(1, len(system.kind("Node")))
    elif workload.type in ("Job", "CronJob"):
        most = number(workload.object.get(*workload.at[:-1], "parallelism"), 1)
    surge, must = _surge(workload, most)
    return Charge(workload.object, "pods", pod, usage.pod_usage(pod), least, most, surge, must)


def _surge(workload: Workload, replicas: int) -> tuple[int, bool]:
    """The pods that a rollout adds, and whether it cannot begin without."""
    if workload.type != "Deployment":
        return 0, False
    strategy = workload.object.get("spec", "strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    deployment = rollouts.Deployment(
        "", 1, replicas, None, strategy.get("type") or "RollingUpdate",
        rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%"),
    )  # fmt: skip
    try:
        return bounds.max_surge(deployment), bounds.max_unavailable(deployment) == 0 and replicas > 0
    except InvalidPercentage:
        return 0, False


def _of_claims(system: System, namespace: str) -> Iterator[Charge]:
    """A StatefulSet's claims, one of each template per replica."""
    for workload in workloads.of(system).by_namespace.get(namespace, ()):
        thing, found = workload.object, workloads.of(system).replicas(workload)
        for _, claim in maps(thing.get("spec", "volumeClaimTemplates")):
            if found and (each := _usage("persistentvolumeclaims", claim)):
                yield Charge(thing, "persistentvolumeclaims", claim, each, found.least, found.most)


def _of_objects(system: System, namespace: str) -> Iterator[Charge]:
    for thing in system.within(namespace):
        plural = PLURALS.get(thing.type, "")
        if plural and (each := _usage(plural, thing.data)):
            yield Charge(thing, plural, thing.data, each, 1, 1)


def _usage(plural: str, thing: Mapping[str, Any]) -> Resources:
    try:
        return usage.usage(plural, thing)
    except InvalidQuantity:
        return {}


def _hard(quota: Object) -> Resources:
    try:
        return resources.read(quota.get("spec", "hard"))
    except InvalidQuantity:
        return {}


def _counted(system: System, quota: Object) -> list[Charge]:
    """The namespace's objects that the quota is about."""
    try:
        wanted = scopes.of_quota(quota.data)
        return [
            each
            for each in _charges(system, quota.namespace)
            if all(scopes.matches(each.kind, each.thing, scope) for scope in wanted)
        ]
    except labels.InvalidSelector:
        return []


def _times(amount: Quantity, count: int) -> Quantity:
    return Quantity(amount.unscaled * count, amount.exponent, amount.format, small=False)


def _needs(charges: list[Charge], name: str, *, most: bool) -> Quantity:
    total = ZERO
    for each in charges:
        if name in each.each:
            total = total + _times(each.each[name], each.most if most else each.least)
    return total


@rule(
    id="quota-refuses-pod",
    severity="error",
    about="A single pod of each workload fits the quotas of its namespace and states what they demand.",
    good=_WEB,
    bad=_WEB.replace("pods: 8", "limits.memory: 200Mi"),
)
def quota_refuses_pod(system: System) -> Iterator[Finding]:
    for quota in system.kind("ResourceQuota"):
        hard = _hard(quota)
        empty = {"hard": hard, "used": dict.fromkeys(hard, ZERO)}
        for workload in workloads.of(system).by_namespace.get(quota.namespace, ()) if hard else ():
            pod = _pod(system, workload)
            if pod is None:
                continue
            decision = charge.check(charge.Request("pods", "CREATE", pod), [{**quota.data, "status": empty}])
            if not decision.allowed and decision.code == 403:
                yield Finding(
                    workload.object,
                    (*workload.spec_at, "containers"),
                    says=f"The quota {quota.name} refuses a pod of this: {_reason(decision.message)}.",
                    happens="Not one pod is created; the reason stands only in the events (FailedCreate, 403).",
                    mend="State requests and limits that the quota demands and has room for, or set defaults by a LimitRange.",
                )


def _reason(message: str) -> str:
    """Without upstream's opening, which names the pod."""
    return message.partition(" is forbidden: ")[2] or message


@rule(
    id="quota-too-small",
    severity="error",
    about="A namespace's quota has room for all that stands in it, at the autoscalers' maximum too.",
    good=_WEB + _SCALER,
    bad=_WEB + _SCALER.replace("maxReplicas: 7", "maxReplicas: 12"),
)
def quota_too_small(system: System) -> Iterator[Finding]:
    """An error where even the least does not fit, a warning where only the most does not."""
    for quota in system.kind("ResourceQuota"):
        hard = _hard(quota)
        charges = _counted(system, quota) if hard else []
        for name, limit in hard.items():
            least, most = _needs(charges, name, most=False), _needs(charges, name, most=True)
            if most > limit:
                grave = least > limit
                yield Finding(
                    quota,
                    ("spec", "hard", name),
                    says=f"{name} is limited to {canonical(limit)}; {'at rest' if grave else 'at its largest'} the namespace "
                    f"needs {canonical(least if grave else most)}: {_biggest(charges, name, most=not grave)}.",
                    happens="What comes last is refused: pods are missing, seen only as FailedCreate events."
                    if grave
                    else "Under load the autoscaler asks for pods that are refused; replicas stop short of the maximum "
                    "just when they are needed.",
                    mend="Raise the quota, or lower replicas, maximum or requests.",
                    severity="error" if grave else "warning",
                )


def _biggest(charges: list[Charge], name: str, *, most: bool) -> str:
    """The three that need most."""
    rows = [(each.most if most else each.least, each.each.get(name, ZERO), each.object) for each in charges]
    rows = sorted((row for row in rows if row[0] and row[1]), key=lambda row: _times(row[1], row[0]), reverse=True)
    told = [f"{thing.name} {count} × {canonical(amount)}" for count, amount, thing in rows[:3]]
    return ", ".join([*told, *(["…"] if len(rows) > 3 else [])])


@rule(
    id="quota-stops-rollout",
    severity="error",
    about="A rollout that may not miss a pod finds room in the quota for the one that it adds.",
    good=_WEB,
    bad=_WEB.replace("pods: 8", "pods: 4"),
)
def quota_stops_rollout(system: System) -> Iterator[Finding]:
    """With all at their least, which fits: one more pod of the Deployment does not."""
    for quota in system.kind("ResourceQuota"):
        hard = _hard(quota)
        charges = _counted(system, quota) if hard else []
        for each in (one for one in charges if one.must_surge and one.least):
            for name, limit in hard.items():
                base = _needs(charges, name, most=False)
                if name in each.each and base <= limit < base + each.each[name]:
                    yield Finding(
                        each.object,
                        ("spec", "strategy"),
                        says=f"A rollout starts with one pod more, and quota {quota.name} has no room for it: "
                        f"{canonical(base)} of {canonical(limit)} {name} are in use.",
                        happens="The first new pod is refused and the rollout waits until its deadline; nothing is updated.",
                        mend="Raise the quota by one pod, or allow `maxUnavailable: 1`.",
                    )
                    break


@rule(
    id="limit-range-refuses",
    severity="error",
    about="Pods and claims stay within the LimitRanges of their namespace, with its defaults filled in.",
    good=_LIMITS,
    bad=_LIMITS.replace("512Mi", "2Gi"),
)
def limit_range_refuses(system: System) -> Iterator[Finding]:
    for workload in workloads.of(system).all if system.kind("LimitRange") else ():
        pod = _pod(system, workload)
        ranges = [each.data for each in _in(system, "LimitRange", workload.namespace)]
        faults = limit_range.violations("pods", pod, ranges) if pod and ranges else ()
        if faults:
            yield Finding(
                workload.object,
                (*workload.spec_at, "containers"),
                says=f"The namespace's LimitRange refuses these pods: {'; '.join(faults)}.",
                happens="No pod is created; the reason stands only in the events (FailedCreate, 403).",
                mend="Bring requests and limits within the range.",
            )
    for claim in system.kind("PersistentVolumeClaim") if system.kind("LimitRange") else ():
        ranges = [each.data for each in _in(system, "LimitRange", claim.namespace)]
        try:
            faults = limit_range.violations("persistentvolumeclaims", claim.data, ranges)
        except InvalidQuantity:
            continue
        if faults:
            yield Finding(
                claim,
                ("spec", "resources", "requests"),
                says=f"The namespace's LimitRange refuses this claim: {'; '.join(faults)}.",
                happens="The claim is not created, and the pods that mount it stay Pending.",
                mend="Ask for storage within the range.",
            )


@rule(
    id="limit-range-breaks-pod",
    severity="error",
    about="The defaults that a LimitRange fills in agree with what a container states itself.",
    good=_LIMITS,
    bad=_LIMITS.replace("max: {memory: 1Gi}", "defaultRequest: {memory: 1Gi}")
    .replace("resources: {limits: {memory: 512Mi}}", "resources: {limits: {cpu: 500m}}")
    .replace("type: Container, ", "type: Container, default: {memory: 512Mi}, "),
)
def limit_range_breaks_pod(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/concepts/policy/limit-range/#limitrange-and-admission-checks-for-pods (2026-11-23)."""
    for workload in workloads.of(system).all if system.kind("LimitRange") else ():
        pod = _pod(system, workload)
        for container in (*dig(pod, "spec", "containers"), *dig(pod, "spec", "initContainers")) if pod else ():
            requests, limits = (dig(container, "resources", side) or {} for side in ("requests", "limits"))
            wrong = [name for name, amount in requests.items() if name in limits and amount > limits[name]]
            if wrong and not _states_both(workload, container.get("name"), wrong[0]):
                yield Finding(
                    workload.object,
                    (*workload.spec_at, "containers"),
                    says=f"With the LimitRange's defaults, container {container.get('name')} requests "
                    f"{canonical(requests[wrong[0]])} {wrong[0]}, more than its limit of {canonical(limits[wrong[0]])}.",
                    happens="The API server refuses the pods: a request may not exceed the limit.",
                    mend=f"State both the request and the limit of {wrong[0]}.",
                )


def _states_both(workload: Workload, name: Any, resource: str) -> bool:
    own = next((each.data for each in workload.containers if each.name == name), {})
    return all(dig(own, "resources", side, resource) is not None for side in ("requests", "limits"))
