"""Which objects a patch means: by its target, or by the name that a strategic merge patch carries."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mela.cluster import documents
from mela.cluster.manifests import texts
from mela.cluster.manifests.kustomize import patches
from mela.cluster.manifests.kustomize.item import Broken, Item


def apply(items: list[Item], text: str, target: Mapping[str, Any] | None, *, is_partial: bool) -> None:
    """Apply the patches in `text` to those items that `target` selects, or that the patch itself names. Raises: Broken."""
    for _, part in texts.split(text):
        try:
            value, _ = documents.read(part)
        except documents.Undecodable as error:
            raise Broken(f"a patch cannot be read: {error}") from error
        if isinstance(value, list):
            for item in _targets(items, target or {}):
                item.data = patches.apply(item.data, value)
        elif isinstance(value, Mapping):
            _merge(items, value, target, is_partial=is_partial)


def _merge(items: list[Item], patch: Mapping[str, Any], target: Mapping[str, Any] | None, *, is_partial: bool) -> None:
    """What the patch means must be there, unless resources are missing that it may mean."""
    found = list(_targets(items, target)) if target else [item for item in items if _is_meant(item, patch)]
    if not found and not target and not is_partial:
        name = (patch.get("metadata") or {}).get("name")
        raise Broken(f"a patch means {patch.get('kind')} {name}, which is not among the resources")
    for item in found:
        if patch.get("$patch") == "delete":
            item.data = {}
            continue
        name, kind, api_version = item.metadata.get("name"), item.data.get("kind"), item.data.get("apiVersion")
        item.data = patches.merge(item.data, patch, (item.api_version, item.kind))
        item.metadata["name"] = name
        item.data |= {"kind": kind, "apiVersion": api_version}


def _is_meant(item: Item, patch: Mapping[str, Any]) -> bool:
    metadata = patch.get("metadata") or {}
    namespace = metadata.get("namespace")
    return (
        item.kind == patch.get("kind")
        and item.api_version.rpartition("/")[0] == str(patch.get("apiVersion", "")).rpartition("/")[0]
        and metadata.get("name") in item.names
        and namespace in (None, item.metadata.get("namespace"))
    )


def _targets(items: list[Item], target: Mapping[str, Any]) -> Iterator[Item]:
    """Items that fit a target. Kind, name and namespace are anchored regular expressions."""
    group, version = target.get("group"), target.get("version")
    for item in items:
        found_group, _, found_version = item.api_version.rpartition("/")
        if (
            _fits(target.get("kind"), [item.kind])
            and _fits(target.get("name"), item.names)
            and _fits(target.get("namespace"), [str(item.metadata.get("namespace", ""))])
            and group in (None, found_group)
            and version in (None, found_version)
            and _selects(target.get("labelSelector"), item.metadata.get("labels"))
            and _selects(target.get("annotationSelector"), item.metadata.get("annotations"))
        ):
            yield item


def _fits(pattern: Any, values: list[str]) -> bool:
    if not pattern:
        return True
    try:
        return any(re.fullmatch(str(pattern), value) for value in values)
    except re.error as error:
        raise Broken(f"{pattern!r} is no regular expression") from error


def _selects(selector: Any, found: Any) -> bool:
    """`a=b,c=d`; other forms of selectors select nothing."""
    wanted = dict(part.split("=", 1) for part in str(selector or "").replace("==", "=").split(",") if "=" in part)
    return (not selector or bool(wanted)) and all((found or {}).get(key) == value for key, value in wanted.items())
