"""How providers sign callbacks and answers; written apart from how payments checks them, so that each proves the other.

Source: razorpay-node `razorpay-utils.js` @9737ef1, cashfree-pg `configuration.go` @a600a39, phonepe-pg-sdk-python
`hash_utils.py` @73d460e, payu web-sdk-nodejs `hasher.js` @5997b8a (2026-11-23).
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping

HEADER = "x-gateway-signature"
EVENT_ID = "x-gateway-event-id"


def hex_hmac(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of the exact bytes."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def base64_hmac(secret: str, timestamp: str, body: bytes) -> str:
    """Base64 HMAC-SHA256 of timestamp and body, without a separator."""
    return b64encode(hmac.digest(secret.encode(), timestamp.encode() + body, "sha256")).decode()


def account_digest(account: str) -> str:
    """Hex SHA-256 of `name:password`."""
    return hashlib.sha256(account.encode()).hexdigest()


def payu(text: str) -> str:
    """Hex SHA-512 of fields joined by `|`."""
    return hashlib.sha512(text.encode()).hexdigest()


def payu_request(key: str, salt: str, f: Mapping[str, str]) -> str:
    """What a form that begins a payment must carry."""
    udf = "|".join(f.get(f"udf{n}", "") for n in range(1, 6))
    asked = "|".join(f.get(name, "") for name in ("txnid", "amount", "productinfo", "firstname", "email"))
    return payu(f"{key}|{asked}|{udf}||||||{salt}")


def payu_answer(key: str, salt: str, f: Mapping[str, str]) -> str:
    """What a form that tells about a payment carries."""
    udf = "|".join(f.get(f"udf{n}", "") for n in range(5, 0, -1))
    told = "|".join(f.get(name, "") for name in ("email", "firstname", "productinfo", "amount", "txnid"))
    return payu(f"{salt}|{f['status']}||||||{udf}|{told}|{key}")
