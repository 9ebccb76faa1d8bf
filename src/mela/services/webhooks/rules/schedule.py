"""When a delivery that was not taken is tried again, and when to stop sending to an endpoint that never takes any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Schedule:
    """`waits_s`: after the first failure, after the second, and so on; then it is dead. `jitter`: share that chance takes off.

    `disable_after_s`: an endpoint that has failed for so long, without a success between, is disabled.
    """

    waits_s: tuple[float, ...]
    jitter: float
    disable_after_s: float

    def wait_s(self, failures: int, chance: float, asked_s: float | None = None) -> float | None:
        """Seconds until the next try, None when it was the last. `chance` is from 0 to 1.

        `asked_s` is what the endpoint wants (Retry-After): it may put a try off, no further than the longest wait.
        """
        if not 1 <= failures <= len(self.waits_s):
            return None
        wait = self.waits_s[failures - 1] * (1 - self.jitter * chance)
        return max(wait, min(asked_s or 0.0, max(self.waits_s)))

    def is_hopeless(self, failing_since: datetime, now: datetime) -> bool:
        """Whether an endpoint has failed for too long."""
        return now - failing_since >= timedelta(seconds=self.disable_after_s)


def in_force(rows: Sequence[Mapping[str, Any]], day: date, *, scale: float = 1.0) -> Schedule:
    """The schedule of a day, its times multiplied by `scale`. Raises: LookupError when there is none."""
    for row in rows:
        if row["effective_from"] <= day <= (row["effective_to"] or date.max):
            waits_s = tuple(float(s) * scale for s in row["waits_s"])
            return Schedule(waits_s, float(row["jitter"]), float(row["disable_after_s"]) * scale)
    raise LookupError(f"no schedule of webhooks is in force on {day}")
