"""An object on its way through kustomizations: data that changes, and the names that it has had."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from mela.cluster.objects import Document, Object, Source

POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
} | dict.fromkeys(
    ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"),
    ("spec", "template", "spec"),
)
"""Where a kind keeps its pods' specification."""


class Broken(ValueError):
    """A kustomization that cannot be built; the text says why."""


@dataclass(slots=True, eq=False)
class Item:
    data: dict[str, Any]
    source: Source
    document: Document | None = None
    names: list[str] = field(default_factory=list)
    """Every name so far, oldest first."""
    is_hashed: bool = False

    @classmethod
    def of(cls, thing: Object) -> "Item":
        item = cls(deepcopy(dict(thing.data)), thing.source, thing.document, [thing.name])
        for key in ("labels", "annotations"):
            if not item.metadata.get(key, True):
                del item.metadata[key]
        return item

    def object(self) -> Object:
        return Object.of(self.data, self.source, self.document)

    @property
    def kind(self) -> str:
        return str(self.data.get("kind", ""))

    @property
    def api_version(self) -> str:
        return str(self.data.get("apiVersion", ""))

    @property
    def metadata(self) -> dict[str, Any]:
        return branch(self.data, "metadata")

    def rename(self, name: str) -> None:
        self.metadata["name"] = name
        self.names.append(name)


def branch(value: dict[str, Any], *path: str) -> dict[str, Any]:
    """The map at `path`, made where there is none."""
    for step in path:
        child = value.get(step)
        if not isinstance(child, dict):
            child = value[step] = {}
        value = child
    return value


def holders(value: Any, path: str) -> Iterator[dict[str, Any]]:
    """The maps at a path such as `spec/containers[]/env[]`; nothing where the path leads nowhere."""
    step, _, rest = path.partition("/")
    if not step:
        if isinstance(value, dict):
            yield value
        return
    child = value.get(step.removesuffix("[]")) if isinstance(value, dict) else None
    for found in child if step.endswith("[]") and isinstance(child, list) else [child]:
        yield from holders(found, rest)
