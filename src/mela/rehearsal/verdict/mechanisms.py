"""How a rehearsal can fail, by slug, from `data/mechanisms.yaml`; the order of the file is the order of the roots."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from mela.cluster import tables

STEPS = {"count": 1, "percent": 5, "seconds": 5, "cpu": 100, "memory": 64}
"""The smallest change of a unit that is worth writing."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A field that may mend: of which object around the service, which way, in steps of what, how far."""

    object: str
    path: tuple[str, ...]
    way: int
    unit: str
    step: int
    to: int | None
    default: int | None


@dataclass(frozen=True, slots=True)
class Mechanism:
    name: str
    rank: int
    kinds: tuple[str, ...]
    candidates: tuple[Candidate, ...]


@cache
def every() -> dict[str, Mechanism]:
    """By slug."""
    entries: dict[str, Any] = tables.of("mechanisms", __package__)["mechanisms"]
    return {
        name: Mechanism(name, rank, tuple(entry["kinds"]), tuple(_candidate(change) for change in entry["changes"]))
        for rank, (name, entry) in enumerate(entries.items())
    }


@cache
def by_kind() -> dict[str, Mechanism]:
    """By what the engine calls it."""
    return {kind: mechanism for mechanism in every().values() for kind in mechanism.kinds}


def _candidate(entry: dict[str, Any]) -> Candidate:
    return Candidate(
        object=entry["object"],
        path=tuple(entry["path"]),
        way=1 if entry["way"] == "up" else -1,
        unit=entry["unit"],
        step=entry.get("step", STEPS[entry["unit"]]),
        to=entry.get("to"),
        default=entry.get("default"),
    )
