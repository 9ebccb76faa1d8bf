"""Webhooks: who is told outside, and when that no longer works."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mela.kernel.messages import event


@event("webhooks.endpoint_disabled", key="endpoint_id")
@dataclass(frozen=True)
class EndpointDisabled:
    """Nothing is sent to this endpoint any more: it answered 410, or failed for too long. `seller_id` None: the operator's own."""

    endpoint_id: str
    seller_id: str | None
    url: str
    reason: Literal["gone", "failing"]
    failing_since: datetime | None
    at: datetime
