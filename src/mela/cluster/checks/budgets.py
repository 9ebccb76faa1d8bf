"""Disruption budgets against the replicas that they guard: can a node be drained, and does the budget hold anything back?

Each answer is one pass of the disruption controller over as many healthy pods as the workload, or its autoscaler, has.
"""

from collections.abc import Iterator

from mela.cluster import workloads
from mela.cluster.admission.disruption import budget as budgets
from mela.cluster.admission.disruption import model, owners
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, System
from mela.cluster.reachability import behind
from mela.cluster.workloads import Workload

MANY = 1000
"""More replicas than this are not played through; shares do not change any more."""

_WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      replicas: 3
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers: [{name: web, image: "example.org/web:1.4.2"}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {selector: {app: web}, ports: [{port: 80}]}
    """
_BUDGET = """---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop}
    spec:
      minAvailable: 2
      unhealthyPodEvictionPolicy: AlwaysAllow
      selector: {matchLabels: {app: web}}
    """


def _guarded(system: System, budget: Object) -> tuple[Workload, ...]:
    pods = workloads.of(system)
    chosen = pods.chosen(budget.namespace, workloads.selector(budget.get("spec", "selector")))
    return tuple(each for each in chosen if each.type in workloads.LASTING)


def _outcome(budget: Object, counts: dict[Workload, int]) -> budgets.Synced:
    """What the controller finds when so many pods of each workload run and are ready."""
    spec = budget.get("spec")
    read = model.read(budget.name, 1, spec if isinstance(spec, dict) else {})
    pods, known = [], []
    for workload, count in counts.items():
        owner = _owner(workload)
        if owner:
            known.append(model.Workload(owner.api_version, owner.kind, owner.name, owner.uid, count))
        pods += [
            model.Pod(f"{workload.object.name}-{number}", workload.labels, owner, ready="True")
            for number in range(count)
        ]
    return budgets.sync(read, pods, owners.Cluster(known), 0)


def _owner(workload: Workload) -> model.Owner | None:
    """Deployments and Rollouts own their pods through a ReplicaSet."""
    if workload.type == "Pod":
        return None
    name = workload.object.name
    through = {"Deployment": "ReplicaSet", "Rollout.argoproj.io": "ReplicaSet"}
    kind = through.get(workload.type, workload.object.kind)
    api_version = "v1" if kind == "ReplicationController" else "apps/v1"
    return model.Owner(api_version, kind, name, f"{kind}/{name}")


def _counts(system: System, chosen: tuple[Workload, ...]) -> Iterator[tuple[str, dict[Workload, int]]]:
    """The fewest and the most replicas, with words for them; nothing where a number is not known."""
    ranges = {each: workloads.of(system).replicas(each) for each in chosen}
    known = {each: found for each, found in ranges.items() if found and found.most and found.most <= MANY}
    if len(known) < len(chosen) or not known:
        return
    scaled = any(found.by for found in known.values())
    yield "the autoscaler's minimum" if scaled else "as written", {k: max(1, v.least) for k, v in known.items()}
    if any(found.most > max(1, found.least) for found in known.values()):
        yield "the autoscaler's maximum", {each: found.most for each, found in known.items()}


def _bound(budget: Object) -> str:
    for field in ("minAvailable", "maxUnavailable"):
        if budget.get("spec", field) is not None:
            return field
    return "minAvailable"


@rule(
    id="budget-blocks-drain",
    severity="error",
    about="With all pods healthy, a disruption budget lets at least one of them be evicted, at every size of its workload.",
    good=_WEB + _BUDGET,
    bad=_WEB + _BUDGET.replace("minAvailable: 2", "minAvailable: 80%"),
)
def budget_blocks_drain(system: System) -> Iterator[Finding]:
    for budget in system.kind("PodDisruptionBudget"):
        for when, counts in _counts(system, _guarded(system, budget)):
            status = _outcome(budget, counts).status
            failed = status.condition and status.condition.reason == "SyncFailed"
            if not failed and status.disruptions_allowed == 0 and status.expected_pods:
                total = sum(counts.values())
                bound = _bound(budget)
                yield Finding(
                    budget,
                    ("spec", bound),
                    says=f"{bound} {budget.get('spec', bound)} of {total} pods ({when}) leaves none that may be evicted: "
                    f"{status.desired_healthy} must stay healthy.",
                    happens="`kubectl drain` waits for ever on each node with such a pod; node upgrades and scale-in stop there.",
                    mend="Write `maxUnavailable: 1`, or have more replicas than must stay.",
                )
                break


@rule(
    id="budget-cannot-count",
    severity="error",
    about="A budget with a percentage or maxUnavailable guards pods whose controller says how many replicas it wants.",
    good=_WEB + _BUDGET,
    bad="""
    apiVersion: apps/v1
    kind: DaemonSet
    metadata: {name: agent, namespace: shop}
    spec:
      selector: {matchLabels: {app: agent}}
      template:
        metadata: {labels: {app: agent}}
        spec:
          containers: [{name: agent, image: "example.org/agent:2.0.1"}]
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: agent, namespace: shop}
    spec: {maxUnavailable: 1, selector: {matchLabels: {app: agent}}}
    """,
)
def budget_cannot_count(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors (2026-11-23)."""
    for budget in system.kind("PodDisruptionBudget"):
        chosen = _guarded(system, budget)
        condition = _outcome(budget, dict.fromkeys(chosen, 1)).status.condition if chosen else None
        if condition and condition.reason == "SyncFailed":
            yield Finding(
                budget,
                ("spec", _bound(budget)),
                says=f"The controller cannot compute the budget: {condition.message}.",
                happens="Every eviction of these pods is refused, as if none might go.",
                mend="Write `minAvailable` as a whole number, or leave the budget out: drains pass over DaemonSets anyway.",
            )


