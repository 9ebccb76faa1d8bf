"""Kubernetes' own schemas, by version, as the package kubernetes-validate ships them.

Each version is one file of definitions; a kind is compiled the first time that it is asked for.
Source: https://pypi.org/project/kubernetes-validate/ 1.37.0, made from each version's OpenAPI (read 2026-11-23).
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs

VERSIONS = ("1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36")
_FILE = "/api/_definitions.json"
_GROUPS = "x-kubernetes-group-version-kind"
Schema = Mapping[str, Any]


@cache
def definitions(version: str) -> Schema:
    """All types of a version, by OpenAPI name. Raises: KeyError for a version that is not in VERSIONS."""
    found: Schema = _file(version)["$defs"]
    return found


@cache
def kinds(version: str) -> Mapping[tuple[str, str], str]:
    """The name of the definition for each (apiVersion, kind) that can be created."""
    found = {}
    for name, schema in definitions(version).items():
        if "metadata" not in schema.get("properties", {}) or name.endswith("List"):
            continue
        for served in schema.get(_GROUPS, ()):
            group = f"{served['group']}/" if served["group"] else ""
            found[f"{group}{served['version']}", served["kind"]] = name
    return found


@cache
def groups(version: str) -> frozenset[str]:
    """Groups that a version serves itself, without a CRD."""
    return frozenset(api_version.rpartition("/")[0] for api_version, _ in kinds(version))


@cache
def validator(version: str, api_version: str, kind: str) -> jsonschema_rs.Draft202012Validator | None:
    """The compiled schema of a kind; None if the version does not serve it."""
    name = kinds(version).get((api_version, kind))
    if name is None:
        return None
    schema = {"$ref": f"{_FILE}#/$defs/{name}"}
    return jsonschema_rs.Draft202012Validator(schema, registry=_registry(version))


def properties(version: str, api_version: str, kind: str, path: tuple[str | int, ...]) -> tuple[str, ...]:
    """Names of the fields that the map at `path` may have; empty where any may stand."""
    schema = _at(version, api_version, kind, path)
    return tuple(schema.get("properties", ())) if schema else ()


def merge_key(version: str, api_version: str, kind: str, path: tuple[str | int, ...]) -> str | None:
    """The field by which a strategic merge finds the items of the list at `path`; None: the list is replaced whole."""
    schema = _at(version, api_version, kind, path)
    if not schema or "merge" not in schema.get("x-kubernetes-patch-strategy", ""):
        return None
    key = schema.get("x-kubernetes-patch-merge-key")
    return key if isinstance(key, str) else None


def _at(version: str, api_version: str, kind: str, path: tuple[str | int, ...]) -> Schema | None:
    """The schema of a field, with what its reference brings. None where there is none."""
    name = kinds(version).get((api_version, kind))
    schema: Schema | None = definitions(version)[name] if name else None
    for step in path:
        if schema is None:
            return None
        schema = schema.get("items") if isinstance(step, int) else _member(schema, step)
        if schema is not None and "$ref" in schema:
            schema = {**definitions(version)[schema["$ref"].rpartition("/")[2]], **schema}
    return schema


def _member(schema: Schema, name: str) -> Schema | None:
    rest = schema.get("additionalProperties")
    found = schema.get("properties", {}).get(name, rest)
    return found if isinstance(found, Mapping) else None


@cache
def _registry(version: str) -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(_FILE, _file(version))])


@cache
def _file(version: str) -> dict[str, Any]:
    if version not in VERSIONS:
        raise KeyError(version)
    folder = resources.files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    found: dict[str, Any] = json.loads((folder / "_definitions.json").read_bytes())
    return found
