"""Where a pod may go: node selectors, affinity, tolerations, spreading, gates.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ and
pkg/apis/core/validation/validation.go v1.36.3 (read 2026-11-23).
"""

from typing import Any

from mela.cluster.admission.validation import formats, json_texts
from mela.cluster.admission.validation.checks import (
    Errors,
    chosen,
    each,
    has_format,
    label_selector,
    one_of,
    positive,
    required,
    struct,
)
from mela.cluster.admission.validation.field import Field

TOLERATIONS_ANNOTATION = "scheduler.alpha.kubernetes.io/tolerations"
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def affinity(field: Field) -> Errors:
    """Affinity to nodes and to pods."""
    nodes = field["nodeAffinity"]
    if nodes["requiredDuringSchedulingIgnoredDuringExecution"].is_set:
        yield from node_selector(nodes["requiredDuringSchedulingIgnoredDuringExecution"])
    for term in nodes["preferredDuringSchedulingIgnoredDuringExecution"].elements():
        yield from _weight(term["weight"])
        yield from _node_term(term["preference"], values_matter=False)
    for side in ("podAffinity", "podAntiAffinity"):
        yield from each(_pod_term)(field[side]["requiredDuringSchedulingIgnoredDuringExecution"])
        for term in field[side]["preferredDuringSchedulingIgnoredDuringExecution"].elements():
            yield from _weight(term["weight"])
            yield from _pod_term(term["podAffinityTerm"])


def node_selector(field: Field) -> Errors:
    """At least one term; any of them may hold."""
    if not field["nodeSelectorTerms"]:
        yield field["nodeSelectorTerms"].required("at least one term is needed")
    for term in field["nodeSelectorTerms"].elements():
        yield from _node_term(term, values_matter=True)


def toleration(field: Field) -> Errors:
    """Faults of the value are told at the operator, as upstream does."""
    key, operator, value, effect = (field[name] for name in ("key", "operator", "value", "effect"))
    if key:
        yield from has_format(formats.qualified_name)(key)
    elif operator.text != "Exists":
        yield operator.invalid("without a key it must be Exists, which means every taint")
    if field["tolerationSeconds"].is_set and effect.text != "NoExecute":
        yield effect.invalid("tolerationSeconds needs the effect NoExecute")
    match operator.text:
        case "Equal" | "":
            if formats.label_value(value.text):
                yield operator.invalid("; ".join(formats.label_value(value.text)))
        case "Exists":
            if value:
                yield operator.invalid("Exists takes no value")
        case _:
            yield operator.unsupported(("Equal", "Exists"))
    if effect:
        yield from one_of(*EFFECTS)(effect)


def tolerations_annotation(annotations: Field) -> Errors:
    """Tolerations as JSON in an annotation of old."""
    text = (annotations.value or {}).get(TOLERATIONS_ANNOTATION)
    if not text:
        return
    try:
        found = _tolerations(json_texts.read(text))
    except (ValueError, TypeError):
        yield annotations.invalid(f"{TOLERATIONS_ANNOTATION} is no list of tolerations")
        return
    yield from each(toleration)(Field(found, f"{annotations.path}.{TOLERATIONS_ANNOTATION}"))


def spread_constraints(field: Field) -> Errors:
    """Topology spread; the same key and action may stand once only."""
    kinds = [(each_["topologyKey"].text, each_["whenUnsatisfiable"].text) for each_ in field.elements()]
    for index, constraint in enumerate(field.elements()):
        yield from _positive_number(constraint["maxSkew"])
        yield from struct(
            {
                "topologyKey": required,
                "whenUnsatisfiable": chosen("DoNotSchedule", "ScheduleAnyway"),
                "minDomains": positive,
                "nodeAffinityPolicy": one_of("Honor", "Ignore"),
                "nodeTaintsPolicy": one_of("Honor", "Ignore"),
                "labelSelector": label_selector,
            }
        )(constraint)
        if kinds[index] in kinds[index + 1 :]:
            yield constraint["{topologyKey, whenUnsatisfiable}"].duplicate()
        if constraint["minDomains"].is_set and constraint["whenUnsatisfiable"].text != "DoNotSchedule":
            yield constraint["minDomains"].invalid("needs whenUnsatisfiable: DoNotSchedule")
        yield from _label_keys(constraint)


