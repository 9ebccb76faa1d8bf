"""What is due, and when: nothing happens by itself."""

import heapq
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

Due: TypeAlias = Callable[[float], None]


class Agenda:
    """What is due in seconds since the start; of the same second, what was put first comes first."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Due]] = []
        self._order = 0

    def at(self, when_s: float, what: Due) -> None:
        self._order += 1
        heapq.heappush(self._due, (when_s, self._order, what))

    def next_s(self) -> float:
        """When something is due next."""
        return self._due[0][0] if self._due else np.inf

    def advance(self, now_s: float) -> None:
        """Let everything happen that is due by now."""
        while self._due and self._due[0][0] <= now_s:
            when, _, what = heapq.heappop(self._due)
            what(when)
