"""Which files of a folder are played: those that stand in it, not what an overlay makes of them.

A folder may hold manifests and, deeper, kustomizations that change them for a laptop or a city. `kubectl apply -R -f` knows
nothing of those, and a rehearsal of the folder means the manifests. An overlay is played when it is named.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from mela.cluster.manifests import charts, kustomize
from mela.cluster.manifests.files import PASSED_OVER, SUFFIXES


def without(paths: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths with folders taken apart, and the overlays in them that are left out. Nothing is left out of nothing else."""
    played: list[str] = []
    left_out: list[str] = []
    for path in paths:
        found = list(_apart(Path(path))) if Path(path).is_dir() and not _is_whole(Path(path)) else [(path, False)]
        kept = [each for each, is_overlay in found if not is_overlay]
        played += kept or [path]
        left_out += [each for each, is_overlay in found if is_overlay and kept]
    return (tuple(played), tuple(left_out)) if left_out else (tuple(paths), ())


def _apart(folder: Path) -> Iterator[tuple[str, bool]]:
    """Files and whole folders below, each with whether it is an overlay."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.name.startswith(".") and entry.name not in PASSED_OVER:
            if _is_whole(entry):
                yield str(entry), _reaches_out(entry)
            else:
                yield from _apart(entry)
        elif entry.is_file() and entry.suffix in SUFFIXES and _may_hold_objects(entry):
            yield str(entry), False


def _is_whole(folder: Path) -> bool:
    """A kustomization or a chart is taken as it is."""
    return (folder / charts.FILE).is_file() or kustomize.file_in(folder) is not None


def _reaches_out(folder: Path) -> bool:
    """A kustomization that builds on files outside its own folder."""
    file = kustomize.file_in(folder)
    if file is None:
        return False
    try:
        stated = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, UnicodeDecodeError):
        return False
    listed = (stated.get("resources") or []) + (stated.get("bases") or []) if isinstance(stated, dict) else []
    return any(isinstance(each, str) and each.startswith("..") for each in listed)


def _may_hold_objects(file: Path) -> bool:
    try:
        return b"apiVersion" in file.read_bytes()[: 4 * 2**20]
    except OSError:
        return True  # let the reader say what is wrong with it
