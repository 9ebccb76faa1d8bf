"""Names, namespaces, labels, annotations, owners and finalizers of objects.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/ and apimachinery v0.36.3
pkg/api/validation/objectmeta.go (read 2026-11-23).
"""

from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.checks import Errors, each, has_format, label_map, non_negative
from mela.cluster.admission.validation.field import Field

ANNOTATIONS_BYTES = 256 * 1024
MANAGER_BYTES = 128
SUBRESOURCE_CHARACTERS = 256
STANDARD_FINALIZERS = {"kubernetes", "orphan", "foregroundDeletion"}


def object_metadata(field: Field, name: formats.Format, *, namespaced: bool) -> Errors:
    """The metadata of an object whose names have the format `name`."""
    if field["generateName"]:
        yield from has_format(formats.prefix_of(name))(field["generateName"])
    if field["name"]:
        yield from has_format(name)(field["name"])
    else:
        yield field["name"].required("name or generateName is needed")
    if namespaced:
        yield from has_format(formats.dns_label)(field["namespace"])
    elif field["namespace"]:
        yield field["namespace"].forbidden("this kind lives outside of namespaces")
    yield from non_negative(field["generation"])
    yield from label_map(field["labels"])
    yield from annotations(field["annotations"])
    yield from _owners(field["ownerReferences"])
    yield from _finalizers(field["finalizers"])
    yield from each(_managed)(field["managedFields"])


def finalizer_names(field: Field) -> Errors:
    """Finalizers of one's own need a domain."""
    for finalizer in field.elements():
        if "/" not in finalizer.text and finalizer.text not in STANDARD_FINALIZERS:
            yield finalizer.invalid("must be a standard finalizer or have a domain")


def annotations(field: Field) -> Errors:
    """Keys are checked in lower case; upstream puts all errors at the map itself."""
    found = field.value or {}
    for key in found:
        yield from has_format(formats.annotation_key)(Field(key, field.path))
    if sum(len(key.encode()) + len(value.encode()) for key, value in found.items()) > ANNOTATIONS_BYTES:
        yield field.too_long(ANNOTATIONS_BYTES)


def group_version(text: str) -> tuple[str, str] | None:
    """Group and version of an apiVersion, or None when it has two slashes."""
    if text in ("", "/"):
        return "", ""
    group, slash, version = text.partition("/")
    if "/" in version:
        return None
    return (group, version) if slash else ("", group)


def _owners(field: Field) -> Errors:
    controllers = 0
    for owner in field.elements():
        yield from _owner(Field(owner.value, field.path))
        if owner["controller"].value:
            controllers += 1
            if controllers > 1:
                yield field.invalid("only one owner can be the controller")


def _owner(field: Field) -> Errors:
    parsed = group_version(field["apiVersion"].text)
    if not parsed or not parsed[1]:
        yield field["apiVersion"].invalid("must have a version")
    for name in ("kind", "name", "uid"):
        if not field[name]:
            yield field[name].invalid("must not be empty")
    if parsed == ("", "v1") and field["kind"].text == "Event":
        yield field.invalid("an Event cannot be an owner")


def _finalizers(field: Field) -> Errors:
    names = field.value or ()
    for name in names:
        yield from has_format(formats.qualified_name)(Field(name, field.path))
    if {"orphan", "foregroundDeletion"} <= set(names):
        yield field.invalid("orphan and foregroundDeletion exclude each other")


def _managed(field: Field) -> Errors:
    if field["operation"].text not in ("Apply", "Update"):
        yield field["operation"].invalid("must be Apply or Update")
    if field["fieldsType"].text not in ("", "FieldsV1"):
        yield field["fieldsType"].invalid("must be FieldsV1")
    manager = field["manager"]
    if len(manager.text.encode()) > MANAGER_BYTES:
        yield manager.too_long(MANAGER_BYTES)
    yield from (manager.invalid(f"must not have {char!r}") for char in manager.text if not char.isprintable())
    if len(field["subresource"].text) > SUBRESOURCE_CHARACTERS:
        yield field["subresource"].too_long(SUBRESOURCE_CHARACTERS)
