"""An autoscaler's spec as numbers, with what the API server fills in.

Source: kubernetes v1.36.3, pkg/apis/autoscaling/v2/defaults.go, read 2026-11-23.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mela.cluster import labels, quantity

DEFAULT_METRICS: list[dict[str, Any]] = [
    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
]
DEFAULT_RULES: dict[str, dict[str, Any]] = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ],
    },
    "scaleDown": {"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
}
SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
"""Where the spec keeps a metric of each type."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a metric should be. `type` and the field that is set need not agree; only Object metrics look at `type`."""

    type: str
    utilization: int | None = None
    average_value_m: int | None = None
    value_m: int | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of spec.metrics. `name` is the resource or the metric, `described` the kind an Object metric is about.

    `selector_error` says why the metric's own selector cannot be used.
    """

    source: str
    name: str
    target: Target
    container: str = ""
    described: str = ""
    selector_error: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `value` pods, or percent of the pods, per period. `type` is Pods or Percent."""

    type: str
    value: int
    period_s: int


@dataclass(frozen=True, slots=True)
class Rules:
    """Behavior in one direction. A window or tolerance of None is the controller's own."""

    policies: tuple[Policy, ...]
    select: str
    window_s: int | None = None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Behavior:
    """Rules for both directions. `behavior: {}` gives the API's defaults, no behavior at all gives none."""

    up: Rules
    down: Rules


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A stored HorizontalPodAutoscaler: the target is `kind` `name`."""

    kind: str
    name: str
    min_replicas: int
    max_replicas: int
    metrics: tuple[Metric, ...]
    behavior: Behavior | None = None


def with_defaults(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what the API server stores for fields that the user left out."""
    stored = dict(spec)
    if stored.get("minReplicas") is None:
        stored["minReplicas"] = 1
    stored["metrics"] = spec.get("metrics") or DEFAULT_METRICS
    if spec.get("behavior") is not None:
        stored["behavior"] = {way: _rules(spec["behavior"].get(way), way) for way in DEFAULT_RULES}
    return stored


def _rules(written: Mapping[str, Any] | None, way: str) -> dict[str, Any]:
    """Take the user's fields over the defaults; an empty list of policies is a value, a missing one is not."""
    return DEFAULT_RULES[way] | {name: value for name, value in (written or {}).items() if value is not None}


def read(spec: Mapping[str, Any]) -> Autoscaler:
    """Read the spec of an autoscaling/v2 HPA, stored or as written. Raises: quantity.InvalidQuantity."""
    stored = with_defaults(spec)
    behavior = stored.get("behavior")
    return Autoscaler(
        kind=stored["scaleTargetRef"]["kind"],
        name=stored["scaleTargetRef"]["name"],
        min_replicas=stored["minReplicas"],
        max_replicas=stored["maxReplicas"],
        metrics=tuple(map(_read_metric, stored["metrics"])),
        behavior=Behavior(_read_rules(behavior["scaleUp"]), _read_rules(behavior["scaleDown"])) if behavior else None,
    )


def _read_metric(spec: Mapping[str, Any]) -> Metric:
    source = spec.get("type", "")
    body = spec.get(SOURCES.get(source, "")) or {}
    metric = body.get("metric") or {}
    return Metric(
        source=source,
        name=body.get("name") or metric.get("name", ""),
        target=_read_target(body.get("target") or {}),
        container=body.get("container", ""),
        described=(body.get("describedObject") or {}).get("kind", ""),
        selector_error=_selector_error(metric.get("selector")),
    )


def _read_target(target: Mapping[str, Any]) -> Target:
    return Target(
        type=target.get("type", ""),
        utilization=target.get("averageUtilization"),
        average_value_m=_milli(target.get("averageValue")),
        value_m=_milli(target.get("value")),
    )


def _milli(written: str | float | None) -> int | None:
    return None if written is None else quantity.milli_value(quantity.parse(written))


def _selector_error(selector: Mapping[str, Any] | None) -> str | None:
    try:
        labels.parse(selector)
    except labels.InvalidSelector as error:
        return str(error)
    return None


def _read_rules(rules: Mapping[str, Any]) -> Rules:
    policies = tuple(Policy(each["type"], each["value"], each["periodSeconds"]) for each in rules["policies"])
    return Rules(
        policies, rules["selectPolicy"], rules.get("stabilizationWindowSeconds"), _fraction(rules.get("tolerance"))
    )


def _fraction(written: str | float | None) -> float | None:
    """Read a tolerance as the controller does: the stored digits times a power of ten, which may miss the nearest float."""
    if written is None:
        return None
    stored = quantity.parse(quantity.canonical(quantity.parse(written)))
    return float(stored.unscaled) * float(f"1e{stored.exponent}") if stored.exponent else float(stored.unscaled)
