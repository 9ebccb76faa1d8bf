"""From one metric to a replica count.

desired = ceil(usage / target x pods). What makes it hard is pods whose samples are missing or set aside: they are filled
in so that they damp the change, and a change that this correction would turn around is dropped.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/replica_calculator.go and metrics/utilization.go, read 2026-11-23.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mela.cluster import arithmetic
from mela.cluster.hpa import observed, pods, requests


class Unusable(Exception):
    """A metric from which no replica count follows."""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far usage over target may be from 1 without a change, in each direction."""

    down: float = 0.1
    up: float = 0.1

    def allow(self, ratio: float) -> bool:
        """Tell whether the ratio is close enough to 1; not-a-number never is."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


@dataclass(frozen=True, slots=True)
class Usage:
    """Usage over target, and what status shows of it: a percentage of requests, an average in milli-units."""

    ratio: float
    average_m: int
    utilization: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A replica count from one metric. `value_m` is what status shows: an average, or the value of a Value target.

    `undefined`: status was divided by no replicas at all; Go leaves such a number to the platform.
    """

    replicas: int
    value_m: int
    utilization: int | None = None
    undefined: bool = False


Values: TypeAlias = Mapping[str, int]
Measure: TypeAlias = Callable[[Values], Usage]


def utilization_measure(asked: Values, groups: pods.Groups, target_percent: int) -> Measure:
    """Measure usage as a percentage of requests, of the pods that have both. The percentage is cut to an integer first."""

    def measure(values: Values) -> Usage:
        known = [pod for pod in values if pod in asked]
        used = arithmetic.int64(groups.total(values, known))
        requested = arithmetic.int64(groups.total(asked, known))
        if requested == 0:
            raise Unusable("the pods with samples request nothing of this resource")
        percent = arithmetic.int32(arithmetic.quotient(arithmetic.int64(used * 100), requested))
        average = arithmetic.quotient(used, groups.number(known))
        return Usage(arithmetic.ratio(percent, target_percent), average, percent)

    return measure


def average_measure(groups: pods.Groups, target_m: int) -> Measure:
    """Measure the average over all samples, also of pods that are gone; cut to an integer first."""

    def measure(values: Values) -> Usage:
        average = arithmetic.quotient(arithmetic.int64(groups.total(values, values)), groups.number(values))
        return Usage(arithmetic.ratio(average, target_m), average)

    return measure


def usable(values: Values, groups: pods.Groups) -> dict[str, int]:
    """Drop the samples of ignored and unready pods. Raises: Unusable when none is left."""
    kept = {pod: value for pod, value in values.items() if pod not in groups.ignored and pod not in groups.unready}
    if not kept:
        raise Unusable("no sample of a pod that counts; the pods may not be ready")
    return kept


def from_pods(
    values: Values,
    groups: pods.Groups,
    current: int,
    measure: Measure,
    missing_m: Values,
    tolerances: Tolerances,
) -> Proposal:
    """Propose a count from usable samples by pod; `missing_m` is what the pods without a sample count as when shrinking."""
    usage = measure(values)
    if groups.missing or (groups.unready and usage.ratio > 1.0):
        filled = _filled(values, usage.ratio, groups, missing_m)
        count = _corrected(usage.ratio, measure(filled).ratio, groups.number(filled), current, tolerances)
    else:
        count = current if tolerances.allow(usage.ratio) else _ceil(usage.ratio * groups.ready)
    return Proposal(count, usage.average_m, usage.utilization)


def _corrected(before: float, after: float, n_values: int, current: int, tolerances: Tolerances) -> int:
    """Count with the filled-in ratio, unless that is close enough to 1 or would turn the change around."""
    if tolerances.allow(after) or (before - 1.0) * (after - 1.0) < 0:
        return current
    count = _ceil(after * n_values)
    turned = (after < 1.0 and count > current) or (after > 1.0 and count < current)
    return current if turned else count


