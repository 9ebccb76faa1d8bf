"""How fast an autoscaler may change the replica count: scaling policies, and the fixed rule without `behavior`.

A policy allows so many pods, or so many percent, within a period. The count at the start of the period follows from the
scale events that the controller remembers.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go (storeScaleEvent, markScaleEventsOutdated,
calculateScaleUpLimit, calculateScaleUpLimitWithScalingRules, calculateScaleDownLimitWithBehaviors), read 2026-11-23.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from mela.cluster import arithmetic
from mela.cluster.hpa import spec

FIXED_FACTOR = 2.0
FIXED_MINIMUM = 4.0
"""Without `behavior` a sync at most doubles the pods, or goes to four."""


@dataclass(frozen=True, slots=True)
class ScaleEvent:
    """A change that was written: by how many pods. Once outdated, its place may be taken, even if periods grow later."""

    change: int
    at_ms: int
    outdated: bool = False


ScaleEvents: TypeAlias = tuple[ScaleEvent, ...]


def remember(events: ScaleEvents, rules: spec.Rules, change: int, now_ms: int) -> ScaleEvents:
    """Add a change to the events of its own direction, in place of one older than the direction's longest period."""
    longest_ms = 1000 * max((policy.period_s for policy in rules.policies), default=0)
    marked = [replace(each, outdated=each.outdated or each.at_ms < now_ms - longest_ms) for each in events]
    free = [index for index, each in enumerate(marked) if each.outdated]
    new = ScaleEvent(change, now_ms)
    if free:
        marked[free[-1]] = new
        return tuple(marked)
    return (*marked, new)


def fixed_up_limit(current: int) -> int:
    """Return the most replicas that a sync without `behavior` may choose."""
    return arithmetic.int32_of(max(FIXED_FACTOR * current, FIXED_MINIMUM))


def up_limit(current: int, ups: ScaleEvents, downs: ScaleEvents, rules: spec.Rules, now_ms: int) -> int:
    """Return the most replicas that the policies allow; percentages round up, so that one pod can always become two."""
    if rules.select == "Disabled":
        return current
    limits = [_grown(policy, _before(policy, current, ups, downs, now_ms)) for policy in rules.policies]
    if rules.select == "Min":
        return min([arithmetic.MAX_INT32, *limits])
    return max([arithmetic.MIN_INT32, *limits])


def down_limit(current: int, ups: ScaleEvents, downs: ScaleEvents, rules: spec.Rules, now_ms: int) -> int:
    """Return the fewest replicas that the policies allow; what a percentage leaves is truncated."""
    if rules.select == "Disabled":
        return current
    limits = [_shrunk(policy, _before(policy, current, ups, downs, now_ms)) for policy in rules.policies]
    if rules.select == "Min":
        return max([arithmetic.MIN_INT32, *limits])
    return min([arithmetic.MAX_INT32, *limits])


def _before(policy: spec.Policy, current: int, ups: ScaleEvents, downs: ScaleEvents, now_ms: int) -> int:
    """Return the replicas at the start of the policy's period."""
    since_ms = now_ms - policy.period_s * 1000
    added = sum(each.change for each in ups if each.at_ms > since_ms)
    deleted = sum(each.change for each in downs if each.at_ms > since_ms)
    return arithmetic.int32(current - added + deleted)


def _grown(policy: spec.Policy, before: int) -> int:
    if policy.type == "Pods":
        return arithmetic.int32(before + policy.value)
    return arithmetic.int32_of(arithmetic.ceiling(before * (1 + policy.value / 100)))


def _shrunk(policy: spec.Policy, before: int) -> int:
    if policy.type == "Pods":
        return arithmetic.int32(before - policy.value)
    return arithmetic.int32_of(before * (1 - policy.value / 100))
