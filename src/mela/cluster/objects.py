"""Kubernetes objects as they stand in files, and the system that they form together.

An object is its parsed data with the place it came from. A system is every object of the given paths; rules look from
one object to another through it.

एक फ़ाइल की वस्तुएँ अलग-अलग नहीं, पूरे तंत्र के रूप में पढ़ी जाती हैं।
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from mela.cluster import documents

Path = tuple[str | int, ...]
"""Keys and indexes from the object down to a field, such as `("spec", "ports", 0, "name")`."""

NEWEST = "1.36"
"""The Kubernetes version that is meant where none is named."""
DEFAULT_NAMESPACE = "default"
CLUSTER_SCOPED = frozenset(
    "APIService CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle ComponentStatus CSIDriver CSINode "
    "CustomResourceDefinition DeviceClass FlowSchema GatewayClass IngressClass IPAddress MutatingAdmissionPolicy "
    "MutatingAdmissionPolicyBinding MutatingWebhookConfiguration Namespace Node PersistentVolume PodSecurityPolicy "
    "PriorityClass PriorityLevelConfiguration ResourceSlice RuntimeClass SelfSubjectAccessReview "
    "SelfSubjectReview SelfSubjectRulesReview ServiceCIDR StorageClass StorageVersion StorageVersionMigration "
    "SubjectAccessReview TokenReview ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding "
    "ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass".split()
)
"""Kinds of Kubernetes' own groups that stand in no namespace.

Source: https://kubernetes.io/docs/reference/kubernetes-api/ (`kubectl api-resources --namespaced=false`; 2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an object stands. `line` counts from 1."""

    file: str
    line: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A text in which an object stands, at `path` (an item of a List is not at the top). `first` is its line in the file."""

    text: str
    first: int = 1
    path: Path = ()

    def line_of(self, path: Path) -> int:
        """The file's line of the field, or of the nearest field above it that is written down."""
        return self.first - 1 + self._nearest(path)[1]

    def written(self, path: Path) -> str:
        """The scalar at `path` as it is written, without quotes; empty when it is not written there."""
        node, _, is_found = self._nearest(path)
        return node.text if is_found and node is not None and node.kind == "scalar" else ""

    def _nearest(self, path: Path) -> tuple[documents.Node | None, int, bool]:
        node = _tree(self.text)
        line = node.line if node else 1
        for step in (*self.path, *path):
            found = _child(node, step) if node else None
            if found is None:
                return node, line, False
            node, line = found
        return node, line, True


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """One object. `data` is treated as frozen. Equal only to itself.

    `namespace` is `default` where a namespaced object names none, as `kubectl apply` does, and empty for kinds that stand
    in no namespace.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    data: Mapping[str, Any]
    source: Source
    document: Document | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any], source: Source, document: Document | None = None) -> "Object":
        """The object that `data` describes; what is missing or of another type is empty."""
        metadata = data.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        kind, api_version = _text(data.get("kind")), _text(data.get("apiVersion"))
        namespace = _text(metadata.get("namespace")) or DEFAULT_NAMESPACE
        if kind in CLUSTER_SCOPED and is_built_in(api_version):
            namespace = ""
        name = _text(metadata.get("name")) or _text(metadata.get("generateName"))
        return cls(api_version, kind, namespace, name, data, source, document)

    @property
    def group(self) -> str:
        """The API group; empty for core."""
        return self.api_version.rpartition("/")[0]

    @property
    def type(self) -> str:
        """`Deployment`, and with its group for kinds that are not Kubernetes' own: `Rollout.argoproj.io`."""
        return self.kind if is_built_in(self.api_version) else f"{self.kind}.{self.group}"

    @property
    def title(self) -> str:
        """What people call it: `Deployment shop/web`. Empty for what has no kind, such as a file that cannot be read."""
        if not self.kind:
            return ""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def labels(self) -> Mapping[str, str]:
        return _texts(self.get("metadata", "labels"))

    @property
    def annotations(self) -> Mapping[str, str]:
        return _texts(self.get("metadata", "annotations"))

    def get(self, *path: str | int) -> Any:
        """The value at `path`; None where something on the way is missing or of another type."""
        return dig(self.data, *path)

    def line_of(self, path: Path = ()) -> int:
        """The line of a field, or of the nearest one above it that is written down."""
        return self.document.line_of(path) if self.document else self.source.line

    def written(self, path: Path) -> str:
        """The scalar at `path` as its author wrote it (`on`, `0755`); empty when unknown."""
        return self.document.written(path) if self.document else ""


