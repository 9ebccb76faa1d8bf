"""One pass of the disruption controller: how many pods are healthy, how many must be, how many may go.

Source: kubernetes v1.36.3, pkg/controller/disruption/disruption.go (trySync, getExpectedPodCount, countHealthyPods,
buildDisruptedPodMap, updatePdbStatus, failSafe), read 2026-11-23.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mela.cluster import arithmetic, labels, percentage
from mela.cluster.admission.disruption import model, owners

DELETION_TIMEOUT_S = 120
"""How long an evicted pod is taken for gone before it is deleted."""


@dataclass(frozen=True, slots=True)
class Synced:
    """The status after a pass, whether it was written, and the reasons of the events."""

    status: model.BudgetStatus
    written: bool
    events: tuple[str, ...] = ()


def sync(budget: model.Budget, pods: Sequence[model.Pod], cluster: owners.Cluster, now_s: int) -> Synced:
    """Recompute a budget's status from the pods of its namespace. What fails only forbids disruptions."""
    try:
        selector = labels.parse(budget.selector)
    except labels.InvalidSelector as error:
        return _failed(budget, ["NoPods"], str(error))
    chosen = [pod for pod in pods if selector.matches(pod.labels)]
    events = [] if chosen else ["NoPods"]
    try:
        expected, desired, bare = _bounds(budget, chosen, cluster)
    except (owners.NoScale, percentage.InvalidPercentage) as error:
        return _failed(budget, [*events, "CalculateExpectedPodCountFailed"], str(error))
    disrupted, late = _disrupted(budget, chosen, now_s)
    events += ["UnmanagedPods"] * bare + ["NotDeleted"] * late
    status = _status(budget, _healthy(chosen, disrupted, now_s), desired, expected, disrupted)
    return Synced(status, status != budget.status, tuple(events))


def allowed_condition(disruptions_allowed: int, observed_generation: int) -> model.Condition:
    """Say in a condition whether a disruption is allowed."""
    if disruptions_allowed > 0:
        return model.Condition("True", "SufficientPods", "", observed_generation)
    return model.Condition("False", "InsufficientPods", "", observed_generation)


def _bounds(budget: model.Budget, pods: Sequence[model.Pod], cluster: owners.Cluster) -> tuple[int, int, bool]:
    """Return the pods expected, the healthy ones desired, and whether a pod without controller was met.

    Percentages round up, for maxUnavailable too. A number as minAvailable asks no controller. Without a bound both are 0.
    """
    if budget.max_unavailable is not None:
        expected, bare = owners.expected(pods, cluster)
        unavailable = arithmetic.int32(percentage.scaled(budget.max_unavailable, expected, up=True))
        return expected, max(0, arithmetic.int32(expected - unavailable)), bare
    if isinstance(budget.min_available, str):
        expected, bare = owners.expected(pods, cluster)
        return expected, arithmetic.int32(percentage.scaled(budget.min_available, expected, up=True)), bare
    if budget.min_available is not None:
        return len(pods), budget.min_available, False
    return 0, 0, False


def _disrupted(budget: model.Budget, pods: Sequence[model.Pod], now_s: int) -> tuple[dict[str, int], int]:
    """Keep the evicted pods that exist and are not terminating yet; count those that should have been by now."""
    evicted = {
        pod.name: budget.status.disrupted_pods[pod.name]
        for pod in pods
        if not pod.terminating and pod.name in budget.status.disrupted_pods
    }
    kept = {name: at_s for name, at_s in evicted.items() if at_s + DELETION_TIMEOUT_S >= now_s}
    return kept, len(evicted) - len(kept)


def _healthy(pods: Sequence[model.Pod], disrupted: Mapping[str, int], now_s: int) -> int:
    """Count the ready pods, without those that are going or were just evicted; at the time-out itself they count again."""
    going = {name for name, at_s in disrupted.items() if at_s + DELETION_TIMEOUT_S > now_s}
    return sum(pod.ready == "True" and not pod.terminating and pod.name not in going for pod in pods)


def _status(
    budget: model.Budget, healthy: int, desired: int, expected: int, disrupted: Mapping[str, int]
) -> model.BudgetStatus:
    """Without expected pods nothing may go: the first ones may just be starting.

    A condition that already says so stays as it is if nothing else changed.
    """
    allowed = max(0, arithmetic.int32(healthy - desired)) if expected > 0 else 0
    condition = allowed_condition(allowed, budget.generation)
    status = model.BudgetStatus(budget.generation, healthy, desired, expected, allowed, disrupted, condition)
    old = budget.status.condition
    if old and (old.status, old.reason) == (condition.status, condition.reason):
        unchanged = replace(status, condition=old)
        return unchanged if unchanged == budget.status else status
    return status


def _failed(budget: model.Budget, events: list[str], why: str) -> Synced:
    """Forbid disruptions and leave the rest of the status as it was."""
    condition = model.Condition("False", "SyncFailed", why, budget.status.observed_generation)
    return Synced(
        replace(budget.status, disruptions_allowed=0, condition=condition), written=True, events=tuple(events)
    )
