"""What a callback of the gateway says."""

from dataclasses import dataclass

from pydantic import ValidationError

from mela.kernel import messages
from mela.kernel.errors import Invalid
from mela.services.payments.model import GatewayPayment, GatewayRefund


@dataclass(frozen=True)
class _OfPayment:
    entity: GatewayPayment


@dataclass(frozen=True)
class _OfRefund:
    entity: GatewayRefund


@dataclass(frozen=True)
class _Payload:
    payment: _OfPayment | None = None
    refund: _OfRefund | None = None


@dataclass(frozen=True)
class _Envelope:
    event: str
    payload: _Payload


@dataclass(frozen=True)
class News:
    """A payment's or a refund's callback; neither for an event that we have no use for."""

    event: str
    payment: GatewayPayment | None = None
    refund: GatewayRefund | None = None


def read(body: bytes) -> News:
    """A callback's body. Raises: Invalid for one that does not have the gateway's shape."""
    try:
        envelope = messages.from_json(_Envelope, body)
    except ValidationError as error:
        raise Invalid([{"field": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in error.errors()]) from error
    name, payload = envelope.event[:40], envelope.payload
    if name.startswith("refund.") and payload.refund is not None:
        return News(name, refund=payload.refund.entity)
    if name.startswith("payment.") and payload.payment is not None:
        return News(name, payment=payload.payment.entity)
    return News(name)
