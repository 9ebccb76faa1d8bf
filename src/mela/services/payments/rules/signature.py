"""Whether a callback is the gateway's.

Source: Razorpay's published scheme, razorpay-node `razorpay-utils.js` @9737ef1 (2026-11-23). The signature covers the body
only: a body sent again under another event id is the gateway's still, and changes nothing that its first coming has not.
"""

import hashlib
import hmac


def is_genuine(secret: str, body: bytes, signature: str) -> bool:
    """Whether `signature` is the hex HMAC-SHA256 of exactly these bytes, compared in constant time."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))
