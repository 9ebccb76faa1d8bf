"""PersistentVolumeClaims, alone and as templates.

Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ and pkg/apis/core/validation/validation.go
v1.36.3 (read 2026-11-23).
"""

from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import (
    Errors,
    has_format,
    label_selector,
    one_of,
    optional,
    required,
    struct,
)
from mela.cluster.admission.validation.field import Field
from mela.cluster.admission.validation.requirements import quantity
from mela.cluster.quantity import ZERO

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


def claim_spec(field: Field) -> Errors:
    """What is asked of storage. The amount's errors stand at `resources[storage]`, without `requests`."""
    yield from _access_modes(field["accessModes"])
    yield from _storage(field)
    yield from struct(
        {
            "selector": label_selector,
            "storageClassName": optional(formats.dns_subdomain),
            "volumeMode": one_of("Block", "Filesystem"),
            "volumeAttributesClassName": optional(formats.dns_subdomain),
            "dataSource": _data_source,
            "dataSourceRef": _data_source,
        }
    )(field)
    yield from _same_source(field)


def _access_modes(field: Field) -> Errors:
    modes = field.value or []
    if not modes:
        yield field.required("at least one access mode is needed")
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield Field(mode, field.path).unsupported(ACCESS_MODES)
    if "ReadWriteOncePod" in modes and set(modes) & set(ACCESS_MODES[:3]):
        yield field.forbidden("ReadWriteOncePod stands alone")


def _storage(field: Field) -> Errors:
    requests = field["resources"]["requests"].value or {}
    storage = Field(requests.get("storage"), f"{field['resources'].path}[storage]")
    if not storage.is_set:
        yield storage.required()
    elif storage.value <= ZERO:
        yield storage.invalid("must be greater than zero")
    else:
        yield from quantity("storage", storage)


def _data_source(field: Field) -> Errors:
    if not field.is_set:
        return
    yield from struct({"name": required, "kind": required, "apiGroup": optional(formats.dns_subdomain)})(field)
    if not field["apiGroup"] and field["kind"].text != "PersistentVolumeClaim":
        yield field.invalid("without an API group only a PersistentVolumeClaim can be meant")
    if field["namespace"]:
        yield from has_format(formats.dns_label)(field["namespace"])


def _same_source(field: Field) -> Errors:
    source, reference = field["dataSource"].value, field["dataSourceRef"].value
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        yield field.invalid("dataSource has no place beside a dataSourceRef with a namespace")
    elif any(_meant(source, key) != _meant(reference, key) for key in ("apiGroup", "kind", "name")):
        yield field.invalid("dataSource and dataSourceRef must be the same")


def _meant(source: dict[str, str], key: str) -> str | None:
    return source.get(key, None if key == "apiGroup" else "")
