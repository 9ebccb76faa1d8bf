"""The states of payments and refunds, and the refusals that follow from them."""

from mela.kernel.errors import Conflict, Rejected

CREATED = "created"
AUTHORIZED = "authorized"
DEEMED = "deemed"
CAPTURED = "captured"
VOIDED = "voided"
FAILED = "failed"
EXPIRED = "expired"
PENDING = "pending"
PROCESSED = "processed"


class NotOpen(Conflict):
    """The payment can't be paid, declined or refunded as it is now. Params: status."""

    code = "gateway.not_open"


class OverCaptured(Rejected):
    """More than what was captured and not refunded. Params: left (paise)."""

    code = "gateway.over_captured"
