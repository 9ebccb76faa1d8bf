"""Settings of orders, read from `MELA_ORDERS_*`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OrdersSettings:
    """Clocks and bounds of a checkout."""

    hold_s: int = 900
    """How long stock is held for a payment, in seconds."""
    pay_within_s: int = 600
    """How long a payment may take before it expires; shorter than `hold_s`, so that paid stock is still held."""
    stuck_after_s: float = 10.0
    """An order left in the middle of a step for this long is taken up by the job `drive`."""
    drive_every_s: float = 5.0
    """How often that job looks."""
    return_within_days: int = 10
    """Days after delivery in which a return may be asked for (our own policy)."""

    address_days: int = 180
    """So many days after an order is over its address, instrument and browser are erased (assumption; accounts/data/retention.yaml)."""
    erase_every_s: float = 30.0
    """How often orders of erased customers are looked for."""
    key_days: int = 90
    """Idempotency keys are remembered for so many days."""

    def __post_init__(self) -> None:
        """Raises: ValueError."""
        if self.pay_within_s >= self.hold_s:
            raise ValueError("pay_within_s must be shorter than hold_s: paid stock must still be held")
