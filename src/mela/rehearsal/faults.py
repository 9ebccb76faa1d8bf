"""Faults."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    kind: str
    at_s: int
