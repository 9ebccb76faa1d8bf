"""Figures out of what was answered and counted. Pure."""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mela.kernel.telemetry.recent import Answered

QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
LATENCY_S, SUCCESS_S = 10, 60
"""Seconds over which latencies and the success rate are taken."""


def service_of(path: str) -> str:
    """Whose a path is: `/api/<service>/…`, `/sim/<service>/…`; else nobody's."""
    words = path.split("/", 3)
    return words[2] if len(words) > 2 and words[1] in ("api", "sim") else ""


def quantiles(seconds: Iterable[float]) -> dict[str, float | None]:
    """Milliseconds by `QUANTILES`, the nearest rank; None for nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return dict.fromkeys(QUANTILES)
    return {name: round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 2) for name, share in QUANTILES.items()}


def budget_used(answered: int, failed: int, objective: float) -> float | None:
    """Failures as a share of those that the objective allows; None when nothing was answered."""
    return round(failed / (answered * (1 - objective)), 3) if answered else None


@dataclass
class Traffic:
    """The answers of the last seconds of one service, or of all: latencies for ten seconds, counts for the window."""

    window_s: int
    _latencies: deque[Sequence[float]] = field(default_factory=lambda: deque(maxlen=LATENCY_S))
    _counts: deque[tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self._counts = deque(maxlen=self.window_s)

    def add(self, answers: Sequence[Answered]) -> None:
        """The answers of one more second."""
        self._latencies.append([answer.seconds for answer in answers])
        self._counts.append((len(answers), sum(answer.status >= 500 for answer in answers)))

    def now(self, objective: float | None = None) -> dict[str, float | None]:
        """Requests and errors of the last second, latencies, and with an objective the budget used."""
        latest = self._counts[-1] if self._counts else (0, 0)
        found: dict[str, float | None] = {"requests": float(latest[0]), "errors": float(latest[1])}
        found |= quantiles(each for second in self._latencies for each in second)
        if objective is not None:
            answered, failed = (sum(count[side] for count in self._counts) for side in (0, 1))
            found["budget_used"] = budget_used(answered, failed, objective)
        return found


@dataclass
class Rates:
    """Counters turned into counts per second."""

    _before: Mapping[str, float] = field(default_factory=dict)

    def since(self, counters: Mapping[str, float]) -> dict[str, float]:
        """How much each has grown since the last call."""
        grown = {name: max(0.0, value - self._before.get(name, value)) for name, value in counters.items()}
        self._before = dict(counters)
        return grown


@dataclass
class Success:
    """The share of payments that ended well, over the last minute."""

    _ended: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=SUCCESS_S))

    def add(self, captured: float, failed: float) -> float | None:
        """One more second; the share now, None when none ended."""
        self._ended.append((captured, failed))
        good, bad = (sum(second[side] for second in self._ended) for side in (0, 1))
        return round(good / (good + bad), 4) if good + bad else None
