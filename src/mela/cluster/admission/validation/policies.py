"""Budgets, priorities, quotas and limits: what a cluster's keepers set.

Source: https://kubernetes.io/docs/concepts/policy/ and pkg/apis/{policy,scheduling,core}/validation v1.36.3 (read
2026-11-23).
"""

import re
from itertools import combinations

from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import (
    Errors,
    at_most_100_percent,
    every,
    if_set,
    int_or_percent,
    label_selector,
    one_of,
    one_required,
)
from mela.cluster.admission.validation.field import Field
from mela.cluster.admission.validation.requirements import (
    can_overcommit,
    container_resource,
    is_quotable,
    quantity,
    quota_resource,
    resource,
)
from mela.cluster.quantity import Quantity, from_int, milli_value, value

POD_SECURITY_LEVELS = frozenset(f"pod-security.kubernetes.io/{mode}" for mode in ("enforce", "audit", "warn"))
POD_SECURITY_VERSION = re.compile(r"latest|v1\.(0|[1-9][0-9]*)")
LEVELS = ("privileged", "baseline", "restricted")
"""Source: pod-security-admission v0.36.3, api/helpers.go (2026-11-26)."""
HIGHEST_USER_PRIORITY = 1_000_000_000
SYSTEM_PRIORITIES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}
MOST_MILLI = (2**63 - 1) // 1000
COMPUTE = {f"{side}{name}" for side in ("", "requests.", "limits.") for name in ("cpu", "memory")}
SCOPES = {
    "Terminating": COMPUTE | {"pods"},
    "NotTerminating": COMPUTE | {"pods"},
    "NotBestEffort": COMPUTE | {"pods"},
    "PriorityClass": COMPUTE | {"pods"},
    "CrossNamespacePodAffinity": COMPUTE | {"pods"},
    "BestEffort": {"pods"},
    "VolumeAttributesClass": {"persistentvolumeclaims", "requests.storage"},
}
"""Scopes, and the standard resources that a quota of the scope can limit."""
EXCLUSIVE_SCOPES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
EXISTS_ONLY = {"BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"}
LIMIT_TYPES = {"Pod", "Container", "PersistentVolumeClaim"}


def disruption_budget(field: Field) -> Errors:
    """One bound at most; a budget without any is valid."""
    spec = field["spec"]
    if spec["minAvailable"].is_set and spec["maxUnavailable"].is_set:
        yield spec.invalid("minAvailable and maxUnavailable exclude each other")
    for name in ("minAvailable", "maxUnavailable"):
        yield from if_set(every(int_or_percent, at_most_100_percent))(spec[name])
    yield from label_selector(spec["selector"])
    yield from one_of("AlwaysAllow", "IfHealthyBudget")(spec["unhealthyPodEvictionPolicy"])


def priority_class(field: Field) -> Errors:
    """Names that begin with `system-` are Kubernetes' own."""
    name, priority = field["metadata"]["name"], field["value"]
    if name.text.startswith("system-"):
        if SYSTEM_PRIORITIES.get(name.text) != priority.number or field["globalDefault"]:
            yield name.forbidden("names that begin with system- belong to Kubernetes")
    elif priority.number > HIGHEST_USER_PRIORITY:
        yield priority.forbidden(f"must be at most {HIGHEST_USER_PRIORITY}")
    yield from if_set(one_required("PreemptLowerPriority", "Never"))(field["preemptionPolicy"])


def namespace(field: Field) -> Errors:
    """Labels of Pod Security name levels and versions: its admission plugin, which is always there, looks at them."""
    for name, entry in field["metadata"]["labels"].entries():
        if name in POD_SECURITY_LEVELS and entry.value not in LEVELS:
            yield entry.invalid(f"must be one of {', '.join(LEVELS)}")
        if name.removesuffix("-version") in POD_SECURITY_LEVELS - {name} and not POD_SECURITY_VERSION.fullmatch(
            entry.text
        ):
            yield entry.invalid("must be latest or a version such as v1.36")


def resource_quota(field: Field) -> Errors:
    spec = field["spec"]
    for name, amount in spec["hard"].entries():
        yield from quota_resource(name, amount)
        yield from quantity(name, amount)
    yield from _scopes(spec, spec["scopes"])
    yield from _scope_selector(spec)


def limit_range(field: Field) -> Errors:
    """Each type once; minimum, defaults and maximum in rising order."""
    seen: set[str] = set()
    for item in field["spec"]["limits"].elements():
        type_ = item["type"]
        problems = formats.qualified_name(type_.text)
        yield from (type_.invalid(problem) for problem in problems)
        if not problems and "/" not in type_.text and type_.text not in LIMIT_TYPES:
            yield type_.invalid("must be Pod, Container or PersistentVolumeClaim")
        if type_.text in seen:
            yield type_.duplicate()
        seen.add(type_.text)
        yield from _limits(item)


