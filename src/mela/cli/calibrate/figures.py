"""Measurements as the figures of a call graph."""

from pathlib import Path
from typing import Any

from mela.cli import render
from mela.cli.calibrate import process
from mela.cli.calibrate.model import CannotMeasure, Load, Steady

GROWTH = 1.05
"""More connections that bring less than this are beyond saturation."""
MOST_CV = 10.0
"""The largest that a call graph takes."""
FULL = 0.9
"""So much of the most CPU that was ever used, and the process is never idle."""


def of(
    url: str, loads: list[Load], steady: Steady, idle_m: float, at_start: dict[str, float] | None, began: float | None, now: dict[str, float]
) -> dict[str, Any]:  # fmt: skip
    """How CPU varies is what it does at the fixed rate; what an answer takes beyond its CPU there is waiting."""
    import numpy as np

    from mela.rehearsal.engine import queueing

    cv = min(steady.varies_ms / max(steady.cpu_ms, 0.001), MOST_CV)
    half = queueing.quantile(np.array([steady.cpu_ms]), np.array([(cv * steady.cpu_ms) ** 2]), 0.0)[0]
    most = max(loads, key=lambda load: load.per_s)
    saturated = next(load for load in loads if load.per_s * GROWTH >= most.per_s)
    idle_ms, busy_ms = by_use(steady, loads, idle_m)
    return {
        "url": url,
        "cpu_ms": round(idle_ms, 3),
        "busy_cpu_ms": round(busy_ms, 3),
        "cv": round(cv, 2),
        "wait_ms": round(max(0.0, steady.p50_ms - float(half)), 2),
        "idle_cpu_m": round(idle_m, 1),
        "saturation_per_s": round(most.per_s),
        "saturation_connections": saturated.connections,
        "saturated_by": "CPU" if most.busy > 0.9 else "something that it waits for",
        "workers": max(1, round(most.busy)),
        "memory_mb": round(now.get(process.MEMORY, 0) / 2**20),
        "start_s": round(began, 2) if began is not None else None,
        "start_cpu_s": round(at_start[process.CPU], 2) if at_start else None,
        "loads": loads,
        "steady": steady,
    }


def by_use(steady: Steady, loads: list[Load], idle_m: float) -> tuple[float, float]:
    """The CPU of a request that finds the process idle, and of one that never does, in milliseconds.

    The second is what all loads took that used the CPU up; at most that of the fixed rate, which lies on the line between the two.
    """
    cores = max(load.busy for load in loads)
    full = [load for load in loads if load.busy >= FULL * cores]
    busy_ms = min(steady.cpu_ms, sum(load.busy for load in full) / sum(load.per_s for load in full) * 1000)
    used = steady.per_s * steady.cpu_ms / 1000 / max(cores - idle_m / 1000, 0.001)
    return ((steady.cpu_ms - used * busy_ms) / (1 - used) if used < 1 else steady.cpu_ms), busy_ms


def lines(found: dict[str, Any], service: str, operation: str) -> list[str]:
    """Of YAML, as a call graph has them."""
    start = [f"    {key}: {found[key]}" for key in ("start_s", "start_cpu_s") if found[key] is not None]
    return [
        "services:", f"  {service}:", f"    workers: {found['workers']}", f"    memory_mb: {found['memory_mb']}", f"    idle_cpu_m: {found['idle_cpu_m']}", *start,
        "    operations:", f"      {operation}: {{cpu_ms: {found['cpu_ms']}, busy_cpu_ms: {found['busy_cpu_ms']}, cv: {found['cv']}, wait_ms: {found['wait_ms']}}}",
    ]  # fmt: skip


def write(file: Path, operation: str, found: dict[str, Any]) -> None:
    """Puts the figures into a call graph; what else stands in it stays. Raises: CannotMeasure, reading.Unusable."""
    from mela.cluster.objects import Document, Object, Source
    from mela.rehearsal import calls
    from mela.rehearsal.verdict import patch
    from mela.rehearsal.verdict.model import Change

    text = file.read_text(encoding="utf-8")
    service, _, name = operation.partition(".")
    graph = calls.parse(text, str(file))
    if service not in graph.services or name not in graph.services[service].operations:
        known = ", ".join(full for full, _, _ in graph.operations())
        raise CannotMeasure(f"{file} has no operation {operation}; it has {known}.")
    import yaml

    thing = Object("", "", "", "", yaml.safe_load(text), Source(str(file)), Document(text))
    at_service, at_operation = ("services", service), ("services", service, "operations", name)
    values: dict[tuple[str, ...], Any] = {
        **{(*at_operation, key): found[key] for key in ("cpu_ms", "busy_cpu_ms", "cv", "wait_ms")},
        **{
            (*at_service, key): found[key]
            for key in ("workers", "memory_mb", "idle_cpu_m", "start_s", "start_cpu_s")
            if found[key] is not None
        },
    }
    changes = [
        Change(thing, path, thing.get(*path), value) for path, value in values.items() if thing.get(*path) != value
    ]
    try:
        changed = patch.edited(changes)[str(file)] if changes else text
    except patch.CannotPatch as error:
        raise CannotMeasure(str(error)) from error
    calls.parse(changed, str(file))
    file.write_text(changed, encoding="utf-8")
    render.note(f"{len(changes)} figures written into {file}")