def _filled(values: Values, ratio: float, groups: pods.Groups, missing_m: Values) -> dict[str, int]:
    """Add the pods without a usable sample, against the direction: idle when growing, busy when shrinking."""
    filled = dict(values)
    if ratio < 1.0:
        filled |= missing_m
    if ratio > 1.0:
        filled |= dict.fromkeys(groups.missing | groups.unready, 0)
    return filled


def from_value(
    usage_m: int, target_m: int, current: int, all_pods: Sequence[observed.Pod], tolerances: Tolerances
) -> Proposal:
    """Propose a count for a Value target: the ratio times the running and ready pods; from zero, the ratio itself."""
    ratio = arithmetic.ratio(usage_m, target_m)
    if current == 0:
        return Proposal(_ceil(ratio), usage_m)
    if tolerances.allow(ratio):
        return Proposal(current, usage_m)
    if not all_pods:
        raise Unusable("the selector matches no pods")
    return Proposal(_capped(ratio * pods.running_and_ready(all_pods)), usage_m)


def from_object_average(usage_m: int, target_m: int, status_replicas: int, tolerances: Tolerances) -> Proposal:
    """Propose a count for an object's AverageValue target; it looks at status.replicas, not at spec.replicas."""
    count = status_replicas
    if not tolerances.allow(_per_pod_ratio(usage_m, target_m, status_replicas)):
        count = _ceil(arithmetic.ratio(usage_m, target_m))
    average = arithmetic.ratio(usage_m, status_replicas)
    return Proposal(count, arithmetic.int64_of(arithmetic.ceiling(average)), undefined=status_replicas == 0)


def from_external_average(usage_m: int, target_m: int, status_replicas: int, tolerances: Tolerances) -> Proposal:
    """Propose a count for an external AverageValue target; a sum too large for 64 bits is shown as it is, undivided."""
    count = status_replicas
    if not tolerances.allow(_per_pod_ratio(usage_m, target_m, status_replicas)):
        count = _capped(arithmetic.ratio(usage_m, target_m))
    if float(usage_m) >= float(arithmetic.MAX_INT64):
        return Proposal(count, arithmetic.MAX_INT64)
    average = arithmetic.ratio(usage_m, status_replicas)
    return Proposal(count, arithmetic.int64_of(arithmetic.ceiling(average)), undefined=status_replicas == 0)


def _per_pod_ratio(usage_m: int, target_m: int, replicas: int) -> float:
    return arithmetic.ratio(usage_m, float(target_m) * float(replicas))


def total(series: Sequence[int]) -> int:
    """Add up an external metric for a Value target: capped at the top, wrapping at the bottom."""
    added = 0
    for value in series:
        if value > 0 and added > arithmetic.MAX_INT64 - value:
            return arithmetic.MAX_INT64
        added = arithmetic.int64(added + value)
    return added


def total_per_pod(series: Sequence[int]) -> int:
    """Add up an external metric for an AverageValue target: any negative sum on the way is taken for an overflow."""
    added = 0
    for value in series:
        added = arithmetic.int64(added + value)
        if added < 0:
            return arithmetic.MAX_INT64
    return added


def requested(all_pods: Sequence[observed.Pod], resource: str, container: str, *, pod_level: bool) -> dict[str, int]:
    """Collect the requests of all pods, failed and terminating ones included. Raises: Unusable when one has none."""
    known: dict[int, int] = {}  # pods of one template share what they request
    try:
        for pod in all_pods:
            if id(pod.requests) not in known:
                asked = requests.request_of(pod.requests, resource, container, pod_level=pod_level)
                known[id(pod.requests)] = asked
    except requests.MissingRequest as missing:
        raise Unusable(str(missing)) from missing
    return {pod.name: known[id(pod.requests)] for pod in all_pods}


def _ceil(value: float) -> int:
    return arithmetic.int32_of(arithmetic.ceiling(value))


def _capped(value: float) -> int:
    return arithmetic.MAX_INT32 if value > arithmetic.MAX_INT32 else _ceil(value)