def _limits(item: Field) -> Errors:
    type_ = item["type"].text
    bounds = ["min", "max", "maxLimitRequestRatio"]
    if type_ == "Pod":
        for name in ("default", "defaultRequest"):
            if item[name]:
                yield item[name].forbidden("pods have no defaults")
    else:
        bounds += ["default", "defaultRequest"]
    for bound in bounds:
        for name, amount in item[bound].entries():
            named = container_resource if type_ in ("Pod", "Container") else resource
            yield from named(name, amount)
    if type_ == "PersistentVolumeClaim" and not any("storage" in (item[each].value or {}) for each in ("min", "max")):
        yield item["limits"].required("a minimum or maximum of storage is needed")
    for name in sorted({name for bound in bounds for name in item[bound].value or {}}):
        yield from _order(item, name, bounds)
        yield from _ratio(item, name)


def _order(item: Field, name: str, bounds: list[str]) -> Errors:
    """Of two bounds in the wrong order the later word in this list is blamed."""
    rising = [each for each in ("min", "defaultRequest", "default", "max") if each in bounds]
    found = {each: amount for each in rising if (amount := (item[each].value or {}).get(name)) is not None}
    blamed = {("min", "max"): "min", ("defaultRequest", "default"): "defaultRequest"}
    for low, high in combinations(found, 2):
        if found[low] > found[high]:
            culprit = blamed.get((low, high), high if low == "min" else low)
            yield item[culprit].entry(name).invalid(f"{low} {found[low]} is over {high} {found[high]}")
    request, limit = found.get("defaultRequest"), found.get("default")
    if request is not None and limit is not None and request != limit and not can_overcommit(name):
        yield item["defaultRequest"].entry(name).invalid(f"must equal default {limit}")


def _ratio(item: Field, name: str) -> Errors:
    ratio = item["maxLimitRequestRatio"].entry(name)
    least, most = item["min"].entry(name).value, item["max"].entry(name).value
    if not ratio.is_set:
        return
    if ratio.value < from_int(1):
        yield ratio.invalid("must be at least 1")
    if least is not None and most is not None and _exceeds(ratio.value, most, least):
        yield ratio.invalid("must not be over max divided by min")


def _exceeds(ratio: Quantity, most: Quantity, least: Quantity) -> bool:
    """Is the ratio over `most / least`? Division by zero gives infinity or nothing, as in Go."""
    whole = [value(each) for each in (ratio, most, least)]
    milli = all(each < MOST_MILLI for each in whole)
    top, bottom = (milli_value(most), milli_value(least)) if milli else (whole[1], whole[2])
    if not bottom:
        return top < 0
    return (float(milli_value(ratio)) / 1000 if milli else float(whole[0])) > float(top) / float(bottom)


def _scopes(spec: Field, field: Field) -> Errors:
    for scope in field.value or ():
        if scope not in SCOPES:
            yield field.invalid(f"{scope} is no scope")
        yield from (field.invalid(f"{scope} has nothing to do with {name}") for name in _out_of_scope(spec, scope))
    yield from _conflicts(set(field.value or ()), field)


def _scope_selector(spec: Field) -> Errors:
    """Upstream tells all of it without an index."""
    field = spec["scopeSelector"]["matchExpressions"]
    found: set[str] = set()
    for expression in field.elements():
        scope, operator, values = (expression[name] for name in ("scopeName", "operator", "values"))
        found.add(scope.text)
        if scope.text not in SCOPES:
            yield Field(scope.text, field["scopeName"].path).invalid("is no scope")
        for name in _out_of_scope(spec, scope.text):
            yield field.invalid(f"{scope.text} has nothing to do with {name}")
        told = Field(operator.text, field["operator"].path)
        if scope.text in EXISTS_ONLY and operator.text != "Exists":
            yield told.invalid(f"{scope.text} can only be asked for with Exists")
        if operator.text in ("In", "NotIn"):
            if not values:
                yield field["values"].required("In and NotIn need values")
        elif operator.text in ("Exists", "DoesNotExist"):
            if values:
                yield field["values"].invalid("Exists and DoesNotExist take no values")
        else:
            yield told.invalid("must be In, NotIn, Exists or DoesNotExist")
    yield from _conflicts(found, spec["scopeSelector"]["matchExpressions"])


def _out_of_scope(spec: Field, scope: str) -> list[str]:
    allowed = SCOPES.get(scope)
    if allowed is None:
        return []
    return [name for name in sorted(spec["hard"].value or {}) if is_quotable(name) and name not in allowed]


def _conflicts(scopes: set[str], field: Field) -> Errors:
    yield from (
        field.invalid(f"{' and '.join(sorted(pair))} exclude each other") for pair in EXCLUSIVE_SCOPES if pair <= scopes
    )
