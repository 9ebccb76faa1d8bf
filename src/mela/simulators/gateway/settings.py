"""What a gateway is told at start."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """Variables `MELA_GATEWAY_*`; those of another provider are named after it."""

    key_id: str
    """Name of the merchant's API key."""
    key_secret: str = field(repr=False, metadata={"secret": True, "help": "Secret of the merchant's API key."})
    webhook_secret: str = field(repr=False, metadata={"secret": True, "help": "Secret that signs callbacks."})
    payee_vpa: str = "mela@simbank"
    """Virtual payment address that payers see."""
    payee_name: str = "Mela"
    """Name that payers see."""
    page_url: str = "http://bank.example/pay"
    """Where payers prove that a card is theirs; the payment's id follows."""
    authorization_days: float = 5.0
    """An authorised payment that nobody captures for so long is let go (assumption)."""
    callback_url: str = ""
    """Where callbacks go, where a payment does not say."""
    callback_timeout_s: float = 5.0
    """A callback that is not answered within this long counts as not taken."""
    callback_first_wait_s: float = 1.0
    """Wait after the first callback that was not taken; it doubles up to an hour."""
    callback_hours: float = 24.0
    """A callback that nobody took for this long is given up."""