def gates(field: Field) -> Errors:
    """Scheduling gates; faults stand at the gate, not at its name."""
    seen: set[str] = set()
    for gate in field.elements():
        name = Field(gate["name"].text, gate.path)
        yield from has_format(formats.qualified_name)(name)
        if name.text in seen:
            yield name.duplicate()
        seen.add(name.text)


def _positive_number(field: Field) -> Errors:
    if field.number <= 0:
        yield field.invalid("must be greater than zero")


def _weight(field: Field) -> Errors:
    if not 1 <= field.number <= 100:
        yield field.invalid("must be from 1 to 100")


def _node_term(field: Field, *, values_matter: bool) -> Errors:
    for expression in field["matchExpressions"].elements():
        yield from _node_expression(expression)
        if values_matter:
            yield from each(has_format(formats.label_value))(expression["values"])
    yield from each(_node_field)(field["matchFields"])


def _node_expression(field: Field) -> Errors:
    values = field["values"]
    match field["operator"].text:
        case "In" | "NotIn":
            if not values:
                yield values.required("In and NotIn need values")
        case "Exists" | "DoesNotExist":
            if values:
                yield values.forbidden("Exists and DoesNotExist take no values")
        case "Gt" | "Lt":
            if len(values.value or ()) != 1:
                yield values.required("Gt and Lt need exactly one value")
        case _:
            yield field["operator"].invalid("must be In, NotIn, Exists, DoesNotExist, Gt or Lt")
    yield from (field["key"].invalid(problem) for problem in formats.qualified_name(field["key"].text))


def _node_field(field: Field) -> Errors:
    """The only field of a node that can be asked for is its name."""
    if field["operator"].text not in ("In", "NotIn"):
        yield field["operator"].invalid("must be In or NotIn")
    elif len(field["values"].value or ()) != 1:
        yield field["values"].required("exactly one value is needed")
    if field["key"].text == "metadata.name":
        yield from each(has_format(formats.dns_subdomain))(field["values"])
    else:
        yield field["key"].invalid("must be metadata.name")


def _pod_term(field: Field) -> Errors:
    yield from label_selector(field["labelSelector"])
    yield from label_selector(field["namespaceSelector"])
    for name in field["namespaces"].value or ():
        yield from has_format(formats.dns_label)(Field(name, field["namespace"].path))
    yield from _label_keys(field)
    key = field["topologyKey"]
    if not key:
        yield key.required()
    yield from (key.invalid(problem) for problem in formats.qualified_name(key.text))


def _label_keys(field: Field) -> Errors:
    """Keys whose values come from the pod itself: they need a selector and stand in one place only."""
    same, other, selector = field["matchLabelKeys"], field["mismatchLabelKeys"], field["labelSelector"]
    for keys in (same, other):
        if keys and not selector.is_set:
            yield keys.forbidden("needs a labelSelector")
        elif keys:
            yield from each(has_format(formats.qualified_name))(keys)
    places = {key: index for index, key in enumerate(same.value or ())}
    selected = set(selector["matchLabels"].value or ())
    for expression in selector["matchExpressions"].elements():
        key = expression["key"].text
        if key in places and key in selected:
            yield Field(key, f"{field.path}[{places[key]}]").invalid("stands in matchLabelKeys and in labelSelector")
        selected.add(key)
    for named in same.elements():
        if named.text in (other.value or ()):
            yield named.invalid("stands in matchLabelKeys and in mismatchLabelKeys")


def _tolerations(found: Any) -> list[dict[str, Any]]:
    """Tolerations from JSON; null is an empty list, and an empty toleration in it. Raises: TypeError."""
    if not isinstance(found, list | None):
        raise TypeError("no list")
    return [_toleration({} if each_ is None else each_) for each_ in found or ()]


def _toleration(found: Any) -> dict[str, Any]:
    """Keys may be in any case. Raises: TypeError."""
    if not isinstance(found, dict):
        raise TypeError("no object")
    known = {name.lower(): name for name in ("key", "operator", "value", "effect", "tolerationSeconds")}
    result = {known[key.lower()]: value for key, value in found.items() if key.lower() in known and value is not None}
    for name, value in result.items():
        if type(value) is not (int if name == "tolerationSeconds" else str):
            raise TypeError(name)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise TypeError(name)
    return result
