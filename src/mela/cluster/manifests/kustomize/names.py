"""Who refers to whom by name, so that a renamed object takes its references along.

Source: https://github.com/kubernetes-sigs/kustomize/blob/kustomize/v5.7.1/api/internal/konfig/builtinpluginconsts/namereference.go
(read 2026-11-23).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mela.cluster.manifests.kustomize.item import POD_SPECS, Item, holders

IN_PODS: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": (
        "volumes[]/configMap:name",
        "volumes[]/projected/sources[]/configMap:name",
        "containers[]/env[]/valueFrom/configMapKeyRef:name",
        "containers[]/envFrom[]/configMapRef:name",
        "initContainers[]/env[]/valueFrom/configMapKeyRef:name",
        "initContainers[]/envFrom[]/configMapRef:name",
    ),
    "Secret": (
        "volumes[]/secret:secretName",
        "volumes[]/projected/sources[]/secret:name",
        "containers[]/env[]/valueFrom/secretKeyRef:name",
        "containers[]/envFrom[]/secretRef:name",
        "initContainers[]/env[]/valueFrom/secretKeyRef:name",
        "initContainers[]/envFrom[]/secretRef:name",
        "imagePullSecrets[]:name",
    ),
    "PersistentVolumeClaim": ("volumes[]/persistentVolumeClaim:claimName",),
    "ServiceAccount": (":serviceAccountName",),
    "PriorityClass": (":priorityClassName",),
}
"""Fields below a pod's specification, as `path:field`, by the kind that they name."""

ELSEWHERE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Service": (
        ("Ingress", "spec/defaultBackend/service:name"),
        ("Ingress", "spec/rules[]/http/paths[]/backend/service:name"),
        ("StatefulSet", "spec:serviceName"),
        ("ValidatingWebhookConfiguration", "webhooks[]/clientConfig/service:name"),
        ("MutatingWebhookConfiguration", "webhooks[]/clientConfig/service:name"),
    ),
    "Secret": (("Ingress", "spec/tls[]:secretName"), ("ServiceAccount", "imagePullSecrets[]:name")),
    "StorageClass": (
        ("PersistentVolumeClaim", "spec:storageClassName"),
        ("StatefulSet", "spec/volumeClaimTemplates[]/spec:storageClassName"),
    ),
    "PersistentVolume": (("PersistentVolumeClaim", "spec:volumeName"),),
    "IngressClass": (("Ingress", "spec:ingressClassName"),),
}
TYPED = (
    ("HorizontalPodAutoscaler", "spec/scaleTargetRef"),
    ("RoleBinding", "subjects[]"),
    ("ClusterRoleBinding", "subjects[]"),
    ("RoleBinding", "roleRef"),
    ("ClusterRoleBinding", "roleRef"),
)
"""References that say the kind themselves."""


def follow(items: Sequence[Item]) -> None:
    """Give references the newest names of what they point to."""
    renamed: dict[str, dict[str, str]] = {}
    for item in items:
        for old in item.names[:-1]:
            renamed.setdefault(item.kind, {}).setdefault(old, item.names[-1])
    if not renamed:
        return
    for item in items:
        for kind, path in _references(item):
            where, _, field = path.partition(":")
            for holder in holders(item.data, where):
                _update(holder, field or "name", renamed.get(kind or str(holder.get("kind")), {}))


def _references(item: Item) -> list[tuple[str, str]]:
    """Kind (empty: the reference says it) and path of every reference that an object of this kind may hold."""
    found = [(kind, path) for kind, paths in ELSEWHERE.items() for of, path in paths if of == item.kind]
    found += [("", path) for of, path in TYPED if of == item.kind]
    if item.kind in POD_SPECS:
        pods = "/".join(POD_SPECS[item.kind])
        for kind, paths in IN_PODS.items():
            found += [(kind, pods + (path if path.startswith(":") else f"/{path}")) for path in paths]
    return found


def _update(holder: dict[str, Any], field: str, names: Mapping[str, str]) -> None:
    if isinstance(holder.get(field), str) and holder[field] in names:
        holder[field] = names[holder[field]]
