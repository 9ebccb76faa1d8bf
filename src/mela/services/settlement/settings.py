"""Settings of settlement, read from `MELA_SETTLEMENT_*`."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SettlementSettings:
    """The gateway that pays out, and when to look for work."""

    gateway_url: str
    """Where the payment gateway answers, without a stroke at the end."""
    gateway_key_id: str
    """Name of our API key there."""
    gateway_key_secret: str = field(repr=False, metadata={"secret": True, "help": "Secret of that API key."})
    gateway_timeout_s: float = 5.0
    """How long the gateway may take to answer; after that the outcome counts as unknown."""
    run_from_hour: int = 6
    """Hour in India from which a banking day's run may start by itself."""
    days_ahead: int = 0
    """So many days ahead may be settled: 0 in earnest; on a laptop, where nobody waits for tomorrow, more."""
    look_every_s: float = 60.0
    """How often the job looks whether today's run is due, and asks about payouts without an outcome."""

    key_days: int = 90
    """Idempotency keys are remembered for so many days."""

    def __post_init__(self) -> None:
        """Raises: ValueError."""
        if not 0 <= self.run_from_hour <= 23:
            raise ValueError("run_from_hour is an hour of the day, 0 to 23")
