"""What an endpoint's answer means."""

import re
from enum import StrEnum

FIRST_BYTES = 500
"""So much of an answer's body is kept for its owner to see."""
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Outcome(StrEnum):
    """`gone`: the endpoint wants nothing any more."""

    TAKEN = "taken"
    FAILED = "failed"
    GONE = "gone"


def outcome(status: int | None) -> Outcome:
    """Any 2xx takes the message; 410 ends the endpoint; everything else, a redirect too, is a failure.

    Source: Standard Webhooks specification, https://github.com/standard-webhooks/standard-webhooks (recalled): 410 Gone
    asks the sender to disable the endpoint.
    """
    if status is not None and 200 <= status < 300:
        return Outcome.TAKEN
    return Outcome.GONE if status == 410 else Outcome.FAILED


def retry_after_s(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for; None for none, and for a date, which is not read."""
    text = (header or "").strip()
    return float(text) if _SECONDS.fullmatch(text) else None


def first_bytes(body: bytes) -> str:
    """The beginning of an answer as a text that may be kept and shown; what is no UTF-8 is replaced."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", body[:FIRST_BYTES].decode("utf-8", "replace"))
