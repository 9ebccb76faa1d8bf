"""When an API came and when it went: from a dated table, and from what each version's schemas hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mela.cluster import tables
from mela.cluster.schemas import published

BETAS_ON = ("flowcontrol.apiserver.k8s.io/v1beta2", "flowcontrol.apiserver.k8s.io/v1beta3")
"""Beta APIs that are served without being asked for.

Source: https://kubernetes.io/docs/reference/using-api/#api-versioning and KEP-3136, "Beta APIs are off by default" (read 2026-11-23).
"""
_UNSTABLE = re.compile(r"/v\d+(alpha|beta)\d+$")


@dataclass(frozen=True, slots=True)
class Removal:
    """`use` is the apiVersion that took its place, empty if none did."""

    version: str
    use: str
    note: str = ""


@cache
def removals() -> Mapping[tuple[str, str], Removal]:
    """By (apiVersion, kind)."""
    return {
        (row["api"], kind): Removal(row["version"], row["use"], row.get("note", ""))
        for row in tables.of("removed", __package__)["removed"]
        for kind in row["kinds"]
    }


def removal(api_version: str, kind: str) -> Removal | None:
    """When the API stopped being served; None if it is, or never was. The table goes before the schemas."""
    if known := removals().get((api_version, kind)):
        return known
    served = _served(api_version, kind)
    if not served or published.VERSIONS[-1] in served:
        return None
    last = served[-1]
    newer = [
        api for api, of in published.kinds(published.VERSIONS[-1]) if of == kind and _group(api) == _group(api_version)
    ]
    use = min(newer, key=lambda api: bool(_UNSTABLE.search(api)), default="")
    return Removal(published.VERSIONS[published.VERSIONS.index(last) + 1], use)


def first(api_version: str, kind: str) -> str | None:
    """The first version, from 1.28 on, that serves the API."""
    return next(iter(_served(api_version, kind)), None)


def is_off_by_default(api_version: str) -> bool:
    """True for alpha and new beta APIs of Kubernetes itself, which an API server serves only with `--runtime-config`."""
    return bool(_UNSTABLE.search(api_version)) and api_version not in BETAS_ON


def is_newer(version: str, other: str) -> bool:
    """True if `version` comes after `other`; both as in `1.28`."""
    return _number(version) > _number(other)


@cache
def _served(api_version: str, kind: str) -> tuple[str, ...]:
    return tuple(version for version in published.VERSIONS if (api_version, kind) in published.kinds(version))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]
