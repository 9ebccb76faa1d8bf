"""Recommendations and their stabilization windows.

The controller remembers what each sync recommended before any limit. Shrinking follows the highest of the recent ones,
growing (with `behavior`) the lowest.

Source: kubernetes v1.36.3, pkg/controller/podautoscaler/horizontal.go (recordInitialRecommendation,
stabilizeRecommendation, stabilizeRecommendationWithBehaviors), read 2026-11-23.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a sync would have chosen without limits."""

    replicas: int
    at_ms: int


Recommendations: TypeAlias = tuple[Recommendation, ...]


def begun(current: int, now_ms: int) -> Recommendations:
    """Start with the replicas that are there, so that a new controller does not shrink at once."""
    return (Recommendation(current, now_ms),)


def highest(past: Recommendations, desired: int, window_ms: int, now_ms: int) -> int:
    """Take the highest recommendation of the window, its far edge included."""
    return max([desired, *[each.replicas for each in past if each.at_ms >= now_ms - window_ms]])


def record(past: Recommendations, desired: int, window_ms: int, now_ms: int) -> Recommendations:
    """Remember a recommendation after `highest`, in place of one that left the window."""
    return _recorded(past, desired, now_ms, now_ms - window_ms)


def clamp(past: Recommendations, current: int, desired: int, up_ms: int, down_ms: int, now_ms: int) -> int:
    """Move from the current count no further than all recommendations of both windows agree; their far edges do not count."""
    lowest = min([desired, *[each.replicas for each in past if each.at_ms > now_ms - up_ms]])
    top = max([desired, *[each.replicas for each in past if each.at_ms > now_ms - down_ms]])
    return min(max(current, lowest), top)


def record_both(past: Recommendations, desired: int, up_ms: int, down_ms: int, now_ms: int) -> Recommendations:
    """Remember a recommendation after `clamp`, in place of one that left both windows."""
    return _recorded(past, desired, now_ms, now_ms - max(up_ms, down_ms))


def _recorded(past: Recommendations, desired: int, now_ms: int, edge_ms: int) -> Recommendations:
    """Replace the last entry from before the edge, or append. Others that are stale stay, and count again if the window grows."""
    stale = [index for index, each in enumerate(past) if each.at_ms < edge_ms]
    new = Recommendation(desired, now_ms)
    return (*past[: stale[-1]], new, *past[stale[-1] + 1 :]) if stale else (*past, new)