@rule(
    id="budget-holds-nothing",
    severity="warning",
    about="A disruption budget keeps some pods: not all of several may be evicted at once.",
    good=_WEB + _BUDGET,
    bad=_WEB + _BUDGET.replace("minAvailable: 2", "maxUnavailable: 100%"),
)
def budget_holds_nothing(system: System) -> Iterator[Finding]:
    for budget in system.kind("PodDisruptionBudget"):
        for when, counts in _counts(system, _guarded(system, budget)):
            total, status = sum(counts.values()), _outcome(budget, counts).status
            if total > 1 and status.disruptions_allowed >= total:
                yield Finding(
                    budget,
                    ("spec", _bound(budget)),
                    says=f"All {total} pods ({when}) may be evicted at once.",
                    happens="A drain of several nodes can take the whole workload down.",
                    mend="Write `maxUnavailable: 1`, or a share that leaves enough for the load.",
                )
                break


@rule(
    id="budgets-overlap",
    severity="error",
    about="A pod has at most one disruption budget.",
    good=_WEB + _BUDGET,
    bad=_WEB + _BUDGET + _BUDGET.replace("name: web, n", "name: web-too, n"),
)
def budgets_overlap(system: System) -> Iterator[Finding]:
    """Source: kubernetes v1.36.3, pkg/registry/core/pod/storage/eviction.go (2026-11-23)."""
    first: dict[Workload, Object] = {}
    for budget in system.kind("PodDisruptionBudget"):
        for workload in _guarded(system, budget):
            other = first.setdefault(workload, budget)
            if other is not budget:
                yield Finding(
                    budget,
                    ("spec", "selector"),
                    says=f"The pods of {workload.object.title} have a second budget, {other.name}.",
                    happens="Each eviction of these pods fails with an internal error (500), so nodes cannot be drained.",
                    mend="Keep one of the two, or part their selectors.",
                )
                break


@rule(
    id="budget-missing",
    severity="warning",
    about="A workload of several replicas behind a Service has a disruption budget.",
    good=_WEB + _BUDGET,
    bad=_WEB,
)
def budget_missing(system: System) -> Iterator[Finding]:
    pods = workloads.of(system)
    guarded = {each for budget in system.kind("PodDisruptionBudget") for each in _guarded(system, budget)}
    served = {each: None for service in system.kind("Service") for each in behind(system, service)}
    for workload in served:
        found = pods.replicas(workload)
        if workload not in guarded and found and found.most > 1:
            yield Finding(
                workload.object,
                ("spec", "replicas"),
                says="No disruption budget guards these pods.",
                happens="A node upgrade may evict all of them at the same moment; clients see errors until new ones are ready.",
                mend=f"Add a PodDisruptionBudget with `maxUnavailable: 1` and the labels of {workload.object.name}'s pods.",
            )


@rule(
    id="budget-keeps-broken-pods",
    severity="info",
    about="A budget says what happens to pods that run and are not ready: `unhealthyPodEvictionPolicy: AlwaysAllow`.",
    good=_WEB + _BUDGET,
    bad=_WEB + _BUDGET.replace("      unhealthyPodEvictionPolicy: AlwaysAllow\n", ""),
)
def budget_keeps_broken_pods(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy (2026-11-23)."""
    for budget in system.kind("PodDisruptionBudget"):
        if budget.get("spec", "unhealthyPodEvictionPolicy") is None:
            yield Finding(
                budget,
                ("spec",),
                says="By default pods that are not ready may be evicted only while enough others are healthy.",
                happens="When a faulty version keeps pods from getting ready, their nodes cannot be drained.",
                mend="Write `unhealthyPodEvictionPolicy: AlwaysAllow`.",
            )
