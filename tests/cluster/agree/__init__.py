"""Does `mela.cluster` decide as upstream's own code did? One module per area, each with `differences(case)`.

A file of decisions is JSON lines, gzip-compressed or not; its name begins with its area (`pod-security-seed7.jsonl.gz`).
"""

from __future__ import annotations

import gzip
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

DATA = Path(__file__).parent.parent / "data"
AREAS = (
    "hpa",
    "scheduler",
    "networkpolicy",
    "pod-security",
    "quota",
    "disruption",
    "rollout",
    "cronjob",
    "validation",
)

Case = dict[str, Any]
Differences = Callable[[Case], list[str]]


def files() -> list[Path]:
    """The stored files, sorted by name."""
    return sorted(DATA.glob("*.jsonl.gz"))


def area_of(file: Path) -> str:
    """The area that a file's name begins with. Raises: ValueError if there is none."""
    for area in AREAS:
        if file.name.replace("_", "-").startswith(area):
            return area
    raise ValueError(f"{file.name}: the name must begin with one of {', '.join(AREAS)}")


def differences_of(area: str) -> Differences:
    """The function that compares one case of the area."""
    module = importlib.import_module(f"{__name__}.{area.replace('-', '_')}")
    differences: Differences = module.differences
    return differences


def cases(file: Path) -> Iterator[Case]:
    """The cases of a file, in order."""
    with _lines(file) as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _lines(file: Path) -> IO[str]:
    with file.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    return gzip.open(file, "rt", encoding="utf-8") if packed else file.open(encoding="utf-8")
