"""The names that objects say of one another, as tables: where a name stands, and what it names.

एक वस्तु दूसरी को केवल नाम से जानती है; नाम ग़लत हो तो कोई चेतावनी नहीं, बस कुछ शुरू नहीं होता।

Source: https://kubernetes.io/docs/reference/kubernetes-api/ for Kubernetes' own kinds; the projects' own references, named
in the tables, for the others (2026-11-23).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from mela.cluster import tables, workloads
from mela.cluster.objects import CLUSTER_SCOPED, Object, Path, System, dig
from mela.cluster.workloads import maps, text

PROVIDED = "mela.dev/provided"
"""Annotation on any object: what is there though it stands in no file, a line each, with who makes it.

    mela.dev/provided: |
      Secret/gateway (key-id, key-secret): the merchant creates it from the gateway's dashboard

The name may carry a namespace: `Secret/shop/gateway`. Without keys, every key is taken to be there."""
_PROVIDED = re.compile(
    r"\s*(?P<type>[\w.-]+)/(?:(?P<namespace>[\w.-]+)/)?(?P<name>[\w.-]+)\s*(?:\((?P<keys>[^)]*)\))?\s*:\s*\S.*"
)

Identity = tuple[str, str, str]
"""Type, namespace, name."""


@dataclass(frozen=True, slots=True)
class Row:
    """`at` leads to a map; its field `name` names an object of `type`, or of the kind that its field `kind` says.

    `key` is a field of that map with a key inside the object, `keys` a list of maps with a field `key`.
    """

    at: str
    type: str
    name: str = "name"
    key: str = ""
    keys: str = ""
    kinds: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One name that `object` says at `path`. `keys` are those it wants inside; an optional one may be missing."""

    object: Object
    path: Path
    type: str
    namespace: str
    name: str
    keys: tuple[tuple[Path, str], ...] = ()
    is_optional: bool = False

    @property
    def identity(self) -> Identity:
        return self.type, self.namespace, self.name

    @property
    def title(self) -> str:
        kind = self.type.partition(".")[0]
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


