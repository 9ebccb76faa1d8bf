"""An autoscaler's status: replicas, current metrics and conditions.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go (setConditionInList, setStatus), read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mela.cluster.hpa import metrics


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the status; `since_ms` moves only when `status` changes."""

    type: str
    status: str
    reason: str
    message: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Status:
    """What the API stores after a sync. Its times are whole seconds, in milliseconds."""

    current_replicas: int = 0
    desired_replicas: int = 0
    last_scale_ms: int | None = None
    current_metrics: tuple[metrics.Current | None, ...] = ()
    conditions: tuple[Condition, ...] = ()


def is_true(conditions: Sequence[Condition], type_: str) -> bool:
    """Tell whether the condition is there and True."""
    return any(each.type == type_ and each.status == "True" for each in conditions)


def with_condition(conditions: Sequence[Condition], new: Condition) -> list[Condition]:
    """Put a condition in its type's place, or at the end; it keeps its time unless its status changes."""
    result = list(conditions)
    for index, old in enumerate(result):
        if old.type == new.type:
            since_ms = old.since_ms if old.status == new.status else new.since_ms
            result[index] = Condition(new.type, new.status, new.reason, new.message, since_ms)
            return result
    return [*result, new]


def stored_time(at_ms: int) -> int:
    """Cut a time to whole seconds, as the API stores it."""
    return at_ms // 1000 * 1000
