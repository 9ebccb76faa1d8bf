"""What was measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What so many connections brought. `cpu_ms` is the process's own CPU per request."""

    connections: int
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    busy: float
    """CPU of the process, in cores."""


@dataclass(frozen=True)
class Steady:
    """What a fixed rate brought, without what the process takes at rest. `varies_ms`: the standard deviation of the middle half of the answers' times."""

    per_s: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    varies_ms: float


class CannotMeasure(Exception):
    """The service does not answer as it must; the text says what to do."""
