"""References from environment variables and files to the pod's own fields and to keys of other objects.

Source: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ and pkg/apis/core/validation/validation.go
v1.36.3 (read 2026-11-23).
"""

from collections.abc import Collection

from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import Errors, named
from mela.cluster.admission.validation.field import Field

COMPUTE = ("cpu", "memory", "ephemeral-storage")
RESOURCES = tuple(f"{side}.{name}" for side in ("limits", "requests") for name in COMPUTE)
HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
CPU_DIVISORS = {"1m", "1"}
DIVISORS = {"1", *(f"1{suffix}" for suffix in "k M G T P E Ki Mi Gi Ti Pi Ei".split())}
LABELS = {
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
}
"""Fields of a pod that can be named at all; each place allows some of them."""


def field_reference(field: Field, allowed: Collection[str]) -> Errors:
    """`fieldRef`: a field of the pod, or one label or annotation in brackets."""
    path = field["fieldPath"]
    if not path:
        yield path.required()
        return
    name, key = _subscripted(path.text)
    known = name in LABELS if key is None else name in ("metadata.annotations", "metadata.labels")
    if field["apiVersion"].text != "v1" or not (known or path.text == "spec.host"):
        yield path.invalid("no such field of a pod")
    elif key is not None:
        format_ = formats.annotation_key if name == "metadata.annotations" else formats.qualified_name
        yield from (field.invalid(problem) for problem in format_(key))
    elif {"spec.host": "spec.nodeName"}.get(name, name) not in allowed:
        yield path.unsupported(allowed)


def resource_reference(field: Field, *, needs_container: bool) -> Errors:
    """`resourceFieldRef`: a request or limit of a container, in a unit."""
    resource = field["resource"]
    if needs_container and not field["containerName"]:
        yield field["containerName"].required()
    elif not resource:
        yield resource.required()
    elif resource.text not in RESOURCES and not resource.text.startswith(HUGE_PAGES):
        yield resource.unsupported(RESOURCES)
    divisor = field["divisor"]
    sized = resource.text in RESOURCES or resource.text.startswith(HUGE_PAGES)
    allowed = CPU_DIVISORS if resource.text.endswith(".cpu") else DIVISORS
    if divisor and sized and str(divisor.value) not in allowed:
        yield divisor.invalid(f"must be one of {', '.join(sorted(allowed))}")


def key_reference(field: Field) -> Errors:
    """A key of a ConfigMap or Secret."""
    name = field["name"]
    yield from (name.invalid(problem) for problem in formats.dns_subdomain(name.text))
    yield from named(formats.config_key)(field["key"])


def whole_reference(field: Field) -> Errors:
    """A whole ConfigMap or Secret."""
    yield from named(formats.prefix_of(formats.dns_subdomain))(field["name"])


def file_key_reference(field: Field) -> Errors:
    """A key of a file of variables on a volume."""
    yield from named(formats.env_name)(field["key"])
    yield from named(formats.dns_label)(field["volumeName"])
    path = field["path"]
    if not path:
        yield path.required()
    elif ".." in path.text.split("/"):
        yield path.invalid("must not have '..'")


def _subscripted(path: str) -> tuple[str, str | None]:
    head, bracket, key = path.removesuffix("']").partition("['")
    return (head, key) if path.endswith("']") and bracket and head else (path, None)
