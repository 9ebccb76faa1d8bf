"""From the answers of the metrics APIs to one proposal.

Every metric proposes a count and the largest wins. While some metrics fail, the rest may keep or grow the count, never
shrink it: the failing one might be the one that needs the pods.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go (computeReplicasForMetrics and the functions it
calls), read 2026-11-23.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from mela.cluster import arithmetic
from mela.cluster.hpa import observed, pods, replicas, spec

Answered = TypeVar("Answered", bound=Sequence[object] | Mapping[str, int])

CPU = "cpu"
FAILURES = {
    "Resource": "FailedGetResourceMetric",
    "ContainerResource": "FailedGetContainerResourceMetric",
    "Pods": "FailedGetPodsMetric",
    "Object": "FailedGetObjectMetric",
    "External": "FailedGetExternalMetric",
}
UNKNOWN_SOURCE = "InvalidMetricSourceType"


@dataclass(frozen=True, slots=True)
class Flags:
    """The controller manager's flags and feature gates that decide about replicas, with their defaults in v1.36."""

    tolerance: float = 0.1
    downscale_stabilization_ms: int = 300_000
    readiness: pods.Readiness = field(default_factory=pods.Readiness)
    configurable_tolerance: bool = True
    pod_level_resources: bool = True
    scale_to_zero: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A metric without a proposal: the reason of the condition and the sentence for people."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Current:
    """A metric in status.currentMetrics. Which fields are set follows from the target, not from its type."""

    source: str
    utilization: int | None = None
    average_value_m: int | None = None
    value_m: int | None = None
    undefined: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all metrics together propose.

    `winner` is the index of the metric that proposed `replicas`; both are None when nothing may be done. `current` has
    None for a metric that failed. `failures` are in the spec's order.
    """

    replicas: int | None
    winner: int | None
    current: tuple[Current | None, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What the metrics have in common at one sync."""

    scale: observed.Scale
    pods: Sequence[observed.Pod]
    tolerances: replicas.Tolerances
    flags: Flags
    now_ms: int


def evaluate(wanted: Sequence[spec.Metric], answers: Sequence[observed.Answer], here: Situation) -> Outcome:
    """Ask every metric for a count; `answers` are in the order of the metrics."""
    results = [_ask(metric, answer, here) for metric, answer in zip(wanted, answers, strict=True)]
    current = tuple(
        None if isinstance(result, Failure) else _current(metric, result)
        for metric, result in zip(wanted, results, strict=True)
    )
    failures = tuple(result for result in results if isinstance(result, Failure))
    best, winner = _largest(results)
    if len(failures) == len(results) or (failures and best < here.scale.replicas):
        return Outcome(None, None, current, failures)
    return Outcome(best, winner, current, failures)


def tolerances(behavior: spec.Behavior | None, flags: Flags) -> replicas.Tolerances:
    """Take the tolerances of the behavior where it has any, else the controller's."""
    if behavior is None or not flags.configurable_tolerance:
        return replicas.Tolerances(flags.tolerance, flags.tolerance)
    down, up = behavior.down.tolerance, behavior.up.tolerance
    return replicas.Tolerances(flags.tolerance if down is None else down, flags.tolerance if up is None else up)


def _largest(results: Sequence[replicas.Proposal | Failure]) -> tuple[int, int | None]:
    """Pick the largest proposal, the earlier one of equals; after a proposal of zero any other wins, a negative one too."""
    best, winner = 0, None
    for index, result in enumerate(results):
        if isinstance(result, replicas.Proposal) and (best == 0 or result.replicas > best):
            best, winner = result.replicas, index
    return best, winner


def _ask(metric: spec.Metric, answer: observed.Answer, here: Situation) -> replicas.Proposal | Failure:
    try:
        if metric.selector_error:
            raise replicas.Unusable(f"its selector cannot be used: {metric.selector_error}")
        return _propose(metric, answer, here)
    except replicas.Unusable as unusable:
        return Failure(FAILURES.get(metric.source, UNKNOWN_SOURCE), f"{metric.name}: {unusable}")


def _propose(metric: spec.Metric, answer: observed.Answer, here: Situation) -> replicas.Proposal:
    match metric.source, answer:
        case _, observed.Unavailable(reason):
            raise replicas.Unusable(reason)
        case (("Resource" | "ContainerResource"), observed.Samples(rows)):
            return _resource(metric, rows, here)
        case "Pods", observed.PodValues(by_pod_m):
            return _pods(metric.target, by_pod_m, here)
        case "Object", observed.ObjectValue(value_m):
            return _object(metric.target, value_m, here)
        case "External", observed.Series(values_m):
            return _external(metric.target, values_m, here)
        case source, _:
            raise replicas.Unusable(f"no such answer belongs to a metric of type {source!r}")


