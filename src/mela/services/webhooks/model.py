"""What webhooks keeps: endpoints and their keys, messages, deliveries, attempts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

PLATFORM = ""
"""The owner of the operator's endpoints, which hear everything. Other owners are sellers, by their id."""

Why = Literal["owner", "gone", "failing"]
"""Who disabled an endpoint: its owner; it itself, by answering 410; or we, after failures for too long."""


class DeliveryState(StrEnum):
    """Where a delivery is. `dead`: nobody tries any more until somebody replays it."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True)
class Endpoint:
    """An address that hears. `types` empty: all that its owner may hear. `disabled` None: it is sent to.

    `failing_since`: the first failure after the last success.
    """

    id: str
    owner: str
    url: str
    description: str
    types: tuple[str, ...]
    created: datetime
    disabled: Why | None = None
    disabled_at: datetime | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True)
class SigningKey:
    """A secret of an endpoint, without the secret itself. Until `expires` it signs; None: until it is rotated out."""

    id: str
    endpoint_id: str
    created: datetime
    expires: datetime | None


@dataclass(frozen=True)
class Publication:
    """A message before it is kept: for one seller's endpoints, or for the platform's own. `data` is JSON-shaped."""

    owner: str
    type: str
    version: int
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Attempt:
    """One try. `status` None: no answer, and `error` says why. `answer`: its first bytes as text."""

    number: int
    at: datetime
    latency_ms: int
    status: int | None
    error: str | None
    answer: str


@dataclass(frozen=True)
class Delivery:
    """One message on its way to one endpoint. `tries`: so far. `due`: the next one, or the end of the lease of a running one."""

    id: str
    endpoint_id: str
    owner: str
    message_id: str
    type: str
    state: DeliveryState
    created: datetime
    due: datetime | None
    tries: int
    last_error: str | None
    finished: datetime | None


@dataclass(frozen=True)
class Dispatch:
    """A delivery in this process's hands, with all that sending takes. `tries` counts this one, and names whose hands they are.

    `round`: which try it is since the message was published or replayed, from 1 on.
    """

    id: str
    endpoint_id: str
    message_id: str
    url: str
    body: str
    secrets: tuple[str, ...] = field(repr=False)
    tries: int
    round: int
