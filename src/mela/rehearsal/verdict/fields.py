"""Fields as numbers: reading one in its unit, writing another value, and the system with that value."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from mela.cluster import quantity
from mela.cluster.objects import Object, Path, System, dig
from mela.rehearsal.verdict.mechanisms import Candidate
from mela.rehearsal.verdict.model import Change

MEBI = 1 << 20


def paths(thing: Object, candidate: Candidate) -> Iterator[Path]:
    """The paths that a candidate stands for in an object: `*` is each item of a list that has all that follows it.

    Where none has it and it has a default, it is the first item's.
    """
    path: Path = candidate.path
    if "*" not in path:
        yield path
        return
    place = path.index("*")
    items = thing.get(*path[:place])
    having = [index for index, item in enumerate(items or ()) if dig(item, *path[place + 1 :]) is not None]
    if items and not having and candidate.default is not None:
        having = [0]
    yield from ((*path[:place], index, *path[place + 1 :]) for index in having)


def number(value: Any, unit: str) -> int | None:
    """A written value in its unit; None for what is none, such as a percentage where pods are counted."""
    try:
        if unit == "cpu":
            return quantity.milli_value(quantity.parse(value))
        if unit == "memory":
            return -(-quantity.value(quantity.parse(value)) // MEBI)
    except quantity.InvalidQuantity:
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) else _counted(value)


def written(number_: int, unit: str, before: Any) -> Any:
    """A number as its field has it: `1500m`, `256Mi`, 12, or "12" where a quota's count was written as text."""
    if unit == "cpu":
        return quantity.canonical(quantity.from_milli(number_))
    if unit == "memory":
        return f"{number_}Mi"
    return str(number_) if isinstance(before, str) else number_


def change(thing: Object, path: Path, candidate: Candidate, steps: int) -> Change | None:
    """The field moved by so many steps; None where it has no number, or stands at its end already."""
    before = thing.get(*path)
    start = number(before, candidate.unit) if before is not None else candidate.default
    if start is None:
        return None
    target = start + candidate.way * steps * candidate.step
    target = max(target, 0) if candidate.to is None else _within(target, candidate)
    if path == ("spec", "minReplicas"):
        most = thing.get("spec", "maxReplicas")
        target = min(target, most) if isinstance(most, int) else target
    return Change(thing, path, before, written(target, candidate.unit, before)) if target != start else None


def changed(system: System, changes: Iterable[Change]) -> System:
    """The system with other values; its objects keep their places in the files."""
    by_object: dict[int, list[Change]] = {}
    for one in changes:
        by_object.setdefault(id(one.thing), []).append(one)
    objects = tuple(_with(thing, by_object.get(id(thing), ())) for thing in system.objects)
    return System.of(objects, system.mishaps, version=system.version)


def put(data: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of an object's data with a value at `path`; maps on the way are made where they are missing."""
    copied: Any = copy.deepcopy(dict(data))
    place = copied
    for step in path[:-1]:
        if isinstance(place, dict) and place.get(step) is None:
            place[step] = {}
        place = place[step]
    place[path[-1]] = value
    return dict(copied)


def _with(thing: Object, changes: Iterable[Change]) -> Object:
    data: Mapping[str, Any] = thing.data
    for one in changes:
        data = put(data, one.path, one.after)
    return replace(thing, data=data) if data is not thing.data else thing


def _counted(value: Any) -> int | None:
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def _within(target: int, candidate: Candidate) -> int:
    assert candidate.to is not None
    return min(target, candidate.to) if candidate.way > 0 else max(target, candidate.to)
