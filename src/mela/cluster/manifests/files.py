"""Paths to parts: files, folders, kustomizations, charts, standard input.

A part is what is surely applied together: one file, one kustomization, one chart, the input.
A kustomization that another one includes is no part of its own, and neither are the files that it lists.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mela.cluster.manifests import charts, kustomize, texts
from mela.cluster.objects import Mishap, Object, Source

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")
PASSED_OVER = ("node_modules", "__pycache__")
"""Folders that hold no manifests; those whose name begins with a dot neither."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is surely applied together. `name` is the file, kustomization or chart."""

    name: str
    objects: tuple[Object, ...]
    mishaps: tuple[Mishap, ...]

    @classmethod
    def of(cls, name: str, things: Iterable[Object | Mishap]) -> "Part":
        read = list(things)
        objects = tuple(thing for thing in read if isinstance(thing, Object))
        return cls(name, objects, tuple(thing for thing in read if isinstance(thing, Mishap)))


def parts(paths: Iterable[str], stdin: Callable[[], bytes]) -> Iterator[Part]:
    """The parts of the paths. Named files and standard input, `-`, are one part, the last.

    Raises: FileNotFoundError for a path that is not there.
    """
    named: list[Object | Mishap] = []
    for path in paths:
        if path == STDIN:
            named += _text(stdin(), "stdin")
        elif Path(path).is_dir():
            yield from _folder(Path(path))
        elif Path(path).exists():
            named += read(Path(path))
        else:
            raise FileNotFoundError(path)
    yield Part.of("what is named", named)


def _folder(root: Path) -> Iterator[Part]:
    """Charts and kustomizations first take what is theirs; what is left are plain files."""
    folders = {Path(where): [Path(where) / name for name in sorted(names)] for where, names in _walk(root)}
    chart_roots = _chart_roots(folders)
    plain = [folder for folder in folders if not any(chart in (folder, *folder.parents) for chart in chart_roots)]
    once = cache(lambda file: list(read(file)))  # bases are included by many
    builds = {folder: kustomize.build(folder, once) for folder in plain if kustomize.file_in(folder)}
    taken = {path for build in builds.values() for path in build.used}
    for chart in chart_roots:
        yield Part.of(str(chart), charts.render(chart))
    for folder in plain:
        if folder in builds and os.path.realpath(folder) not in taken:
            yield Part.of(str(folder), builds[folder].things)
        if folder in builds and builds[folder].hides_files:
            continue
        left = [file for file in folders[folder] if file.suffix in SUFFIXES and os.path.realpath(file) not in taken]
        for file in left:
            if file.is_file():
                yield Part.of(str(file), read(file, only_objects=True))


def _chart_roots(folders: Iterable[Path]) -> list[Path]:
    """Charts that are not part of another chart."""
    found = {folder for folder in folders if (folder / charts.FILE).is_file()}
    return sorted(folder for folder in found if found.isdisjoint(folder.parents))


def _walk(root: Path) -> Iterator[tuple[str, list[str]]]:
    for where, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in PASSED_OVER)
        yield where, names


def read(file: Path, *, only_objects: bool = False) -> Iterator[Object | Mishap]:
    """The objects of a file; with `only_objects` nothing at all of one that cannot hold any.

    At most one byte more than is allowed is read: a device or a pipe may have no end.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(texts.LARGEST_FILE + 1)
    except OSError as error:
        yield Mishap("unreadable", Source(str(file)), f"it cannot be opened: {error.strerror}")
        return
    if not only_objects or b"apiVersion" in raw:
        yield from _text(raw, str(file))


def _text(raw: bytes, file: str) -> Iterator[Object | Mishap]:
    text = texts.decode(raw, file)
    if isinstance(text, Mishap):
        yield text
    else:
        yield from texts.read(text, file)
