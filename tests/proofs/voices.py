"""Callbacks of the five providers as they are published, written apart from payments and from the simulators' own.

Signed with what `secrets` says; `said` is what a careful reader takes from a body, None where that is nothing.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from mela.kernel import ids
from mela.simulators.gateway import signature

Headers = dict[str, str]


@dataclass(frozen=True)
class Secrets:
    """What a provider signs with."""

    key: str
    hook: str


@dataclass(frozen=True)
class Said:
    """What a body says about one payment, refund or dispute; `done`: that money has moved."""

    kind: str
    reference: object
    done: bool
    amount: object
    currency: object


@dataclass(frozen=True)
class Voice:
    """How a provider tells. `payment`, `refund`, `dispute`: the genuine body, of our id, theirs and an amount in paise."""

    name: str
    payment: Callable[[str, int], Any]
    sign: Callable[[Secrets, bytes, str], Headers]
    said: Callable[[Any], Said]
    refund: Callable[[str, str, int], Any] | None = None
    dispute: Callable[[str, int], Any] | None = None

    def read(self, body: bytes) -> Said | None:
        """What a body says."""
        try:
            return self.said(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            return None


def _gateway_payment(reference: str, amount: int) -> Any:
    entity = {"id": "gp1", "reference": reference, "status": "captured", "amount": amount, "currency": "INR", "rrn": "632715000042",
              "error_code": None, "method": "upi"}  # fmt: skip
    return {"event": "payment.captured", "payload": {"payment": {"entity": entity}}}


def _gateway_refund(reference: str, payment: str, amount: int) -> Any:
    entity = {"id": "gr1", "reference": reference, "payment_id": payment, "amount": amount, "currency": "INR",
              "status": "processed"}  # fmt: skip
    return {"event": "refund.processed", "payload": {"refund": {"entity": entity}}}


def _gateway_dispute(reference: str, amount: int) -> Any:
    entity = {"id": ids.new_id("disp"), "reference": reference, "amount": amount, "currency": "INR", "status": "opened",
              "reason": "goods_not_received", "respond_by": 1_796_000_000}  # fmt: skip
    return {"event": "dispute.opened", "payload": {"dispute": {"entity": entity}}}


def _gateway_sign(secrets: Secrets, body: bytes, event_id: str) -> Headers:
    return {signature.HEADER: signature.hex_hmac(secrets.hook, body), signature.EVENT_ID: event_id}


def _gateway_said(body: Any) -> Said:
    kind = body["event"].partition(".")[0]
    entity = body["payload"][kind]["entity"]
    done = entity["status"] in ("captured", "processed", "opened", "won", "lost")
    return Said(kind, entity["reference"], done, entity["amount"], entity.get("currency", "INR"))


def _razorpay_payment(reference: str, amount: int) -> Any:
    entity = {"id": "pay_r1", "entity": "payment", "amount": amount, "currency": "INR", "status": "captured", "method": "upi",
              "notes": {"reference": reference}, "error_reason": None, "acquirer_data": {"rrn": "632715000042"}}  # fmt: skip
    return {
        "entity": "event",
        "event": "payment.captured",
        "contains": ["payment"],
        "payload": {"payment": {"entity": entity}},
    }


def _razorpay_refund(reference: str, payment: str, amount: int) -> Any:
    entity = {"id": "rfnd_r1", "entity": "refund", "amount": amount, "currency": "INR", "receipt": reference,
              "payment_id": payment, "status": "processed"}  # fmt: skip
    return {"entity": "event", "event": "refund.processed", "payload": {"refund": {"entity": entity}}}


def _razorpay_dispute(reference: str, amount: int) -> Any:
    entity = {"id": ids.new_id("disp"), "entity": "dispute", "amount": amount, "currency": "INR", "reason_code": "fraud",
              "respond_by": 1_796_000_000, "status": "open"}  # fmt: skip
    payment = _razorpay_payment(reference, amount)["payload"]["payment"]
    return {
        "entity": "event",
        "event": "payment.dispute.created",
        "payload": {"payment": payment, "dispute": {"entity": entity}},
    }


def _razorpay_sign(secrets: Secrets, body: bytes, event_id: str) -> Headers:
    return {"x-razorpay-signature": signature.hex_hmac(f"mela:{secrets.hook}", body), "x-razorpay-event-id": event_id}


def _razorpay_said(body: Any) -> Said:
    payload = body["payload"]
    if body["event"].startswith("refund."):
        refund = payload["refund"]["entity"]
        return Said(
            "refund",
            refund["receipt"],
            refund["status"] == "processed",
            refund["amount"],
            refund.get("currency", "INR"),
        )
    payment = payload["payment"]["entity"]
    of = payload["dispute"]["entity"] if payload.get("dispute") else payment
    done = of is not payment or payment["status"] in ("captured", "refunded")
    kind = "payment" if of is payment else "dispute"
    return Said(kind, payment["notes"]["reference"], done, of["amount"], of.get("currency", "INR"))


def _cashfree_payment(reference: str, amount: int) -> Any:
    payment = {"cf_payment_id": "975672", "payment_status": "SUCCESS", "payment_amount": amount / 100, "payment_currency": "INR",
               "is_captured": True, "bank_reference": "632715000042", "error_details": None}  # fmt: skip
    return {"data": {"order": {"order_id": reference}, "payment": payment}, "event_time": "2026-11-23T06:30:00+05:30",
            "type": "PAYMENT_SUCCESS_WEBHOOK"}  # fmt: skip


def _cashfree_refund(reference: str, payment: str, amount: int) -> Any:
    refund = {"refund_id": reference, "order_id": payment, "refund_amount": amount / 100, "refund_currency": "INR",
              "refund_status": "SUCCESS"}  # fmt: skip
    return {"data": {"refund": refund}, "type": "REFUND_STATUS_WEBHOOK"}


def cashfree_sign(secrets: Secrets, body: bytes, event_id: str, age_s: float = 0.0) -> Headers:
    """Signed `age_s` ago."""
    moment = str(int((time.time() - age_s) * 1000))
    return {"x-webhook-timestamp": moment, "x-idempotency-key": event_id,
            "x-webhook-signature": signature.base64_hmac(secrets.key, moment, body)}  # fmt: skip


def _cashfree_said(body: Any) -> Said:
    data = body["data"]
    if data.get("refund"):
        refund = data["refund"]
        amount = Decimal(str(refund["refund_amount"])) * 100
        return Said(
            "refund",
            refund["refund_id"],
            refund["refund_status"] == "SUCCESS",
            amount,
            refund.get("refund_currency", "INR"),
        )
    payment = data["payment"]
    done = payment["payment_status"] == "SUCCESS" and payment["is_captured"] in (
        True,
        "true",
        1,
        "1",
        "yes",
        "on",
        "t",
        "y",
    )
    amount = Decimal(str(payment["payment_amount"])) * 100
    return Said("payment", data["order"]["order_id"], done, amount, payment.get("payment_currency", "INR"))


def _phonepe_payment(reference: str, amount: int) -> Any:
    return {"event": "pg.order.completed", "payload": {"orderId": "OMO1", "merchantOrderId": reference, "state": "COMPLETED",
                                                       "amount": amount}}  # fmt: skip


def _phonepe_refund(reference: str, payment: str, amount: int) -> Any:
    return {"event": "pg.refund.completed", "payload": {"merchantRefundId": reference, "originalMerchantOrderId": payment,
                                                        "state": "COMPLETED", "amount": amount}}  # fmt: skip


def _phonepe_sign(secrets: Secrets, body: bytes, event_id: str) -> Headers:
    return {"authorization": signature.account_digest(f"mela:{secrets.hook}")}


def _hint(body: Any) -> Said:
    """Whatever it says is not believed."""
    return Said("payment", None, done=False, amount=None, currency=None)


def _payu_payment(reference: str, amount: int) -> dict[str, str]:
    return {"mihpayid": "403993715", "txnid": reference, "amount": f"{amount // 100}.{amount % 100:02}", "status": "failure",
            "unmappedstatus": "failed", "key": "mela", "productinfo": "Order", "firstname": "payer",
            "email": "payer@mela.example"}  # fmt: skip


def payu_form(secrets: Secrets, fields: Mapping[str, str]) -> bytes:
    """A form with the hash of its fields."""
    covered = {"status": "", **fields}
    return urlencode({**fields, "hash": signature.payu_answer("mela", secrets.key, covered)}).encode()


def _payu_sign(secrets: Secrets, body: bytes, event_id: str) -> Headers:
    return {"content-type": "application/x-www-form-urlencoded"}


VOICES = {
    voice.name: voice
    for voice in (
        Voice("gateway", _gateway_payment, _gateway_sign, _gateway_said, _gateway_refund, _gateway_dispute),
        Voice("razorpay", _razorpay_payment, _razorpay_sign, _razorpay_said, _razorpay_refund, _razorpay_dispute),
        Voice("cashfree", _cashfree_payment, cashfree_sign, _cashfree_said, _cashfree_refund),
        Voice("phonepe", _phonepe_payment, _phonepe_sign, _hint, _phonepe_refund),
        Voice("payu", _payu_payment, _payu_sign, _hint),
    )
}
"""PayU tells of payments in forms (`payu_form`), and of refunds without any signature."""
