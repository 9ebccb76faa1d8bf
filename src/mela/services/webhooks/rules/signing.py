"""Signatures by Standard Webhooks: over id, time and the exact bytes, once for each key that is in force."""

import base64
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32
"""The specification wants 24 to 64: https://github.com/standard-webhooks/standard-webhooks, by the library 1.1.0 (2026-11-26)."""


def secret(hexadecimal: str) -> str:
    """A secret as it is shown: `whsec_` and base 64 of random bytes given in hex."""
    return PREFIX + base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def headers(secrets: Sequence[str], message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers of an attempt at a moment. Receivers refuse one that is minutes old, so each attempt signs anew."""
    signatures = [Webhook(each).sign(msg_id=message_id, timestamp=at, data=body) for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
