"""One kustomization folder to objects, layer by layer, in kustomize's order."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mela.cluster import documents
from mela.cluster.manifests import texts
from mela.cluster.manifests.kustomize import generators, names, targets, transforms
from mela.cluster.manifests.kustomize.item import Broken, Item
from mela.cluster.objects import Document, Mishap, Object, Source

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
REMOTE = re.compile(
    r"^(https?://|git@|ssh://|file://|oci://|git::|github\.com[/:]|gitlab\.com[/:]|bitbucket\.org[/:])|\?ref=|\.git$"
)
NOT_BUILT = (
    "vars",
    "replacements",
    "helmCharts",
    "helmChartInflationGenerator",
    "transformers",
    "generators",
    "validators",
)
"""Fields that change objects in ways that are not followed here."""
Read = Callable[[Path], Iterable[Object | Mishap]]
FLUX = b"kustomize.toolkit.fluxcd.io"
MOST_LAYERS = 500


@dataclass(slots=True)
class Build:
    """The objects of a kustomization, and every file and folder that it took in (real paths).

    A broken one took in no folder: what it includes can still be checked by itself. Beside a broken one, and in a
    component that nobody includes, plain files are not read: they may be patches, which look like objects.
    """

    things: list[Object | Mishap] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    hides_files: bool = False


def file_in(folder: Path) -> Path | None:
    """The kustomization's own file. Flux keeps objects of its own in files of that name."""
    found = next((folder / name for name in FILES if (folder / name).is_file()), None)
    return None if found is None or FLUX in found.read_bytes()[:10_000] else found


def build(folder: Path, read: Read) -> Build:
    """Build the folder. What fails is a mishap; a Component by itself is nothing. `read` may remember files."""
    run = _Run(read)
    try:
        if run.spec(folder)[0].get("kind") == "Component":
            return Build(hides_files=True)
        items = run.layer(folder, [], ())
        _add_hashes(items)
        names.follow(items)
        run.build.things += [item.object() for item in items]
    except Broken as error:
        where = error.args[1] if len(error.args) > 1 else Source(str(file_in(folder) or folder))
        broken = Mishap("kustomization-broken", where, str(error.args[0]))
        return Build([broken], {path for path in run.build.used if not Path(path).is_dir()}, hides_files=True)
    return run.build


class _Run:
    """One build: what it found, how many layers it went through, and whether something is missing on purpose."""

    def __init__(self, read: Read) -> None:
        self.build = Build()
        self.read = read
        self.layers = 0
        self.is_partial = False

    def spec(self, folder: Path) -> tuple[Mapping[str, Any], Document, Source]:
        """The kustomization's fields. Raises: Broken."""
        file = file_in(folder)
        if file is None:
            raise Broken(f"{folder} has no kustomization.yaml")
        self.build.used.add(os.path.realpath(file))
        text = self._text(file)
        try:
            value, _ = documents.read(text)
        except documents.Undecodable as error:
            raise Broken(str(error), Source(str(file))) from error
        if value is not None and not isinstance(value, Mapping):
            raise Broken("a kustomization is a map", Source(str(file)))
        return value or {}, Document(text), Source(str(file))

    def layer(self, folder: Path, items: list[Item], above: tuple[str, ...]) -> list[Item]:
        """`items`, to which a component adds, with the folder's own objects, transformed. Raises: Broken."""
        self.layers += 1
        if os.path.realpath(folder) in above:
            raise Broken(f"{folder} includes itself")
        if self.layers > MOST_LAYERS:
            raise Broken(f"more than {MOST_LAYERS} kustomizations include each other")
        spec, document, source = self.spec(folder)
        try:
            return self._layer(_Layer(folder, spec, document, source), items, (*above, os.path.realpath(folder)))
        except Broken as error:
            raise error if len(error.args) > 1 else Broken(error.args[0], source) from error
        except (AttributeError, TypeError, ValueError, UnicodeDecodeError) as error:
            raise Broken("a field has another type than kustomize knows", source) from error

    def _layer(self, layer: "_Layer", items: list[Item], above: tuple[str, ...]) -> list[Item]:
        for key in NOT_BUILT:
            if layer.spec.get(key):
                self._note(layer, (key,), f"`{key}` is not followed here, so objects may differ")
        for key in ("resources", "bases"):
            for index, entry in enumerate(layer.list(key)):
                items = [*items, *self._resource(layer, str(entry), (key, index), above)]
        for index, entry in enumerate(layer.list("components")):
            if self._is_here(layer, str(entry), ("components", index)):
                items = self.layer(self._use(Path(os.path.normpath(layer.folder / str(entry)))), items, above)
        items = self._generated(layer, items)
        _patch(items, layer, self)
        _transform(items, layer)
        names.follow(items)
        return [item for item in items if item.data]

    def _resource(self, layer: "_Layer", entry: str, path: tuple[str | int, ...], above: tuple[str, ...]) -> list[Item]:
        where = Path(os.path.normpath(layer.folder / entry))
        if not self._is_here(layer, entry, path):
            return []
        if where.is_dir():
            return self.layer(self._use(where), [], above)
        found = []
        for thing in self.read(self._use(where)):
            if isinstance(thing, Object):
                found.append(Item.of(thing))
            else:
                self.build.things.append(thing)
        return found

    def _is_here(self, layer: "_Layer", entry: str, path: tuple[str | int, ...]) -> bool:
        if (layer.folder / entry).exists():
            return True
        if REMOTE.search(entry):
            self._note(layer, path, f"{entry} is remote and not fetched")
            return False
        raise Broken(f"{entry} is not there", layer.at(path))

    def _note(self, layer: "_Layer", path: tuple[str | int, ...], says: str) -> None:
        self.is_partial = True
        self.build.things.append(Mishap("kustomization-incomplete", layer.at(path), says))

    def _generated(self, layer: "_Layer", items: list[Item]) -> list[Item]:
        options = layer.spec.get("generatorOptions") or {}
        for key, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
            for index, entry in enumerate(layer.list(key)):
                new = generators.generate(
                    kind, entry, options, layer.at((key, index)), lambda name: self.bytes(layer, name)
                )
                items = _placed(items, new, str(entry.get("behavior") or "create"))
        return items

    def bytes(self, layer: "_Layer", name: str) -> bytes:
        """A file that the kustomization names. Raises: Broken."""
        path = self._use(layer.folder / name)
        try:
            with path.open("rb") as stream:
                return stream.read(texts.LARGEST_FILE)
        except OSError as error:
            raise Broken(f"{name} cannot be opened: {error.strerror}") from error

    def _text(self, path: Path) -> str:
        try:
            with path.open("rb") as stream:
                text = texts.decode(stream.read(texts.LARGEST_FILE + 1), str(path))
        except OSError as error:
            raise Broken(f"{path} cannot be opened: {error.strerror}") from error
        if isinstance(text, Mishap):
            raise Broken(text.says, text.source)
        return text

    def _use(self, path: Path) -> Path:
        self.build.used.add(os.path.realpath(path))
        return path


