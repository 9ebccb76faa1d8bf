"""An autoscaler's status: replicas, current metrics and conditions.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go (setConditionInList, setStatus), read 2026-11-23.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

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


Conditions: TypeAlias = dict[str, Condition]
"""Conditions by type, in the order in which they came."""


def is_true(conditions: Iterable[Condition], type_: str) -> bool:
    """Tell whether the condition is there and True."""
    return any(each.type == type_ and each.status == "True" for each in conditions)


def put(
    conditions: Conditions, type_: str, value: Literal["True", "False"], reason: str, message: str, now_ms: int
) -> None:
    """Put a condition in its type's place, or at the end; it keeps its time unless its status changes."""
    old = conditions.get(type_)
    if old and old.status == value and old.reason == reason and old.message == message:
        return
    since_ms = old.since_ms if old and old.status == value else stored_time(now_ms)
    conditions[type_] = Condition(type_, value, reason, message, since_ms)


def stored_time(at_ms: int) -> int:
    """Cut a time to whole seconds, as the API stores it."""
    return at_ms // 1000 * 1000
