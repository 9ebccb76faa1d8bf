"""Paths to parts: files, folders, kustomizations, charts, standard input.

A part is what is applied together: the plain files of one folder, one kustomization, one chart, the input.
A kustomization that another one includes is no part of its own, and neither are the files that it lists.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mela.cluster.manifests import charts, kustomize, texts
from mela.cluster.objects import Mishap, Object, Source

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")
PASSED_OVER = ("node_modules", "__pycache__")
"""Folders that hold no manifests; those whose name begins with a dot neither."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is applied together. `name` is the file, folder, kustomization or chart."""

    name: str
    objects: tuple[Object, ...]
    mishaps: tuple[Mishap, ...]

    @classmethod
    def of(cls, name: str, things: Iterable[Object | Mishap]) -> "Part":
        read = list(things)
        objects = tuple(thing for thing in read if isinstance(thing, Object))
        return cls(name, objects, tuple(thing for thing in read if isinstance(thing, Mishap)))


def parts(paths: Iterable[str], stdin: Callable[[], bytes]) -> Iterator[Part]:
    """The parts of the paths, in their order. `-` is standard input. Raises: FileNotFoundError for a path that is not there."""
    named: list[Path] = []
    for path in paths:
        if path == STDIN:
            yield Part.of("stdin", _text(stdin(), "stdin"))
        elif Path(path).is_dir():
            yield from _folder(Path(path))
        elif Path(path).exists():
            named.append(Path(path))
        else:
            raise FileNotFoundError(path)
    if named:
        yield Part.of("files", _plain(named, is_named=True))


def _folder(root: Path) -> Iterator[Part]:
    """Charts and kustomizations first take what is theirs; what is left are plain files."""
    folders = {Path(where): [Path(where) / name for name in sorted(names)] for where, names in _walk(root)}
    chart_roots = _chart_roots(folders)
    plain = [folder for folder in folders if not any(chart in (folder, *folder.parents) for chart in chart_roots)]
    builds = {folder: kustomize.build(folder) for folder in plain if kustomize.file_in(folder)}
    taken = {path for build in builds.values() for path in build.used}
    for chart in chart_roots:
        yield Part.of(str(chart), charts.render(chart))
    for folder in plain:
        if folder in builds and os.path.realpath(folder) not in taken:
            yield Part.of(str(folder), builds[folder].things)
        if folder in builds and builds[folder].is_broken:
            continue  # its patches would look like objects
        left = [file for file in folders[folder] if file.suffix in SUFFIXES and os.path.realpath(file) not in taken]
        if part := _nonempty(folder, left):
            yield part


def _chart_roots(folders: Iterable[Path]) -> list[Path]:
    """Charts that are not part of another chart."""
    found = {folder for folder in folders if (folder / charts.FILE).is_file()}
    return sorted(folder for folder in found if found.isdisjoint(folder.parents))


def _nonempty(folder: Path, files: list[Path]) -> Part | None:
    part = Part.of(str(folder), _plain(files, is_named=False))
    return part if part.objects or part.mishaps else None


def _walk(root: Path) -> Iterator[tuple[str, list[str]]]:
    for where, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in PASSED_OVER)
        yield where, names


def _plain(files: Iterable[Path], *, is_named: bool) -> Iterator[Object | Mishap]:
    for file in files:
        if not is_named and not file.is_file():
            continue
        try:
            raw = contents(file)
        except OSError as error:
            yield Mishap("unreadable", Source(str(file)), f"it cannot be opened: {error.strerror}")
            continue
        if is_named or b"apiVersion" in raw:
            yield from _text(raw, str(file))


def contents(file: Path) -> bytes:
    """The bytes of a file, at most one more than are read of any file: a device or a pipe may have no end."""
    with file.open("rb") as stream:
        return stream.read(texts.LARGEST_FILE + 1)


def _text(raw: bytes, file: str) -> Iterator[Object | Mishap]:
    text = texts.decode(raw, file)
    if isinstance(text, Mishap):
        yield text
    else:
        yield from texts.read(text, file)
