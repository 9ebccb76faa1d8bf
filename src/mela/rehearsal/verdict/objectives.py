"""The promises by name, from `data/objectives.yaml`."""

from dataclasses import replace
from fnmatch import fnmatch
from functools import cache

from mela.cluster import tables
from mela.rehearsal.verdict.model import Objective


def of(name: str, *, available: float | None = None) -> Objective:
    """The promise that covers a user's action or a service; `available` (a share) instead of the written one."""
    found = next(objective for objective in every() if any(fnmatch(name, pattern) for pattern in objective.matches))
    return replace(found, available=available) if available is not None else found


@cache
def every() -> tuple[Objective, ...]:
    """In their order; the last matches everything."""
    entries = tables.of("objectives", __package__)["objectives"]
    return tuple(
        Objective(
            name=entry["name"],
            matches=tuple(entry["matches"]),
            available=round(entry["available"] / 100, 6),
            p99_s=entry["p99_ms"] / 1000,
        )
        for entry in entries
    )
