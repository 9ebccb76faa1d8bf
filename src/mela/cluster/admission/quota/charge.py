"""A request against the ResourceQuotas of its namespace.

Hard limits and usage are those of each quota's status. Updates pay for growth only.
Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/ and apiserver v0.36.3
pkg/admission/plugin/resourcequota/controller.go (read 2026-11-23).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mela.cluster import in_use, labels
from mela.cluster.admission.quota import pods, resources, scopes
from mela.cluster.admission.quota import usage as usages
from mela.cluster.admission.quota.resources import DEVICE_CLASS, HUGE_PAGES, REQUESTS, Resources
from mela.cluster.quantity import ZERO

Quota = Mapping[str, Any]

COMPUTE = ("cpu", "memory", "ephemeral-storage")
POD_RESOURCES = {"count/pods", "pods", *(f"{side}{name}" for side in ("", "requests.", "limits.") for name in COMPUTE)}
DEMANDED = frozenset(f"{side}{name}" for side in ("", "requests.", "limits.") for name in ("cpu", "memory"))
"""A quota on one of these demands that every container states it."""
SERVICE_RESOURCES = frozenset(("count/services", "services", "services.nodeports", "services.loadbalancers"))
CLAIM_RESOURCES = ("persistentvolumeclaims", "requests.storage")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the API server, with the API's defaults applied to the object and its former state.

    `kind` is the plural resource name of the core group, `operation` CREATE or UPDATE, `limited` the
    `limitedResources` of the plugin's configuration.
    """

    kind: str
    operation: str
    thing: Mapping[str, Any]
    old: Mapping[str, Any] | None = None
    subresource: str = ""
    limited: Sequence[Mapping[str, Any]] = ()
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed, with each quota's usage afterwards; or refused with a message and a status (403, or 500 for faults)."""

    allowed: bool
    used: Mapping[str, Resources] = field(default_factory=dict)
    message: str = ""
    code: int = 0


class _Refused(Exception):
    def __init__(self, message: str, code: int = 403) -> None:
        super().__init__(message)
        self.code = code


def check(request: Request, quotas: Sequence[Quota]) -> Decision:
    """Say whether the request fits all quotas."""
    before = {_name(quota): _status(quota, "used") for quota in quotas}
    if not handles(request) or not (quotas or request.limited):
        return Decision(True, before)
    try:
        return Decision(True, before | _charged(request, quotas))
    except _Refused as refusal:
        text = str(refusal)
        if refusal.code == 403:
            text = f'{request.kind} "{_object_name(request.thing)}" is forbidden: {text}'
        return Decision(False, {}, text, refusal.code)


def handles(request: Request) -> bool:
    """Tell whether the operation can change any usage at all."""
    create, update = request.operation == "CREATE", request.operation == "UPDATE"
    match request.kind, request.subresource:
        case "pods", "":
            rescoped = update and scopes.is_terminating(request.thing) != scopes.is_terminating(request.old or {})
            return create or rescoped
        case "pods", "resize":
            return update
        case (("services" | "persistentvolumeclaims"), ""):
            return create or update
        case "persistentvolumeclaims", "status":
            return True
        case _, subresource:
            return create and not subresource


def tracked(kind: str, names: Iterable[str]) -> list[str]:
    """Which of a quota's resource names are about this kind."""
    if kind == "pods":
        return [name for name in names if name in POD_RESOURCES or _is_pod_resource(name)]
    if kind == "services":
        return [name for name in names if name in SERVICE_RESOURCES]
    if kind == "persistentvolumeclaims":
        by_class = tuple(usages.STORAGE_CLASS + name for name in CLAIM_RESOURCES)
        known = (f"count/{kind}", *CLAIM_RESOURCES)
        return [name for name in names if name in known or name.endswith(by_class)]
    return [name for name in names if name == f"count/{kind}" or (name == kind and kind in usages.ALIASES)]


def _charged(request: Request, quotas: Sequence[Quota]) -> dict[str, Resources]:
    """The usage of the quotas that the request changes."""
    try:
        limited_scopes = _limited_scopes(request)
    except labels.InvalidSelector:
        return {}
    inputs = usages.usage(request.kind, request.thing, request.now)
    limited = _limited_names(request, inputs)
    concerned = [quota for quota in quotas if _concerns(request, quota)]
    negative = {name: amount for name, amount in inputs.items() if amount < ZERO}
    if negative:
        raise _Refused(f"quota usage is negative for resource(s): {resources.names(negative)}")
    deltas = _deltas(request, inputs, concerned)
    if not any(deltas):
        return {}
    covered = {name for quota in concerned for name in tracked(request.kind, _status(quota, "hard"))}
    if limited - covered:
        raise _Refused(f"insufficient quota to consume: {','.join(sorted(limited - covered))}")
    _require_covered_scopes(request, limited_scopes, quotas)
    return {
        _name(quota): _fits(request, quota, delta) for quota, delta in zip(concerned, deltas, strict=False) if delta
    }