@dataclass(frozen=True, slots=True)
class Mishap:
    """What went wrong while files were read. `rule` is the id of the rule in `checks.reading` that reports it."""

    rule: str
    source: Source
    says: str


@dataclass(frozen=True)
class System:
    """All objects of the given paths, in their order, with lookups. Where two have one identity, the first is found.

    `version` is the Kubernetes version that they are meant for.
    """

    objects: tuple[Object, ...] = ()
    mishaps: tuple[Mishap, ...] = ()
    version: str = NEWEST

    @classmethod
    def of(cls, objects: Iterable[Object], mishaps: Iterable[Mishap] = (), *, version: str = NEWEST) -> "System":
        return cls(tuple(objects), tuple(mishaps), version)

    def __iter__(self) -> Iterator[Object]:
        return iter(self.objects)

    def __len__(self) -> int:
        return len(self.objects)

    def kind(self, *types: str) -> tuple[Object, ...]:
        """Objects of these types: `kind("Deployment", "Rollout.argoproj.io")`, by type and then in order."""
        return tuple(thing for type_ in types for thing in self._by_type.get(type_, ()))

    def find(self, type_: str, namespace: str, name: str) -> Object | None:
        """The object of that identity. `namespace` is empty for kinds that stand in none."""
        return self._by_identity.get((type_, namespace, name))

    def within(self, namespace: str) -> tuple[Object, ...]:
        """What stands in a namespace."""
        return self._by_namespace.get(namespace, ())

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Names of the namespaces that are declared or used."""
        declared = {thing.name for thing in self.kind("Namespace")}
        return frozenset(declared | {thing.namespace for thing in self.objects if thing.namespace})

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[Object, ...]]:
        return _grouped((thing.type, thing) for thing in self.objects)

    @cached_property
    def _by_namespace(self) -> Mapping[str, tuple[Object, ...]]:
        return _grouped((thing.namespace, thing) for thing in self.objects)

    @cached_property
    def _by_identity(self) -> Mapping[tuple[str, str, str], Object]:
        return {(thing.type, thing.namespace, thing.name): thing for thing in reversed(self.objects)}


def is_built_in(api_version: str) -> bool:
    """True for the groups of Kubernetes and its subprojects: `v1`, `apps/v1`, `networking.k8s.io/v1`."""
    group = api_version.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def dig(value: Any, *path: str | int) -> Any:
    """The value at `path` below `value`; None where something on the way is missing or of another type."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def _grouped(pairs: Iterable[tuple[str, Object]]) -> Mapping[str, tuple[Object, ...]]:
    groups: dict[str, list[Object]] = {}
    for key, thing in pairs:
        groups.setdefault(key, []).append(thing)
    return {key: tuple(things) for key, things in groups.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> Mapping[str, str]:
    """The entries of a map whose values are text."""
    if not isinstance(value, Mapping):
        return {}
    return {key: text for key, text in value.items() if isinstance(text, str)}


@lru_cache(maxsize=4)
def _tree(text: str) -> documents.Node | None:
    """Lines are asked for rarely, so a document is read again for them instead of keeping every field's place."""
    try:
        return documents.compose(text)
    except documents.Undecodable:
        return None


def _child(node: documents.Node, step: str | int) -> tuple[documents.Node, int] | None:
    """The child and its line: that of the key in a map, of the item in a list. Of equal keys the last counts."""
    if node.kind == "alias":
        return _child(node.children[0], step)
    if node.kind == "list":
        inside = isinstance(step, int) and 0 <= step < len(node.children)
        return (node.children[int(step)], node.children[int(step)].line) if inside else None
    members = _members(node)
    if step in members:
        return members[step]
    merged = members.get("<<")
    return _child(merged[0], step) if merged and merged[0].kind != "list" else None


@lru_cache(maxsize=64)
def _members(node: documents.Node) -> Mapping[str | int, tuple[documents.Node, int]]:
    """A map's values with the lines of their keys."""
    pairs = zip(node.children[::2], node.children[1::2], strict=False)
    return {key.text: (value, key.line) for key, value in pairs}
