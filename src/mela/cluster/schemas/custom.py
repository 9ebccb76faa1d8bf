"""Schemas that CRDs bring along, so that custom objects beside their CRD are checked too.

A CRD's schema prunes: a field that it does not name is dropped, unless `x-kubernetes-preserve-unknown-fields` is set.
Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning (2026-11-23).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jsonschema_rs

from mela.cluster.objects import Object, dig

PRESERVES = "x-kubernetes-preserve-unknown-fields"
EMBEDS = "x-kubernetes-embedded-resource"
INT_OR_STRING = "x-kubernetes-int-or-string"
_ALWAYS = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
_OF_SCHEMAS = ("properties", "patternProperties")
_OF_LISTS = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True)
class Definition:
    """One version of a CRD."""

    schema: Mapping[str, Any]

    @cached_property
    def validator(self) -> jsonschema_rs.Draft202012Validator | None:
        """The compiled schema; None if the CRD's schema is none, which is the CRD's own finding."""
        try:
            return jsonschema_rs.Draft202012Validator(_closed(self.schema, is_root=True))
        except ValueError:
            return None

    def properties(self, path: tuple[str | int, ...]) -> tuple[str, ...]:
        """Names of the fields that the map at `path` may have; empty where any may stand."""
        schema: Any = self.schema
        for step in path:
            schema = dig(schema, "items") if isinstance(step, int) else dig(schema, "properties", step)
        found = dig(schema, "properties")
        return (*found, *(() if path else _ALWAYS)) if isinstance(found, Mapping) else ()


def definitions(crds: tuple[Object, ...]) -> dict[tuple[str, str], Definition]:
    """By (apiVersion, kind), for every served version that has a schema."""
    return {key: Definition(schema) for crd in crds for key, schema in _versions(crd)}


def _versions(crd: Object) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    group, kind = crd.get("spec", "group"), crd.get("spec", "names", "kind")
    versions = crd.get("spec", "versions")
    for version in versions if isinstance(versions, list) else ():
        schema = dig(version, "schema", "openAPIV3Schema")
        if isinstance(schema, Mapping) and dig(version, "served") is not False:
            yield (f"{group}/{dig(version, 'name')}", str(kind)), schema


def _closed(schema: Any, *, is_root: bool = False, prunes: bool = True) -> Any:
    """The JSON Schema of an OpenAPI one: closed where the API server prunes, with null and int-or-string as they are meant."""
    if not isinstance(schema, Mapping):
        return schema
    result = {key: value for key, value in schema.items() if key not in ("default", "example", "format", "nullable")}
    for key in _OF_SCHEMAS:
        if isinstance(result.get(key), Mapping):
            result[key] = {name: _closed(child, prunes=prunes) for name, child in result[key].items()}
    for key in _OF_LISTS:
        if isinstance(result.get(key), list):
            result[key] = [_closed(child, prunes=False) for child in result[key]]
    for key, below in (("items", prunes), ("additionalProperties", prunes), ("not", False)):
        if isinstance(result.get(key), Mapping):
            result[key] = _closed(result[key], prunes=below)
    if is_root or schema.get(EMBEDS):
        result["properties"] = {**result.get("properties", {}), **_ALWAYS}
    if prunes and schema.get("type") == "object" and not schema.get(PRESERVES):
        result.setdefault("additionalProperties", False)
    _type(result, schema)
    return result


def _type(result: dict[str, Any], schema: Mapping[str, Any]) -> None:
    if schema.get(INT_OR_STRING):
        result["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in result:
        types = result["type"] if isinstance(result["type"], list) else [result["type"]]
        result["type"] = [*types, "null"]
    for bound in ("Maximum", "Minimum"):
        if isinstance(exclusive := result.pop(f"exclusive{bound}", None), bool) and exclusive:
            result[f"exclusive{bound}"] = result.pop(bound.lower(), None)
        elif exclusive is not None and not isinstance(exclusive, bool):
            result[f"exclusive{bound}"] = exclusive
