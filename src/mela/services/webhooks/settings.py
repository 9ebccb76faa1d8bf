"""Settings of webhooks, read from `MELA_WEBHOOKS_*`."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class WebhooksSettings:
    """How deliveries are sent, and what is kept of them."""

    keys: tuple[str, ...] = field(
        default=(),
        repr=False,
        metadata={
            "secret": True,
            "help": "Fernet keys of signing secrets from before they were sealed under MELA_KEYS; needed until those are rotated.",
        },
    )
    allow_loopback: bool = False
    """Endpoints on this machine, also without https: for a laptop, never in earnest."""
    timeout_s: float = 10.0
    """An endpoint has this long to answer, name look-up and connection included."""
    schedule_scale: float = 1.0
    """Waits of the retry schedule are multiplied by this: 1 in earnest, less on a laptop."""
    slots: int = 256
    """Deliveries under way at once in this process."""
    per_endpoint: int = 8
    """Deliveries under way at once to one endpoint, of all processes together; to one that failed last, a single one."""
    most_endpoints: int = 20
    """Endpoints that one owner may have."""
    keep_days: int = 30
    """Messages, deliveries, attempts and idempotency keys are kept for so many days."""

    def __post_init__(self) -> None:
        """Raises: ValueError."""
        if min(self.timeout_s, self.schedule_scale, self.slots, self.per_endpoint, self.most_endpoints) <= 0:
            raise ValueError("timeout_s, schedule_scale, slots, per_endpoint and most_endpoints are above zero")
        if self.keep_days < 7:
            raise ValueError("keep_days is 7 at least: dead letters must outlive the retries and a weekend")
