"""How a callback is signed.

Source: Razorpay's published scheme, razorpay-node `razorpay-utils.js` @9737ef1 (2026-11-23): X-Razorpay-Signature.
"""

import hashlib
import hmac

HEADER = "x-gateway-signature"
EVENT_ID = "x-gateway-event-id"


def sign(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of the exact bytes."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
