"""The API server's answer to an eviction.

Source: kubernetes v1.36.3, pkg/registry/core/pod/storage/eviction.go (Create, checkAndDecrement), read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mela.cluster import labels
from mela.cluster.admission.disruption import budget as budgets
from mela.cluster.admission.disruption import model

FREE_PHASES = ("Pending", "Succeeded", "Failed")
"""Pods in these phases serve nobody; their eviction asks no budget."""
MAX_DISRUPTED_PODS = 2000
"""So many evictions may wait for the controller to notice them."""
RETRY_S = 10
"""What a client is told when the controller has not caught up with the budget."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An eviction's answer. `code` is the HTTP status: 201 lets the pod go.

    `cause` says which rule of the budget refused: NotProcessed, SyncFailed, NeedsHealthy or NotAllowed. `deletes`: the pod
    starts terminating now. `only_unchanged`: it is deleted only if nobody changed it meanwhile (a resourceVersion
    precondition). `budget` is the budget with its new status, when the eviction changed it.
    """

    code: int
    reason: str = ""
    message: str = ""
    cause: str = ""
    retry_after_s: int = 0
    deletes: bool = False
    only_unchanged: bool = False
    budget: model.Budget | None = None


def evict(pod: model.Pod | None, all_budgets: Sequence[model.Budget], now_s: int, *, dry_run: bool = False) -> Answer:
    """Answer the eviction of a pod; None stands for a pod that does not exist."""
    if pod is None:
        return Answer(404, "NotFound", "there is no such pod")
    if pod.terminating or pod.phase in FREE_PHASES:
        return _success(pod, dry_run, only_unchanged=pod.phase == "Pending" and not pod.terminating)
    guards = [budget for budget in all_budgets if _guards(budget, pod)]
    if len(guards) > 1:
        names = ", ".join(guard.name for guard in guards)
        return Answer(500, "", f"the pod has more than one disruption budget ({names}); eviction allows only one")
    if not guards:
        return _success(pod, dry_run)
    if pod.ready != "True" and _unready_may_go(guards[0]):
        return _success(pod, dry_run, only_unchanged=True)
    return _refusal(guards[0]) or _granted(pod, guards[0], now_s, dry_run)


def _guards(budget: model.Budget, pod: model.Pod) -> bool:
    """An invalid selector matches nothing here."""
    try:
        return labels.matches(budget.selector, pod.labels)
    except labels.InvalidSelector:
        return False


def _unready_may_go(budget: model.Budget) -> bool:
    """A pod that is not ready counts for nothing: it may always go, or (by default) while enough others are healthy."""
    status = budget.status
    enough = status.current_healthy >= status.desired_healthy > 0
    return budget.unhealthy_policy == "AlwaysAllow" or enough


def _refusal(budget: model.Budget) -> Answer | None:
    status, name = budget.status, budget.name
    if status.observed_generation < budget.generation:
        return _too_many(f"the controller has not processed budget {name} yet", "NotProcessed", RETRY_S)
    if status.disruptions_allowed < 0:
        return Answer(403, "Forbidden", f"budget {name} has a negative number of allowed disruptions")
    if len(status.disrupted_pods) > MAX_DISRUPTED_PODS:
        return Answer(403, "Forbidden", f"budget {name} has too many evictions that the controller has not seen yet")
    return _exhausted(budget) if status.disruptions_allowed == 0 else None


def _exhausted(budget: model.Budget) -> Answer:
    """Say why nothing may go: first a failed pass, whose numbers cannot be trusted, then the numbers."""
    status, name, condition = budget.status, budget.name, budget.status.condition
    if condition and condition.status == "False" and condition.reason == "SyncFailed" and condition.message:
        return _too_many(f"the controller cannot compute budget {name}: {condition.message}", "SyncFailed")
    if status.current_healthy <= status.desired_healthy:
        needs = f"budget {name} needs {status.desired_healthy} healthy pods and has {status.current_healthy}"
        return _too_many(needs, "NeedsHealthy")
    return _too_many(f"budget {name} allows no disruption at the moment", "NotAllowed")


def _too_many(message: str, cause: str, retry_after_s: int = 0) -> Answer:
    return Answer(429, "TooManyRequests", message, cause, retry_after_s)


def _granted(pod: model.Pod, budget: model.Budget, now_s: int, dry_run: bool) -> Answer:
    """Use up one disruption, and note the pod so that the controller takes it for gone."""
    if dry_run:
        return _success(pod, dry_run)
    left = budget.status.disruptions_allowed - 1
    status = replace(
        budget.status,
        disruptions_allowed=left,
        disrupted_pods={**budget.status.disrupted_pods, pod.name: now_s},
        condition=budget.status.condition
        if left
        else budgets.allowed_condition(left, budget.status.observed_generation),
    )
    return replace(_success(pod, dry_run), budget=replace(budget, status=status))


def _success(pod: model.Pod, dry_run: bool, *, only_unchanged: bool = False) -> Answer:
    deletes = not dry_run and not pod.terminating
    return Answer(201, deletes=deletes, only_unchanged=only_unchanged)