@dataclass(slots=True)
class _Layer:
    """A kustomization's folder and fields."""

    folder: Path
    spec: Mapping[str, Any]
    document: Document
    source: Source

    def list(self, key: str) -> list[Any]:
        value = self.spec.get(key) or []
        if not isinstance(value, list):
            raise Broken(f"`{key}` must be a list", self.at((key,)))
        return value

    def at(self, path: tuple[str | int, ...]) -> Source:
        return Source(self.source.file, self.document.line_of(path))


def _placed(items: list[Item], new: Item, behavior: str) -> list[Item]:
    """A generated object among the others: created, merged into the one of its name, or in its place."""
    for item in items:
        if behavior != "create" and item.kind == new.kind and new.names[0] in item.names:
            for key in ("data", "binaryData"):
                if key in new.data:
                    kept = item.data.get(key) or {} if behavior == "merge" else {}
                    item.data[key] = {**kept, **new.data[key]}
            item.is_hashed = item.is_hashed or new.is_hashed
            return items
    if behavior != "create":
        raise Broken(f"there is no {new.kind} {new.names[0]} to {behavior}", new.source)
    return [*items, new]


def _patch(items: list[Item], layer: _Layer, run: _Run) -> None:
    for entry in layer.list("patchesStrategicMerge"):
        targets.apply(items, _patch_text(layer, run, str(entry), None), None, is_partial=run.is_partial)
    for entry in layer.list("patches"):
        target = entry.get("target")
        text = _patch_text(layer, run, entry.get("patch"), entry.get("path"))
        targets.apply(items, text, target, is_partial=run.is_partial)
    for entry in layer.list("patchesJson6902"):
        text = _patch_text(layer, run, entry.get("patch"), entry.get("path"))
        targets.apply(items, text, entry.get("target") or {}, is_partial=run.is_partial)


def _patch_text(layer: _Layer, run: _Run, inline: str | None, path: str | None) -> str:
    """A patch stands in the kustomization or in a file; patchesStrategicMerge leaves open which."""
    if path is None and inline is not None and "\n" not in inline and (layer.folder / inline).is_file():
        path = inline
    if path is not None:
        return run.bytes(layer, path).decode("utf-8-sig")
    if inline is None:
        raise Broken("a patch has neither `patch` nor `path`")
    return inline


def _transform(items: list[Item], layer: _Layer) -> None:
    spec = layer.spec
    if spec.get("namespace"):
        transforms.set_namespace(items, str(spec["namespace"]))
    transforms.add_affixes(items, str(spec.get("namePrefix") or ""), str(spec.get("nameSuffix") or ""))
    if spec.get("commonLabels"):
        transforms.add_labels(items, spec["commonLabels"], selectors=True, templates=True)
    for entry in layer.list("labels"):
        selectors = bool(entry.get("includeSelectors"))
        templates = bool(entry.get("includeTemplates"))
        transforms.add_labels(items, entry.get("pairs") or {}, selectors=selectors, templates=templates)
    if spec.get("commonAnnotations"):
        transforms.add_annotations(items, spec["commonAnnotations"])
    transforms.set_replicas(items, layer.list("replicas"))
    transforms.set_images(items, layer.list("images"))


def _add_hashes(items: list[Item]) -> None:
    for item in items:
        if item.is_hashed:
            item.rename(f"{item.metadata['name']}-{generators.suffix(item)}")