def _limited_scopes(request: Request) -> list[scopes.Selector]:
    wanted = (each for limited in request.limited for each in limited.get("matchScopes") or ())
    return [each for each in wanted if scopes.matches(request.kind, request.thing, each)]


def _limited_names(request: Request, inputs: Resources) -> set[str]:
    parts = [
        part
        for limited in request.limited
        if limited.get("resource") == request.kind and not limited.get("apiGroup")
        for part in limited.get("matchContains") or ()
    ]
    return {name for name, amount in inputs.items() if amount > ZERO and any(part in name for part in parts)}


def _concerns(request: Request, quota: Quota) -> bool:
    """Tell whether the quota applies. If so the object must state what the quota demands and the usage must be known."""
    try:
        matching = [scopes.matches(request.kind, request.thing, each) for each in scopes.of_quota(quota)]
    except labels.InvalidSelector as error:
        raise _Refused(f"error matching scopes of quota {_name(quota)}, err: {error}", 500) from error
    names = tracked(request.kind, _status(quota, "hard"))
    if not names or not all(matching):
        return False
    if request.kind == "pods" and (missing := _unstated(request.thing, names)):
        raise _Refused(f"failed quota: {_name(quota)}: must specify {missing}")
    if not set(names) <= set(_status(quota, "used")):
        raise _Refused(f"status unknown for quota: {_name(quota)}, resources: {','.join(sorted(names))}")
    return True


def _unstated(pod: Mapping[str, Any], names: Iterable[str]) -> str:
    """`cpu for: a,b; memory for: c`: demanded resources and the containers that leave them open."""
    if pods.is_sized_as_whole(pod):
        return ""
    missing: dict[str, set[str]] = {}
    for container in (*pod["spec"]["containers"], *pod["spec"]["initContainers"]):
        whole = container["resources"]
        stated = usages.compute_usage(whole.get("requests") or {}, whole.get("limits") or {})
        for name in DEMANDED.intersection(names) - stated.keys():
            missing.setdefault(name, set()).add(container.get("name") or "")
    return "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))


def _deltas(request: Request, inputs: Resources, concerned: Sequence[Quota]) -> list[Resources]:
    """What each concerned quota is charged, zeros left out; with none concerned, the one charge that would be."""
    grown = inputs
    old = request.old
    known = old is not None and bool((old.get("metadata") or {}).get("resourceVersion"))
    if request.operation == "UPDATE":
        if old is None:
            raise _Refused("unable to get previous usage since prior version of object was not found")
        if known:
            grown = resources.growth(inputs, usages.usage(request.kind, old, request.now))
    if not concerned:
        return [resources.without_zeros(grown)]
    was_counted = [known and request.operation == "UPDATE" and _matched_before(request, quota) for quota in concerned]
    return [resources.without_zeros(grown if counted else inputs) for counted in was_counted]


def _matched_before(request: Request, quota: Quota) -> bool:
    return all(scopes.matches(request.kind, request.old or {}, each) for each in scopes.of_quota(quota))


def _require_covered_scopes(request: Request, limited: Sequence[scopes.Selector], quotas: Sequence[Quota]) -> None:
    covered = {
        each.get("scopeName")
        for quota in quotas
        for each in scopes.of_quota(quota)
        if scopes.matches(request.kind, request.thing, each)
    }
    bare = [each for each in limited if each.get("scopeName") not in covered]
    if bare:
        listed = " ".join(
            f"{{{each.get('scopeName') or ''} {each.get('operator') or ''} [{' '.join(each.get('values') or ())}]}}"
            for each in bare
        )
        raise _Refused(f"insufficient quota to match these scopes: [{listed}]", 500)


def _fits(request: Request, quota: Quota, delta: Resources) -> Resources:
    """The quota's usage with the charge. Only resources that are charged now can be exceeded now."""
    hard, used = _status(quota, "hard"), _status(quota, "used")
    requested = resources.only(delta, hard)
    after = in_use.add(used, requested)
    exceeded = [name for name in requested if after[name] > hard[name]]
    if exceeded and request.subresource != "status":
        parts = (resources.spell(resources.only(each, exceeded)) for each in (requested, used, hard))
        text = "exceeded quota: {}, requested: {}, used: {}, limited: {}"
        raise _Refused(text.format(_name(quota), *parts))
    return after


def _is_pod_resource(name: str) -> bool:
    if name.startswith((HUGE_PAGES, REQUESTS + HUGE_PAGES)):
        return True
    device = name.startswith(REQUESTS + DEVICE_CLASS)
    return name.startswith(REQUESTS) and (device or not resources.is_native(name))


def _status(quota: Quota, key: str) -> Resources:
    return resources.read((quota.get("status") or {}).get(key))


def _name(thing: Mapping[str, Any]) -> str:
    return (thing.get("metadata") or {}).get("name") or ""


def _object_name(thing: Mapping[str, Any]) -> str:
    return _name(thing) or (thing.get("metadata") or {}).get("generateName") or "Unknown"
