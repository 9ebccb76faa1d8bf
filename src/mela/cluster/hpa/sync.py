"""One pass of the autoscaler's controller.

The order matters and surprises: a target without replicas is left alone; one out of range goes straight to the limit,
without metrics, windows or policies; only then do metrics count. What was recommended is remembered even when the
write fails, what was scaled is not.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler, validateAndParseSelector),
read 2026-11-23.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from mela.cluster import labels
from mela.cluster.hpa import metrics, normalize, observed, rates, selector, spec, stabilization, status

ABOVE_MAX = "above maxReplicas"
BELOW_MIN = "below minReplicas"
ABOVE_TARGET = "above target"
BELOW_TARGET = "all metrics below target"


@dataclass(frozen=True, slots=True)
class Event:
    """An event on the HPA."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a sync did.

    `written` is the count written to the scale, None when nothing was written or the write failed. `proposal` is what the
    metrics proposed before any limit, `winner` the index of the metric that proposed it. `cause` says why the count
    should change, empty when only a window or a limit moves it. `error` is what the controller logs.
    """

    status: status.Status
    memory: normalize.Memory
    events: tuple[Event, ...] = ()
    written: int | None = None
    proposal: int | None = None
    winner: int | None = None
    cause: str = ""
    error: str | None = None


@dataclass(slots=True)
class _Pass:
    """A sync's inputs, and what it has said so far."""

    autoscaler: spec.Autoscaler
    before: status.Status
    seen: observed.Observed
    flags: metrics.Flags
    now_ms: int
    memory: normalize.Memory
    conditions: status.Conditions
    events: list[Event] = field(default_factory=list)
    proposal: int | None = None
    winner: int | None = None
    error: str | None = None

    def condition(self, type_: str, value: Literal["True", "False"], reason: str, message: str) -> None:
        status.put(self.conditions, type_, value, reason, message, self.now_ms)

    def remove(self, type_: str) -> None:
        self.conditions.pop(type_, None)

    def warn(self, reason: str, message: str) -> None:
        self.events.append(Event("Warning", reason, message))

    def stored(
        self, current: int, desired: int, shown: tuple[metrics.Current | None, ...], last_scale_ms: int | None = None
    ) -> status.Status:
        last = self.before.last_scale_ms if last_scale_ms is None else last_scale_ms
        return status.Status(current, desired, last, shown, tuple(self.conditions.values()))

    def decision(
        self, stored: status.Status, error: str | None = None, written: int | None = None, cause: str = ""
    ) -> Decision:
        return Decision(
            stored, self.memory, tuple(self.events), written, self.proposal, self.winner, cause, error or self.error
        )


def sync(
    autoscaler: spec.Autoscaler,
    before: status.Status,
    memory: normalize.Memory,
    seen: observed.Observed,
    flags: metrics.Flags,
    now_ms: int,
) -> Decision:
    """Decide once; all of the sync happens at `now_ms`."""
    this = _Pass(autoscaler, before, seen, flags, now_ms, memory, {each.type: each for each in before.conditions})
    if isinstance(seen.scale, observed.Unavailable):
        reason = f"the scale of {autoscaler.kind} {autoscaler.name} cannot be read: {seen.scale.reason}"
        this.warn("FailedGetScale", reason)
        this.condition("AbleToScale", "False", "FailedGetScale", reason)
        return this.decision(replace(before, conditions=tuple(this.conditions.values())), reason)
    this.condition("AbleToScale", "True", "SucceededGetScale", "the target's scale could be read")
    if not memory.recommendations:
        this.memory = replace(memory, recommendations=stabilization.begun(seen.scale.replicas, now_ms))
    return _decide(this, seen.scale)


def _decide(this: _Pass, scale: observed.Scale) -> Decision:
    current, lowest, highest = scale.replicas, this.autoscaler.min_replicas, this.autoscaler.max_replicas
    if current == 0 and not _wakes(this):
        return _rest(this)
    if current > highest:
        return _write(this, current, highest, ABOVE_MAX, ())
    if 0 < current < lowest:
        return _write(this, current, lowest, BELOW_MIN, ())
    return _follow_metrics(this, scale)


def _wakes(this: _Pass) -> bool:
    """Tell whether metrics may bring back a target without replicas: only if this controller put it to sleep."""
    asleep = this.flags.scale_to_zero and status.is_true(this.conditions.values(), "ScaledToZero")
    return asleep and (this.autoscaler.min_replicas != 0 or _may_sleep(this.autoscaler))


def _may_sleep(autoscaler: spec.Autoscaler) -> bool:
    """Tell whether a metric exists that can be measured without pods."""
    return any(metric.source in ("Object", "External") for metric in autoscaler.metrics)


def _rest(this: _Pass) -> Decision:
    this.condition("ScalingActive", "False", "ScalingDisabled", "the target has no replicas, so scaling is off")
    if not this.flags.scale_to_zero:
        this.remove("ScaledToZero")
    return this.decision(this.stored(0, 0, ()))


