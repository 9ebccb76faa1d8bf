"""Deployments, StatefulSets and DaemonSets.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/ and pkg/apis/apps/validation/validation.go v1.36.3
(read 2026-11-23).
"""

from typing import Any

from mela.cluster.admission.validation import claims, formats, pods
from mela.cluster.admission.validation.checks import (
    Errors,
    amount,
    at_most_100_percent,
    chosen,
    every,
    int_or_percent,
    label_selector,
    matches,
    non_negative,
    optional,
    struct,
)
from mela.cluster.admission.validation.field import Field


def deployment(field: Field) -> Errors:
    spec = field["spec"]
    yield from _COUNTS(spec)
    yield from _HISTORY(spec)
    yield from _required_selector(spec)
    if _understood(spec):
        yield from _selected(spec)
        yield from pods.pod_template(spec["template"])
        yield from _long_lived(spec["template"])
    else:
        yield spec["selector"].invalid("cannot be understood as a selector")
    yield from _deployment_strategy(spec["strategy"])
    deadline = spec["progressDeadlineSeconds"]
    if deadline.number <= spec["minReadySeconds"].number:
        yield deadline.invalid("must be greater than minReadySeconds")


def daemon_set(field: Field) -> Errors:
    """A selector that is missing selects nothing, so the labels never match."""
    spec = field["spec"]
    yield from _COUNTS(spec)
    yield from _HISTORY(spec)
    yield from label_selector(spec["selector"])
    if matches(spec["selector"], _labels(spec)) is False:
        yield _labels_path(spec).invalid("the selector does not select them")
    if spec["selector"].is_set and _is_empty(spec["selector"]):
        yield spec["selector"].invalid("must not be empty")
    yield from pods.pod_template(spec["template"])
    yield from _long_lived(spec["template"])
    strategy = spec["updateStrategy"]
    match strategy["type"].text:
        case "RollingUpdate":
            yield from _daemon_set_roll(strategy["rollingUpdate"])
        case "OnDelete":
            pass
        case _:
            yield strategy.unsupported(("RollingUpdate", "OnDelete"))


def stateful_set(field: Field) -> Errors:
    """Faults of the template's labels and annotations are told twice, as upstream does."""
    spec = field["spec"]
    yield from _COUNTS(spec)
    yield from _required_selector(spec)
    yield from _STATEFUL_SET(spec)
    yield from _stateful_set_strategy(spec["updateStrategy"])
    for template in spec["volumeClaimTemplates"].elements():
        yield from claims.claim_spec(template["spec"])
    if _understood(spec):
        yield from _selected(spec)
        template = Field(_with_claims(spec), spec["template"].path)
        yield from pods.pod_template(template)
        yield from pods.template_metadata(template)
    else:
        yield spec["selector"].invalid("cannot be understood as a selector")
    yield from _long_lived(spec["template"])


def _required_selector(spec: Field) -> Errors:
    selector = spec["selector"]
    if not selector.is_set:
        yield selector.required()
        return
    yield from label_selector(selector)
    if _is_empty(selector):
        yield selector.invalid("must not be empty")


def _is_empty(selector: Field) -> bool:
    return not selector["matchLabels"] and not selector["matchExpressions"]


def _understood(spec: Field) -> bool:
    return matches(spec["selector"], {}) is not None


def _selected(spec: Field) -> Errors:
    """An empty selector asks nothing of the labels; a missing one, which selects nothing, does not match."""
    empty = spec["selector"].is_set and _is_empty(spec["selector"])
    if not empty and not matches(spec["selector"], _labels(spec)):
        yield _labels_path(spec).invalid("the selector does not select them")


def _labels(spec: Field) -> dict[str, str]:
    return spec["template"]["metadata"]["labels"].value or {}


def _labels_path(spec: Field) -> Field:
    return spec["template"]["metadata"]["labels"]


def _long_lived(template: Field) -> Errors:
    """Pods of these controllers are restarted for ever."""
    yield from chosen("Always")(template["spec"]["restartPolicy"])
    if template["spec"]["activeDeadlineSeconds"].is_set:
        yield template["spec"]["activeDeadlineSeconds"].forbidden("these pods have no deadline")


def _deployment_strategy(field: Field) -> Errors:
    rolling = field["rollingUpdate"]
    match field["type"].text:
        case "Recreate":
            if rolling.is_set:
                yield rolling.forbidden("goes with type RollingUpdate only")
        case "RollingUpdate":
            unavailable, surge = rolling["maxUnavailable"], rolling["maxSurge"]
            yield from every(int_or_percent, at_most_100_percent)(unavailable)
            yield from int_or_percent(surge)
            if not amount(unavailable) and not amount(surge):
                yield unavailable.invalid("must not be 0 when maxSurge is 0")
        case _:
            yield field.unsupported(("Recreate", "RollingUpdate"))


def _daemon_set_roll(field: Field) -> Errors:
    unavailable, surge = field["maxUnavailable"], field["maxSurge"]
    for bound in (unavailable, surge):
        yield from every(int_or_percent, at_most_100_percent)(bound)
    if amount(unavailable) and amount(surge):
        yield surge.invalid("must be 0 when maxUnavailable is not")
    if not amount(unavailable) and not amount(surge):
        yield unavailable.required("must not be 0 when maxSurge is 0")


def _stateful_set_strategy(field: Field) -> Errors:
    rolling = field["rollingUpdate"]
    match field["type"].text:
        case "OnDelete":
            if rolling.is_set:
                yield rolling.invalid("goes with type RollingUpdate only")
        case "RollingUpdate":
            yield from non_negative(rolling["partition"])
        case _:
            yield field.invalid("must be RollingUpdate or OnDelete")


def _with_claims(spec: Field) -> dict[str, Any]:
    """The template with a volume per claim template, before its own volumes; names come from the controller."""
    template = spec["template"].value
    names = dict.fromkeys(each_["metadata"]["name"].text for each_ in spec["volumeClaimTemplates"].elements())
    made = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
    own = [each_ for each_ in template["spec"].get("volumes") or () if each_.get("name", "") not in names]
    pod = {key: value for key, value in template["spec"].items() if key not in ("hostname", "subdomain")}
    return {**template, "spec": {**pod, "volumes": [*made, *own]}}


_COUNTS = struct(
    {
        "replicas": non_negative,
        "minReadySeconds": non_negative,
    }
)
_HISTORY = struct({"progressDeadlineSeconds": non_negative, "revisionHistoryLimit": non_negative})
"""Not of StatefulSets."""
_STATEFUL_SET = struct(
    {
        "podManagementPolicy": lambda field: (
            () if field.text in ("OrderedReady", "Parallel") else [field.invalid("must be OrderedReady or Parallel")]
        ),
        "persistentVolumeClaimRetentionPolicy": struct(
            {name: chosen("", "Retain", "Delete") for name in ("whenDeleted", "whenScaled")}
        ),
        "ordinals": struct({"start": non_negative}),
        "serviceName": optional(formats.dns_label),
    }
)
