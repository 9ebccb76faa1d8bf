"""Bounds of the catalogue that an operator may set."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Read with the prefix MELA_CATALOG_."""

    few_left: int = 5
    """Up to this many free pieces the exact number is shown."""
    cache_bytes: int = 16_777_216
    """Ready answers kept in this process, in bytes; 0 keeps none."""
    expire_every_s: float = 2.0
    """Seconds between two looks for reservations that have run out."""
    reviews_per_day: int = 10
    """Reviews that a customer may write in a day."""
    key_days: int = 30
    """Days for which the Idempotency-Keys of price and stock changes are remembered."""

    def __post_init__(self) -> None:
        if (
            min(self.few_left, self.cache_bytes) < 0
            or self.expire_every_s <= 0
            or min(self.key_days, self.reviews_per_day) < 1
        ):
            raise ValueError(
                "few_left and cache_bytes are 0 or more, expire_every_s above 0, key_days and reviews_per_day 1 or more"
            )
