"""Resource names and amounts: requests and limits of containers and pods, and what quotas may count.

Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ and
pkg/apis/core/validation/validation.go, pkg/apis/core/helper v1.36.3 (read 2026-11-23).
"""

from collections.abc import Callable, Collection
from itertools import chain

from mela.cluster.admission.quota import pods
from mela.cluster.admission.quota.resources import HUGE_PAGES, is_extended, is_native
from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import Errors, has_format, non_negative_quantity
from mela.cluster.admission.validation.field import Field
from mela.cluster.quantity import ZERO, InvalidQuantity, Quantity, milli_value, parse, value

Named = Callable[[str, Field], Errors]
"""A rule about a resource's name, told at the field."""

COMPUTE = ("cpu", "memory", "ephemeral-storage")
COUNTED = {
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
}
QUOTABLE = (
    COUNTED | {f"{side}{name}" for side in ("", "requests.", "limits.") for name in COMPUTE} | {"requests.storage"}
)
STANDARD = QUOTABLE | {"storage"}


def container_requirements(field: Field, claims: Collection[str]) -> Errors:
    """`resources` of a container; `claims` are the pod's resource claims."""
    yield from _requirements(field, container_resource, claims)


def pod_requirements(spec: Field, claims: Collection[str]) -> Errors:
    """`resources` of the pod as a whole: cpu, memory and huge pages, at least what its containers ask for."""
    field = spec["resources"]
    if not field.is_set:
        return
    if spec["os"]["name"].text == "windows":
        yield field.forbidden("Windows pods have no resources at pod level")
        return
    if field["claims"].is_set:
        yield field["claims"].forbidden("claims belong to containers")
    yield from _requirements(field, _pod_resource, claims)
    yield from _covers_containers(spec, field)


def resource(name: str, field: Field) -> Errors:
    """A resource name: standard, or with a domain."""
    named, problems = Field(name, field.path), formats.qualified_name(name)
    yield from (named.invalid(problem) for problem in problems)
    if not problems and "/" not in name and not is_standard(name):
        yield named.invalid("must be a standard resource or have a domain")


def container_resource(name: str, field: Field) -> Errors:
    """A resource that containers can ask for."""
    yield from resource(name, field)
    if "/" not in name:
        if name not in COMPUTE and not name.startswith(HUGE_PAGES):
            yield Field(name, field.path).invalid("no container can ask for this resource")
    elif not is_native(name) and not is_extended(name):
        yield Field(name, field.path).invalid("no sound name of an extended resource")


def quota_resource(name: str, field: Field) -> Errors:
    """A resource that quotas can limit."""
    yield from resource(name, field)
    if "/" not in name and not is_quotable(name):
        yield Field(name, field.path).invalid("no quota can limit this resource")


def quantity(name: str, field: Field) -> Errors:
    """Not negative, and whole where only whole numbers make sense."""
    yield from non_negative_quantity(field)
    if (name in COUNTED or is_extended(name)) and milli_value(field.value) % 1000:
        yield field.invalid("must be a whole number")


def is_standard(name: str) -> bool:
    return name in STANDARD or name.startswith((HUGE_PAGES, f"requests.{HUGE_PAGES}"))


def is_quotable(name: str) -> bool:
    return name in QUOTABLE or name.startswith((HUGE_PAGES, f"requests.{HUGE_PAGES}"))


def can_overcommit(name: str) -> bool:
    """Requests may be lower than limits: not for devices and huge pages."""
    return is_native(name) and not name.startswith(HUGE_PAGES)


def _requirements(field: Field, named: Named, claims: Collection[str]) -> Errors:
    limits, requests = field["limits"], field["requests"]
    for name, amount in chain(limits.entries(), requests.entries()):
        yield from named(name, amount)
        yield from quantity(name, amount)
        if name.startswith(HUGE_PAGES) and not _is_whole_pages(name, amount.value):
            yield amount.invalid(f"must be a multiple of the page size {name.removeprefix(HUGE_PAGES)}")
    for name, amount in requests.entries():
        yield from _against_limit(name, amount.value, limits, requests)
    names = {name for name, _ in chain(limits.entries(), requests.entries())}
    if any(name.startswith(HUGE_PAGES) for name in names) and not names & {"cpu", "memory"}:
        yield field.forbidden("huge pages need cpu or memory beside them")
    yield from _claims(field["claims"], claims)


def _against_limit(name: str, request: Quantity, limits: Field, requests: Field) -> Errors:
    limit = (limits.value or {}).get(name)
    requested = Field(request, requests.path)
    if limit is None:
        if not can_overcommit(name):
            yield limits.required(f"{name} needs a limit equal to its request")
    elif request != limit and not can_overcommit(name):
        yield requested.invalid(f"{name} must equal its limit of {limit}")
    elif request > limit:
        yield requested.invalid(f"{name} must not be over its limit of {limit}")


def _claims(field: Field, claims: Collection[str]) -> Errors:
    seen: set[str] = set()
    for claim in field.elements():
        name, request = claim["name"].text, claim["request"].text
        if not name:
            yield claim.required()
            continue
        key = name
        if name in seen:
            yield claim.duplicate()
        else:
            if request:
                yield from has_format(formats.dns_label)(claim["request"])
                key = f"{name}/{request}"
            if key in seen:
                yield claim.duplicate()
            elif not request:
                yield from (claim.duplicate() for other in seen if other.partition("/")[0] == name and "/" in other)
            seen.add(key)
        if name not in claims:
            yield Field(name, claim.path).not_found(f"no resource claim of the pod is called {name}")


def _covers_containers(spec: Field, field: Field) -> Errors:
    for side in ("requests", "limits"):
        whole = field[side].value or {}
        for name, amount in pods.summed(spec.value, side).items():
            if name in whole and amount > whole[name] and (side == "requests" or name.startswith(HUGE_PAGES)):
                yield field[side].entry(name).invalid(f"must be at least the containers' {amount}")
    whole = field["limits"].value or {}
    for index, container in enumerate(spec["containers"].value or ()):
        for name, amount in (container["resources"].get("limits") or {}).items():
            if name in whole and amount > whole[name]:
                path = f"{field.path}.containers[{index}][{name}].limits"
                yield Field(amount, path).invalid(f"must not be over the pod's {whole[name]}")


def _pod_resource(name: str, field: Field) -> Errors:
    problems = list(resource(name, field))
    yield from problems
    if not problems and name not in ("cpu", "memory") and not name.startswith(HUGE_PAGES):
        yield Field(name, field.path).unsupported(("cpu", HUGE_PAGES, "memory"))


def _is_whole_pages(name: str, amount: Quantity) -> bool:
    try:
        page = parse(name.removeprefix(HUGE_PAGES))
    except InvalidQuantity:
        return False
    return page > ZERO and milli_value(page) % 1000 == 0 and value(amount) % value(page) == 0
