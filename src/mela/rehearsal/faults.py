"""Faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mela.rehearsal.engine.run import Run


@dataclass(frozen=True, slots=True)
class Fault:
    kind: str
    at_s: int

    def plant(self, run: Run) -> None:
        """Arrange for the fault to happen."""
