"""From the proposal to the count that may be written: windows, policies, minimum and maximum.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas,
normalizeDesiredReplicasWithBehaviors, convertDesiredReplicasWithRules, convertDesiredReplicasWithBehaviorRate),
read 2026-11-23.
"""

from dataclasses import dataclass

from mela.cluster.hpa import rates, spec, stabilization

WITHIN_RANGE = "DesiredWithinRange"
READY = "ReadyForNewScale"
REASONS = {
    READY: "no recent recommendation holds the count back",
    "ScaleUpStabilized": "recent recommendations were lower; the lowest of the window counts",
    "ScaleDownStabilized": "recent recommendations were higher; the highest of the window counts",
    WITHIN_RANGE: "the desired count is within all limits",
    "ScaleUpLimit": "the desired count grows faster than the scaling policies allow",
    "ScaleDownLimit": "the desired count shrinks faster than the scaling policies allow",
    "TooManyReplicas": "the desired count is above maxReplicas",
    "TooFewReplicas": "the desired count is below minReplicas",
}
"""What each reason of the conditions AbleToScale and ScalingLimited means."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a running controller remembers of one HPA; a restart empties it."""

    recommendations: stabilization.Recommendations = ()
    ups: rates.ScaleEvents = ()
    downs: rates.ScaleEvents = ()


@dataclass(frozen=True, slots=True)
class Normalized:
    """The count after stabilization and after all limits, each with its reason."""

    stabilized: int
    stabilized_reason: str
    replicas: int
    limit_reason: str
    recommendations: stabilization.Recommendations

    @property
    def limited(self) -> bool:
        """Whether a limit changed the stabilized count."""
        return self.replicas != self.stabilized


def normalize(
    autoscaler: spec.Autoscaler, memory: Memory, current: int, desired: int, window_ms: int, now_ms: int
) -> Normalized:
    """Stabilize and limit a proposal; `window_ms` is the controller's own downscale window."""
    if autoscaler.behavior is None:
        return _by_fixed_rules(autoscaler, memory, current, desired, window_ms, now_ms)
    return _by_behavior(autoscaler, autoscaler.behavior, memory, current, desired, window_ms, now_ms)


def _by_fixed_rules(
    autoscaler: spec.Autoscaler, memory: Memory, current: int, desired: int, window_ms: int, now_ms: int
) -> Normalized:
    past = memory.recommendations
    stabilized = stabilization.highest(past, desired, window_ms, now_ms)
    count, reason = _fixed_limit(current, stabilized, autoscaler.min_replicas, autoscaler.max_replicas)
    return Normalized(
        stabilized,
        READY if stabilized == desired else "ScaleDownStabilized",
        count,
        reason,
        stabilization.record(past, desired, window_ms, now_ms),
    )


def _fixed_limit(current: int, desired: int, lowest: int, highest: int) -> tuple[int, str]:
    """Apply minimum, maximum and the fixed rate; the minimum wins."""
    rate = rates.fixed_up_limit(current)
    if desired < lowest:
        return lowest, "TooFewReplicas"
    if desired > min(highest, rate):
        return min(highest, rate), "ScaleUpLimit" if highest > rate else "TooManyReplicas"
    return desired, WITHIN_RANGE


def _by_behavior(
    autoscaler: spec.Autoscaler,
    behavior: spec.Behavior,
    memory: Memory,
    current: int,
    desired: int,
    window_ms: int,
    now_ms: int,
) -> Normalized:
    up_ms = 1000 * (behavior.up.window_s or 0)
    down_s = behavior.down.window_s
    down_ms = 1000 * (window_ms // 1000 if down_s is None else down_s)
    past = memory.recommendations
    stabilized = stabilization.clamp(past, current, desired, up_ms, down_ms, now_ms)
    reason = "ScaleUpStabilized" if desired >= current else "ScaleDownStabilized"
    count, limit_reason = _policy_limit(autoscaler, behavior, memory, current, stabilized, now_ms)
    return Normalized(
        stabilized,
        READY if stabilized == desired else reason,
        count,
        limit_reason,
        stabilization.record_both(past, desired, up_ms, down_ms, now_ms),
    )


def _policy_limit(
    autoscaler: spec.Autoscaler, behavior: spec.Behavior, memory: Memory, current: int, desired: int, now_ms: int
) -> tuple[int, str]:
    """Apply the policies of the direction, and minimum or maximum; a count that stays put meets no limit."""
    if desired > current:
        rate = max(current, rates.up_limit(current, memory.ups, memory.downs, behavior.up, now_ms))
        highest = min(autoscaler.max_replicas, rate)
        if desired > highest:
            return highest, "ScaleUpLimit" if autoscaler.max_replicas > rate else "TooManyReplicas"
    elif desired < current:
        rate = min(current, rates.down_limit(current, memory.ups, memory.downs, behavior.down, now_ms))
        lowest = max(autoscaler.min_replicas, rate)
        if desired < lowest:
            return lowest, "ScaleDownLimit" if autoscaler.min_replicas < rate else "TooFewReplicas"
    return desired, WITHIN_RANGE
