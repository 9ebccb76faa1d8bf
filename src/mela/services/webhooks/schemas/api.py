"""What the API of webhooks takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from mela.kernel.web.inputs import Moment, Strict, WordsOrNothing
from mela.kernel.web.pages import Page
from mela.services.webhooks.model import Attempt, Delivery, Endpoint, SigningKey
from mela.services.webhooks.rules.urls import LONGEST
from mela.services.webhooks.schemas.payloads import ENDPOINT, PING, TYPES, EventType

URL = "https://mela-seller.example/hooks"
DELIVERY = "dlv_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
MESSAGE = "msg_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
KEY = "whk_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
WEEK_S = 604_800

Type = Literal[
    "orders.sold", "orders.unsold", "settlement.paid", "webhooks.endpoint_disabled", "payments.authorized",
    "payments.captured", "payments.failed", "payments.refunded", "payments.refund_failed", "payment.ready",
    "payment.authorized", "payment.captured", "payment.failed", "payment.charged_back", "refund.processed", "refund.failed", "refund.retried",
]  # fmt: skip
Url = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
Types = Annotated[list[Type], Field(max_length=20)]


class EndpointIn(Strict):
    """An address that wants to hear."""

    url: Url = Field(description="https, of a public host. Redirects are not followed", examples=[URL])
    types: Types = Field(
        default_factory=list, description="What it wants; none named: all that you may hear", examples=[["orders.sold"]]
    )
    description: WordsOrNothing = Field(default="", description="For you", examples=["stock of the Madurai shop"])


class EndpointChange(Strict):
    """What shall be otherwise; what is left out stays."""

    url: Url | None = Field(default=None, description="Where to send from now on", examples=[URL])
    types: Types | None = Field(default=None, description="What it wants; none named: all", examples=[["orders.sold"]])
    description: WordsOrNothing | None = Field(default=None, description="For you", examples=["stock"])
    enabled: bool | None = Field(
        default=None,
        description="true: send again, past failures forgotten. false: pause; what waits, and what comes, becomes dead letters",
        examples=[True],
    )


class KeyOut(BaseModel):
    """A secret in force, without itself."""

    id: str = Field(description="Names it", examples=[KEY])
    created: datetime = Field(description="When it was made", examples=["2026-11-26T12:30:00Z"])
    expires: datetime | None = Field(
        description="It signs until then; null: until it is rotated", examples=["2026-11-27T12:30:00Z"]
    )

    @classmethod
    def of(cls, key: SigningKey) -> "KeyOut":
        """From a key."""
        return cls(id=key.id, created=key.created, expires=key.expires)


class EndpointOut(BaseModel):
    """An endpoint as it stands."""

    id: str = Field(description="Names it", examples=[ENDPOINT])
    seller_id: str | None = Field(description="Whose; null: the operator's own", examples=["kaveri-traders"])
    url: str = Field(description="Where to", examples=[URL])
    types: list[str] = Field(description="What it wants; none: all that its owner may hear", examples=[["orders.sold"]])
    description: str = Field(description="Its owner's words", examples=["stock of the Madurai shop"])
    created: datetime = Field(description="When it was registered", examples=["2026-11-26T12:30:00Z"])
    enabled: bool = Field(description="Whether anything is sent to it", examples=[True])
    disabled_reason: Literal["owner", "gone", "failing"] | None = Field(
        description="`owner`: paused; `gone`: it answered 410; `failing`: it failed for days", examples=[None]
    )
    disabled_at: datetime | None = Field(description="Since when", examples=[None])
    failing_since: datetime | None = Field(
        description="First failure after the last success; null when the last was one", examples=[None]
    )

    @classmethod
    def of(cls, endpoint: Endpoint) -> "EndpointOut":
        """From an endpoint."""
        return cls(**_fields(endpoint))


class EndpointWithKeys(EndpointOut):
    """An endpoint and its secrets in force."""

    keys: list[KeyOut] = Field(description="Each signs every request; newest first")

    @classmethod
    def with_keys(cls, endpoint: Endpoint, keys: list[SigningKey]) -> "EndpointWithKeys":
        """From an endpoint and its keys."""
        return cls(**_fields(endpoint), keys=[KeyOut.of(key) for key in keys])


class NewEndpoint(BaseModel):
    """An endpoint and, this once, its secret."""

    endpoint: EndpointOut = Field(description="The endpoint")
    secret: str | None = Field(
        description="Verify signatures with it. Shown once; null when this request was made before. Lost? Rotate it",
        examples=["whsec_…"],
    )


class RotationIn(Strict):
    """How long the secrets of before go on signing."""

    overlap_s: int = Field(
        default=86_400,
        ge=0,
        le=WEEK_S,
        description="Seconds; 0 when a secret has leaked, at most a week",
        examples=[86_400],
    )


class NewKey(BaseModel):
    """A secret and, this once, itself."""

    key: KeyOut = Field(description="The new one")
    secret: str | None = Field(description="Shown once; null when this request was made before", examples=["whsec_…"])
    keys: list[KeyOut] = Field(description="All that sign now, newest first")


class EndpointPage(Page[EndpointOut]):
    """Endpoints, oldest first."""


class DeliveryOut(BaseModel):
    """One message on its way to one endpoint."""

    id: str = Field(description="Names it", examples=[DELIVERY])
    endpoint_id: str = Field(description="Where to", examples=[ENDPOINT])
    seller_id: str | None = Field(description="Whose endpoint; null: the operator's own", examples=["kaveri-traders"])
    webhook_id: str = Field(description="The header `webhook-id` of every attempt", examples=[MESSAGE])
    type: str = Field(description="What it tells", examples=["orders.sold"])
    state: Literal["waiting", "delivered", "dead"] = Field(
        description="`dead`: nobody tries any more until it is replayed", examples=["delivered"]
    )
    created: datetime = Field(description="When it was published", examples=["2026-11-26T12:30:00Z"])
    tries: int = Field(description="So far", examples=[1])
    next_try: datetime | None = Field(description="Null when none is planned", examples=[None])
    last_error: str | None = Field(
        description="The last status that was no success, or why there was none", examples=["503"]
    )
    finished: datetime | None = Field(
        description="When it was delivered or given up", examples=["2026-11-26T12:30:01Z"]
    )

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryOut":
        """From a delivery."""
        return cls(**_delivery(delivery))


class AttemptOut(BaseModel):
    """One try."""

    number: int = Field(description="From 1 on; one is missing where a process died in it", examples=[1])
    at: datetime = Field(description="When it was signed", examples=["2026-11-26T12:30:00Z"])
    latency_ms: int = Field(description="Until the answer, or the end of patience", examples=[84])
    status: int | None = Field(description="HTTP status; null: no answer", examples=[200])
    error: str | None = Field(
        description="Why there was no answer: `timed_out`, `no_connection`, `unknown_name`, `address_refused`",
        examples=[None],
    )
    answer: str = Field(description="The first bytes of its body", examples=["ok"])

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptOut":
        """From an attempt."""
        return cls(**vars(attempt))


class WholeDelivery(DeliveryOut):
    """A delivery with what it sends and what came of it."""

    body: str = Field(description="The exact text that is signed and sent", examples=['{"data":{},"type":"ping"}'])
    attempts: list[AttemptOut] = Field(description="Oldest first")

    @classmethod
    def whole(cls, delivery: Delivery, body: str, attempts: list[Attempt]) -> "WholeDelivery":
        """From its parts."""
        return cls(**_delivery(delivery), body=body, attempts=[AttemptOut.of(each) for each in attempts])


class DeliveryPage(Page[DeliveryOut]):
    """Deliveries, newest first."""


class ReplayIn(Strict):
    """Since when."""

    since: Moment = Field(
        strict=False, description="Dead letters published at this moment or later", examples=["2026-11-26T00:00:00Z"]
    )


class ReplayOut(BaseModel):
    """What goes again."""

    replayed: int = Field(description="Deliveries", examples=[12])


class TypeOut(BaseModel):
    """A published type."""

    type: str = Field(description="As in the message's `type`", examples=["orders.sold"])
    version: int = Field(description="As in the message's `version`", examples=[1])
    about: str = Field(description="When it is sent", examples=["A payout has left the bank."])
    for_sellers: bool = Field(description="Whether sellers hear it, as far as it concerns them", examples=[True])
    data: dict[str, Any] = Field(description="JSON Schema of the message's `data`", examples=[{"type": "object"}])

    @classmethod
    def of(cls, event_type: EventType) -> "TypeOut":
        """From a type."""
        return cls(type=event_type.name, version=event_type.version, about=event_type.about,
                   for_sellers=event_type.for_sellers, data=event_type.data.model_json_schema())  # fmt: skip


class TypePage(Page[TypeOut]):
    """Types."""


def _fields(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id, "seller_id": endpoint.owner or None, "url": endpoint.url, "types": list(endpoint.types),
        "description": endpoint.description, "created": endpoint.created, "enabled": endpoint.disabled is None,
        "disabled_reason": endpoint.disabled, "disabled_at": endpoint.disabled_at, "failing_since": endpoint.failing_since,
    }  # fmt: skip


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id, "endpoint_id": delivery.endpoint_id, "seller_id": delivery.owner or None,
        "webhook_id": delivery.message_id, "type": delivery.type, "state": delivery.state.value, "created": delivery.created,
        "tries": delivery.tries, "next_try": delivery.due, "last_error": delivery.last_error, "finished": delivery.finished,
    }  # fmt: skip


assert {*Type.__args__, PING} == set(TYPES)  # type: ignore[attr-defined]
