"""What the inbox is told at start."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Variables `MELA_SMS_*`."""

    keep_hours: float = 24.0
    """A message older than this is forgotten."""
    keep_messages: int = 20_000
    """Of more messages than this the oldest are forgotten."""
