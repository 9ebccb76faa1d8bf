"""Manifests to systems: texts, folders, kustomizations and charts into objects that remember their lines.

    systems = manifests.read(["kubernetes/"], version="1.36")

The only part of `cluster` that reads files.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from mela.cluster.manifests import texts
from mela.cluster.manifests.files import Part, parts
from mela.cluster.objects import NEWEST, Object, System

Identity = tuple[str, str, str]
MOST_VARIANTS = 50
"""Systems that one call returns; what clashes beyond goes to the last, so that the work stays bounded."""


def _input() -> bytes:
    """Standard input, one byte more than is read of any file."""
    return sys.stdin.buffer.read(texts.LARGEST_FILE + 1)


def read(paths: Sequence[str], *, version: str = NEWEST, stdin: Callable[[], bytes] = _input) -> tuple[System, ...]:
    """The systems that stand in `paths`: one, or several where parts are variants of each other.

    Raises: FileNotFoundError.
    """
    return systems(list(parts(paths, stdin)), version=version)


def parse(text: str, file: str = "text", *, version: str = NEWEST) -> System:
    """The system of one text."""
    return _joined([Part.of(file, texts.read(text, file))], version)


def systems(found: Sequence[Part], *, version: str = NEWEST) -> tuple[System, ...]:
    """Parts whose objects carry the same names, such as `dev` and `prod`, are variants: each is read with what is common.

    A part that shares no name with another belongs to every system. The others go, in their order, to the first
    system that has none of their names yet.
    """
    counts = Counter(identity for part in found for identity in _identities(part))
    common: list[Part] = []
    variants: list[tuple[list[Part], set[Identity]]] = []
    for part in found:
        names = _identities(part)
        if all(counts[identity] == 1 for identity in names):
            common.append(part)
            continue
        chosen = next((variant for variant in variants if not variant[1] & names), None)
        if chosen is None and len(variants) == MOST_VARIANTS:
            chosen = variants[-1]
        if chosen is None:
            chosen = ([], set())
            variants.append(chosen)
        chosen[0].append(part)
        chosen[1].update(names)
    return tuple(_joined([*common, *members], version) for members, _ in variants or [([], set())])


def _joined(members: Iterable[Part], version: str) -> System:
    together = list(members)
    objects = _placed([thing for part in together for thing in part.objects])
    return System.of(objects, (mishap for part in together for mishap in part.mishaps), version=version)


def _placed(objects: Sequence[Object]) -> Sequence[Object]:
    """Custom objects whose CRD, among the objects, says that they stand in no namespace lose the one they were given."""
    crds = [thing for thing in objects if thing.type == "CustomResourceDefinition"]
    cluster_wide = {
        (crd.get("spec", "group"), crd.get("spec", "names", "kind"))
        for crd in crds
        if crd.get("spec", "scope") == "Cluster"
    }
    if not cluster_wide:
        return objects
    return [replace(thing, namespace="") if (thing.group, thing.kind) in cluster_wide else thing for thing in objects]


def _identities(part: Part) -> set[Identity]:
    return {_identity(thing) for thing in part.objects if thing.name}


def _identity(thing: Object) -> Identity:
    return thing.type, thing.namespace, thing.name
