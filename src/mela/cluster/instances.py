"""What nodes of an instance type have, from a dated table."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from mela.cluster import tables
from mela.cluster.scheduler import resources as amounts


@dataclass(frozen=True, slots=True)
class Instance:
    """A type's capacity, and what of it pods get."""

    vcpu: int
    memory_mib: int
    allocatable: Mapping[str, int]
    """Millicores for cpu, bytes for memory, a count for pods."""


def of(type_: str) -> Instance | None:
    """The type's row; None for one that the table does not know."""
    return _types().get(type_)


def default(name: str) -> int:
    """What holds for node groups that do not say it: `start_s`, `batch`, `reserved_addresses`."""
    value: int = _table()[name]["value"]
    return value


@cache
def _types() -> Mapping[str, Instance]:
    return {
        name: Instance(row["vcpu"], row["memory_mib"], amounts.whole(amounts.amounts(row["allocatable"])))
        for name, row in _table()["types"].items()
    }


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = tables.of("instances")
    return table
