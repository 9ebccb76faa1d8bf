"""What payments is told at start."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """Variables `MELA_PAYMENTS_*`."""

    gateway_url: str
    """The gateway's address, such as `http://127.0.0.1:3000/sim/gateway`."""
    gateway_key_id: str
    """Name of our API key at the gateway."""
    gateway_key_secret: str = field(
        repr=False, metadata={"secret": True, "help": "Secret of our API key at the gateway."}
    )
    webhook_secret: str = field(
        repr=False, metadata={"secret": True, "help": "Secret that the gateway signs callbacks with."}
    )
    callback_base: str | None = None
    """Where the gateway reaches this service; left out: this process's own address."""
    gateway_timeout_s: float = 5.0
    """The gateway has this long to answer, less when the caller waits less."""
    retry_s: float = 2.0
    """Wait before an unanswered request is sent again; it doubles up to a minute."""
    schedule_scale: float = 1.0
    """Waits of the published status schedule are multiplied by this: 1 in earnest, less on a laptop."""

    def __post_init__(self) -> None:
        if min(self.gateway_timeout_s, self.retry_s, self.schedule_scale) <= 0:
            raise ValueError("gateway_timeout_s, retry_s and schedule_scale are above zero")
