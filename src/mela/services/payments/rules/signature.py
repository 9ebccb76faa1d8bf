"""Whether a callback is the provider's, by each provider's own scheme; every comparison takes constant time.

    hex_hmac         Razorpay, and the gateway in its manner: the body is covered, no moment
    base64_hmac      Cashfree: moment and body, one after the other without a separator
    account_digest   PhonePe v2: name and password of the merchant, the same each time: neither body nor moment is covered
    payu_request, payu_command, payu_answer, payu_dispute   PayU: named fields in a fixed order, the salt at one end

Source: razorpay-node `razorpay-utils.js` @9737ef1; cashfree-pg `configuration.go` @a600a39; phonepe-pg-sdk-python
`hash_utils.py` @73d460e; payu web-sdk-nodejs `hasher.js` @5997b8a (all 2026-11-23).

A body that comes again under another event id is the provider's still, and changes nothing that its first coming has not.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

_COVERED = ("txnid", "amount", "productinfo", "firstname", "email", "udf1", "udf2", "udf3", "udf4", "udf5")


def same(wanted: str, given: str) -> bool:
    """Whether both are equal; `given` may be any text."""
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))


def hex_hmac(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of exactly these bytes."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def base64_hmac(secret: str, moment: str, body: bytes) -> str:
    """Base64 HMAC-SHA256 of the moment as it was sent, and the body."""
    signed = moment.encode("utf-8", "replace") + body
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()


def account_digest(name: str, password: str) -> str:
    """Hex SHA-256 of `name:password`."""
    return hashlib.sha256(f"{name}:{password}".encode()).hexdigest()


def payu_request(key: str, salt: str, fields: Mapping[str, str]) -> str:
    """The hash of a form that begins a payment: key, ten fields, five empty ones, salt."""
    return _sha512(key, *(fields.get(name, "") for name in _COVERED), *[""] * 5, salt)


def payu_command(key: str, salt: str, command: str, var1: str) -> str:
    """The hash of a form that asks about or changes a payment."""
    return _sha512(key, command, var1, salt)


def payu_answer(key: str, salt: str, fields: Mapping[str, str]) -> str:
    """The hash of what comes back: the request's fields backwards, the status after the salt.

    `additional_charges` stands in front where present. Not covered: mihpayid, mode and time.
    """
    covered = [fields.get(name, "") for name in reversed(_COVERED)]
    charges = [fields["additional_charges"]] if fields.get("additional_charges") else []
    return _sha512(*charges, salt, fields.get("status", ""), *[""] * 5, *covered, key)


def payu_dispute(key: str, salt: str, fields: Mapping[str, object]) -> str:
    """The hash in the header of a callback about a chargeback; the status without its spaces. Not covered: reason and dates.

    Source: docs.payu.in, webhooks for chargebacks, signature V2 (2026-11-27).
    """
    told = [str(fields.get(name, "")) for name in ("txn_id", "cb_amount", "cb_id", "cb_type")]
    return _sha512(key, *told, str(fields.get("cb_status", "")).replace(" ", ""), salt)


def _sha512(*parts: str) -> str:
    return hashlib.sha512("|".join(parts).encode("utf-8", "replace")).hexdigest()
