"""Settings of streaming, read from `MELA_STREAMING_*`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StreamingSettings:
    """How long silence lasts, what bandwidth there is, and when what is refused."""

    heartbeat_s: int = 25
    """A player says so often that it goes on. About 1 M requests a second were seen at 25.3 M viewers."""
    silent_s: int = 60
    """After so long without a sign a session is over. Longer than two heartbeats: one may get lost."""
    budget_mbps: float = 0.0
    """Bandwidth that all viewers share, in megabits a second; 0 for no bound."""
    in_flight_most: int = 2000
    """Requests that a pod answers at one time when it is full; most are signs of life that wait to be written."""
    refuse_starts_from: float = 0.9
    """From this share of them on, new sessions are refused."""
    refuse_home_from: float = 0.6
    """From this share of them on, the home page is refused."""
    gather_ms: int = 250
    """Signs of life and ends that come within so long are written by one statement, and answered after it."""
    count_s: float = 2.0
    """A count that is older is made anew, by one pod for all; 0 for each time that somebody asks."""
    forget_s: int = 600
    """Sessions that are over for so long are dropped."""

    def __post_init__(self) -> None:
        """Raises: ValueError."""
        if not 0 < self.heartbeat_s * 2 < self.silent_s:
            raise ValueError("silent_s must be longer than two heartbeats: one may get lost")
        if not 0 < self.refuse_home_from <= self.refuse_starts_from <= 1:
            raise ValueError("refuse_home_from and refuse_starts_from are shares, the home page's not the larger one")
        if self.in_flight_most < 1 or min(self.gather_ms, self.count_s, self.budget_mbps, self.forget_s) < 0:
            raise ValueError(
                "in_flight_most must be at least 1, gather_ms, count_s, budget_mbps and forget_s at least 0"
            )
