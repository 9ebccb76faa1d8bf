"""What payments is told at start."""

from collections.abc import Sequence
from dataclasses import dataclass, field

KNOWN = ("gateway", "razorpay", "cashfree", "phonepe", "payu")
"""Providers that there is an adapter for."""


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
    """Where providers reach this service; left out: this process's own address."""
    providers: tuple[str, ...] = ("gateway",)
    """Who takes online payments, in order of preference: gateway, razorpay, cashfree, phonepe, payu."""
    provider_urls: tuple[str, ...] = ()
    """Where those beside the gateway are: razorpay=https://api.razorpay.com,payu=…"""
    provider_keys: tuple[str, ...] = field(
        default=(), repr=False,
        metadata={"secret": True, "help": "Our keys there: razorpay=KEY_ID:KEY_SECRET:WEBHOOK_SECRET,…"},
    )  # fmt: skip
    previous_keys: tuple[str, ...] = field(
        default=(), repr=False,
        metadata={"secret": True, "help": "Keys of before a change, in the same form, `gateway` among them: callbacks signed with them are still taken."},
    )  # fmt: skip
    merchant_category: str = "5399"
    """What the merchant sells (MCC, ISO 18245): decides whether it may still use UPI collect."""
    routing_rules: str | None = None
    """File with weights and prices of one's own, shaped as `data/routing.yaml`; left out: those."""
    gateway_timeout_s: float = 5.0
    """A provider has this long to answer, less when the caller waits less."""
    retry_s: float = 2.0
    """Wait before an unanswered request is sent again; it doubles up to a minute."""
    schedule_scale: float = 1.0
    """Waits of the published status schedule are multiplied by this: 1 in earnest, less on a laptop."""

    risk_rules: str | None = None
    """File with fraud rules of one's own, shaped as `data/risk.yaml`; left out: those."""
    screening_list: str | None = None
    """CSV of people with whom nobody may do business (id,name,aliases); left out: an invented sample."""
    risk_within_s: float = 0.25
    """A fraud decision has this long; then small amounts pass and large ones wait for a person."""

    def __post_init__(self) -> None:
        if min(self.gateway_timeout_s, self.retry_s, self.schedule_scale, self.risk_within_s) <= 0:
            raise ValueError("gateway_timeout_s, retry_s, schedule_scale and risk_within_s are above zero")
        if (
            not self.providers
            or not set(self.providers) <= set(KNOWN)
            or len(set(self.providers)) < len(self.providers)
        ):
            raise ValueError(f"providers names some of {', '.join(KNOWN)}, each once")
        for name in set(self.providers) - {"gateway"}:
            if not self.url_of(name) or len(self.keys_of(name)) != 3:
                raise ValueError(
                    f"{name} needs {name}=URL in provider_urls and {name}=ID:SECRET:WEBHOOK in provider_keys"
                )

        if any(len(_of(name, self.previous_keys).split(":", 2)) != 3 for name in _names(self.previous_keys)):
            raise ValueError("previous_keys is NAME=ID:SECRET:WEBHOOK of providers")

    def url_of(self, provider: str) -> str:
        """Where a provider is, empty when nobody said."""
        return self.gateway_url if provider == "gateway" else _of(provider, self.provider_urls)

    def keys_of(self, provider: str) -> list[str]:
        """Name and secret of our key there, and the secret of its callbacks; fewer when nobody said."""
        if provider == "gateway":
            return [self.gateway_key_id, self.gateway_key_secret, self.webhook_secret]
        return _of(provider, self.provider_keys).split(":", 2)

    def previous_keys_of(self, provider: str) -> list[str]:
        """The same of before they were changed, None where there was no change."""
        return _of(provider, self.previous_keys).split(":", 2) if provider in _names(self.previous_keys) else []


def _names(pairs: Sequence[str]) -> list[str]:
    return [pair.partition("=")[0] for pair in pairs]


def _of(provider: str, pairs: Sequence[str]) -> str:
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair).get(provider, "")
