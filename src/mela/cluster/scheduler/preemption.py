"""Making room by removing less important pods (plugin DefaultPreemption).

Source: https://github.com/kubernetes/kubernetes/tree/v1.36.3/pkg/scheduler/framework/preemption and
https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ (read 2026-11-23).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mela.cluster import labels
from mela.cluster.scheduler.filters import Attempt
from mela.cluster.scheduler.nodes import Occupied
from mela.cluster.scheduler.pods import Pod
from mela.cluster.scheduler.verdicts import UNRESOLVABLE, UNSCHEDULABLE, Candidate, Preemption, Rejection, summary

NO_VICTIMS = Rejection("", UNRESOLVABLE, ("No preemption victims found for incoming pod",))
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NEVER = "not eligible due to preemptionPolicy=Never."
WAITING = "not eligible due to a terminating pod on the nominated node."
LOWEST_PRIORITY = -(2**31)

Budget = Mapping[str, Any]
"""A PodDisruptionBudget object; its selector, `disruptionsAllowed` and `disruptedPods` count."""


@dataclass(frozen=True, slots=True)
class Victims:
    pods: tuple[Pod, ...]
    violations: int

    @property
    def earliest(self) -> float:
        """When the first of the most important victims started."""
        return min(_age(pod) for pod in self.pods if pod.priority == self.pods[0].priority)


def preempt(
    attempt: Attempt, places: Mapping[str, Occupied], rejected: Mapping[str, Rejection], budgets: Sequence[Budget]
) -> Preemption:
    """What preemption would do for a pod that fits nowhere; nothing is changed.

    All nodes that may help are tried; the real scheduler stops at a tenth of them, but not before 100.
    """
    if reason := _not_eligible(attempt.pod, places, rejected):
        return Preemption(eligible=False, message=reason)
    outcomes = {
        name: select_victims(attempt.copy(), places[name].copy(), budgets)
        for name, rejection in rejected.items()
        if rejection.code == UNSCHEDULABLE
    }
    found = {name: each for name, each in outcomes.items() if isinstance(each, Victims)}
    failed = {name: each for name, each in outcomes.items() if isinstance(each, Rejection)}
    return Preemption(
        eligible=True,
        candidates={
            name: Candidate(tuple(pod.id for pod in each.pods), each.violations) for name, each in found.items()
        },
        failed=failed,
        nominated=_cheapest(found),
        message="" if found else _failure(failed, len(places)),
    )


def select_victims(attempt: Attempt, place: Occupied, budgets: Sequence[Budget]) -> Victims | Rejection:
    """The pods to remove from one node, as few and as unimportant as possible, or why that does not help.

    All less important pods go first; then each is put back if the pod still fits, those whose removal would violate a
    budget before the others, the most important first. Changes its arguments.
    """
    lower = [pod for pod in place.pods if pod.priority < attempt.pod.priority]
    if not lower:
        return NO_VICTIMS
    for pod in lower:
        attempt.remove(pod, place)
    if rejection := attempt.reject(place):
        return rejection
    lower.sort(key=_importance)
    violating, others = split_by_budget(lower, budgets)
    victims = [pod for pod in [*violating, *others] if not _put_back(attempt, place, pod)]
    violations = sum(pod in violating for pod in victims)
    return Victims(tuple(sorted(victims, key=_importance)), violations)


def split_by_budget(pods: Iterable[Pod], budgets: Sequence[Budget]) -> tuple[list[Pod], list[Pod]]:
    """The pods whose removal violates a budget, and the others, in the order given.

    Each pod takes one disruption from every budget that covers it, even if it is put back later.
    """
    allowed = [(budget.get("status") or {}).get("disruptionsAllowed") or 0 for budget in budgets]
    violating, others = list[Pod](), list[Pod]()
    for pod in pods:
        covering = [index for index, budget in enumerate(budgets) if _covers(budget, pod)]
        for index in covering:
            allowed[index] -= 1
        (violating if any(allowed[index] < 0 for index in covering) else others).append(pod)
    return violating, others


def _not_eligible(pod: Pod, places: Mapping[str, Occupied], rejected: Mapping[str, Rejection]) -> str:
    """A pod that already preempted others waits until they are gone, unless its node became hopeless."""
    if pod.spec.get("preemptionPolicy") == "Never":
        return NEVER
    kept = places.get(pod.nominated_node)
    rejection = rejected.get(pod.nominated_node)
    if kept is None or rejection is None or rejection.code == UNRESOLVABLE:
        return ""
    waiting = any(other.is_preempted and other.priority < pod.priority for other in kept.pods)
    return WAITING if waiting else ""


def _put_back(attempt: Attempt, place: Occupied, pod: Pod) -> bool:
    attempt.add(pod, place)
    if attempt.reject(place) is None:
        return True
    attempt.remove(pod, place)
    return False


def _covers(budget: Budget, pod: Pod) -> bool:
    """Budgets with an empty or broken selector cover nothing, nor does any cover a pod without labels or one whose
    eviction the API server has already counted."""
    metadata, status = budget.get("metadata") or {}, budget.get("status") or {}
    if not pod.labels or (metadata.get("namespace") or "default") != pod.namespace:
        return False
    try:
        selector = labels.parse((budget.get("spec") or {}).get("selector"))
    except labels.InvalidSelector:
        return False
    counted = pod.name in (status.get("disruptedPods") or {})
    return not selector.is_empty and selector.matches(pod.labels) and not counted


def _cheapest(found: Mapping[str, Victims]) -> tuple[str, ...]:
    """The nodes with the fewest violations, then the least important highest victim, the smallest sum of priorities
    (counted from the lowest possible), the fewest victims, the latest start of the most important ones."""
    cost = {
        name: (
            each.violations,
            each.pods[0].priority,
            sum(pod.priority - LOWEST_PRIORITY for pod in each.pods),
            len(each.pods),
            -each.earliest,
        )
        for name, each in found.items()
    }
    lowest = min(cost.values(), default=None)
    return tuple(name for name, each in cost.items() if each == lowest)


def _importance(pod: Pod) -> tuple[int, float]:
    """Higher priority first, then the one that has run longer."""
    return -pod.priority, _age(pod)


def _age(pod: Pod) -> float:
    """Start in seconds since 1970; a pod that has not started yet counts as starting now, after all others."""
    return pod.started.timestamp() if pod.started else float("inf")


def _failure(failed: Mapping[str, Rejection], nodes: int) -> str:
    counted = Counter(reason for rejection in failed.values() for reason in rejection.reasons)
    if len(failed) < nodes:
        counted[NOT_HELPFUL] += nodes - len(failed)
    return summary(nodes, counted)