def _follow_metrics(this: _Pass, scale: observed.Scale) -> Decision:
    if problem := _selector_problem(this.seen, scale.selector):
        this.events.append(problem)
        reason = "AmbiguousSelector" if problem.reason == "AmbiguousSelector" else "InvalidSelector"
        this.condition("ScalingActive", "False", reason, problem.message)
        return _give_up(this, scale.replicas, (), problem.message)
    limits = metrics.tolerances(this.autoscaler.behavior, this.flags)
    here = metrics.Situation(scale, this.seen.pods, limits, this.flags, this.now_ms)
    outcome = metrics.evaluate(this.autoscaler.metrics, this.seen.answers, here)
    for failure in outcome.failures:
        this.warn(failure.reason, failure.message)
    error = _error(this, outcome)
    if outcome.replicas is None:
        first = outcome.failures[0]
        this.condition("ScalingActive", "False", first.reason, f"no replica count can be computed: {first.message}")
        return _give_up(this, scale.replicas, outcome.current, error or "")
    winner = _name(this, outcome.winner)
    this.condition("ScalingActive", "True", "ValidMetricFound", f"the replica count follows from {winner}")
    this.proposal, this.winner, this.error = outcome.replicas, outcome.winner, error
    return _apply(this, scale.replicas, outcome.replicas, outcome.current, winner)


def _selector_problem(seen: observed.Observed, text: str) -> Event | None:
    """Check the scale's selector, and that no other HPA selects the same pods; the reason is the event's."""
    if not text:
        return Event("Warning", "SelectorRequired", "the target's scale has no selector")
    try:
        selector.parse(text)
    except labels.InvalidSelector as error:
        return Event("Warning", "InvalidSelector", f"the selector cannot be used: {error}")
    if seen.rivals and seen.pods:
        others = f"the pods of {text!r} are also scaled by {', '.join(seen.rivals)}"
        return Event("Warning", "AmbiguousSelector", others)
    return None


def _give_up(this: _Pass, current: int, shown: tuple[metrics.Current | None, ...], error: str) -> Decision:
    """Keep the desired count of the last sync; show what could be measured."""
    this.warn("FailedComputeMetricsReplicas", error)
    return this.decision(this.stored(current, this.before.desired_replicas, shown), error)


def _error(this: _Pass, outcome: metrics.Outcome) -> str | None:
    if not outcome.failures:
        return None
    failed, all_ = len(outcome.failures), len(this.autoscaler.metrics)
    return f"{failed} of {all_} metrics cannot be used; the first: {outcome.failures[0].message}"


def _name(this: _Pass, winner: int | None) -> str:
    if winner is None:
        return "no metric"
    metric = this.autoscaler.metrics[winner]
    return f"{metric.source} metric {metric.name}"


def _apply(
    this: _Pass, current: int, proposal: int, shown: tuple[metrics.Current | None, ...], winner: str
) -> Decision:
    """Normalize the metrics' proposal and write it."""
    desired = max(proposal, 0)
    cause = BELOW_TARGET if desired < current else ABOVE_TARGET if desired > current else ""
    normalized = normalize.normalize(
        this.autoscaler, this.memory, current, desired, this.flags.downscale_stabilization_ms, this.now_ms
    )
    this.memory = normalize.Memory(normalized.recommendations, this.memory.ups, this.memory.downs)
    this.condition("AbleToScale", "True", normalized.stabilized_reason, normalize.REASONS[normalized.stabilized_reason])
    this.condition(
        "ScalingLimited",
        "True" if normalized.limited else "False",
        normalized.limit_reason,
        normalize.REASONS[normalized.limit_reason],
    )
    count = normalized.replicas
    if current == 0 and count < this.autoscaler.min_replicas:
        count, cause = this.autoscaler.min_replicas, cause or BELOW_MIN
    if count == current:
        return this.decision(this.stored(current, current, shown), cause=cause)
    return _write(this, current, count, cause, shown, winner)


def _write(
    this: _Pass,
    current: int,
    desired: int,
    cause: str,
    shown: tuple[metrics.Current | None, ...],
    winner: str = "",
) -> Decision:
    why = f"from {current} to {desired} replicas: {winner + ' ' if cause == ABOVE_TARGET else ''}{cause}".rstrip(": ")
    if this.seen.write_error is not None:
        error = f"{why}; writing the scale failed: {this.seen.write_error}"
        this.warn("FailedRescale", error)
        this.condition("AbleToScale", "False", "FailedUpdateScale", error)
        return this.decision(this.stored(current, this.before.desired_replicas, shown), error, cause=cause)
    this.condition("AbleToScale", "True", "SucceededRescale", f"the target was scaled to {desired}")
    this.events.append(Event("Normal", "SuccessfulRescale", why))
    this.memory = _remember(this, current, desired)
    _note_sleep(this, current, desired)
    stored = this.stored(current, desired, shown, status.stored_time(this.now_ms))
    return this.decision(stored, written=desired, cause=cause)


def _remember(this: _Pass, current: int, desired: int) -> normalize.Memory:
    """Remember the change for the policies; without `behavior` nobody would ask."""
    behavior, memory = this.autoscaler.behavior, this.memory
    if behavior is None:
        return memory
    if desired > current:
        return replace(memory, ups=rates.remember(memory.ups, behavior.up, desired - current, this.now_ms))
    return replace(memory, downs=rates.remember(memory.downs, behavior.down, current - desired, this.now_ms))


def _note_sleep(this: _Pass, current: int, desired: int) -> None:
    """Say on every change whether it put the target to sleep, so that the condition is never stale."""
    if not this.flags.scale_to_zero:
        this.remove("ScaledToZero")
    elif desired == 0 < current and this.autoscaler.min_replicas == 0 and _may_sleep(this.autoscaler):
        this.condition("ScaledToZero", "True", "ScaledToZero", "the controller scaled the target to zero")
    else:
        this.condition("ScaledToZero", "False", "NotScaledToZero", "the controller did not scale the target to zero")
