"""LimitRange: defaults for containers, and the least and most that one container, pod or claim may ask for.

Source: https://kubernetes.io/docs/concepts/policy/limit-range/, plugin/pkg/admission/limitranger v1.36.3 and
pkg/apis/core/v1/defaults.go v1.36.3 (read 2026-11-23).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mela.cluster.admission.quota import pods, resources
from mela.cluster.admission.quota.resources import Resources
from mela.cluster.quantity import ZERO, Quantity, milli_value, value

ANNOTATION = "kubernetes.io/limit-ranger"
MOST_MILLI = (2**63 - 1) // 1000
"""Above it thousandths leave int64, so whole units are compared."""

Item = Mapping[str, Any]


def with_defaults(pod: Mapping[str, Any], limit_ranges: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The pod (with the API's defaults) after each LimitRange filled what its containers leave open.

    An annotation says what was filled. A default request may exceed the user's own limit; validation finds out.
    """
    result = dict(pod)
    for limit_range in limit_ranges:
        defaults = _container_defaults(limit_range)
        notes: list[str] = []
        spec = dict(result["spec"])
        for key, kind in (("containers", "container"), ("initContainers", "init container")):
            spec[key] = [_filled(each, defaults, kind, notes) for each in spec[key]]
        result["spec"] = spec
        if notes:
            result["metadata"] = _annotated(result.get("metadata") or {}, "; ".join(notes))
    return result


def violations(kind: str, thing: Mapping[str, Any], limit_ranges: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What the first LimitRange that is not content objects to, sorted; `kind` is pods or persistentvolumeclaims."""
    judges = {"pods": _pod_violations, "persistentvolumeclaims": _claim_violations}
    if kind not in judges:
        return ()
    found = (sorted({fault for item in _items(each) for fault in judges[kind](thing, item)}) for each in limit_ranges)
    return tuple(next((faults for faults in found if faults), ()))


def _items(limit_range: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items with rounded quantities and, for containers, the API's chain of defaults."""
    return [_item(each) for each in (limit_range.get("spec") or {}).get("limits") or ()]


def _item(written: Item) -> dict[str, Any]:
    keys = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
    item: dict[str, Any] = {key: resources.read(written.get(key)) for key in keys}
    if written.get("type") == "Container":
        item["default"] = item["max"] | item["default"]
        item["defaultRequest"] = item["min"] | item["default"] | item["defaultRequest"]
    rounded = {key: {name: resources.rounded_up(amount) for name, amount in item[key].items()} for key in keys}
    return {**rounded, "type": written.get("type") or ""}


def _container_defaults(limit_range: Mapping[str, Any]) -> dict[str, Resources]:
    defaults: dict[str, Resources] = {"requests": {}, "limits": {}}
    for item in _items(limit_range):
        if item["type"] == "Container":
            defaults["requests"] |= item["defaultRequest"]
            defaults["limits"] |= item["default"]
    return defaults


def _filled(
    container: Mapping[str, Any], defaults: Mapping[str, Resources], kind: str, notes: list[str]
) -> dict[str, Any]:
    filled = dict(container["resources"])
    for side in ("requests", "limits"):
        own = filled.get(side) or {}
        missing = sorted(set(defaults[side]) - set(own))
        filled[side] = own | resources.only(defaults[side], missing)
        if missing:
            notes.append(f"{', '.join(missing)} {side[:-1]} for {kind} {container.get('name') or ''}")
    return {**container, "resources": filled}


def _annotated(metadata: Mapping[str, Any], notes: str) -> dict[str, Any]:
    annotations = {**(metadata.get("annotations") or {}), ANNOTATION: f"LimitRanger plugin set: {notes}"}
    return {**metadata, "annotations": annotations}


def _pod_violations(pod: Mapping[str, Any], item: Item) -> Iterator[str]:
    if item["type"] == "Container":
        for container in (*pod["spec"]["containers"], *pod["spec"]["initContainers"]):
            yield from _bounds(item, container["resources"]["requests"], container["resources"]["limits"])
    if item["type"] == "Pod":
        yield from _bounds(item, pods.written(pod, "requests"), pods.written(pod, "limits"))


def _claim_violations(claim: Mapping[str, Any], item: Item) -> Iterator[str]:
    if item["type"] != "PersistentVolumeClaim":
        return
    written = ((claim.get("spec") or {}).get("resources") or {}).get("requests")
    requests = {name: resources.rounded_up(amount) for name, amount in resources.read(written).items()}
    for name, bound in item["min"].items():
        yield from _below(item, name, bound, requests, {})
    for name, bound in item["max"].items():
        yield from _above(item, name, bound, (("request", requests),))


def _bounds(item: Item, requests: Resources, limits: Resources) -> Iterator[str]:
    for name, bound in item["min"].items():
        yield from _below(item, name, bound, requests, limits)
    for name, bound in item["max"].items():
        yield from _above(item, name, bound, (("limit", limits), ("request", requests)))
    for name, bound in item["maxLimitRequestRatio"].items():
        yield from _ratio(item, name, bound, requests, limits)


def _below(item: Item, name: str, bound: Quantity, requests: Resources, limits: Resources) -> Iterator[str]:
    """A minimum demands a request; a limit need not be there."""
    says = f"minimum {name} usage per {item['type']} is {bound}"
    if name not in requests:
        yield f"{says}.  No request is specified"
        return
    request, limit, least = _comparable(requests[name], limits.get(name, ZERO), bound)
    if request < least:
        yield f"{says}, but request is {requests[name]}"
    elif name in limits and limit < least:
        yield f"{says}, but limit is {limits[name]}"


def _above(item: Item, name: str, bound: Quantity, sides: Sequence[tuple[str, Resources]]) -> Iterator[str]:
    """A maximum demands the first side (the limit of a container, the request of a claim)."""
    says = f"maximum {name} usage per {item['type']} is {bound}"
    first, amounts = sides[0]
    if name not in amounts:
        yield f"{says}.  No {first} is specified"
        return
    *seen, most = _comparable(*(each.get(name, ZERO) for _, each in sides), bound)
    for (side, each), amount in zip(sides, seen, strict=True):
        if name in each and amount > most:
            yield f"{says}, but {side} is {each[name]}"
            return


def _ratio(item: Item, name: str, bound: Quantity, requests: Resources, limits: Resources) -> Iterator[str]:
    says = f"{name} max limit to request ratio per {item['type']} is {bound}"
    request, limit, _ = _comparable(requests.get(name, ZERO), limits.get(name, ZERO), bound)
    if not request:
        yield f"{says}, but no request is specified or request is 0"
    elif not limit:
        yield f"{says}, but no limit is specified or limit is 0"
    else:
        ratio = float(limit) / float(request)
        precise = value(bound) <= MOST_MILLI
        if ratio * 1000 > float(milli_value(bound)) if precise else ratio > float(value(bound)):
            yield f"{says}, but provided ratio is {ratio:f}"


def _comparable(*amounts: Quantity) -> list[int]:
    """Thousandths, or whole units where one of the amounts is too large for that."""
    whole = [value(amount) for amount in amounts]
    return whole if any(each > MOST_MILLI for each in whole) else [milli_value(amount) for amount in amounts]