def _resource(metric: spec.Metric, rows: Sequence[observed.PodSample], here: Situation) -> replicas.Proposal:
    """Propose from usage; a target average value wins over a utilization when both are set."""
    sampled = pods.usage(_some(rows), metric.name, metric.container)
    groups = _groups(here, sampled, cpu=metric.name == CPU)
    usage = {pod: pods.usage_m(sample, metric.name, metric.container) for pod, sample in sampled.items()}
    values = replicas.usable(usage, groups)
    if metric.target.average_value_m is not None:
        return _average(values, groups, metric.target.average_value_m, here)
    if metric.target.utilization is None:
        raise replicas.Unusable("the target is neither a utilization nor an average value")
    return _utilization(metric, metric.target.utilization, values, groups, here)


def _utilization(
    metric: spec.Metric, target: int, values: replicas.Values, groups: pods.Groups, here: Situation
) -> replicas.Proposal:
    """Propose from usage over requests; pods without a sample count as busy, at 100 % or the target if that is more."""
    asked = replicas.requested(here.pods, metric.name, metric.container, pod_level=here.flags.pod_level_resources)
    busy = max(100, target)
    missing_m = {pod: arithmetic.quotient(arithmetic.int64(asked[pod] * busy), 100) for pod in groups.missing}
    measure = replicas.utilization_measure(asked, groups, target)
    return replicas.from_pods(values, groups, here.scale.replicas, measure, missing_m, here.tolerances)


def _pods(target: spec.Target, by_pod_m: Mapping[str, int], here: Situation) -> replicas.Proposal:
    if target.average_value_m is None:
        raise replicas.Unusable("the target is no average value")
    groups = _groups(here, dict.fromkeys(_some(by_pod_m)), cpu=False)
    return _average(replicas.usable(by_pod_m, groups), groups, target.average_value_m, here)


def _average(values: replicas.Values, groups: pods.Groups, target_m: int, here: Situation) -> replicas.Proposal:
    """Propose from a plain average; pods without a sample count as exactly on target."""
    missing_m = dict.fromkeys(groups.missing, target_m)
    measure = replicas.average_measure(groups, target_m)
    return replicas.from_pods(values, groups, here.scale.replicas, measure, missing_m, here.tolerances)


def _object(target: spec.Target, value_m: int, here: Situation) -> replicas.Proposal:
    """Propose from an object's value; the target's type decides, and the field of that type must be set."""
    if target.type == "Value" and target.value_m is not None:
        return replicas.from_value(value_m, target.value_m, here.scale.replicas, here.pods, here.tolerances)
    if target.type == "AverageValue" and target.average_value_m is not None:
        return replicas.from_object_average(
            value_m, target.average_value_m, here.scale.status_replicas, here.tolerances
        )
    raise replicas.Unusable(f"the target's type is {target.type!r} but it has no such value")


def _external(target: spec.Target, values_m: Sequence[int], here: Situation) -> replicas.Proposal:
    """Propose from the sum of all series; an average value wins, whatever the target's type says."""
    if target.average_value_m is not None:
        sum_m = replicas.total_per_pod(_some(values_m))
        return replicas.from_external_average(
            sum_m, target.average_value_m, here.scale.status_replicas, here.tolerances
        )
    if target.value_m is not None:
        sum_m = replicas.total(_some(values_m))
        return replicas.from_value(sum_m, target.value_m, here.scale.replicas, here.pods, here.tolerances)
    raise replicas.Unusable("the target is neither a value nor an average value")


def _some(answer: Answered) -> Answered:
    if not answer:
        raise replicas.Unusable("the metrics API answered without any value")
    return answer


def _groups(here: Situation, sampled: Mapping[str, observed.PodSample | None], *, cpu: bool) -> pods.Groups:
    if not here.pods:
        raise replicas.Unusable("the selector matches no pods")
    return pods.group(here.pods, sampled, cpu=cpu, readiness=here.flags.readiness, now_ms=here.now_ms)


def _current(metric: spec.Metric, proposal: replicas.Proposal) -> Current:
    """Show what the proposal was made from; a Value target shows a value, all others an average."""
    target = metric.target
    by_value = (metric.source == "Object" and target.type == "Value") or (
        metric.source == "External" and target.average_value_m is None
    )
    return Current(
        source=metric.source,
        utilization=proposal.utilization,
        average_value_m=None if by_value else proposal.value_m,
        value_m=proposal.value_m if by_value else None,
        undefined=proposal.undefined,
    )
