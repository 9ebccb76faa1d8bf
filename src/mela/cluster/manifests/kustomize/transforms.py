"""What a kustomization changes in every object: namespace, names, labels, annotations, images, replicas.

Source: https://github.com/kubernetes-sigs/kustomize/tree/kustomize/v5.7.1/api/internal/konfig/builtinpluginconsts (read 2026-11-23).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mela.cluster.manifests.kustomize.item import POD_SPECS, Item, branch, holders
from mela.cluster.objects import CLUSTER_SCOPED, is_built_in

UNPREFIXED = ("Namespace", "CustomResourceDefinition", "APIService")
"""Kinds whose names mean something outside the cluster's objects; prefixes leave them alone."""

SELECTORS: Mapping[str, tuple[str, ...]] = {
    "Service": ("spec/selector",),
    "ReplicationController": ("spec/selector",),
    "Deployment": ("spec/selector/matchLabels",),
    "ReplicaSet": ("spec/selector/matchLabels",),
    "DaemonSet": ("spec/selector/matchLabels",),
    "StatefulSet": ("spec/selector/matchLabels",),
}
"""Selectors that get common labels even where they were absent."""
PRESENT_SELECTORS: Mapping[str, tuple[str, ...]] = {
    "Job": ("spec/selector/matchLabels",),
    "PodDisruptionBudget": ("spec/selector/matchLabels",),
    "NetworkPolicy": (
        "spec/podSelector/matchLabels",
        "spec/ingress[]/from[]/podSelector/matchLabels",
        "spec/egress[]/to[]/podSelector/matchLabels",
    ),
}
"""Selectors that get common labels where they stand already."""
_AFFINITY = (
    "requiredDuringSchedulingIgnoredDuringExecution[]/labelSelector/matchLabels",
    "preferredDuringSchedulingIgnoredDuringExecution[]/podAffinityTerm/labelSelector/matchLabels",
)
POD_SELECTORS = (
    "topologySpreadConstraints[]/labelSelector/matchLabels",
    *(f"affinity/podAffinity/{path}" for path in _AFFINITY),
    *(f"affinity/podAntiAffinity/{path}" for path in _AFFINITY),
)
"""The same below a pod's specification."""
TEMPLATES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "CronJob": (("spec", "jobTemplate"), ("spec", "jobTemplate", "spec", "template")),
} | dict.fromkeys(
    ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"), (("spec", "template"),)
)
"""Where a kind keeps templates of other objects, which get labels and annotations too."""


def set_namespace(items: Iterable[Item], namespace: str) -> None:
    """Move everything that stands in a namespace; ServiceAccounts in bindings move along."""
    moved = list(items)
    accounts = {name for item in moved if item.kind == "ServiceAccount" for name in item.names} | {"default"}
    for item in moved:
        if item.kind == "Namespace":
            item.rename(namespace)
        elif not (item.kind in CLUSTER_SCOPED and is_built_in(item.api_version)):
            item.metadata["namespace"] = namespace
        if item.kind in ("RoleBinding", "ClusterRoleBinding"):
            for subject in holders(item.data, "subjects[]"):
                if subject.get("kind") == "ServiceAccount" and subject.get("name") in accounts:
                    subject["namespace"] = namespace


def add_affixes(items: Iterable[Item], prefix: str, suffix: str) -> None:
    for item in items:
        if (prefix or suffix) and item.kind not in UNPREFIXED:
            item.rename(f"{prefix}{item.metadata.get('name', '')}{suffix}")


def add_labels(items: Iterable[Item], labels: Mapping[str, Any], *, selectors: bool, templates: bool) -> None:
    for item in items:
        branch(item.data, "metadata", "labels").update(labels)
        if templates or selectors:
            for path in TEMPLATES.get(item.kind, ()):
                branch(item.data, *path, "metadata", "labels").update(labels)
        if selectors:
            _add_to_selectors(item, labels)


def _add_to_selectors(item: Item, labels: Mapping[str, Any]) -> None:
    for path in SELECTORS.get(item.kind, ()):
        branch(item.data, *path.split("/")).update(labels)
    paths = list(PRESENT_SELECTORS.get(item.kind, ()))
    if item.kind in POD_SPECS:
        paths += ["/".join((*POD_SPECS[item.kind], path)) for path in POD_SELECTORS]
    for path in paths:
        for found in holders(item.data, path):
            found.update(labels)


def add_annotations(items: Iterable[Item], annotations: Mapping[str, Any]) -> None:
    for item in items:
        for path in ((), *TEMPLATES.get(item.kind, ())):
            branch(item.data, *path, "metadata", "annotations").update(annotations)


def set_images(items: Iterable[Item], images: Iterable[Mapping[str, Any]]) -> None:
    wanted = {str(image.get("name", "")): image for image in images}
    for item in items:
        if item.kind not in POD_SPECS:
            continue
        for field in ("containers[]", "initContainers[]"):
            for container in holders(item.data, "/".join((*POD_SPECS[item.kind], field))):
                name, tag = _split(str(container.get("image", "")))
                if name in wanted:
                    container["image"] = _image(name, tag, wanted[name])


def _split(image: str) -> tuple[str, str]:
    """Name and the rest (`:tag`, `@digest`) of an image; a colon before a slash is a port."""
    match = re.fullmatch(r"(.*?)((?::[^:/@]+)?(?:@.+)?)", image)
    return (match[1], match[2]) if match else (image, "")


def _image(name: str, rest: str, wanted: Mapping[str, Any]) -> str:
    name = str(wanted.get("newName") or name)
    tag = f":{wanted['newTag']}" if wanted.get("newTag") else ""
    digest = f"@{wanted['digest']}" if wanted.get("digest") else ""
    return name + (tag + digest or rest)


def set_replicas(items: Iterable[Item], replicas: Iterable[Mapping[str, Any]]) -> None:
    counts = {str(entry.get("name", "")): entry.get("count") for entry in replicas}
    for item in items:
        if item.kind not in ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"):
            continue
        for name in item.names:
            if name in counts:
                branch(item.data, "spec")["replicas"] = counts[name]
