"""Strict decoding and validation of manifests, field by field, as the API server does it on create.

YAML से API तक: पहले पाठ पढ़ा जाता है, फिर हर क्षेत्र जाँचा जाता है; त्रुटि में क्षेत्र का पूरा पता लिखा होता है।

`cluster.documents` reads YAML, `objects` decodes it into Kubernetes' types with the API's `defaults`, and small rules look at
the fields: a table per kind says which. In force: Kubernetes v1.36 with every feature gate at its default.

Not here: updates, the allocation of cluster IPs and node ports, admission plugins, warnings.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation (read 2026-11-23).
"""

from dataclasses import dataclass
from typing import Any, Literal

from mela.cluster import documents
from mela.cluster.admission.validation import defaults, formats, metadata, security
from mela.cluster.admission.validation.field import Field, FieldError
from mela.cluster.admission.validation.kinds import KINDS, Kind
from mela.cluster.admission.validation.objects import Decoder
from mela.cluster.documents import Undecodable
from mela.cluster.wording import quote

NAMESPACE = "default"
GENERATED = "abcde"
"""A suffix as long as those that the API server puts behind `generateName`."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the API server says to a text.

    `undecodable` is why it could not be read at all. `strict` holds unknown fields and repeated keys, which refuse the
    request with `fieldValidation=Strict` and are warnings otherwise. `errors` are sorted by field, type and detail.
    """

    undecodable: str = ""
    strict: tuple[str, ...] = ()
    errors: tuple[FieldError, ...] = ()

    @property
    def verdict(self) -> Literal["valid", "invalid", "strict", "strict and invalid", "undecodable"]:
        if self.undecodable:
            return "undecodable"
        if self.strict:
            return "strict and invalid" if self.errors else "strict"
        return "invalid" if self.errors else "valid"


def validate(text: str, kind: str, *, namespace: str = NAMESPACE, allow_privileged: bool = False) -> Result:
    """Read `text` (YAML or JSON) as it is posted to the endpoint of `kind`, and look for errors.

    A missing namespace becomes `namespace`. `allow_privileged` is the API server's flag of that name; its default is
    to refuse. Raises KeyError for a kind that is not in `kinds.KINDS`.
    """
    try:
        value, repeated = documents.read(text)
        _expect(value, KINDS[kind])
        decoder = Decoder()
        thing = decoder.decode(kind, {} if value is None else value)
    except Undecodable as error:
        return Result(undecodable=str(error))
    strict = ["yaml: unmarshal errors:" + "".join(f"\n  {line}" for line in repeated)] if repeated else []
    strict += [f"unknown field {quote(path)}" for path in decoder.unknown]
    errors = check(thing, kind, namespace=namespace, allow_privileged=allow_privileged)
    return Result(strict=tuple(strict), errors=errors)


def check(
    thing: dict[str, Any], kind: str, *, namespace: str = NAMESPACE, allow_privileged: bool = False
) -> tuple[FieldError, ...]:
    """The errors of a decoded object, which is completed in place."""
    found = thing["metadata"]
    if KINDS[kind].namespaced:
        found["namespace"] = found.get("namespace") or namespace
    if found.get("generateName") and not found.get("name"):
        found["name"] = found["generateName"] + GENERATED
    if KINDS[kind].counts_generations:
        found["generation"] = 1
    defaults.prepare(kind, thing)
    errors = [error for error in _errors(Field(thing), KINDS[kind]) if not _is_waived(error, allow_privileged)]
    return tuple(sorted(errors, key=lambda error: (error.field, error.type, error.detail)))


def _is_waived(error: FieldError, allow_privileged: bool) -> bool:
    return allow_privileged and error.detail == security.PRIVILEGED


def _errors(field: Field, kind: Kind) -> list[FieldError]:
    """General checks of metadata come only when the kind's own rules found nothing."""
    errors = list(kind.rule(field))
    if kind.name:
        errors += metadata.object_metadata(field["metadata"], kind.name, namespaced=kind.namespaced)
        errors += metadata.finalizer_names(field["metadata"]["finalizers"])
    elif not errors:
        errors += metadata.object_metadata(field["metadata"], formats.path_segment, namespaced=kind.namespaced)
    return errors


def _expect(value: Any, kind: Kind) -> None:
    """The text may leave its kind out; if it names one, it must be the endpoint's. Raises: Undecodable."""
    if value is None:
        return
    if not isinstance(value, dict):
        raise Undecodable("a manifest is a map")
    found = {"kind": "", "apiversion": ""}
    for key in sorted(value):
        if key.lower() in found and value[key] is not None:
            if not isinstance(value[key], str):
                raise Undecodable(f"{key} must be text")
            found[key.lower()] = value[key]
    parsed = metadata.group_version(found["apiversion"])
    if parsed is None:
        raise Undecodable(f"apiVersion {found['apiversion']!r} has more than one slash")
    group, version = parsed
    if not version and group in ("", kind.group):
        group, version = kind.group, kind.version
    if (group, version, found["kind"] or kind.kind) != (kind.group, kind.version, kind.kind):
        raise Undecodable(f"{found['apiversion']} {found['kind']} is not what this endpoint takes")
