"""HorizontalPodAutoscalers.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/ and
pkg/apis/autoscaling/validation/validation.go v1.36.3 (read 2026-11-23).
"""

from collections.abc import Mapping

from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import (
    Errors,
    chosen,
    each,
    if_set,
    named,
    non_negative_quantity,
    one_of,
    struct,
)
from mela.cluster.admission.validation.field import Field, Rule
from mela.cluster.admission.validation.metadata import group_version
from mela.cluster.admission.validation.requirements import container_resource
from mela.cluster.quantity import ZERO

LONGEST_PERIOD_S = 1800
LONGEST_WINDOW_S = 3600
SOURCES = {
    "Object": "object",
    "External": "external",
    "Pods": "pods",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}
"""Types of metrics and their fields, in the order in which upstream looks at them."""


def autoscaler(field: Field) -> Errors:
    spec = field["spec"]
    least, most, target = spec["minReplicas"], spec["maxReplicas"], spec["scaleTargetRef"]
    if least.number < 1:
        yield least.invalid("must be at least 1")
    if most.number <= 0:
        yield most.invalid("must be at least 1") if most.number else most.required("must be at least 1")
    if most.number < least.number:
        yield most.invalid("must not be below minReplicas")
    yield from _reference(target, core=target["kind"].text == "ReplicationController")
    yield from each(_metric)(spec["metrics"])
    types = {metric["type"].text for metric in spec["metrics"].elements()}
    if least.value == 0 and not types & {"Object", "External"}:
        yield spec["metrics"].forbidden("scaling to zero needs an Object or External metric")
    for direction in ("scaleUp", "scaleDown"):
        yield from if_set(_rules)(spec["behavior"][direction])


def _reference(field: Field, *, core: bool) -> Errors:
    """`core`: the object may be of the core group, which has no name."""
    yield from struct({"kind": named(formats.path_segment), "name": named(formats.path_segment)})(field)
    parsed = group_version(field["apiVersion"].text)
    if parsed is None or not (core or parsed[0]):
        yield Field(field["apiVersion"].text, field["apiVersion"].path).invalid("must be group/version")


def _metric(field: Field) -> Errors:
    """Types that upstream does not know are refused twice, missing ones thrice."""
    type_ = field["type"]
    if not type_:
        yield type_.required()
    if type_.text not in SOURCES:
        yield from [type_.unsupported(sorted(SOURCES))] * 2
    given = [name for name in SOURCES.values() if field[name].is_set]
    if given:
        yield from _SOURCES[given[0]](field[given[0]])
    expected = SOURCES.get(type_.text, "")
    if expected and expected not in given:
        yield field[expected].required(f"type {type_.text} needs it")
    if len(given) != 1:
        yield from (field[name].forbidden("a metric has one source") for name in given if name != expected)


def _identified(field: Field) -> Errors:
    yield from named(formats.path_segment)(field["metric"]["name"])


def _object(field: Field) -> Errors:
    yield from _reference(field["describedObject"], core=True)
    yield from _identified(field)
    yield from _target(field["target"])
    target = field["target"]
    if not target["value"].is_set and not target["averageValue"].is_set:
        yield target["averageValue"].required("value or averageValue is needed")


def _external(field: Field) -> Errors:
    target = field["target"]
    yield from _identified(field)
    yield from _target(target)
    if not target["value"].is_set and not target["averageValue"].is_set:
        yield target["averageValue"].required("value or averageValue is needed")
    if target["value"].is_set and target["averageValue"].is_set:
        yield target["value"].forbidden("value and averageValue exclude each other")


def _pods(field: Field) -> Errors:
    yield from _identified(field)
    yield from _target(field["target"])
    if not field["target"]["averageValue"].is_set:
        yield field["target"]["averageValue"].required()


def _resource(field: Field) -> Errors:
    if not field["name"]:
        yield field["name"].required()
    yield from _per_resource(field["target"])


def _container_resource(field: Field) -> Errors:
    name = field["name"]
    yield from container_resource(name.text, name) if name else [name.required()]
    yield from named(formats.dns_label)(field["container"])
    yield from _per_resource(field["target"])


def _per_resource(target: Field) -> Errors:
    yield from _target(target)
    share, amount = target["averageUtilization"], target["averageValue"]
    if not share.is_set and not amount.is_set:
        yield share.required("averageUtilization or averageValue is needed")
    if share.is_set and amount.is_set:
        yield amount.forbidden("averageUtilization and averageValue exclude each other")


def _target(field: Field) -> Errors:
    """The type need not be that of the value that is given."""
    type_ = field["type"]
    if not type_:
        yield type_.required()
    if type_.text not in ("Utilization", "Value", "AverageValue"):
        yield type_.invalid("must be Utilization, Value or AverageValue")
    for name in ("value", "averageValue"):
        if field[name].is_set and field[name].value <= ZERO:
            yield field[name].invalid("must be greater than zero")
    share = field["averageUtilization"]
    if share.is_set and share.value < 1:
        yield share.invalid("must be greater than zero")


def _rules(field: Field) -> Errors:
    window, policies = field["stabilizationWindowSeconds"], field["policies"]
    if not 0 <= window.number <= LONGEST_WINDOW_S:
        yield window.invalid(f"must be from 0 to {LONGEST_WINDOW_S}")
    yield from one_of("Disabled", "Max", "Min")(field["selectPolicy"])
    if not policies:
        yield policies.required("at least one policy is needed")
    yield from each(_policy)(policies)
    yield from non_negative_quantity(field["tolerance"])


def _policy(field: Field) -> Errors:
    yield from chosen("Percent", "Pods")(field["type"])
    if field["value"].number <= 0:
        yield field["value"].invalid("must be greater than zero")
    if not 0 < field["periodSeconds"].number <= LONGEST_PERIOD_S:
        yield field["periodSeconds"].invalid(f"must be from 1 to {LONGEST_PERIOD_S}")


_SOURCES: Mapping[str, Rule] = {
    "object": _object,
    "external": _external,
    "pods": _pods,
    "resource": _resource,
    "containerResource": _container_resource,
}