IN_PODS = (
    *(
        row
        for group in ("containers", "initContainers")
        for row in (
            Row(f"{group}.*.env.*.valueFrom.configMapKeyRef", "ConfigMap", key="key"),
            Row(f"{group}.*.env.*.valueFrom.secretKeyRef", "Secret", key="key"),
            Row(f"{group}.*.envFrom.*.configMapRef", "ConfigMap"),
            Row(f"{group}.*.envFrom.*.secretRef", "Secret"),
        )
    ),
    Row("volumes.*.configMap", "ConfigMap", keys="items"),
    Row("volumes.*.secret", "Secret", "secretName", keys="items"),
    Row("volumes.*.projected.sources.*.configMap", "ConfigMap", keys="items"),
    Row("volumes.*.projected.sources.*.secret", "Secret", keys="items"),
    Row("volumes.*.persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
    Row("imagePullSecrets.*", "Secret"),
    Row("", "ServiceAccount", "serviceAccountName"),
    Row("", "PriorityClass", "priorityClassName"),
    Row("", "RuntimeClass", "runtimeClassName"),
)
"""Below a pod spec."""
IN_OBJECTS: Mapping[str, tuple[Row, ...]] = {
    "StatefulSet": (Row("spec", "Service", "serviceName"),),
    "ServiceAccount": (Row("imagePullSecrets.*", "Secret"),),
    "HorizontalPodAutoscaler": (
        Row("spec.scaleTargetRef", "", kinds=True),
        Row("spec.metrics.*.object.describedObject", "", kinds=True),
    ),
    "VerticalPodAutoscaler": (Row("spec.targetRef", "", kinds=True),),
    "ScaledObject.keda.sh": (
        Row("spec.scaleTargetRef", "Deployment", kinds=True),
        Row("spec.triggers.*.authenticationRef", "TriggerAuthentication.keda.sh", kinds=True),
    ),
    "Ingress": (
        Row("spec.defaultBackend.service", "Service"),
        Row("spec.rules.*.http.paths.*.backend.service", "Service"),
        Row("spec.tls.*", "Secret", "secretName"),
        Row("spec", "IngressClass", "ingressClassName"),
    ),
    "RoleBinding": (Row("roleRef", "", kinds=True), Row("subjects.*", "", kinds=True)),
    "ClusterRoleBinding": (Row("roleRef", "", kinds=True), Row("subjects.*", "", kinds=True)),
    "PersistentVolumeClaim": (Row("spec", "StorageClass", "storageClassName"), Row("spec", "PersistentVolume", "volumeName")),
    "PersistentVolume": (Row("spec", "StorageClass", "storageClassName"),),
    "ValidatingWebhookConfiguration": (Row("webhooks.*.clientConfig.service", "Service"),),
    "MutatingWebhookConfiguration": (Row("webhooks.*.clientConfig.service", "Service"),),
    "CustomResourceDefinition": (Row("spec.conversion.webhook.clientConfig.service", "Service"),),
    "APIService": (Row("spec.service", "Service"),),
    "ValidatingAdmissionPolicyBinding": (Row("spec", "ValidatingAdmissionPolicy", "policyName"),),
    "HTTPRoute": (
        Row("spec.parentRefs.*", "Gateway", kinds=True),
        Row("spec.rules.*.backendRefs.*", "Service", kinds=True),
    ),
    "GRPCRoute": (
        Row("spec.parentRefs.*", "Gateway", kinds=True),
        Row("spec.rules.*.backendRefs.*", "Service", kinds=True),
    ),
    "Gateway": (Row("spec", "GatewayClass", "gatewayClassName"), Row("spec.listeners.*.tls.certificateRefs.*", "Secret", kinds=True)),
    "Certificate.cert-manager.io": (Row("spec.issuerRef", "Issuer.cert-manager.io", kinds=True),),
    "ExternalSecret.external-secrets.io": (Row("spec.secretStoreRef", "SecretStore.external-secrets.io", kinds=True),),
}  # fmt: skip
"""Below an object, by its type."""


@lru_cache(maxsize=2)
def of(system: System) -> tuple[Reference, ...]:
    """Every reference that the tables know."""
    pods = workloads.of(system)
    found = [each for type_, rows in IN_OBJECTS.items() for thing in system.kind(type_) for each in _read(thing, rows)]
    in_pods = (each for workload in pods.all for each in _read(workload.object, IN_PODS, workload.spec_at))
    return (*(each for each in in_pods if not _is_own_claim(each)), *found)


@dataclass(frozen=True)
class Provided:
    """What is there without an object of its own; None as keys means that they are not known."""

    keys: Mapping[Identity, frozenset[str] | None]

    def __contains__(self, identity: Identity) -> bool:
        return identity in self.keys


@lru_cache(maxsize=2)
def provided(system: System) -> Provided:
    """What annotations promise, and what the controllers of other objects make."""
    made = (each for thing in system for each in (*_annotated(thing), *_made(thing)))
    return Provided(dict(made))


def steps(value: Any, pattern: Sequence[str], at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The places below `value` that a pattern such as `rules.*.http`, split at its dots, leads to; `*` is every item."""
    if not pattern:
        yield at, value
    elif pattern[0] == "*":
        for index, each in enumerate(value if isinstance(value, list) else ()):
            yield from steps(each, pattern[1:], (*at, index))
    elif isinstance(value, Mapping) and pattern[0] in value:
        yield from steps(value[pattern[0]], pattern[1:], (*at, pattern[0]))


def unread_annotation(thing: Object) -> Iterator[str]:
    """Lines of the annotation `mela.dev/provided` that say nothing: not `Kind/name (keys): who makes it`."""
    for line in thing.annotations.get(PROVIDED, "").splitlines():
        if line.strip() and not _PROVIDED.fullmatch(line):
            yield line.strip()


def _read(thing: Object, rows: Iterable[Row], below: Path = ()) -> Iterator[Reference]:
    start = thing.get(*below)
    for row in rows:
        for at, holder in steps(start, _pattern(row.at), below):
            if isinstance(holder, Mapping) and (found := _reference(thing, row, at, holder)):
                yield found


def _is_own_claim(found: Reference) -> bool:
    """A StatefulSet replaces a volume that is called like one of its claim templates by the pod's own claim."""
    if found.type != "PersistentVolumeClaim" or found.object.type != "StatefulSet":
        return False
    volume = found.object.get(*found.path[:-2], "name")
    templates = (dig(each, "metadata", "name") for _, each in maps(found.object.get("spec", "volumeClaimTemplates")))
    return volume in templates


def _reference(thing: Object, row: Row, at: Path, holder: Mapping[str, Any]) -> Reference | None:
    name, type_ = text(holder.get(row.name)), _type(row, holder)
    if not name or not type_:
        return None
    kind, _, group = type_.partition(".")
    is_wide = (kind in CLUSTER_SCOPED and not group) or (kind.startswith("Cluster") and kind != "Cluster")
    namespace = "" if is_wide else text(holder.get("namespace")) or thing.namespace
    keys = tuple(_keys(row, at, holder))
    return Reference(thing, (*at, row.name), type_, namespace, name, keys, holder.get("optional") is True)


def _type(row: Row, holder: Mapping[str, Any]) -> str:
    """Where the kind is written its group stands as `apiVersion`, `apiGroup` or `group`, or is that of the row."""
    kind = text(holder.get("kind")) if row.kinds else ""
    if not kind:
        return row.type
    if api_version := text(holder.get("apiVersion")):
        return workloads.type_of(api_version, kind)
    group = text(holder.get("apiGroup")) or text(holder.get("group"))
    if group:
        return workloads.type_of(f"{group}/v1", kind)
    of_row = row.type.partition(".")[2]
    return f"{kind}.{of_row}" if of_row else kind


def _keys(row: Row, at: Path, holder: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if row.key and (key := text(holder.get(row.key))):
        yield (*at, row.key), key
    if row.keys:
        for index, item in maps(holder.get(row.keys)):
            if key := text(item.get("key")):
                yield (*at, row.keys, index, "key"), key


def _annotated(thing: Object) -> Iterator[tuple[Identity, frozenset[str] | None]]:
    for line in thing.annotations.get(PROVIDED, "").splitlines():
        if match := _PROVIDED.fullmatch(line):
            kind = match["type"]
            namespace = "" if kind in CLUSTER_SCOPED else match["namespace"] or thing.namespace or thing.name
            keys = frozenset(key.strip() for key in match["keys"].split(",")) if match["keys"] else None
            yield (kind, namespace, match["name"]), keys


def _made(thing: Object) -> Iterator[tuple[Identity, frozenset[str] | None]]:
    for row in _makers().get(thing.type, ()):
        for _, holder in steps(thing.data, _pattern(row.get("each", ""))):
            if name := _filled(row["name"], thing, holder):
                keys = row.get("keys")
                yield (row["makes"], thing.namespace, name), frozenset(keys) if keys else None


def _filled(pattern: str, thing: Object, holder: Any) -> str:
    """`{name}-app` with the object's name; `{secretName|name}` with the field, else the name."""

    def value(match: re.Match[str]) -> str:
        options = match[1].split("|")
        found = (thing.name if each == "name" else text(dig(holder, *each.split("."))) for each in options)
        return next((each for each in found if each), "")

    return re.sub(r"\{([^}]+)\}", value, pattern)


def _pattern(written: str) -> list[str]:
    return written.split(".") if written else []


@cache
def _makers() -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    """The dated table of controllers that make objects, by the type that they follow."""
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for row in tables.of("makers")["makers"]:
        found[row["of"]] = (*found.get(row["of"], ()), row)
    return found
